/* RLE Lossless (PS3.5 annex G): a header of 16 numbers, then one PackBits segment for each byte of
 * a pixel, most significant first. */
#include <stdlib.h>
#include <string.h>

#include "decode/codec.h"

enum {
    HEADER = 64,
    MAX_SEGMENTS = 15
};

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Unpacks one segment to every `stride`-th byte of `to`, `n` times. False where it ends early. */
static bool unpack(const uint8_t *p, size_t left, uint8_t *to, size_t stride, size_t n)
{
    size_t done = 0;

    while (done < n && left > 0) {
        int8_t code = (int8_t)*p++;
        size_t run = code >= 0 ? (size_t)code + 1 : (size_t)(1 - code);

        left--;
        if (code == -128)
            continue;
        if (run > n - done)
            run = n - done;
        if (code >= 0 && left < run)
            return false;
        if (code < 0 && left < 1)
            return false;
        for (size_t i = 0; i < run; i++, done++)
            to[done * stride] = code >= 0 ? p[i] : *p;
        p += code >= 0 ? run : 1;
        left -= code >= 0 ? run : 1;
    }
    return done == n;
}

typedef struct segments {
    uint32_t n;
    uint32_t from[MAX_SEGMENTS + 1]; /* from[n] is the end of the frame */
} segments;

static wk_code read_header(const wki_frame_bytes *b, uint32_t due, segments *s, wk_error *err)
{
    if (b->n < HEADER)
        return wk_fail(err, WK_DATA, "the RLE frame has %zu bytes, no header", b->n);
    s->n = le32(b->data);
    if (s->n != due)
        return wk_fail(err, WK_DATA, "the RLE frame has %u segments, %u are due", s->n, due);
    for (uint32_t i = 0; i < s->n; i++) {
        s->from[i] = le32(b->data + 4 + 4 * i);
        if (s->from[i] < HEADER || s->from[i] > b->n || (i > 0 && s->from[i] < s->from[i - 1]))
            return wk_fail(err, WK_DATA, "the RLE frame's segment %u lies outside", i + 1);
    }
    s->from[s->n] = (uint32_t)b->n;
    return WK_OK;
}

static wk_code unpack_all(const wki_frame_bytes *b, const segments *s, wki_pixels *p, wk_error *err)
{
    static const uint16_t one = 1;
    bool little = *(const uint8_t *)&one == 1;
    size_t width = wki_sample_bytes(p->type), n = (size_t)p->rows * p->cols;

    for (uint32_t i = 0; i < s->n; i++) {
        size_t sample = i / width, byte = i % width;
        uint8_t *to = (uint8_t *)p->data + sample * width + (little ? width - 1 - byte : byte);

        if (!unpack(b->data + s->from[i], s->from[i + 1] - s->from[i], to, width * p->samples, n))
            return wk_fail(err, WK_DATA, "RLE segment %u ends early", i + 1);
    }
    return WK_OK;
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
    if (unpack(b->data + s->from[0], s->from[1] - s->from[0], packed, 1, n))
        rc = wki_decode_native(d, &native, 0, out, err);
    else
        rc = wk_fail(err, WK_DATA, "the RLE segment ends early");
    free(packed);
    if (rc == WK_OK)
        memcpy(out->decoder, "rle", sizeof "rle");
    return rc;
}

wk_code wki_decode_rle(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                       wki_pixels *out, wk_error *err)
{
    size_t width = wki_sample_bytes(wki_stored_type(d));
    uint32_t due = d->bits_allocated == 1 ? 1 : (uint32_t)(width * d->samples);
    segments s = {0};
    wki_pixels p = {0};
    wk_code rc = read_header(bytes, due, &s, err);

    (void)reduce;
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
