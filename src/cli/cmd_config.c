#include <stdio.h>
#include <string.h>

#include "opts.h"
#include "presets.h"
#include "profile.h"

static int show_path(const cli_context *ctx, const cli_profile *p)
{
    wk_json_line *line;

    if (!ctx->json) {
        cli_out(ctx, "%s", p->path);
        return 0;
    }
    line = wk_json_line_new("path");
    wk_json_set_string(line, "path", p->path);
    wk_json_set_bool(line, "exists", p->exists);
    cli_out_json(ctx, line);
    return 0;
}

static const char *shown(const cli_profile_entry *e)
{
    return cli_profile_is_secret(e) ? "(set)" : e->value;
}

static void show_entry(const cli_context *ctx, const cli_profile_entry *e)
{
    wk_json_line *line;

    if (!ctx->json) {
        cli_out(ctx, "%s = %s", e->key, shown(e));
        return;
    }
    line = wk_json_line_new("setting");
    wk_json_set_string(line, "profile", e->section);
    wk_json_set_string(line, "key", e->key);
    wk_json_set_string(line, "value", shown(e));
    cli_out_json(ctx, line);
}

static void note_missing(const cli_context *ctx, const cli_profile *p, const char *section)
{
    char missing[512];

    if (cli_preset_missing(p, section, missing, sizeof missing))
        cli_note(ctx, "profile '%s' still needs: %s", section, missing);
}

static int show(const cli_context *ctx, const cli_profile *p)
{
    const char *only = ctx->global->profile;
    const char *section = NULL;

    if (only && !cli_profile_has_section(p, only)) {
        wk_error err = {0};

        wk_fail(&err, WK_USAGE, "%s: no section [%s]", p->path, only);
        return cli_fail(ctx, &err);
    }
    for (size_t i = 0; i < p->n; i++) {
        const cli_profile_entry *e = &p->entries[i];

        if (only && strcmp(only, e->section) != 0)
            continue;
        if (!ctx->json && (!section || strcmp(section, e->section) != 0)) {
            if (section)
                cli_out(ctx, "%s", "");
            cli_out(ctx, "[%s]", e->section);
        }
        if (!section || strcmp(section, e->section) != 0)
            note_missing(ctx, p, e->section);
        section = e->section;
        show_entry(ctx, e);
    }
    if (!only && p->n == 0)
        cli_note(ctx, "ready-made profiles, to be shown with --profile: %s", cli_preset_names());
    if (!p->exists)
        cli_note(ctx, "%s: not there", p->path);
    return 0;
}

/* All that is wrong, not just the first. */
static int check(const cli_context *ctx, const cli_profile *p)
{
    int status = 0;

    for (size_t i = 0; i < p->n; i++) {
        const cli_profile_entry *e = &p->entries[i];
        bool first = true;
        char missing[512];
        wk_error err = {0};

        for (size_t k = 0; k < i; k++)
            first = first && strcmp(p->entries[k].section, e->section) != 0;
        if (first && cli_profile_check_section(p, e->section, &err) != WK_OK)
            status = cli_fail(ctx, &err);
        wk_error_clear(&err);
        if (first && cli_preset_missing(p, e->section, missing, sizeof missing)) {
            wk_fail(&err, WK_USAGE, "%s: [%s] still needs: %s", p->path, e->section, missing);
            status = cli_fail(ctx, &err);
            wk_error_clear(&err);
        }
        if (cli_profile_check(p, e, &err) != WK_OK)
            status = cli_fail(ctx, &err);
    }
    if (status == 0)
        cli_note(ctx, p->exists ? "%s: nothing wrong" : "%s: not there", p->path);
    return status;
}

static int run(cli_context *ctx, int argc, char **argv)
{
    static const char *const words[] = {"show", "check", "path", NULL};
    cli_profile p;
    wk_error err = {0};
    int status;
    const char *near;

    (void)argc;
    if (strcmp(argv[0], "show") != 0 && strcmp(argv[0], "check") != 0 &&
        strcmp(argv[0], "path") != 0) {
        near = cli_nearest(argv[0], words);
        return cli_usage(ctx,
                         near ? "config: unknown word '%s'; did you mean '%s'?"
                              : "config: '%s' is none of show, check, path",
                         argv[0], near);
    }
    if (cli_profile_load(&p, &err) != WK_OK && (strcmp(argv[0], "path") != 0 || !p.path))
        status = cli_fail(ctx, &err);
    else if (strcmp(argv[0], "path") == 0)
        status = show_path(ctx, &p);
    else
        status = strcmp(argv[0], "show") == 0 ? show(ctx, &p) : check(ctx, &p);
    cli_profile_free(&p);
    return status;
}

const cli_command cli_cmd_config = {
    .name = "config",
    .args = "show|check|path",
    .summary = "show or check the profiles",
    .description = "show prints the profiles (with --profile one of them); secrets are shown as "
                   "(set). check says what is wrong in the file. path prints where it is looked "
                   "for.\n"
                   "\n"
                   "The file is $XDG_CONFIG_HOME/wadokit/config (else "
                   "~/.config/wadokit/config): INI, one section a site, every key a long option. "
                   "The section [default] is used where --profile is not given. The keys token, "
                   "password and client-secret exist only there, and then the file must not be "
                   "readable by others.\n"
                   "\n"
                   "Ready-made profiles, which need only the site's own values, are netsmart, "
                   "netsmart-preview, netsmart-patient, netsmart-system, cerbo and redox; show "
                   "and check say what is missing.",
    .examples = "wadokit config path\n"
                "wadokit config check\n"
                "wadokit --profile clinic config show\n"
                "wadokit --profile netsmart config show\n",
    .min_args = 1,
    .max_args = 1,
    .no_session = true,
    .run = run,
};
