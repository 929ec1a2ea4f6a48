#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "opts.h"

static struct {
    const char *output, *group, *patient, *types, *since;
    cli_list params;
} req;

static const cli_opt opts[] = {
    {"output", 'o', CLI_STRING, &req.output, "PATH",
     "write to this file or folder (get: default standard output)", NULL, 0, 0},
    {"group", 0, CLI_STRING, &req.group, "ID", "export: the patients of this Group", NULL, 0, 0},
    {"patient", 0, CLI_STRING, &req.patient, "ID", "export: this patient", NULL, 0, 0},
    {"type", 0, CLI_STRING, &req.types, "T,...", "export: only these types of resources", NULL, 0,
     0},
    {"since", 0, CLI_STRING, &req.since, "INSTANT",
     "export: only what changed since, e.g. 2026-01-31T00:00:00Z", NULL, 0, 0},
    {"param", 0, CLI_LIST, &req.params, "NAME=VALUE",
     "export: one more parameter (_typeFilter, _elements, includeAssociatedData ...); may be "
     "repeated",
     NULL, 0, 0},
    {0},
};

/* ---- capabilities ---- */

typedef struct reporter {
    cli_context *ctx;
    cli_table *table;
} reporter;

static void on_server(void *user, const wk_fhir_server *s)
{
    const reporter *rep = user;
    wk_json_line *line;

    if (!rep->ctx->json) {
        cli_out(rep->ctx, "%s%s%s, FHIR %s, formats: %s", s->name ? s->name : "FHIR server",
                s->version ? " " : "", s->version ? s->version : "",
                s->fhir_version ? s->fhir_version : "?", s->formats);
        if (s->security)
            cli_out(rep->ctx, "Login: %s", s->security);
        if (*s->operations)
            cli_out(rep->ctx, "Operations: %s", s->operations);
        cli_out(rep->ctx, "%s", "");
        return;
    }
    line = wk_json_line_new("server");
    wk_json_set_string(line, "name", s->name);
    wk_json_set_string(line, "version", s->version);
    wk_json_set_string(line, "fhirVersion", s->fhir_version);
    wk_json_set_string(line, "formats", s->formats);
    wk_json_set_string(line, "security", s->security);
    wk_json_set_string(line, "operations", s->operations);
    (void)wk_json_set_raw(line, "resource", s->json);
    cli_out_json(rep->ctx, line);
}

static void on_resource(void *user, const wk_fhir_resource *r)
{
    reporter *rep = user;
    wk_json_line *line;

    if (!rep->ctx->json) {
        cli_table_add(rep->table,
                      (const char *[]){r->type, r->interactions, r->operations, r->search});
        return;
    }
    line = wk_json_line_new("resource");
    wk_json_set_string(line, "resource", r->type);
    wk_json_set_string(line, "interactions", r->interactions);
    wk_json_set_string(line, "search", r->search);
    wk_json_set_string(line, "operations", r->operations);
    cli_out_json(rep->ctx, line);
}

static int capabilities(cli_context *ctx, int argc, char **argv)
{
    static const char *const headings[] = {"RESOURCE", "INTERACTIONS", "OPERATIONS", "SEARCH"};
    reporter rep = {.ctx = ctx};
    wk_error err = {0};
    wk_code rc;

    (void)argv;
    if (argc != 0)
        return cli_usage(ctx, "fhir capabilities: too many arguments");
    if (!ctx->json)
        rep.table = cli_table_new(headings, sizeof headings / sizeof headings[0]);
    rc = wk_fhir_capabilities(ctx->session, on_server, on_resource, &rep, &err);
    if (rep.table)
        cli_table_print(ctx, rep.table);
    return rc == WK_OK ? 0 : cli_fail(ctx, &err);
}

/* ---- get ---- */

static int write_file(const cli_context *ctx, const char *path, const char *text, size_t n)
{
    wk_error err = {0};
    char *part = NULL;
    FILE *f;
    bool ok;

    if (asprintf(&part, "%s.part", path) < 0)
        return cli_fail(ctx, &(wk_error){.code = WK_NOMEM});
    f = fopen(part, "w");
    ok = f && fwrite(text, 1, n, f) == n;
    if (f && fclose(f) != 0)
        ok = false;
    if (!ok || rename(part, path) != 0) {
        (void)wk_fail_errno(&err, WK_IO, errno, "%s", path);
        if (f)
            (void)remove(part);
    }
    free(part);
    return err.code == WK_OK ? 0 : cli_fail(ctx, &err);
}

