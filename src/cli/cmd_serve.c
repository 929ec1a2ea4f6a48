#include "cli.h"

#include <stdio.h>

static struct {
    const char *cors, *viewer;
    int port;
} req;

static const cli_opt opts[] = {
    {"port", 0, CLI_INT, &req.port, "N", "listen on port N of 127.0.0.1 (default: a free one)",
     NULL, 0, 65535},
    {"viewer", 0, CLI_STRING, &req.viewer, "DIR",
     "serve a viewer's site at /: the folder dist of OHIF", NULL, 0, 0},
    {"cors", 0, CLI_STRING, &req.cors, "ORIGIN",
     "let the pages of one other origin read, e.g. http://localhost:3000", NULL, 0, 0},
    {0},
};

static void on_ready(void *user, const wk_serve_status *s)
{
    const cli_context *ctx = user;
    wk_json_line *line;

    cli_note(ctx, "%llu instance%s, %llu series, %llu stud%s; Ctrl-C ends",
             (unsigned long long)s->instances, s->instances == 1 ? "" : "s",
             (unsigned long long)s->series, (unsigned long long)s->studies,
             s->studies == 1 ? "y" : "ies");
    if (!ctx->json) {
        cli_out(ctx, "%s", s->viewer_url ? s->viewer_url : s->url);
    } else {
        line = wk_json_line_new("serve");
        wk_json_set_string(line, "url", s->url);
        wk_json_set_string(line, "viewer", s->viewer_url);
        wk_json_set_int(line, "studies", (int64_t)s->studies);
        wk_json_set_int(line, "series", (int64_t)s->series);
        wk_json_set_int(line, "instances", (int64_t)s->instances);
        wk_json_set_int(line, "failed", (int64_t)s->failed);
        wk_json_set_int(line, "skipped", (int64_t)s->skipped);
        cli_out_json(ctx, line);
    }
    /* Whoever reads the address waits for it. */
    fflush(stdout);
}

static int run(cli_context *ctx, int argc, char **argv)
{
    wk_serve_opts o = {.port = req.port, .cors = req.cors, .viewer = req.viewer};
    wk_error err = {0};
    wk_code rc =
        wk_serve(ctx->session, (const char *const *)argv, (size_t)argc, &o, on_ready, ctx, &err);

    return rc == WK_OK ? 0 : cli_fail(ctx, &err);
}

const cli_command cli_cmd_serve = {
    .name = "serve",
    .args = "DIR|FILE...",
    .summary = "serve files to a viewer by DICOMweb, on this machine only",
    .description =
        "Answers DICOMweb requests (QIDO-RS, WADO-RS, rendered pictures and thumbnails) for the "
        "files of folders, on 127.0.0.1 alone, until Ctrl-C; prints the address. For a look with a "
        "viewer, or for trying a client: it is no PACS, and nothing can be stored.\n"
        "\n"
        "Files are sent as they are stored; nothing is transcoded. They are listed once, at the "
        "start. Whoever can log in to this machine can read them while it runs.",
    .examples = "wadokit serve study/\n"
                "wadokit serve tree/ --port 8042 --viewer ohif/dist\n"
                "wadokit serve study/ --cors http://localhost:3000\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
