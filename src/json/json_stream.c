#include "json/json_stream.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/buf.h"
#include "core/text.h"

enum place {
    AT_TOP,       /* between top-level values */
    AT_ELEMENT,   /* in the top-level array, an element or ']' is due */
    AT_SEPARATOR, /* in the top-level array, ',' or ']' is due */
    IN_VALUE,     /* inside an object, an array or a string that is an item */
    IN_SCALAR,    /* inside a number or a word */
};

struct wki_json_stream {
    const char *what;
    wki_json_stream_fn each;
    void *user;
    wki_buf item;
    enum place place;
    bool in_array; /* the item is an element of the top-level array */
    bool in_string;
    bool escaped;
    unsigned depth; /* of the item */
    uint64_t at;    /* bytes taken */
    uint64_t index; /* of the element */
    wki_json_faults *faults;
};

wk_code wki_json_stream_new(const char *what, size_t max_item, wki_json_stream_fn each, void *user,
                            wki_json_stream **out, wk_error *err)
{
    wki_json_stream *s = calloc(1, sizeof *s);

    if (!s)
        return wk_fail(err, WK_NOMEM, "out of memory");
    s->what = what;
    s->each = each;
    s->user = user;
    wki_buf_init(&s->item, max_item, "JSON element");
    *out = s;
    return WK_OK;
}

void wki_json_stream_free(wki_json_stream *s)
{
    if (s)
        wki_buf_clear(&s->item);
    free(s);
}

void wki_json_stream_mend(wki_json_stream *s, wki_json_faults *faults)
{
    s->faults = faults;
}

uint64_t wki_json_stream_index(const wki_json_stream *s)
{
    return s->index;
}

/* An element that is no JSON, though its brackets are. */
static void lose(wki_json_stream *s, const char *prefix, const wk_error *why)
{
    if (s->faults->values == 0 && s->faults->elements == 0)
        snprintf(s->faults->first, sizeof s->faults->first, "%s: %.150s", prefix, why->message);
    s->faults->elements++;
}

static wk_code emit(wki_json_stream *s, wk_error *err)
{
    wki_json *value = NULL;
    char prefix[32] = "";
    wk_error why = {0};
    wk_code rc;

    if (s->in_array)
        snprintf(prefix, sizeof prefix, "[%llu]", (unsigned long long)s->index);
    rc = wki_json_parse_mended(wki_buf_text(&s->item), s->item.n, s->what, prefix, s->faults,
                               &value, &why);
    if (rc == WK_DATA && s->faults && s->in_array) {
        lose(s, prefix, &why);
        rc = WK_OK;
    } else if (rc != WK_OK) {
        rc = wk_fail_from(err, rc, &why);
    } else {
        rc = s->each(s->user, value, err);
    }
    s->index++;
    wki_json_free(value);
    wki_buf_reset(&s->item);
    s->place = s->in_array ? AT_SEPARATOR : AT_TOP;
    return rc;
}

static wk_code unexpected(const wki_json_stream *s, const char *text, size_t n, wk_error *err)
{
    char sample[64];

    if (*text == '<')
        return wk_fail(err, WK_DATA, "%s: XML or HTML where JSON was expected", s->what);
    wki_text_clean(sample, sizeof sample, text, n < 40 ? n : 40);
    return wk_fail(err, WK_DATA, "%s: not JSON at byte %llu: %s", s->what,
                   (unsigned long long)s->at, sample);
}

static bool is_space(char c)
{
    /* RS stands before each value of a JSON text sequence (RFC 7464). */
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0x1e;
}

static wk_code begin_value(wki_json_stream *s, const char *text, size_t n, wk_error *err)
{
    char c = *text;
    bool odd = s->faults && (c == 'N' || c == 'I'); /* NaN, Infinity */

    s->in_array = s->place == AT_ELEMENT;
    s->depth = 0;
    s->in_string = s->escaped = false;
    if (c == '{' || c == '[' || c == '"')
        s->place = IN_VALUE;
    else if (odd || c == '-' || (c >= '0' && c <= '9') || c == 't' || c == 'f' || c == 'n')
        s->place = IN_SCALAR;
    else
        return unexpected(s, text, n, err);
    return WK_OK;
}

