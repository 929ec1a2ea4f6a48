#include "render/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/range.h"
#include "render/kernels.h"

enum {
    SAMPLE_MAX = 1 << 18,
    COUNTS = 65536
};

/* The padding as a closed range; empty (low > high) where there is none. */
typedef struct padding {
    double low, high;
} padding;

static padding padding_of(const wki_image_desc *d)
{
    padding pad = {1, 0};

    if (!d->has_padding)
        return pad;
    pad.low = pad.high = d->padding;
    if (d->has_padding_range) {
        pad.low = fmin(d->padding, d->padding_limit);
        pad.high = fmax(d->padding, d->padding_limit);
    }
    return pad;
}

/* `low` and `high` start crossed. */
#define DEFINE_RANGE(type, wide)                                                                   \
    static void range_##type(const type *v, size_t n, wide low[2], wide high[2], wide pad_low,     \
                             wide pad_high)                                                        \
    {                                                                                              \
        wide a = low[0], b = high[0], c = low[1], e = high[1];                                     \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            wide x = (wide)v[i];                                                                   \
            int keep = x < pad_low || x > pad_high;                                                \
                                                                                                   \
            a = x < a ? x : a;                                                                     \
            b = x > b ? x : b;                                                                     \
            c = keep && x < c ? x : c;                                                             \
            e = keep && x > e ? x : e;                                                             \
        }                                                                                          \
        low[0] = a;                                                                                \
        high[0] = b;                                                                               \
        low[1] = c;                                                                                \
        high[1] = e;                                                                               \
    }

DEFINE_RANGE(uint32_t, int64_t)
DEFINE_RANGE(int32_t, int64_t)

static wki_stored_range finish(double all_low, double all_high, double low, double high)
{
    wki_stored_range r = {all_low, all_high, low, high, low <= high, false};

    if (!r.any) {
        r.low = all_low;
        r.high = all_high;
    }
    return r;
}

static wki_stored_range range_narrow(const wki_pixels *p, size_t n, padding pad)
{
    static const int32_t first[] = {0, INT8_MIN, 0, INT16_MIN};
    static const int32_t last[] = {UINT8_MAX, INT8_MAX, UINT16_MAX, INT16_MAX};
    const wki_kernels *k = wki_kernels_best();
    int32_t all[2] = {0, 0}, kept[2] = {last[p->type], first[p->type]};
    double from = fmax(pad.low, first[p->type]), to = fmin(pad.high, last[p->type]);

    if (p->has_range)
        memcpy(all, p->range, sizeof all);
    else
        wki_range_of(p->type, p->data, n, all);
    if (!(from <= to))
        return finish(all[0], all[1], all[0], all[1]);
    k->kept[p->type](p->data, n, (int32_t)from, (int32_t)to, kept);
    return finish(all[0], all[1], kept[0], kept[1]);
}

static wki_stored_range range_wide(const wki_pixels *p, size_t n, padding pad)
{
    int64_t low[2] = {INT64_MAX, INT64_MAX}, high[2] = {INT64_MIN, INT64_MIN};

    if (p->type == WKI_U32)
        range_uint32_t(p->data, n, low, high, (int64_t)pad.low, (int64_t)pad.high);
    else
        range_int32_t(p->data, n, low, high, (int64_t)pad.low, (int64_t)pad.high);
    return finish((double)low[0], (double)high[0], (double)low[1], (double)high[1]);
}

static wki_stored_range range_float(const wki_pixels *p, size_t n, padding pad)
{
    double low = INFINITY, high = -INFINITY, all_low = INFINITY, all_high = -INFINITY;
    bool mixed = false;
    wki_stored_range r;

    for (size_t i = 0; i < n; i++) {
        double x = wki_sample_at(p, i);

        if (!isfinite(x)) {
            mixed = true;
            continue;
        }
        all_low = fmin(all_low, x);
        all_high = fmax(all_high, x);
        if (x >= pad.low && x <= pad.high)
            continue;
        low = x < low ? x : low;
        high = x > high ? x : high;
    }
    r = all_low <= all_high ? finish(all_low, all_high, low, high)
                            : (wki_stored_range){0, 0, 0, 0, false, true};
    r.mixed = mixed;
    return r;
}

