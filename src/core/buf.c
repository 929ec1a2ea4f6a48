#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wki_buf_init(wki_buf *b, size_t max, const char *what)
{
    memset(b, 0, sizeof *b);
    b->max = max;
    b->what = what;
}

void wki_buf_clear(wki_buf *b)
{
    free(b->data);
    b->data = NULL;
    b->n = 0;
    b->capacity = 0;
}

void wki_buf_reset(wki_buf *b)
{
    b->n = 0;
    if (b->data)
        b->data[0] = '\0';
}

static wk_code make_room(wki_buf *b, size_t n, wk_error *err)
{
    size_t need, capacity;
    char *data;

    if (!wki_add_size(b->n, n, &need) || need > b->max)
        return wk_fail(err, WK_LIMIT, "%s: larger than the limit of %zu bytes", b->what, b->max);
    if (need < b->capacity)
        return WK_OK;
    capacity = b->capacity ? b->capacity : 256;
    while (capacity <= need)
        capacity *= 2;
    if (capacity > b->max)
        capacity = b->max + 1;
    data = realloc(b->data, capacity);
    if (!data)
        return wk_fail(err, WK_NOMEM, "%s: out of memory", b->what);
    b->data = data;
    b->capacity = capacity;
    return WK_OK;
}

wk_code wki_buf_add(wki_buf *b, const void *data, size_t n, wk_error *err)
{
    wk_code rc = make_room(b, n, err);

    if (rc != WK_OK)
        return rc;
    if (n > 0)
        memcpy(b->data + b->n, data, n);
    b->n += n;
    b->data[b->n] = '\0';
    return WK_OK;
}

wk_code wki_buf_addf(wki_buf *b, wk_error *err, const char *fmt, ...)
{
    va_list args, again;
    wk_code rc;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0) {
        rc = wk_fail(err, WK_INTERNAL, "%s: cannot format", b->what);
    } else {
        rc = make_room(b, (size_t)n, err);
        if (rc == WK_OK) {
            vsnprintf(b->data + b->n, (size_t)n + 1, fmt, again);
            b->n += (size_t)n;
        }
    }
    va_end(again);
    va_end(args);
    return rc;
}

const char *wki_buf_text(const wki_buf *b)
{
    return b->data ? b->data : "";
}

char *wki_buf_take(wki_buf *b)
{
    char *data = b->data;

    b->data = NULL;
    b->n = 0;
    b->capacity = 0;
    return data;
}

bool wki_mul_size(size_t a, size_t b, size_t *out)
{
    if (a != 0 && b > SIZE_MAX / a)
        return false;
    *out = a * b;
    return true;
}

bool wki_add_size(size_t a, size_t b, size_t *out)
{
    if (b > SIZE_MAX - a)
        return false;
    *out = a + b;
    return true;
}
