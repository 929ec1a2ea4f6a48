#include "core/stored.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/range.h"
#include "core/text.h"

wki_sample_type wki_stored_type(const wki_image_desc *d)
{
    if (d->pixels == WKI_PIXELS_FLOAT)
        return WKI_F32;
    if (d->pixels == WKI_PIXELS_DOUBLE)
        return WKI_F64;
    if (d->bits_allocated <= 8)
        return d->is_signed ? WKI_S8 : WKI_U8;
    if (d->bits_allocated <= 16)
        return d->is_signed ? WKI_S16 : WKI_U16;
    return d->is_signed ? WKI_S32 : WKI_U32;
}

wki_color wki_color_of(wki_photometric photometric)
{
    switch (photometric) {
    case WKI_PALETTE_COLOR:
        return WKI_COLOR_INDEX;
    case WKI_RGB:
    case WKI_YBR_ICT:
    case WKI_YBR_RCT:
        return WKI_COLOR_RGB;
    case WKI_YBR_FULL:
    case WKI_YBR_FULL_422:
        return WKI_COLOR_YBR_FULL;
    case WKI_YBR_PARTIAL_422:
    case WKI_YBR_PARTIAL_420:
        return WKI_COLOR_YBR_PARTIAL;
    default:
        return WKI_COLOR_GREY;
    }
}

wk_code wki_stored_alloc(const wki_image_desc *d, const char *decoder, wki_pixels *out,
                         wk_error *err)
{
    wki_pixels p = {0};

    if (!wki_pixels_alloc(&p, d->rows, d->cols, d->samples, wki_stored_type(d)))
        return wk_fail(err, WK_NOMEM, "no memory for %u x %u pixels", d->cols, d->rows);
    p.color = wki_color_of(d->photometric);
    if (d->samples == 3 && p.color < WKI_COLOR_RGB)
        p.color = WKI_COLOR_RGB;
    (void)wki_strcopy(p.decoder, sizeof p.decoder, decoder);
    *out = p;
    return WK_OK;
}

static void stored8(uint8_t *p, size_t n, unsigned shift, unsigned bits, bool is_signed)
{
    uint8_t mask = (uint8_t)((1u << bits) - 1), sign = (uint8_t)(1u << (bits - 1));

    for (size_t i = 0; i < n; i++) {
        uint8_t v = (uint8_t)(p[i] >> shift & mask);

        p[i] = is_signed ? (uint8_t)((v ^ sign) - sign) : v;
    }
}

static void stored16(uint16_t *p, size_t n, unsigned shift, unsigned bits, bool is_signed)
{
    uint16_t mask = (uint16_t)((1u << bits) - 1), sign = (uint16_t)(1u << (bits - 1));

    for (size_t i = 0; i < n; i++) {
        uint16_t v = (uint16_t)(p[i] >> shift & mask);

        p[i] = is_signed ? (uint16_t)((v ^ sign) - sign) : v;
    }
}

static void stored32(uint32_t *p, size_t n, unsigned shift, unsigned bits, bool is_signed)
{
    uint32_t mask = (uint32_t)((1ull << bits) - 1), sign = 1u << (bits - 1);

    for (size_t i = 0; i < n; i++) {
        uint32_t v = p[i] >> shift & mask;

        p[i] = is_signed ? (v ^ sign) - sign : v;
    }
}

static void change_cells(wki_pixels *out, unsigned shift, unsigned bits, bool is_signed)
{
    size_t width = wki_sample_bytes(out->type);

    if (width == 1)
        stored8(out->data, out->size, shift, bits, is_signed);
    else if (width == 2)
        stored16(out->data, out->size / 2, shift, bits, is_signed);
    else
        stored32(out->data, out->size / 4, shift, bits, is_signed);
}

/* Notes the range; false where cells are not yet what Bits Stored can say. */
static bool note_range(wki_pixels *out, unsigned bits, bool is_signed)
{
    int32_t low = is_signed ? -(1 << (bits - 1)) : 0;
    int32_t high = (int32_t)(1u << (bits - is_signed)) - 1;

    wki_range_of(out->type, out->data, out->size / wki_sample_bytes(out->type), out->range);
    out->has_range = out->range[0] >= low && out->range[1] <= high;
    return out->has_range;
}

