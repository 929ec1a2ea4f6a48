#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/text.h"
#include "flow/find/plan_study.h"

static void clear_hints(wk_series_hint *hints, size_t n)
{
    for (size_t i = 0; hints && i < n; i++) {
        free(hints[i].description);
        free(hints[i].instances);
    }
    free(hints);
}

void wki_plan_item_clear(wk_plan_item *item)
{
    free(item->path);
    free(item->root);
    free(item->url);
    free(item->endpoint);
    free(item->named_by);
    free(item->reason);
    for (size_t i = 0; i < item->n_headers; i++)
        free(item->headers[i]);
    free(item->headers);
    clear_hints(item->series_hints, item->n_series_hints);
    free(item->except);
    free(item->description);
    memset(item, 0, sizeof *item);
}

void wk_plan_item_free(wk_plan_item *item)
{
    if (item)
        wki_plan_item_clear(item);
    free(item);
}

/* Copies where there is something; false where memory is out. */
static bool copy_text(char **out, const char *in)
{
    *out = wki_strdup(in);
    return *out || !in;
}

static void *copy_array(const void *in, size_t n, size_t size)
{
    size_t bytes;
    void *out;

    if (n == 0 || !wki_mul_size(n, size, &bytes))
        return NULL;
    out = malloc(bytes);
    if (out)
        memcpy(out, in, bytes);
    return out;
}

static bool copy_hints(const wk_plan_item *in, wk_plan_item *out)
{
    if (in->n_series_hints == 0)
        return true;
    out->series_hints = calloc(in->n_series_hints, sizeof *out->series_hints);
    if (!out->series_hints)
        return false;
    for (size_t i = 0; i < in->n_series_hints; i++) {
        const wk_series_hint *from = &in->series_hints[i];
        wk_series_hint *to = &out->series_hints[i];

        *to = *from;
        to->description = NULL;
        to->instances = copy_array(from->instances, from->n_listed, sizeof *from->instances);
        out->n_series_hints++;
        if (!to->instances)
            to->n_listed = 0;
        if ((from->n_listed && !to->instances) || !copy_text(&to->description, from->description))
            return false;
    }
    return true;
}

static bool copy_headers(const wk_plan_item *in, wk_plan_item *out)
{
    if (in->n_headers == 0)
        return true;
    out->headers = calloc(in->n_headers, sizeof *out->headers);
    if (!out->headers)
        return false;
    for (size_t i = 0; i < in->n_headers; i++) {
        if (!copy_text(&out->headers[i], in->headers[i]))
            return false;
        out->n_headers++;
    }
    return true;
}

static bool copy_all(const wk_plan_item *in, wk_plan_item *out)
{
    *out = *in;
    out->path = out->root = out->url = out->endpoint = out->reason = out->description = NULL;
    out->named_by = NULL;
    out->headers = NULL;
    out->series_hints = NULL;
    out->n_headers = out->n_series_hints = out->n_except = 0;
    out->except = copy_array(in->except, in->n_except, sizeof *in->except);
    if (in->n_except && !out->except)
        return false;
    out->n_except = in->n_except;
    return copy_text(&out->path, in->path) && copy_text(&out->root, in->root) &&
           copy_text(&out->url, in->url) && copy_text(&out->endpoint, in->endpoint) &&
           copy_text(&out->reason, in->reason) && copy_text(&out->named_by, in->named_by) &&
           copy_text(&out->description, in->description) && copy_headers(in, out) &&
           copy_hints(in, out);
}

wk_code wk_plan_item_copy(const wk_plan_item *item, wk_plan_item **out, wk_error *err)
{
    wk_plan_item *copy = calloc(1, sizeof *copy);

    if (!copy || !copy_all(item, copy)) {
        wk_plan_item_free(copy);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    *out = copy;
    return WK_OK;
}
