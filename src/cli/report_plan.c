#include "report_plan.h"

#include <stdio.h>
#include <string.h>

typedef struct listing {
    cli_context *ctx;
    cli_table *table;
} listing;

static const char *level_of(const wk_plan_item *item)
{
    static const char *const names[] = {"study", "series", "instance", "frame"};

    return item->kind == WK_ITEM_FILE ? "file" : names[item->level];
}

/* planned: will be fetched; covered: not needed; excluded: not wanted; refused, failed: cannot be
 * had. */
static const char *status_of(const wk_plan_item *item)
{
    if (item->kind != WK_ITEM_NOTICE)
        return "planned";
    if (item->left_out)
        return "excluded";
    if (item->error.code == WK_OK)
        return "covered";
    return wk_code_exit_status(item->error.code) == wk_code_exit_status(WK_REFUSED) ? "refused"
                                                                                    : "failed";
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void print_json(const cli_context *ctx, const wk_plan_item *item)
{
    wk_json_line *line = wk_json_line_new("plan");
    bool failed = item->error.code != WK_OK;

    wk_json_set_string(line, "status", status_of(item));
    wk_json_set_string(line, "level", level_of(item));
    wk_json_set_string(line, "study", or_null(item->study));
    wk_json_set_string(line, "series", or_null(item->series));
    if (item->level >= WK_LEVEL_INSTANCE)
        wk_json_set_string(line, "sop", or_null(item->sop));
    if (item->frame)
        wk_json_set_int(line, "frame", item->frame);
    wk_json_set_string(line, "endpoint", item->endpoint);
    wk_json_set_string(line, "url", item->url);
    if (item->resource)
        wk_json_set_string(line, "resource", item->resource);
    if (item->path)
        wk_json_set_string(line, "path", item->path);
    wk_json_set_bool(line, "credentials", item->send_credentials);
    wk_json_set_string(line, "reason", failed ? NULL : item->reason);
    cli_json_error(line, &item->error);
    cli_out_json(ctx, line);
}

static const char *credentials_of(const wk_plan_item *item)
{
    if (item->kind != WK_ITEM_REMOTE)
        return "-";
    return item->send_credentials ? "yes" : "no";
}

static void add_row(cli_table *table, const wk_plan_item *item)
{
    char why[2 * WK_ERROR_MESSAGE_SIZE];
    const char *cells[] = {
        status_of(item),
        item->resource ? item->resource : level_of(item),
        item->study,
        item->series,
        item->url ? item->url : item->path,
        credentials_of(item),
        item->error.code != WK_OK ? why : item->reason,
    };

    cli_error_text(why, sizeof why, &item->error);
    cli_table_add(table, cells);
}

static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    listing *l = user;

    (void)err;
    if (l->ctx->json)
        print_json(l->ctx, item);
    else
        add_row(l->table, item);
    return WK_OK;
}

static void print_summary(const cli_context *ctx, const wk_resolve_summary *sum)
{
    wk_json_line *line = wk_json_line_new("summary");

    wk_json_set_int(line, "planned", (int64_t)sum->items);
    wk_json_set_int(line, "covered", (int64_t)(sum->notices - sum->failed - sum->left_out));
    wk_json_set_int(line, "failed", (int64_t)sum->failed);
    wk_json_set_int(line, "skipped", (int64_t)sum->skipped);
    wk_json_set_int(line, "leftOut", (int64_t)sum->left_out);
    cli_out_json(ctx, line);
}

int cli_report_plan(cli_context *ctx, cli_planner planner, size_t n, char **targets)
{
    static const char *const headings[] = {"STATUS", "LEVEL",       "STUDY", "SERIES",
                                           "URL",    "CREDENTIALS", "WHY"};
    listing l = {.ctx = ctx};
    wk_resolve_summary sum = {0};
    wk_error err = {0};
    wk_code rc;

    if (!ctx->json)
        l.table = cli_table_new(headings, sizeof headings / sizeof headings[0]);
    rc = planner(ctx->session, (const char *const *)targets, n, on_item, &l, &sum, &err);
    if (ctx->json)
        print_summary(ctx, &sum);
    else
        cli_table_print(ctx, l.table);
    if (sum.skipped)
        cli_note(ctx, "%llu files are not DICOM", (unsigned long long)sum.skipped);
    return rc == WK_OK ? 0 : cli_fail(ctx, &err);
}
