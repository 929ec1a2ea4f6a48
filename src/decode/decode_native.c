/* Pixels that are not compressed (PS3.5 section 8.1, 8.2). */
#include <string.h>

#include "core/buf.h"
#include "core/text.h"
#include "decode/codec.h"
#include "decode/decode.h"

/* Bits lie least significant first, and run on over rows and frames. */
static void unpack_bits(const wki_frame_bytes *b, wki_pixels *out)
{
    uint8_t *to = out->data;

    for (size_t i = 0; i < out->size; i++) {
        size_t at = i + b->bit_offset;

        to[i] = (uint8_t)(b->data[at / 8] >> (at % 8) & 1);
    }
}

/* Samples of 2 to 15 bits that are no whole bytes, in the same order: of 12 bits, two in three
 * bytes. */
static void unpack_samples(const wki_frame_bytes *b, unsigned bits, wki_pixels *out)
{
    size_t width = wki_sample_bytes(out->type), n = out->size / width;
    uint32_t mask = (1u << bits) - 1;
    uint64_t at = b->bit_offset;

    for (size_t i = 0; i < n; i++, at += bits) {
        size_t byte = (size_t)(at / 8);
        uint32_t v = 0;

        for (size_t k = 0; k < 3 && byte + k < b->n; k++)
            v |= (uint32_t)b->data[byte + k] << (8 * k);
        v = v >> (at % 8) & mask;
        if (width == 1)
            ((uint8_t *)out->data)[i] = (uint8_t)v;
        else
            ((uint16_t *)out->data)[i] = (uint16_t)v;
    }
}

