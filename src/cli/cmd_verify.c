#include "cli.h"
#include "report_instance.h"

static struct {
    bool online, no_digest;
} req;

static const cli_opt opts[] = {
    {"online", 0, CLI_FLAG, &req.online, NULL,
     "ask the server that the journal names what is missing", NULL, 0, 0},
    {"no-digest", 0, CLI_FLAG, &req.no_digest, NULL, "hold sizes against the journal, not SHA-256",
     NULL, 0, 0},
    {0},
};

static void print_summary(const cli_context *ctx, const wk_verify_summary *s)
{
    char bytes[32];
    wk_json_line *line;

    cli_human_bytes(bytes, sizeof bytes, s->bytes);
    cli_note(ctx,
             "%llu whole (%llu of them not in the journal), %llu missing, %llu failed, "
             "%llu other files; %s in %.1f s",
             (unsigned long long)s->kept, (unsigned long long)s->extra,
             (unsigned long long)s->missing, (unsigned long long)s->failed,
             (unsigned long long)s->other, bytes, s->seconds);
    if (!ctx->json)
        return;
    line = wk_json_line_new("summary");
    wk_json_set_int(line, "expected", (int64_t)s->expected);
    wk_json_set_int(line, "saved", 0);
    wk_json_set_int(line, "kept", (int64_t)s->kept);
    wk_json_set_int(line, "missing", (int64_t)s->missing);
    wk_json_set_int(line, "failed", (int64_t)s->failed);
    wk_json_set_int(line, "extra", (int64_t)s->extra);
    wk_json_set_int(line, "other", (int64_t)s->other);
    wk_json_set_int(line, "bytes", (int64_t)s->bytes);
    wk_json_set_number(line, "seconds", s->seconds);
    cli_out_json(ctx, line);
}

static int run(cli_context *ctx, int argc, char **argv)
{
    wk_verify_opts o = {.online = req.online || ctx->names_server,
                        .no_digest = req.no_digest,
                        .n_targets = (size_t)(argc - 1)};
    cli_instances rep = {.ctx = ctx};
    wk_verify_summary summary = {0};
    wk_error err = {0};
    wk_code rc;

    o.targets = (const char *const *)(argv + 1);
    rc = wk_verify(ctx->session, argv[0], &o, cli_instance, &rep, &summary, &err);
    print_summary(ctx, &summary);
    if (rc == WK_OK)
        return 0;
    return rep.said ? wk_code_exit_status(rc) : cli_fail(ctx, &err);
}

const cli_command cli_cmd_verify = {
    .name = "verify",
    .args = "DIR [TARGET...]",
    .summary = "read again what get wrote, and hold it against the journal",
    .description =
        "Reads every file below DIR again to its end and holds it against DIR/.wadokit's journal: "
        "its size, its SHA-256, its UIDs. Lists what is missing, broken, changed, or there without "
        "the journal knowing it. Nothing is written.\n"
        "\n"
        "With --dicomweb, --fhir or --profile each study of the journal is asked for at that "
        "server "
        "too, and what it has and the folder has not is listed; --online asks the server that the "
        "journal names for a study. Credentials go to configured servers only: one that only the "
        "journal names gets none. With TARGETs, as get takes them, it is what they name that is "
        "asked for: so a study of which nothing came is seen too.",
    .examples = "wadokit verify study\n"
                "wadokit verify --json study | jq 'select(.status == \"failed\").path'\n"
                "wadokit --dicomweb https://pacs.example/dicom-web verify study\n"
                "wadokit --fhir https://fhir.example/r4 verify study\n"
                "wadokit verify studies search.json\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
