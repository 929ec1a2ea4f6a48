#include "render/color.h"

#include <math.h>
#include <string.h>

#include "render/grey.h"
#include "render/kernels.h"
#include "render/render.h"

enum {
    UNIT = 1000000,
    TIE_BLOCK = 64 /* pixels that are done again where one of them is a tie, which is rare */
};

static int32_t clamp(int64_t v, int32_t top)
{
    return v < 0 ? 0 : v > top ? top : (int32_t)v;
}

/* floor(v / UNIT + 1/2) of sums that may be negative, but not below -2^17 units. What lies exactly
 * between two numbers goes where the formula in double precision takes it: `plain`. */
static int64_t to_whole(int64_t v, double plain)
{
    int64_t shifted = v + UNIT / 2 + (INT64_C(1) << 17) * UNIT, whole = shifted / UNIT;

    return whole * UNIT == shifted ? (int64_t)floor(plain + 0.5) : whole - (INT64_C(1) << 17);
}

void wki_ybr_to_rgb(int bits, bool partial, int32_t y, int32_t cb, int32_t cr, int32_t rgb[3])
{
    int32_t top = (int32_t)((1u << bits) - 1), zero = (int32_t)(1u << (bits - 1));
    int64_t l = y, b = (int64_t)cb - zero, r = (int64_t)cr - zero;
    double pb = cb - zero, pr = cr - zero;

    if (partial) {
        l = 1164384 * (l - (bits >= 8 ? 16 << (bits - 8) : 0));
        double pl = (double)l / UNIT;

        rgb[0] = clamp(to_whole(l + 1596027 * r, pl + 1.596027 * pr), top);
        rgb[1] =
            clamp(to_whole(l - 391762 * b - 812968 * r, pl - 0.391762 * pb - 0.812968 * pr), top);
        rgb[2] = clamp(to_whole(l + 2017232 * b, pl + 2.017232 * pb), top);
    } else {
        l *= UNIT;
        rgb[0] = clamp(to_whole(l + 1402000 * r, y + 1.402 * pr), top);
        rgb[1] =
            clamp(to_whole(l - 344136 * b - 714136 * r, y - 0.344136 * pb - 0.714136 * pr), top);
        rgb[2] = clamp(to_whole(l + 1772000 * b, y + 1.772 * pb), top);
    }
}

wk_code wki_palette_of(const wki_image_desc *d, wki_palette *out, wk_error *err)
{
    static const char *const names[] = {"red", "green", "blue"};
    wki_palette pal = {{NULL, NULL, NULL}, {0, 0, 0}};
    uint16_t largest = 0;

    for (int c = 0; c < 3; c++) {
        const wki_lut *lut = &d->palette[c];

        if (!lut->data || lut->n == 0)
            return wk_fail(err, WK_DATA, "PALETTE COLOR without a %s table", names[c]);
        for (uint32_t i = 0; i < lut->n; i++)
            largest = lut->data[i] > largest ? lut->data[i] : largest;
        pal.lut[c] = lut;
        pal.shift[c] = lut->bits > 8 ? (lut->bits > 16 ? 8u : lut->bits - 8u) : 0;
    }
    for (int c = 0; c < 3 && largest <= 255; c++)
        pal.shift[c] = 0;
    *out = pal;
    return WK_OK;
}

void wki_palette_rgb(const wki_palette *pal, int64_t index, uint8_t rgb[3])
{
    for (int c = 0; c < 3; c++) {
        const wki_lut *lut = pal->lut[c];
        int64_t at = index - lut->first_mapped;
        uint16_t entry;

        at = at < 0 ? 0 : at >= lut->n ? (int64_t)lut->n - 1 : at;
        entry = (uint16_t)(lut->data[at] >> pal->shift[c]);
        rgb[c] = (uint8_t)(entry > 255 ? 255 : entry);
    }
}

static int sample_bits(const wki_image_desc *d, const wki_pixels *p)
{
    int cell = (int)wki_sample_bytes(p->type) * 8;

    return d->bits_stored >= 1 && d->bits_stored <= cell ? d->bits_stored : cell;
}

static int64_t whole_sample(const wki_pixels *p, size_t i)
{
    double v = wki_sample_at(p, i);

    return v > 0 ? (int64_t)v : 0;
}

