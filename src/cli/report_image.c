#include "report_image.h"

#include <string.h>

#include "counts.h"

static const char *status_name(wk_image_status status)
{
    return status == WK_IMAGE_SAVED ? "saved" : status == WK_IMAGE_KEPT ? "kept" : "failed";
}

static void set_text(wk_json_line *line, const char *name, const char *text)
{
    wk_json_set_string(line, name, text && *text ? text : NULL);
}

static wk_json_line *window_json(const wk_image_report *r)
{
    wk_json_line *w = wk_json_line_new(NULL);

    wk_json_set_string(w, "rule", r->rule);
    if (r->has_window) {
        wk_json_set_number(w, "center", r->center);
        wk_json_set_number(w, "width", r->width_of_window);
        wk_json_set_string(w, "function", r->function);
    }
    wk_json_set_bool(w, "inverted", r->inverted);
    return w;
}

static void report_json(const cli_context *ctx, const wk_image_report *r)
{
    wk_json_line *line = wk_json_line_new("image");

    wk_json_set_string(line, "source", r->source);
    set_text(line, "study", r->study);
    set_text(line, "series", r->series);
    set_text(line, "sop", r->sop);
    if (r->frame)
        wk_json_set_int(line, "frame", r->frame);
    set_text(line, "path", r->path);
    if (r->status != WK_IMAGE_FAILED) {
        wk_json_set_int(line, "width", r->width);
        wk_json_set_int(line, "height", r->height);
        wk_json_set_int(line, "bytes", (int64_t)r->bytes);
    }
    if (r->rule[0])
        wk_json_set_object(line, "window", window_json(r));
    else
        wk_json_set_null(line, "window");
    if (r->overlays)
        wk_json_set_int(line, "overlays", r->overlays);
    if (r->icc)
        wk_json_set_string(line, "icc", r->icc);
    if (r->tiles)
        wk_json_set_int(line, "tiles", r->tiles);
    if (r->decoder[0])
        wk_json_set_string(line, "decoder", r->decoder);
    set_text(line, "transferSyntax", r->transfer_syntax);
    if (r->placeholder)
        wk_json_set_bool(line, "placeholder", true);
    for (size_t i = 0; i < r->n_warnings; i++)
        wk_json_add_string(line, "warnings", r->warnings[i]);
    wk_json_set_string(line, "status", status_name(r->status));
    if (r->status == WK_IMAGE_FAILED)
        cli_json_error(line, &r->error);
    cli_out_json(ctx, line);
}

void cli_report_image_words(const cli_context *ctx, const wk_image_report *r)
{
    if (r->status == WK_IMAGE_FAILED) {
        wk_error err = r->error;

        if (r->frame > 1 && !strstr(err.message, "frame "))
            wk_fail_add(&err, "frame %u: ", r->frame);
        /* Messages about a target name it already. */
        if (strncmp(err.message, r->source, strlen(r->source)) != 0)
            wk_fail_add(&err, "%s: ", r->source);
        cli_fail(ctx, &err);
    }
    for (size_t i = 0; i < r->n_warnings; i++)
        cli_note(ctx, "%s: %s", r->source, r->warnings[i]);
}

void cli_report_image(void *user, const wk_image_report *r)
{
    const cli_context *ctx = user;
    bool to_stdout = r->path && strcmp(r->path, "-") == 0;

    cli_report_image_words(ctx, r);
    if (to_stdout)
        return;
    if (ctx->json) {
        report_json(ctx, r);
    } else if (r->status != WK_IMAGE_FAILED && r->has_window) {
        cli_out(ctx, "%s  %ux%u  %s %g,%g%s", r->path, r->width, r->height, r->rule, r->center,
                r->width_of_window, r->inverted ? " inverted" : "");
    } else if (r->status != WK_IMAGE_FAILED) {
        cli_out(ctx, "%s  %ux%u  %s", r->path, r->width, r->height,
                r->placeholder ? "placeholder" : r->rule);
    }
}

int cli_report_images(const cli_context *ctx, wk_code rc, const wk_image_summary *s,
                      const wk_error *err, bool to_stdout)
{
    cli_counts counts = CLI_COUNTS(s);

    if (rc == WK_USAGE && s->failed == 0)
        return cli_fail(ctx, err);
    if (ctx->json && !to_stdout)
        cli_counts_json(ctx, &counts);
    else
        cli_note_skipped(ctx, s->skipped);
    /* What failed has been said one by one. */
    if (rc != WK_OK && (s->failed == 0 || rc == WK_PARTIAL || rc == WK_CANCELLED))
        return cli_fail(ctx, err);
    return wk_code_exit_status(rc);
}
