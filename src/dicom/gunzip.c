#include "dicom/gunzip.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include <wadokit/limits.h>

enum {
    CHUNK = 65536
};

struct wki_gunzip {
    z_stream z;
    wki_sink out;
    uint64_t in, made;
    bool at_end; /* of a member: another one may follow */
    unsigned char buffer[CHUNK];
};

wk_code wki_gunzip_new(wki_sink out, wki_gunzip **g, wk_error *err)
{
    wki_gunzip *made = calloc(1, sizeof *made);

    if (!made || inflateInit2(&made->z, 15 + 16) != Z_OK) {
        free(made);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    made->out = out;
    *g = made;
    return WK_OK;
}

void wki_gunzip_free(wki_gunzip *g)
{
    if (g)
        inflateEnd(&g->z);
    free(g);
}

wk_code wki_gunzip_feed(wki_gunzip *g, const void *data, size_t n, wk_error *err)
{
    unsigned char *in = malloc(n ? n : 1); /* zlib's pointer is not const */
    wk_code rc = WK_OK;
    const unsigned char *from = data;

    if (!in)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        in[i] = from[i];
    g->in += n;
    g->z.next_in = in;
    g->z.avail_in = (uInt)n;
    while (rc == WK_OK && (g->z.avail_in > 0 || g->z.avail_out == 0)) {
        int got;
        size_t made;

        if (g->at_end && (g->z.avail_in == 0 || inflateReset(&g->z) != Z_OK))
            break;
        g->at_end = false;
        g->z.next_out = g->buffer;
        g->z.avail_out = sizeof g->buffer;
        got = inflate(&g->z, Z_NO_FLUSH);
        made = sizeof g->buffer - g->z.avail_out;
        g->made += made;
        g->at_end = got == Z_STREAM_END;
        if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
            rc = wk_fail(err, WK_DATA, "the gzip is corrupt");
        else if (g->made / WK_MAX_INFLATE_RATIO > g->in + CHUNK)
            rc = wk_fail(err, WK_LIMIT, "the gzip grows without end");
        else if (made > 0)
            rc = g->out.write(g->out.user, g->buffer, made, err);
        if (got == Z_BUF_ERROR)
            break;
    }
    free(in);
    return rc;
}

wk_code wki_gunzip_finish(wki_gunzip *g, wk_error *err)
{
    return g->at_end ? WK_OK : wk_fail(err, WK_DATA, "the gzip is cut short");
}
