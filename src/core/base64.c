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
