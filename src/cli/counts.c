#include "counts.h"

void cli_counts_json(const cli_context *ctx, const cli_counts *c)
{
    wk_json_line *line = wk_json_line_new("summary");

    if (c->expected >= 0)
        wk_json_set_int(line, "expected", c->expected);
    else
        wk_json_set_null(line, "expected");
    wk_json_set_int(line, "saved", (int64_t)c->saved);
    wk_json_set_int(line, "kept", (int64_t)c->kept);
    wk_json_set_int(line, "missing", (int64_t)c->missing);
    wk_json_set_int(line, "failed", (int64_t)c->failed);
    wk_json_set_int(line, "skipped", (int64_t)c->skipped);
    wk_json_set_int(line, "bytes", (int64_t)c->bytes);
    wk_json_set_number(line, "seconds", c->seconds);
    cli_out_json(ctx, line);
}

void cli_note_skipped(const cli_context *ctx, uint64_t skipped)
{
    if (skipped > 0)
        cli_note(ctx, "%llu file%s skipped: not DICOM images", (unsigned long long)skipped,
                 skipped == 1 ? "" : "s");
}
