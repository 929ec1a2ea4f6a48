#include "http/http_coding.h"

#include <string.h>
#include <strings.h>

#include <wadokit/limits.h>

#include "core/text.h"

enum {
    RATIO_FREE_BYTES = 1 << 20
};

/* One layer alone cannot reach it (deflate makes 1032 of 1 at most): bombs come in several. */
static wk_code check_ratio(const wki_coding *c, wk_error *err)
{
    if (c->made > RATIO_FREE_BYTES && c->made / WK_MAX_INFLATE_RATIO > c->in)
        return wk_fail(err, WK_LIMIT, "the body inflates beyond all measure");
    return WK_OK;
}

static wk_code from_innermost(void *user, const void *data, size_t n, wk_error *err)
{
    wki_coding *c = user;
    wk_code rc;

    c->made += n;
    rc = check_ratio(c, err);
    return rc == WK_OK ? c->out.write(c->out.user, data, n, err) : rc;
}

static wk_code to_second(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_gunzip_feed(((wki_coding *)user)->layers[1], data, n, err);
}

static bool is_word(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && strncasecmp(p, word, n) == 0;
}

static wk_code add_layer(wki_coding *c, wki_gunzip_kind kind, wk_error *err)
{
    wki_sink innermost = {from_innermost, c}, second = {to_second, c};
    wki_gunzip *outer = NULL;
    wk_code rc;

    if (c->n == WKI_CODING_LAYERS)
        return wk_fail(err, WK_DATA, "the Content-Encoding has more than %d layers",
                       WKI_CODING_LAYERS);
    /* They are listed in the order in which they were put on: the last one is the outermost. */
    rc = wki_gunzip_new(kind, c->n == 0 ? innermost : second, &outer, err);
    if (rc != WK_OK)
        return rc;
    c->layers[1] = c->layers[0];
    c->layers[0] = outer;
    c->n++;
    return WK_OK;
}

wk_code wki_coding_open(wki_coding *c, const char *value, wki_sink out, wk_error *err)
{
    wk_code rc = WK_OK;
    char shown[32];

    memset(c, 0, sizeof *c);
    c->out = out;
    while (rc == WK_OK && value && *value) {
        size_t n;

        value += strspn(value, " \t,");
        n = strcspn(value, " \t,");
        if (is_word(value, n, "gzip") || is_word(value, n, "x-gzip")) {
            rc = add_layer(c, WKI_GUNZIP_GZIP, err);
        } else if (is_word(value, n, "deflate")) {
            rc = add_layer(c, WKI_GUNZIP_DEFLATE, err);
        } else if (n > 0 && !is_word(value, n, "identity")) {
            wki_text_clean(shown, sizeof shown, value, n);
            rc = wk_fail(err, WK_DATA, "the Content-Encoding \"%s\" was not asked for", shown);
        }
        value += n;
    }
    return rc;
}

void wki_coding_close(wki_coding *c)
{
    for (size_t i = 0; i < c->n; i++)
        wki_gunzip_free(c->layers[i]);
    memset(c, 0, sizeof *c);
}

bool wki_coding_is_on(const wki_coding *c)
{
    return c->n > 0;
}

wk_code wki_coding_feed(wki_coding *c, const void *data, size_t n, wk_error *err)
{
    c->in += n;
    return c->n > 0 ? wki_gunzip_feed(c->layers[0], data, n, err)
                    : c->out.write(c->out.user, data, n, err);
}

wk_code wki_coding_finish(wki_coding *c, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; rc == WK_OK && c->in > 0 && i < c->n; i++)
        rc = wki_gunzip_finish(c->layers[i], err);
    return rc;
}
