#include "core/base64.h"

#include <stdlib.h>
#include <string.h>

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Up to three bytes; the characters of bytes that are not there are '='. */
static void encode_group(const char *alphabet, const unsigned char *in, size_t n, char out[4])
{
    unsigned long bits =
        (unsigned long)in[0] << 16 | (n > 1 ? (unsigned long)in[1] << 8 : 0) | (n > 2 ? in[2] : 0u);

    out[0] = alphabet[bits >> 18];
    out[1] = alphabet[bits >> 12 & 63];
    out[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
    out[3] = n > 2 ? alphabet[bits & 63] : '=';
}

/* Up to WKI_BASE64_PIECE bytes; returns the characters written to `text`, which has room for them.
 */
static size_t encode_piece(const char *alphabet, const unsigned char *in, size_t n, bool padded,
                           char *text)
{
    size_t length = 0;

    while (n > 0) {
        size_t bytes = n < 3 ? n : 3;

        encode_group(alphabet, in, bytes, text + length);
        length += bytes == 3 || padded ? 4 : bytes + 1;
        in += bytes;
        n -= bytes;
    }
    return length;
}

static wk_code encode(const char *alphabet, wki_buf *out, const void *data, size_t n, bool padded,
                      wk_error *err)
{
    const unsigned char *in = data;
    char text[WKI_BASE64_PIECE / 3 * 4];
    wk_code rc = WK_OK;

    while (n > 0 && rc == WK_OK) {
        size_t some = n < WKI_BASE64_PIECE ? n : WKI_BASE64_PIECE;

        rc = wki_buf_add(out, text, encode_piece(alphabet, in, some, padded, text), err);
        in += some;
        n -= some;
    }
    return rc;
}

wk_code wki_base64_encode(wki_buf *out, const void *data, size_t n, wk_error *err)
{
    return encode(standard, out, data, n, true, err);
}

wk_code wki_base64url_encode(wki_buf *out, const void *data, size_t n, wk_error *err)
{
    return encode(for_urls, out, data, n, false, err);
}

/* The next piece, whole but for the last one: only that may end in padding. */
static wk_code next_piece(wki_base64_source *s, wk_error *err)
{
    unsigned char raw[WKI_BASE64_PIECE];
    size_t n = 0, got = 1;
    wk_code rc = WK_OK;

    while (rc == WK_OK && got > 0 && n < sizeof raw) {
        rc = s->in.read(s->in.user, raw + n, sizeof raw - n, &got, err);
        n += rc == WK_OK ? got : 0;
    }
    s->at = 0;
    s->n = rc == WK_OK ? encode_piece(standard, raw, n, true, s->text) : 0;
    return rc;
}

static wk_code source_read(void *user, void *data, size_t n, size_t *got, wk_error *err)
{
    wki_base64_source *s = user;
    wk_code rc = s->at == s->n ? next_piece(s, err) : WK_OK;

    *got = n < s->n - s->at ? n : s->n - s->at;
    memcpy(data, s->text + s->at, *got);
    s->at += *got;
    return rc;
}

static wk_code source_rewind(void *user, wk_error *err)
{
    wki_base64_source *s = user;

    s->n = s->at = 0;
    return s->in.rewind(s->in.user, err);
}

wki_source wki_source_of_base64(wki_base64_source *s, wki_source in)
{
    s->in = in;
    s->n = s->at = 0;
    return (wki_source){
        .read = source_read, .rewind = source_rewind, .size = (in.size + 2) / 3 * 4, .user = s};
}

/* Of a character of either alphabet; '=' is 0. */
static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' || c == '-' ? 62 : c == '=' ? 0 : 63;
}

/* Whole groups of four checked characters. */
static void decode_groups(const char *text, size_t n, unsigned char *out)
{
    for (size_t i = 0; i < n; i += 4, out += 3) {
        unsigned bits = value_of(text[i]) << 18 | value_of(text[i + 1]) << 12 |
                        value_of(text[i + 2]) << 6 | value_of(text[i + 3]);

        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
    }
}

wk_code wki_base64url_decode(wki_buf *out, const char *text, size_t n, wk_error *err)
{
    size_t whole = n / 4 * 4;
    char last[4] = {'=', '=', '=', '='};
    unsigned char raw[3];
    wk_code rc = WK_OK;

    if (n % 4 == 1)
        return wk_fail(err, WK_DATA, "not base64url");
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\0' || !strchr(for_urls, text[i]))
            return wk_fail(err, WK_DATA, "not base64url");
    }
    for (size_t i = 0; i < whole && rc == WK_OK; i += 4) {
        decode_groups(text + i, 4, raw);
        rc = wki_buf_add(out, raw, 3, err);
    }
    if (rc != WK_OK || n == whole)
        return rc;
    memcpy(last, text + whole, n - whole);
    decode_groups(last, 4, raw);
    return wki_buf_add(out, raw, n - whole - 1, err);
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
    size_t n = r->n / 4 * 3 - padding;

    if (r->n == 0)
        return WK_OK;
    decode_groups(r->block, r->n, raw);
    r->n = 0;
    r->bytes += n;
    return r->out.write(r->out.user, raw, n, err);
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