static int get(cli_context *ctx, int argc, char **argv)
{
    wk_error err = {0};
    char *text = NULL;
    size_t n = 0;
    int status = 0;

    if (argc != 1)
        return cli_usage(ctx, "fhir get: give one PATH");
    if (wk_fhir_get(ctx->session, argv[0], &text, &n, &err) != WK_OK)
        return cli_fail(ctx, &err);
    if (req.output && strcmp(req.output, "-") != 0)
        status = write_file(ctx, req.output, text, n);
    else
        cli_out_text(ctx, text, n);
    free(text);
    return status;
}

/* ---- binary and export-download ---- */

static int print_file(const cli_context *ctx, const wk_fhir_file *f, const char *id, bool lines)
{
    char size[32];
    wk_json_line *line;

    if (!ctx->json) {
        cli_human_bytes(size, sizeof size, f->bytes);
        if (lines)
            cli_out(ctx, "%s  %llu lines  %s", f->path, (unsigned long long)f->lines, size);
        else
            cli_out(ctx, "%s  %s  %s", f->path, f->media_type, size);
        return 0;
    }
    line = wk_json_line_new("file");
    wk_json_set_string(line, "id", id);
    wk_json_set_string(line, "path", f->path);
    wk_json_set_string(line, "mediaType", f->media_type);
    wk_json_set_int(line, "bytes", (int64_t)f->bytes);
    if (lines) {
        wk_json_set_int(line, "lines", (int64_t)f->lines);
        wk_json_set_int(line, "bad", (int64_t)f->bad);
    }
    wk_json_set_string(line, "status", "saved");
    cli_out_json(ctx, line);
    return 0;
}

static int binary(cli_context *ctx, int argc, char **argv)
{
    wk_fhir_file file = {0};
    wk_error err = {0};

    if (argc != 1)
        return cli_usage(ctx, "fhir binary: give one ID");
    if (wk_fhir_binary(ctx->session, argv[0], req.output, &file, &err) != WK_OK)
        return cli_fail(ctx, &err);
    (void)print_file(ctx, &file, argv[0], false);
    wk_fhir_file_clear(&file);
    return 0;
}

static void on_bad(void *user, const char *path, uint64_t line, const char *why)
{
    cli_note(user, "%s: line %llu: %s", path, (unsigned long long)line, why);
}

static int export_download(cli_context *ctx, int argc, char **argv)
{
    wk_fhir_file file = {0};
    wk_error err = {0};
    wk_code rc;

    if (argc != 1)
        return cli_usage(ctx, "fhir export-download: give one ID");
    rc = wk_fhir_export_download(ctx->session, argv[0], req.output, on_bad, ctx, &file, &err);
    if (file.path)
        (void)print_file(ctx, &file, argv[0], true);
    wk_fhir_file_clear(&file);
    return rc == WK_OK ? 0 : cli_fail(ctx, &err);
}

/* ---- export ---- */

static void on_wait(void *user, const char *progress, int64_t seconds)
{
    cli_note(user, "the server works on it%s%s; asking again in %lld s", *progress ? ": " : "",
             progress, (long long)seconds);
}

static void on_file(void *user, const wk_fhir_export_file *f)
{
    static const char *const names[] = {"saved", "kept", "failed"};
    cli_context *ctx = user;
    char size[32], why[2 * WK_ERROR_MESSAGE_SIZE];
    wk_json_line *line;

    cli_error_text(why, sizeof why, &f->error);
    if (f->status == WK_FHIR_EXPORT_FAILED)
        cli_note(ctx, "failed %s: %s", f->type, why);
    if (!ctx->json) {
        cli_human_bytes(size, sizeof size, f->bytes);
        if (f->status != WK_FHIR_EXPORT_FAILED)
            cli_out(ctx, "%s  %llu lines  %s  %s", f->path, (unsigned long long)f->lines, size,
                    names[f->status]);
        return;
    }
    line = wk_json_line_new("file");
    wk_json_set_string(line, "kind", f->kind);
    wk_json_set_string(line, "resource", f->type);
    wk_json_set_string(line, "path", f->path);
    wk_json_set_int(line, "bytes", (int64_t)f->bytes);
    wk_json_set_int(line, "lines", (int64_t)f->lines);
    wk_json_set_int(line, "bad", (int64_t)f->bad);
    wk_json_set_int(line, "errors", (int64_t)f->errors);
    if (f->expected >= 0)
        wk_json_set_int(line, "expected", f->expected);
    wk_json_set_string(line, "status", names[f->status]);
    cli_json_error(line, &f->error);
    cli_out_json(ctx, line);
}

