#include "core/base64.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* The encoded text on the heap, its length in *length. EVP counts in int. */
static char *encoded(const void *data, size_t n, size_t *length)
{
    unsigned char *text;

    if (n > INT_MAX / 2)
        return NULL;
    text = malloc((n + 2) / 3 * 4 + 1);
    if (text)
        *length = (size_t)EVP_EncodeBlock(text, data, (int)n);
    return (char *)text;
}

wk_code wki_base64_encode(wki_buf *out, const void *data, size_t n, wk_error *err)
{
    size_t length;
    char *text = encoded(data, n, &length);
    wk_code rc;

    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_buf_add(out, text, length, err);
    free(text);
    return rc;
}

static void swap(char *text, char from, char to)
{
    for (char *c = strchr(text, from); c; c = strchr(c, from))
        *c = to;
}

wk_code wki_base64url_encode(wki_buf *out, const void *data, size_t n, wk_error *err)
{
    size_t length;
    char *text = encoded(data, n, &length);
    wk_code rc;

    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    swap(text, '+', '-');
    swap(text, '/', '_');
    while (length > 0 && text[length - 1] == '=')
        length--;
    rc = wki_buf_add(out, text, length, err);
    free(text);
    return rc;
}

wk_code wki_base64url_decode(wki_buf *out, const char *text, size_t n, wk_error *err)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t padded = (n + 3) / 4 * 4;
    char *in = NULL;
    unsigned char *raw = NULL;
    wk_code rc = WK_OK;

    if (n == 0)
        return WK_OK;
    if (n > INT_MAX / 2 || n % 4 == 1)
        return wk_fail(err, WK_DATA, "not base64url");
    in = calloc(1, padded + 1);
    raw = malloc(padded);
    if (!in || !raw) {
        rc = wk_fail(err, WK_NOMEM, "out of memory");
        goto out;
    }
    memcpy(in, text, n);
    if (strspn(in, alphabet) != n) {
        rc = wk_fail(err, WK_DATA, "not base64url");
        goto out;
    }
    swap(in, '-', '+');
    swap(in, '_', '/');
    memset(in + n, '=', padded - n);
    if (EVP_DecodeBlock(raw, (unsigned char *)in, (int)padded) < 0)
        rc = wk_fail(err, WK_DATA, "not base64url");
    else
        rc = wki_buf_add(out, raw, n * 3 / 4, err);
out:
    free(in);
    free(raw);
    return rc;
}

/* ---- in pieces ---- */

static const char data_prefix[] = "data:";

enum {
    IN_PREFIX = sizeof data_prefix - 1,
    BEHIND_PREFIX
};

static wk_code decode_block(wki_base64_reader *r, size_t padding, wk_error *err)
{
    unsigned char raw[sizeof r->block / 4 * 3];
    int n;

    if (r->n == 0)
        return WK_OK;
    n = EVP_DecodeBlock(raw, (unsigned char *)r->block, (int)r->n);
    if (n < 0 || (size_t)n < padding)
        return wk_fail(err, WK_DATA, "the base64 is broken");
    r->n = 0;
    r->bytes += (size_t)n - padding;
    return r->out.write(r->out.user, raw, (size_t)n - padding, err);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

static wk_code take_digit(wki_base64_reader *r, char c, wk_error *err)
{
    c = (char)(c == '-' ? '+' : c == '_' ? '/' : c);
    if (is_space(c))
        return WK_OK;
    if (c == '=') {
        r->padded = true;
        return WK_OK;
    }
    if (r->padded || !is_digit(c))
        return wk_fail(err, WK_DATA, "the base64 is broken");
    r->block[r->n++] = c;
    return r->n == sizeof r->block ? decode_block(r, 0, err) : WK_OK;
}

/* A first character that is no part of "data:" shows that what came before it were digits. */
static wk_code take_first(wki_base64_reader *r, char c, wk_error *err)
{
    unsigned seen = r->prefix;
    wk_code rc = WK_OK;

    if (seen == IN_PREFIX) {
        if (c == ',')
            r->prefix = BEHIND_PREFIX;
        return WK_OK;
    }
    if (c == data_prefix[seen]) {
        r->prefix++;
        return WK_OK;
    }
    if (seen == 0 && is_space(c))
        return WK_OK;
    r->prefix = BEHIND_PREFIX;
    for (unsigned i = 0; i < seen && rc == WK_OK; i++)
        rc = take_digit(r, data_prefix[i], err);
    return rc == WK_OK ? take_digit(r, c, err) : rc;
}

wk_code wki_base64_reader_feed(wki_base64_reader *r, const char *text, size_t n, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < n && rc == WK_OK; i++)
        rc = r->prefix < BEHIND_PREFIX ? take_first(r, text[i], err) : take_digit(r, text[i], err);
    return rc;
}

wk_code wki_base64_reader_finish(wki_base64_reader *r, wk_error *err)
{
    size_t missing;

    if (r->prefix < IN_PREFIX) {
        /* A text that is a beginning of "data:" and no more. */
        memcpy(r->block, data_prefix, r->prefix);
        r->n = r->prefix;
    } else if (r->prefix == IN_PREFIX) {
        return wk_fail(err, WK_DATA, "a data: URL without data");
    }
    missing = (4 - r->n % 4) % 4;
    if (missing == 3)
        return wk_fail(err, WK_DATA, "the base64 is cut short");
    memset(r->block + r->n, '=', missing);
    r->n += missing;
    return decode_block(r, missing, err);
}
