/* Deflated Image Frame Compression (PS3.5 A.4.15): each frame is a raw deflate stream of native
 * bytes. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/buf.h"
#include "decode/codec.h"

static wk_code inflate_frame(const wki_frame_bytes *in, uint8_t *out, size_t n, wk_error *err)
{
    z_stream z = {0};
    int got;

    if (in->n > UINT32_MAX || n > UINT32_MAX)
        return wk_fail(err, WK_LIMIT, "a deflated frame larger than 4 GiB");
    if (inflateInit2(&z, -15) != Z_OK)
        return wk_fail(err, WK_NOMEM, "out of memory");
    z.next_in = (Bytef *)(uintptr_t)in->data;
    z.avail_in = (uInt)in->n;
    z.next_out = out;
    z.avail_out = (uInt)n;
    got = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    if (z.avail_out > 0)
        return wk_fail(err, WK_DATA, "the deflated frame is %s: %zu of %zu bytes",
                       got == Z_DATA_ERROR ? "corrupt" : "cut short", n - z.avail_out, n);
    return WK_OK;
}

/* Bytes of a frame; false where they do not fit. */
static bool frame_bytes(const wki_image_desc *d, size_t *out)
{
    size_t n;

    if (!wki_mul_size(d->rows, d->cols, &n) || !wki_mul_size(n, d->samples, &n))
        return false;
    if (d->bits_allocated == 1)
        n = n / 8 + (n % 8 != 0);
    else if (!wki_mul_size(n, d->bits_allocated / 8, &n))
        return false;
    *out = n;
    return n > 0 && n <= WK_MAX_FRAME_BYTES;
}

wk_code wki_decode_deflate(const wki_image_desc *d, const wki_frame_bytes *bytes,
                           const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    wki_frame_bytes native = {0};
    uint8_t *data;
    wk_code rc;
    size_t n;

    if (!frame_bytes(d, &n) || n / WK_MAX_INFLATE_RATIO > bytes->n)
        return wk_fail(err, WK_DATA, "the deflated frame is too short for %u x %u pixels", d->cols,
                       d->rows);
    data = malloc(n);
    if (!data)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = inflate_frame(bytes, data, n, err);
    if (rc == WK_OK) {
        native = (wki_frame_bytes){.data = data, .n = n};
        rc = wki_decode_native(d, &native, opts, out, err);
    }
    free(data);
    if (rc == WK_OK)
        memcpy(out->decoder, "zlib", sizeof "zlib");
    return rc;
}