static void print_summary(const cli_context *ctx, const wk_fhir_export_summary *s)
{
    char size[32];
    wk_json_line *line;

    cli_human_bytes(size, sizeof size, s->bytes);
    cli_note(ctx, "%llu files saved, %llu kept, %llu failed; %llu lines, %s in %.1f s",
             (unsigned long long)s->saved, (unsigned long long)s->kept,
             (unsigned long long)s->failed, (unsigned long long)s->lines, size, s->seconds);
    if (!ctx->json)
        return;
    line = wk_json_line_new("summary");
    wk_json_set_int(line, "expected", (int64_t)s->expected);
    wk_json_set_int(line, "saved", (int64_t)s->saved);
    wk_json_set_int(line, "kept", (int64_t)s->kept);
    wk_json_set_int(line, "missing", 0);
    wk_json_set_int(line, "failed", (int64_t)s->failed);
    wk_json_set_int(line, "lines", (int64_t)s->lines);
    wk_json_set_int(line, "bad", (int64_t)s->bad);
    wk_json_set_int(line, "errors", (int64_t)s->errors);
    wk_json_set_int(line, "shorter", (int64_t)s->shorter);
    wk_json_set_int(line, "bytes", (int64_t)s->bytes);
    wk_json_set_number(line, "seconds", s->seconds);
    cli_out_json(ctx, line);
}

static int export(cli_context *ctx, int argc, char **argv)
{
    wk_fhir_export_opts o = {.group = req.group,
                             .patient = req.patient,
                             .types = req.types,
                             .since = req.since,
                             .dir = req.output,
                             .params = req.params.items,
                             .n_params = req.params.n};
    wk_fhir_export_events events = {
        .on_wait = on_wait, .on_file = on_file, .on_bad = on_bad, .user = ctx};
    wk_fhir_export_summary summary = {0};
    wk_error err = {0};
    wk_code rc;

    (void)argv;
    if (argc != 0)
        return cli_usage(ctx, "fhir export: too many arguments");
    rc = wk_fhir_export(ctx->session, &o, &events, &summary, &err);
    if (rc != WK_USAGE)
        print_summary(ctx, &summary);
    return rc == WK_OK ? 0 : cli_fail(ctx, &err);
}

static int run(cli_context *ctx, int argc, char **argv)
{
    static const char *const words[] = {"capabilities",    "get", "binary", "export",
                                        "export-download", NULL};
    static int (*const verbs[])(cli_context *, int, char **) = {capabilities, get, binary, export,
                                                                export_download};
    const char *near;

    for (int i = 0; words[i]; i++) {
        if (strcmp(argv[0], words[i]) == 0)
            return verbs[i](ctx, argc - 1, argv + 1);
    }
    near = cli_nearest(argv[0], words);
    return cli_usage(ctx,
                     near ? "fhir: unknown word '%s'; did you mean '%s'?"
                          : "fhir: '%s' is none of capabilities, get, binary, export, "
                            "export-download",
                     argv[0], near);
}

const cli_command cli_cmd_fhir = {
    .name = "fhir",
    .args = "capabilities|get|binary|export|export-download [PATH|ID]",
    .summary = "FHIR server: what it can, one answer, Binary, bulk data",
    .description =
        "capabilities shows what the server can. get PATH prints one answer as it is (Patient/1, "
        "or Observation?patient=1). binary ID saves a Binary, JSON with base64 or raw, with the "
        "suffix of its type.\n"
        "\n"
        "export asks for bulk data, waits as long as the server works (--max-wait limits that), "
        "and saves DIR/<Type>.ndjson and manifest.json; when all is there, the server is told to "
        "forget it. After an interrupt the same command goes on. export-download ID saves one file of a finished export (Netsmart). Every line is "
        "checked; a bad one is reported and kept, and the exit status is 1.",
    .examples = "wadokit --fhir https://fhir.example/r4 fhir capabilities\n"
                "wadokit -p clinic fhir get 'Patient?family=Green' | jq .total\n"
                "wadokit -p clinic fhir binary binary-123 -o files/\n"
                "wadokit -p netsmart-system fhir export --group g1 --type Patient -o bulk\n"
                "wadokit -p netsmart-system fhir export-download export-binary-123 -o bulk/\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
