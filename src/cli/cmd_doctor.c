#include <stdio.h>

#include "cli.h"
#include "profile.h"

static const char *const names[] = {"ok", "note", "warning", "FAILED"};

static void on_finding(void *user, const wk_finding *f)
{
    static const char *const json_names[] = {"ok", "note", "warn", "fail"};
    const cli_context *ctx = user;
    char advice[2 * WK_ERROR_MESSAGE_SIZE];
    wk_json_line *line;

    if (!ctx->json) {
        cli_out(ctx, "%-8s %-9s %s", names[f->status], f->name, f->detail);
        cli_setting_text(advice, sizeof advice, f->advice, f->setting);
        if (f->advice[0])
            cli_out(ctx, "%-8s %-9s %s", "", "", advice);
        return;
    }
    line = wk_json_line_new("finding");
    wk_json_set_string(line, "name", f->name);
    wk_json_set_string(line, "status", json_names[f->status]);
    wk_json_set_string(line, "detail", f->detail);
    wk_json_set_string(line, "advice", f->advice[0] ? f->advice : NULL);
    if (f->setting[0])
        wk_json_set_string(line, "setting", f->setting);
    cli_out_json(ctx, line);
}

/* All that is wrong with the file of profiles; the section in use was read already. */
static wk_code look_at_profiles(cli_context *ctx)
{
    cli_profile p;
    wk_error err = {0};
    wk_code rc = cli_profile_load(&p, &err);
    wk_finding f = {"profile", WK_FINDING_OK, p.path, "", "", WK_OK};
    char text[512];

    for (size_t i = 0; rc == WK_OK && i < p.n; i++)
        rc = cli_profile_check(&p, &p.entries[i], &err);
    if (rc != WK_OK) {
        f = (wk_finding){"profile",   WK_FINDING_FAIL,
                         err.message, "mend the file; wadokit config check tells all that is wrong",
                         "",          rc};
    } else if (!p.exists) {
        f.status = WK_FINDING_NOTE;
        f.detail = text;
        f.advice = "sites that are used often go there (man wadokit, PROFILES)";
        snprintf(text, sizeof text, "%s: not there", p.path);
    }
    on_finding(ctx, &f);
    cli_profile_free(&p);
    return rc;
}

/* Somebody waits for what this says. */
static wk_code prepare(wk_session_opts *o, wk_error *err)
{
    enum {
        CONNECT_S = 5,
        IDLE_S = 15
    };

    (void)err;
    if (o->retries < 0)
        o->retries = 0;
    if (o->connect_timeout_s == 0)
        o->connect_timeout_s = CONNECT_S;
    if (o->idle_timeout_s == 0)
        o->idle_timeout_s = IDLE_S;
    return WK_OK;
}

static int run(cli_context *ctx, int argc, char **argv)
{
    wk_error err = {0};
    wk_code profiles = look_at_profiles(ctx);
    wk_code rc = wk_doctor(ctx->session, on_finding, ctx, &err);

    (void)argc;
    (void)argv;
    return wk_code_exit_status(profiles != WK_OK ? profiles : rc);
}

const cli_command cli_cmd_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "look at the set-up, and say what to do",
    .description =
        "Looks at the file of profiles, the libraries and codecs, the folders for temporary files "
        "and logins, and the servers of the profile or the command line: whether they answer as "
        "such "
        "servers do (a login page, XML, an empty body, or a FHIR server that was given as a "
        "DICOMweb "
        "server, is said), and how far their clock is from this one's. Says what to do where "
        "something is wrong. Nothing "
        "is changed.",
    .examples = "wadokit doctor\n"
                "wadokit -p clinic doctor\n"
                "wadokit --dicomweb https://pacs.example/dicom-web doctor --json\n",
    .min_args = 0,
    .max_args = 0,
    .prepare = prepare,
    .run = run,
};