void wki_cells_to_stored(const wki_image_desc *d, wki_pixels *out)
{
    size_t width = wki_sample_bytes(out->type);
    unsigned bits = d->bits_stored, shift = (unsigned)(d->high_bit + 1 - d->bits_stored);

    if (d->pixels != WKI_PIXELS_INTEGER)
        return;
    /* Most cells hold nothing but the stored value: looking is cheaper than writing. */
    if (width > 2 || out->samples > 1) {
        if (bits < 8 * width || shift > 0)
            change_cells(out, shift, bits, d->is_signed);
    } else if (shift > 0 || !note_range(out, bits, d->is_signed)) {
        change_cells(out, shift, bits, d->is_signed);
        (void)note_range(out, bits, d->is_signed);
    }
}

#define DEFINE_CLAMP(type)                                                                         \
    static void clamp_##type(type *p, size_t n, type low, type high)                               \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            p[i] = p[i] < low ? low : p[i] > high ? high : p[i];                                   \
    }

DEFINE_CLAMP(uint8_t)
DEFINE_CLAMP(int8_t)
DEFINE_CLAMP(uint16_t)
DEFINE_CLAMP(int16_t)
DEFINE_CLAMP(uint32_t)
DEFINE_CLAMP(int32_t)

void wki_lossy_cells_to_stored(const wki_image_desc *d, wki_pixels *out)
{
    unsigned bits = d->bits_stored;
    size_t width = wki_sample_bytes(out->type), n = out->size / width;
    int64_t high = (int64_t)(1ull << (bits - d->is_signed)) - 1, low = d->is_signed ? -high - 1 : 0;

    if (width <= 4 && bits < 8 * width && d->high_bit == bits - 1) {
        if (out->type == WKI_U8)
            clamp_uint8_t(out->data, n, (uint8_t)low, (uint8_t)high);
        else if (out->type == WKI_S8)
            clamp_int8_t(out->data, n, (int8_t)low, (int8_t)high);
        else if (out->type == WKI_U16)
            clamp_uint16_t(out->data, n, (uint16_t)low, (uint16_t)high);
        else if (out->type == WKI_S16)
            clamp_int16_t(out->data, n, (int16_t)low, (int16_t)high);
        else if (out->type == WKI_U32)
            clamp_uint32_t(out->data, n, (uint32_t)low, (uint32_t)high);
        else if (out->type == WKI_S32)
            clamp_int32_t(out->data, n, (int32_t)low, (int32_t)high);
    }
    wki_cells_to_stored(d, out);
}

wk_code wki_check_size(const wki_image_desc *d, uint64_t cols, uint64_t rows, uint64_t samples,
                       wk_error *err)
{
    if (cols != d->cols || rows != d->rows)
        return wk_fail(err, WK_DATA,
                       "the code stream is %llu x %llu pixels, the header says %u x %u",
                       (unsigned long long)cols, (unsigned long long)rows, d->cols, d->rows);
    if (samples != d->samples)
        return wk_fail(err, WK_DATA, "the code stream has %llu components, the header says %u",
                       (unsigned long long)samples, d->samples);
    return WK_OK;
}

wk_code wki_check_stream(const wki_image_desc *d, size_t n, wk_error *err)
{
    uint64_t samples = (uint64_t)d->rows * d->cols * d->samples;

    if (samples > WK_MAX_SPARSE_SAMPLES && samples / WK_MAX_SAMPLES_A_BYTE > n)
        return wk_fail(err, WK_DATA, "%zu bytes are too few for %u x %u pixels", n, d->cols,
                       d->rows);
    return WK_OK;
}

void wki_pixels_warn(wki_pixels *p, const char *fmt, ...)
{
    va_list args;

    if (p->warning[0])
        return;
    va_start(args, fmt);
    vsnprintf(p->warning, sizeof p->warning, fmt, args);
    va_end(args);
}