static bool is_narrow(wki_sample_type type)
{
    return type == WKI_U8 || type == WKI_S8 || type == WKI_U16 || type == WKI_S16;
}

wki_stored_range wki_stored_range_of(const wki_image_desc *d, const wki_pixels *p)
{
    size_t n = (size_t)p->rows * p->cols;

    if (is_narrow(p->type))
        return range_narrow(p, n, padding_of(d));
    if (p->type == WKI_U32 || p->type == WKI_S32)
        return range_wide(p, n, padding_of(d));
    return range_float(p, n, padding_of(d));
}

void wki_modality_range(const wki_modality *m, const wki_stored_range *r, double *low, double *high)
{
    double a = wki_modality_apply(m, r->low), b = wki_modality_apply(m, r->high);

    *low = fmin(a, b);
    *high = fmax(a, b);
    for (uint32_t i = 0; m->lut && i < m->lut->n; i++) {
        double at = (double)m->lut->first_mapped + i;

        if (at < r->low || at > r->high)
            continue;
        *low = fmin(*low, m->lut->data[i]);
        *high = fmax(*high, m->lut->data[i]);
    }
}

typedef struct weighted {
    double value;
    uint64_t count;
} weighted;

static int by_value(const void *a, const void *b)
{
    double x = ((const weighted *)a)->value, y = ((const weighted *)b)->value;

    return (x > y) - (x < y);
}

/* How often each 8- or 16-bit value occurs, as modality values; *n of them. */
static void count_narrow(const wki_pixels *p, const wki_modality *m, padding pad, weighted *out,
                         size_t *n)
{
    size_t pixels = (size_t)p->rows * p->cols, k = 0;
    int bias = p->type == WKI_S8 || p->type == WKI_S16 ? 32768 : 0;

    for (size_t i = 0; i < COUNTS; i++)
        out[i] = (weighted){0, 0};
    for (size_t i = 0; i < pixels; i++)
        out[(int)wki_sample_at(p, i) + bias].count++;
    for (int i = 0; i < COUNTS; i++) {
        double stored = i - bias;

        if (out[i].count == 0 || (stored >= pad.low && stored <= pad.high))
            continue;
        out[k++] = (weighted){wki_modality_apply(m, stored), out[i].count};
    }
    *n = k;
}

static void sample_wide(const wki_pixels *p, const wki_modality *m, padding pad, weighted *out,
                        size_t *n)
{
    size_t pixels = (size_t)p->rows * p->cols, k = 0;
    size_t step = pixels / SAMPLE_MAX + 1;

    for (size_t i = 0; i < pixels && k < SAMPLE_MAX; i += step) {
        double stored = wki_sample_at(p, i);

        if (!isfinite(stored) || (stored >= pad.low && stored <= pad.high))
            continue;
        out[k++] = (weighted){wki_modality_apply(m, stored), 1};
    }
    *n = k;
}

static double value_at(const weighted *w, size_t n, double share)
{
    uint64_t total = 0, seen = 0;
    double wanted;

    for (size_t i = 0; i < n; i++)
        total += w[i].count;
    wanted = share * (double)(total - 1);
    for (size_t i = 0; i < n; i++) {
        seen += w[i].count;
        if ((double)seen > wanted)
            return w[i].value;
    }
    return w[n - 1].value;
}

wk_code wki_modality_percentiles(const wki_image_desc *d, const wki_pixels *p,
                                 const wki_modality *m, double from, double to, double *low,
                                 double *high, wk_error *err)
{
    bool narrow = is_narrow(p->type);
    weighted *w = malloc((narrow ? (size_t)COUNTS : (size_t)SAMPLE_MAX) * sizeof *w);
    size_t n = 0;

    if (!w)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (narrow)
        count_narrow(p, m, padding_of(d), w, &n);
    else
        sample_wide(p, m, padding_of(d), w, &n);
    if (n > 0) {
        if (!narrow || m->lut || m->slope < 0)
            qsort(w, n, sizeof *w, by_value);
        *low = value_at(w, n, from);
        *high = value_at(w, n, to);
    } else {
        *low = *high = 0;
    }
    free(w);
    return WK_OK;
}