/* The general case: any depth, one pixel at a time. */
static void row_general(const wki_image_desc *d, const wki_pixels *p, size_t first, uint8_t *out)
{
    int bits = sample_bits(d, p);
    uint64_t top = (UINT64_C(1) << bits) - 1;
    int drop = bits > 16 ? bits - 16 : 0;

    for (uint32_t x = 0; x < p->cols; x++) {
        uint64_t v[3];

        for (size_t c = 0; c < 3; c++)
            v[c] = (uint64_t)whole_sample(p, first + (size_t)x * 3 + c);
        if (p->color == WKI_COLOR_YBR_FULL || p->color == WKI_COLOR_YBR_PARTIAL) {
            int32_t rgb[3];

            wki_ybr_to_rgb(bits - drop, p->color == WKI_COLOR_YBR_PARTIAL, (int32_t)(v[0] >> drop),
                           (int32_t)(v[1] >> drop), (int32_t)(v[2] >> drop), rgb);
            for (size_t c = 0; c < 3; c++)
                v[c] = (uint64_t)rgb[c] << drop;
        }
        for (size_t c = 0; c < 3; c++)
            out[(size_t)x * 3 + c] = (uint8_t)(((v[c] > top ? top : v[c]) * 255 + top / 2) / top);
    }
}

static void row_ybr8_exact(const uint8_t *in, size_t n, bool partial, uint8_t *out)
{
    for (size_t i = 0; i < n; i += 3) {
        int32_t rgb[3];

        wki_ybr_to_rgb(8, partial, in[i], in[i + 1], in[i + 2], rgb);
        out[i] = (uint8_t)rgb[0];
        out[i + 1] = (uint8_t)rgb[1];
        out[i + 2] = (uint8_t)rgb[2];
    }
}

static void row_ybr8(const uint8_t *in, uint32_t cols, bool partial, uint8_t *out)
{
    static const wki_ybr full = {1000000, 0, 1402000, {344136, 714136}, 1772000};
    static const wki_ybr narrow = {1164384, 16, 1596027, {391762, 812968}, 2017232};
    const wki_kernels *k = wki_kernels_best();
    size_t n = (size_t)cols * 3;

    for (size_t at = 0; at < n; at += 3 * TIE_BLOCK) {
        size_t some = n - at < 3 * TIE_BLOCK ? n - at : 3 * TIE_BLOCK;

        if (!k->ybr(in + at, some / 3, partial ? &narrow : &full, out + at))
            row_ybr8_exact(in + at, some, partial, out + at);
    }
}

bool wki_color_is_rgb8(const wki_image_desc *d, const wki_pixels *p)
{
    return p->type == WKI_U8 && sample_bits(d, p) == 8 && p->color != WKI_COLOR_YBR_FULL &&
           p->color != WKI_COLOR_YBR_PARTIAL;
}

void wki_color_row(const wki_image_desc *d, const wki_pixels *p, uint32_t row, uint8_t *out)
{
    size_t first = (size_t)row * p->cols * 3;
    bool bytes = p->type == WKI_U8 && sample_bits(d, p) == 8;

    if (!bytes)
        row_general(d, p, first, out);
    else if (p->color == WKI_COLOR_YBR_FULL || p->color == WKI_COLOR_YBR_PARTIAL)
        row_ybr8((const uint8_t *)p->data + first, p->cols, p->color == WKI_COLOR_YBR_PARTIAL, out);
    else
        memcpy(out, (const uint8_t *)p->data + first, (size_t)p->cols * 3);
}

static void store(wki_pixels *p, size_t i, int32_t value)
{
    if (p->type == WKI_U8 || p->type == WKI_S8)
        ((uint8_t *)p->data)[i] = (uint8_t)value;
    else if (p->type == WKI_U16 || p->type == WKI_S16)
        ((uint16_t *)p->data)[i] = (uint16_t)value;
    else
        ((uint32_t *)p->data)[i] = (uint32_t)value;
}

void wki_pixels_to_rgb(const wki_image_desc *d, wki_pixels *p)
{
    bool partial = p->color == WKI_COLOR_YBR_PARTIAL;
    size_t n = (size_t)p->rows * p->cols * 3;
    int bits = sample_bits(d, p);

    if (p->samples != 3 || (!partial && p->color != WKI_COLOR_YBR_FULL) || bits > 16)
        return;
    for (size_t i = 0; i < n; i += 3) {
        int32_t rgb[3];

        wki_ybr_to_rgb(bits, partial, (int32_t)whole_sample(p, i), (int32_t)whole_sample(p, i + 1),
                       (int32_t)whole_sample(p, i + 2), rgb);
        for (size_t c = 0; c < 3; c++)
            store(p, i + c, rgb[c]);
    }
    p->color = WKI_COLOR_RGB;
}