/* Handles one byte outside items; sets *begin where an item starts with it. */
static wk_code between(wki_json_stream *s, const char *text, size_t n, bool *begin, wk_error *err)
{
    char c = *text;

    *begin = false;
    if (is_space(c))
        return WK_OK;
    if (s->at < 3 && c == "\xEF\xBB\xBF"[s->at])
        return WK_OK; /* byte order mark */
    if (s->place == AT_TOP && c == '[') {
        s->place = AT_ELEMENT;
        return WK_OK;
    }
    if (s->place != AT_TOP && c == ']') {
        s->place = AT_TOP;
        return WK_OK;
    }
    if (s->place == AT_SEPARATOR) {
        if (c != ',')
            return unexpected(s, text, n, err);
        s->place = AT_ELEMENT;
        return WK_OK;
    }
    *begin = true;
    return begin_value(s, text, n, err);
}

/* How many bytes belong to the item; *ended where it is complete with them. */
static size_t scan_value(wki_json_stream *s, const char *text, size_t n, bool *ended)
{
    size_t i;

    *ended = false;
    for (i = 0; i < n && !*ended && s->depth <= WK_MAX_JSON_DEPTH; i++) {
        char c = text[i];

        if (s->in_string) {
            if (s->escaped)
                s->escaped = false;
            else if (c == '\\')
                s->escaped = true;
            else if (c == '"')
                s->in_string = false;
            *ended = !s->in_string && s->depth == 0;
        } else if (c == '"') {
            s->in_string = true;
        } else if (c == '{' || c == '[') {
            s->depth++;
        } else if (c == '}' || c == ']') {
            *ended = --s->depth == 0;
        }
    }
    return i;
}

static size_t scan_scalar(const char *text, size_t n, bool *ended)
{
    size_t i = 0;

    while (i < n && !is_space(text[i]) && text[i] != ',' && text[i] != ']')
        i++;
    *ended = i < n;
    return i;
}

static wk_code inside(wki_json_stream *s, const char *text, size_t n, size_t *used, wk_error *err)
{
    bool ended;
    wk_code rc;

    *used = s->place == IN_VALUE ? scan_value(s, text, n, &ended) : scan_scalar(text, n, &ended);
    if (s->depth > WK_MAX_JSON_DEPTH)
        return wk_fail(err, WK_LIMIT, "%s: JSON nested deeper than %d levels", s->what,
                       WK_MAX_JSON_DEPTH);
    rc = wki_buf_add(&s->item, text, *used, err);
    if (rc != WK_OK) {
        wk_fail_add(err, "%s: ", s->what);
        return rc;
    }
    return ended ? emit(s, err) : WK_OK;
}

wk_code wki_json_stream_feed(wki_json_stream *s, const void *data, size_t n, wk_error *err)
{
    const char *text = data;
    wk_code rc = WK_OK;

    for (size_t i = 0, used; i < n && rc == WK_OK; i += used) {
        bool begin = false;

        used = 0;
        if (s->place == AT_TOP || s->place == AT_ELEMENT || s->place == AT_SEPARATOR) {
            rc = between(s, text + i, n - i, &begin, err);
            used = begin ? 0 : 1;
        } else {
            rc = inside(s, text + i, n - i, &used, err);
        }
        s->at += used;
    }
    return rc;
}

wk_code wki_json_stream_finish(wki_json_stream *s, wk_error *err)
{
    if (s->place == IN_SCALAR && !s->in_array)
        return emit(s, err);
    if (s->place != AT_TOP)
        return wk_fail(err, WK_DATA, "%s: JSON cut short after %llu bytes", s->what,
                       (unsigned long long)s->at);
    return WK_OK;
}
