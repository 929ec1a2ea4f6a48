#include "report_instance.h"

static void print_json(const cli_context *ctx, const wk_instance_report *r)
{
    wk_json_line *line = wk_json_line_new("instance");

    wk_json_set_string(line, "study", r->study);
    wk_json_set_string(line, "series", r->series);
    wk_json_set_string(line, "sop", r->sop);
    wk_json_set_string(line, "path", r->path);
    if (r->bytes >= 0)
        wk_json_set_int(line, "bytes", r->bytes);
    else
        wk_json_set_null(line, "bytes");
    wk_json_set_string(line, "sha256", r->sha256);
    wk_json_set_string(line, "transferSyntax", r->transfer_syntax);
    wk_json_set_string(line, "status", wk_instance_status_name(r->status));
    cli_json_error(line, &r->error);
    cli_out_json(ctx, line);
}

static const char *name_of(const wk_instance_report *r)
{
    if (r->sop)
        return r->sop;
    if (r->series)
        return r->series;
    if (r->study)
        return r->study;
    return r->path ? r->path : "";
}

void cli_instance(void *user, const wk_instance_report *r)
{
    cli_instances *rep = user;
    const char *what = name_of(r);
    char why[2 * WK_ERROR_MESSAGE_SIZE];

    if (rep->ctx->json)
        print_json(rep->ctx, r);
    if (r->error.code == WK_OK)
        return;
    cli_error_text(why, sizeof why, &r->error);
    cli_note(rep->ctx, "%s%s%s: %s", wk_instance_status_name(r->status), what[0] ? " " : "", what,
             why);
    rep->said = rep->said || (r->status >= WK_INSTANCE_MISSING && !rep->ctx->quiet);
}
