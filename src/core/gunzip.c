#include "core/gunzip.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <wadokit/limits.h>

enum {
    CHUNK = 65536,
    RATIO_FREE_BYTES = 1 << 20, /* no bomb yet, whatever it was made of */
    BARE = -MAX_WBITS,
    GZIP = MAX_WBITS + 16
};

struct wki_gunzip {
    z_stream z;
    wki_sink out;
    wki_gunzip_kind kind;
    unsigned char first[2]; /* of deflate, until there are two */
    size_t n_first;
    bool ready;  /* z is set up */
    bool at_end; /* of a member: another one may follow */
    uint64_t in, made;
    unsigned char buffer[CHUNK];
};

wk_code wki_gunzip_new(wki_gunzip_kind kind, wki_sink out, wki_gunzip **g, wk_error *err)
{
    wki_gunzip *made = calloc(1, sizeof *made);

    if (!made)
        return wk_fail(err, WK_NOMEM, "out of memory");
    made->out = out;
    made->kind = kind;
    *g = made;
    return WK_OK;
}

void wki_gunzip_free(wki_gunzip *g)
{
    if (g && g->ready)
        inflateEnd(&g->z);
    free(g);
}

/* RFC 1950 section 2.2: the two bytes of the header are a multiple of 31. */
static int deflate_bits(const unsigned char first[2])
{
    bool zlib = (first[0] & 15) == 8 && (first[0] << 8 | first[1]) % 31 == 0;

    return zlib ? MAX_WBITS : BARE;
}

static wk_code set_up(wki_gunzip *g, int bits, wk_error *err)
{
    g->ready = inflateInit2(&g->z, bits) == Z_OK;
    return g->ready ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

/* Behind the end of a member: the next one may come, of gzip alone. */
static wk_code begin_member(wki_gunzip *g, wk_error *err)
{
    if (g->kind != WKI_GUNZIP_GZIP || inflateReset(&g->z) != Z_OK)
        return wk_fail(err, WK_DATA, "something follows the compressed data");
    g->at_end = false;
    return WK_OK;
}

/* What fits into the buffer; *more is false where all that was fed is used up. */
static wk_code inflate_some(wki_gunzip *g, bool *more, wk_error *err)
{
    size_t made;
    int got;

    if (g->at_end && begin_member(g, err) != WK_OK)
        return WK_DATA;
    g->z.next_out = g->buffer;
    g->z.avail_out = sizeof g->buffer;
    got = inflate(&g->z, Z_NO_FLUSH);
    made = sizeof g->buffer - g->z.avail_out;
    g->made += made;
    g->at_end = got == Z_STREAM_END;
    *more = got != Z_BUF_ERROR && (g->z.avail_in > 0 || (g->z.avail_out == 0 && !g->at_end));
    if (got == Z_MEM_ERROR)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
        return wk_fail(err, WK_DATA, "the compressed data is corrupt");
    if (g->made > RATIO_FREE_BYTES && g->made / WK_MAX_INFLATE_RATIO > g->in)
        return wk_fail(err, WK_LIMIT, "the compressed data inflates beyond all measure");
    return made > 0 ? g->out.write(g->out.user, g->buffer, made, err) : WK_OK;
}

static wk_code inflate_all(wki_gunzip *g, const unsigned char *data, size_t n, wk_error *err)
{
    bool more = n > 0;
    wk_code rc = WK_OK;

    g->z.next_in = (unsigned char *)(uintptr_t)data; /* zlib reads it, and says so nowhere */
    g->z.avail_in = (uInt)n;
    while (rc == WK_OK && more)
        rc = inflate_some(g, &more, err);
    return rc;
}

wk_code wki_gunzip_feed(wki_gunzip *g, const void *data, size_t n, wk_error *err)
{
    const unsigned char *p = data;
    wk_code rc = WK_OK;

    g->in += n;
    if (!g->ready && g->kind == WKI_GUNZIP_GZIP)
        rc = set_up(g, GZIP, err);
    while (rc == WK_OK && !g->ready && n > 0) {
        g->first[g->n_first++] = *p++;
        n--;
        if (g->n_first < 2)
            continue;
        rc = set_up(g, deflate_bits(g->first), err);
        if (rc == WK_OK)
            rc = inflate_all(g, g->first, 2, err);
    }
    while (rc == WK_OK && n > 0) {
        size_t some = n < UINT32_MAX / 2 ? n : UINT32_MAX / 2;

        rc = inflate_all(g, p, some, err);
        p += some;
        n -= some;
    }
    return rc;
}

wk_code wki_gunzip_finish(wki_gunzip *g, wk_error *err)
{
    return g->at_end ? WK_OK : wk_fail(err, WK_DATA, "the compressed data is cut short");
}