/* One sample from little-endian bytes, into the machine's order. */
static void put_sample(uint8_t *to, const uint8_t *from, size_t width)
{
    if (width == 1) {
        *to = *from;
    } else if (width == 2) {
        uint16_t v = (uint16_t)(from[0] | from[1] << 8);

        memcpy(to, &v, sizeof v);
    } else if (width == 4) {
        uint32_t v = (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
                     (uint32_t)from[3] << 24;

        memcpy(to, &v, sizeof v);
    } else {
        uint64_t v = 0;

        for (size_t i = 8; i-- > 0;)
            v = v << 8 | from[i];
        memcpy(to, &v, sizeof v);
    }
}

static void copy_interleaved(const uint8_t *from, wki_pixels *out)
{
    size_t width = wki_sample_bytes(out->type);
    uint8_t *to = out->data;

    if (width == 1) {
        memcpy(to, from, out->size);
        return;
    }
    for (size_t i = 0; i < out->size; i += width)
        put_sample(to + i, from + i, width);
}

static void copy_planar(const uint8_t *from, wki_pixels *out)
{
    size_t width = wki_sample_bytes(out->type), n = (size_t)out->rows * out->cols;
    uint8_t *to = out->data;

    for (size_t s = 0; s < out->samples; s++) {
        for (size_t i = 0; i < n; i++)
            put_sample(to + (i * out->samples + s) * width, from + (s * n + i) * width, width);
    }
}

/* Y Y Cb Cr for each two pixels (PS3.3 C.7.6.3.1.2); chroma is repeated. Pairs go on over the ends
 * of rows, unless each row of `pair_rows` begins a new one. */
static void copy_422(const uint8_t *from, bool pair_rows, wki_pixels *out)
{
    size_t width = wki_sample_bytes(out->type), row = ((size_t)out->cols + 1) / 2 * 2;
    uint8_t *pixel = out->data;

    for (size_t y = 0; y < out->rows; y++) {
        for (size_t x = 0; x < out->cols; x++, pixel += 3 * width) {
            size_t i = y * (pair_rows ? row : out->cols) + x;
            const uint8_t *four = from + i / 2 * 4 * width;

            put_sample(pixel, four + i % 2 * width, width);
            put_sample(pixel + width, four + 2 * width, width);
            put_sample(pixel + 2 * width, four + 3 * width, width);
        }
    }
}

static bool is_packed(const wki_image_desc *d)
{
    return d->bits_allocated % 8 != 0;
}

static size_t bytes_due(const wki_image_desc *d, const wki_pixels *out, bool is_422, bool pair_rows,
                        uint32_t bit_offset)
{
    size_t width = wki_sample_bytes(out->type), pairs;

    if (is_packed(d))
        return (size_t)(((uint64_t)(out->size / width) * d->bits_allocated + bit_offset + 7) / 8);
    if (!is_422)
        return out->size;
    pairs = pair_rows ? out->rows * (((size_t)out->cols + 1) / 2)
                      : ((size_t)out->rows * out->cols + 1) / 2;
    return pairs * 4 * width;
}

/* A frame of its own tells by its size. */
static bool has_pair_rows(const wki_image_desc *d, size_t n)
{
    uint64_t due = (uint64_t)d->rows * ((d->cols + 1ull) / 2) * 4 * (d->bits_allocated / 8u);

    return d->pair_rows || (d->encapsulated && d->cols % 2 && n >= due);
}

wk_code wki_decode_native(const wki_image_desc *d, const wki_frame_bytes *bytes,
                          const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    bool is_422 = d->samples == 3 &&
                  (d->photometric == WKI_YBR_FULL_422 || d->photometric == WKI_YBR_PARTIAL_422);
    bool pair_rows = is_422 && has_pair_rows(d, bytes->n);
    wki_pixels p = {0};
    size_t due;
    wk_code rc;

    (void)opts;
    if (d->photometric == WKI_YBR_PARTIAL_420 && d->samples == 3)
        return wk_fail(err, WK_UNSUPPORTED, "YBR_PARTIAL_420 that is not compressed");
    rc = wki_stored_alloc(d, "native", &p, err);
    if (rc != WK_OK)
        return rc;
    due = bytes_due(d, &p, is_422, pair_rows, bytes->bit_offset);
    if (bytes->n < due) {
        wki_pixels_clear(&p);
        return wk_fail(err, WK_DATA, "the frame has %zu bytes, %zu are due", bytes->n, due);
    }
    if (d->bits_allocated == 1)
        unpack_bits(bytes, &p);
    else if (is_packed(d))
        unpack_samples(bytes, d->bits_allocated, &p);
    else if (is_422)
        copy_422(bytes->data, pair_rows, &p);
    else if (d->planar && p.samples == 3)
        copy_planar(bytes->data, &p);
    else
        copy_interleaved(bytes->data, &p);
    wki_cells_to_stored(d, &p);
    *out = p;
    return WK_OK;
}

/* A frame that the file holds as memory would: its samples in order, in the machine's byte order.
 */
static bool is_plain(const wki_image_desc *d, const wki_frame_bytes *b)
{
    static const uint16_t one = 1;

    if (d->encapsulated || d->pixels != WKI_PIXELS_INTEGER || b->bit_offset != 0 || !b->owned ||
        b->data != b->owned || *(const uint8_t *)&one != 1)
        return false;
    if (d->bits_allocated != 8 && d->bits_allocated != 16 && d->bits_allocated != 32)
        return false;
    return d->samples == 1 || (d->samples == 3 && !d->planar &&
                               (d->photometric == WKI_RGB || d->photometric == WKI_YBR_FULL));
}

bool wki_decode_adopt(const wki_image_desc *d, wki_frame_bytes *bytes, wki_pixels *out)
{
    wki_pixels p = {.rows = d->rows, .cols = d->cols, .samples = d->samples};
    size_t size = d->bits_allocated / 8u;

    if (!is_plain(d, bytes) || !wki_mul_size(size, d->rows, &size) ||
        !wki_mul_size(size, d->cols, &size) || !wki_mul_size(size, d->samples, &size) ||
        size == 0 || bytes->n < size)
        return false;
    p.type = wki_stored_type(d);
    p.color = wki_color_of(d->photometric);
    p.data = bytes->owned;
    p.size = size;
    (void)wki_strcopy(p.decoder, sizeof p.decoder, "native");
    wki_cells_to_stored(d, &p);
    bytes->owned = NULL;
    wki_frame_bytes_clear(bytes);
    *out = p;
    return true;
}
