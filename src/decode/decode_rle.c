/* RLE Lossless (PS3.5 annex G): a header of 16 numbers, then one PackBits segment for each byte of
 * a pixel, most significant first. */
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "decode/codec.h"

enum {
    HEADER = 64,
    MAX_SEGMENTS = 15
};

/* Unpacks one segment to `n` bytes. False where it ends early. */
static bool unpack(const uint8_t *p, size_t left, uint8_t *to, size_t n)
{
    const uint8_t *end = p + left;
    uint8_t *last = to + n;

    while (to < last && p < end) {
        int8_t code = (int8_t)*p++;
        size_t run = code >= 0 ? (size_t)code + 1 : (size_t)(1 - code);

        if (code == -128)
            continue;
        if (run > (size_t)(last - to))
            run = (size_t)(last - to);
        if ((size_t)(end - p) < (code >= 0 ? run : 1))
            return false;
        if (code >= 0)
            memcpy(to, p, run);
        else
            memset(to, *p, run);
        to += run;
        p += code >= 0 ? run : 1;
    }
    return to == last;
}

/* Every `stride`-th byte of `to`. Strides that are common are loops of their own. */
static void spread(const uint8_t *restrict from, size_t n, uint8_t *restrict to, size_t stride)
{
    if (stride == 2) {
        for (size_t i = 0; i < n; i++)
            to[2 * i] = from[i];
    } else if (stride == 3) {
        for (size_t i = 0; i < n; i++)
            to[3 * i] = from[i];
    } else {
        for (size_t i = 0; i < n; i++)
            to[i * stride] = from[i];
    }
}

/* Two segments, of the upper and the lower bytes, to 16-bit samples in one go. */
static void weave(const uint8_t *restrict upper, const uint8_t *restrict lower, size_t n,
                  uint16_t *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint16_t)(upper[i] << 8 | lower[i]);
}

typedef struct segments {
    uint32_t n;
    uint32_t from[MAX_SEGMENTS + 1]; /* from[n] is the end of the frame */
} segments;

static wk_code read_header(const wki_frame_bytes *b, uint32_t due, segments *s, wk_error *err)
{
    if (b->n < HEADER)
        return wk_fail(err, WK_DATA, "the RLE frame has %zu bytes, no header", b->n);
    s->n = wki_le32(b->data);
    if (s->n != due)
        return wk_fail(err, WK_DATA, "the RLE frame has %u segments, %u are due", s->n, due);
    for (uint32_t i = 0; i < s->n; i++) {
        s->from[i] = wki_le32(b->data + 4 + 4 * i);
        if (s->from[i] < HEADER || s->from[i] > b->n || (i > 0 && s->from[i] < s->from[i - 1]))
            return wk_fail(err, WK_DATA, "the RLE frame's segment %u lies outside", i + 1);
    }
    s->from[s->n] = (uint32_t)b->n;
    return WK_OK;
}

static wk_code unpack_plane(const wki_frame_bytes *b, const segments *s, uint32_t i, uint8_t *to,
                            size_t n, wk_error *err)
{
    if (unpack(b->data + s->from[i], s->from[i + 1] - s->from[i], to, n))
        return WK_OK;
    return wk_fail(err, WK_DATA, "RLE segment %u ends early", i + 1);
}

static wk_code unpack_all(const wki_frame_bytes *b, const segments *s, wki_pixels *p, wk_error *err)
{
    static const uint16_t one = 1;
    bool little = *(const uint8_t *)&one == 1;
    size_t width = wki_sample_bytes(p->type), n = (size_t)p->rows * p->cols;
    bool pair = s->n == 2 && width == 2;
    uint8_t *plane = s->n == 1 ? NULL : malloc(pair ? 2 * n : n);
    wk_code rc = WK_OK;

    if (s->n == 1)
        return unpack_plane(b, s, 0, p->data, n, err);
    if (!plane)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (uint32_t i = 0; i < s->n && rc == WK_OK; i++) {
        size_t sample = i / width, byte = i % width;
        uint8_t *to = (uint8_t *)p->data + sample * width + (little ? width - 1 - byte : byte);

        rc = unpack_plane(b, s, i, pair ? plane + i * n : plane, n, err);
        if (rc == WK_OK && !pair)
            spread(plane, n, to, width * p->samples);
    }
    if (rc == WK_OK && pair)
        weave(plane, plane + n, n, p->data);
    free(plane);
    return rc;
}

/* Bits are packed as native ones, then run-length coded. */
static wk_code unpack_bits(const wki_image_desc *d, const wki_frame_bytes *b, const segments *s,
                           wki_pixels *out, wk_error *err)
{
    size_t n = ((size_t)d->rows * d->cols * d->samples + 7) / 8;
    uint8_t *packed = malloc(n);
    wki_frame_bytes native = {.data = packed, .n = n};
    wk_code rc;

    if (!packed)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (unpack(b->data + s->from[0], s->from[1] - s->from[0], packed, n))
        rc = wki_decode_native(d, &native, 0, out, err);
    else
        rc = wk_fail(err, WK_DATA, "the RLE segment ends early");
    free(packed);
    if (rc == WK_OK)
        memcpy(out->decoder, "rle", sizeof "rle");
    return rc;
}

wk_code wki_decode_rle(const wki_image_desc *d, const wki_frame_bytes *bytes,
                       const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    size_t width = wki_sample_bytes(wki_stored_type(d));
    uint32_t due = d->bits_allocated == 1 ? 1 : (uint32_t)(width * d->samples);
    segments s = {0};
    wki_pixels p = {0};
    wk_code rc = read_header(bytes, due, &s, err);

    (void)opts;
    if (rc != WK_OK)
        return rc;
    if (d->bits_allocated == 1)
        return unpack_bits(d, bytes, &s, out, err);
    rc = wki_stored_alloc(d, "rle", &p, err);
    if (rc == WK_OK)
        rc = unpack_all(bytes, &s, &p, err);
    if (rc != WK_OK) {
        wki_pixels_clear(&p);
        return rc;
    }
    wki_cells_to_stored(d, &p);
    *out = p;
    return WK_OK;
}
