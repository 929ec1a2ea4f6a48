#include "render/render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/choose.h"
#include "render/color.h"
#include "render/grey.h"
#include "render/kernels.h"
#include "render/scale.h"
#include "render/stats.h"
#include "render/shown_table.h"
#include "render/turn.h"

/* Pixels more oblong than this are taken for a mistake. */
#define ASPECT_MAX 16.0

static void natural_size(const wki_image_desc *d, uint32_t rows, uint32_t cols, double *width,
                         double *height)
{
    double ratio = d->aspect_rows / d->aspect_cols;

    *width = cols;
    *height = rows;
    if (!isfinite(ratio) || ratio > ASPECT_MAX || ratio < 1 / ASPECT_MAX)
        return;
    if (ratio > 1)
        *height = rows * ratio;
    else
        *width = cols / ratio;
    /* The finer axis is kept, unless the other one would then be beyond what formats hold. */
    if (*height > WK_MAX_ROWS || *width > WK_MAX_COLUMNS) {
        double shrink = fmin(WK_MAX_ROWS / *height, WK_MAX_COLUMNS / *width);

        *height *= shrink;
        *width *= shrink;
    }
}

static uint32_t whole_size(double v)
{
    v = floor(v + 0.5);
    return v < 1 ? 1 : (uint32_t)v;
}

static void target_size(const wki_image_desc *d, uint32_t rows, uint32_t cols, uint32_t box,
                        uint32_t *width, uint32_t *height)
{
    double w, h, longest;

    natural_size(d, rows, cols, &w, &h);
    longest = fmax(w, h);
    if (box > 0 && longest > box) {
        w *= box / longest;
        h *= box / longest;
    }
    *width = whole_size(w);
    *height = whole_size(h);
}

void wki_render_size(const wki_image_desc *d, uint32_t box, uint32_t *width, uint32_t *height)
{
    target_size(d, d->rows, d->cols, box, width, height);
}

/* What is needed to show the grey values of one frame. */
typedef struct grey {
    const wki_pixels *p;
    wki_modality modality;
    wki_voi voi;
    wki_stored_range range;
    bool plain;  /* modality values themselves */
    bool invert; /* once, last */
    double top;  /* 255 or 65535 */

    wki_table *shared; /* narrow types: shown value by stored value from `first` on */
    const void *table;
    int32_t first;
    const wki_kernels *kernels;
    bool linear; /* scaled: clamp in stored space, the straight part on the means */
    float low, span;
    double gain, bias;
    wki_picture *out;
} grey;

static double shown(const grey *g, double stored)
{
    double value = wki_modality_apply(&g->modality, stored);
    double v;

    if (g->plain)
        return value;
    v = wki_voi_apply(&g->voi, value);
    return (g->invert ? 1 - v : v) * g->top;
}

static uint32_t to_whole(double v, double top)
{
    if (!(v > 0))
        return 0;
    return v >= top ? (uint32_t)top : (uint32_t)(v + 0.5);
}

static bool is_narrow(const wki_pixels *p)
{
    return p->type == WKI_U8 || p->type == WKI_S8 || p->type == WKI_U16 || p->type == WKI_S16;
}

static void fill_table(const grey *g, wki_table *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        double v = shown(g, t->first + (double)i);

        if (t->key.entry == sizeof(float))
            ((float *)t->entries)[i] = (float)v;
        else if (t->key.entry == 2)
            ((uint16_t *)t->entries)[i] = (uint16_t)to_whole(v, g->top);
        else
            ((uint8_t *)t->entries)[i] = (uint8_t)to_whole(v, g->top);
    }
}

/* Whether the kernel gives what the table holds: the table is in double precision, the kernel in
 * single, so that each entry is asked. */
static bool is_straight(const grey *g, const wki_table *t)
{
    const uint8_t *entries = t->entries;
    uint16_t cells[WKI_KERNEL_BLOCK];
    uint8_t got[WKI_KERNEL_BLOCK];

    for (uint32_t i = 0; i < t->n; i += WKI_KERNEL_BLOCK) {
        uint32_t n = t->n - i < WKI_KERNEL_BLOCK ? t->n - i : WKI_KERNEL_BLOCK;

        for (uint32_t k = 0; k < n; k++)
            cells[k] = (uint16_t)(t->first + (int32_t)(i + k));
        g->kernels->straight[g->p->type](cells, n, t->scale, t->offset, got);
        if (memcmp(got, entries + i, n) != 0)
            return false;
    }
    return true;
}

static void straighten(const grey *g, wki_table *t)
{
    double low = 0, high = 0, gain;

    if (t->key.entry != 1 || wki_sample_bytes(g->p->type) != 2 || g->plain ||
        !wki_voi_ends(&g->voi, &low, &high) || !(high > low))
        return;
    gain = g->top / (high - low) * (g->invert ? -1 : 1);
    t->scale = (float)(g->modality.slope * gain);
    t->offset = (float)((g->modality.intercept - (g->invert ? high : low)) * gain + 0.5);
    t->straight = is_straight(g, t);
}

/* The table covers the values that occur, so that no stored value can point outside of it. One that
 * depends on tables of the file is nobody else's. */
static wk_code make_table(grey *g, size_t entry, wk_error *err)
{
    bool own = g->modality.lut || g->voi.lut;
    int32_t low = (int32_t)g->range.all_low, high = (int32_t)g->range.all_high;
    wki_table_key key;

    memset(&key, 0, sizeof key);
    key.slope = g->modality.slope;
    key.intercept = g->modality.intercept;
    key.center = g->voi.window.center;
    key.width = g->voi.window.width;
    key.function = g->voi.window.function;
    key.top = g->top;
    key.plain = g->plain;
    key.invert = g->invert;
    key.entry = entry;
    g->shared = own ? NULL : wki_table_find(&key, &low, &high);
    if (!g->shared) {
        g->shared = wki_table_new(&key, low, high);
        if (!g->shared)
            return wk_fail(err, WK_NOMEM, "out of memory");
        fill_table(g, g->shared);
        straighten(g, g->shared);
        if (!own)
            wki_table_keep(g->shared);
    }
    g->table = g->shared->entries;
    g->first = g->shared->first;
    return WK_OK;
}

#define DEFINE_MAP(in, out)                                                                        \
    static void map_##in##_##out(const in *restrict v, size_t n, const out *restrict table,        \
                                 int32_t first, out *restrict to)                                  \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            to[i] = table[v[i] - first];                                                           \
    }

DEFINE_MAP(uint8_t, uint8_t)
DEFINE_MAP(int8_t, uint8_t)
DEFINE_MAP(uint16_t, uint8_t)
DEFINE_MAP(int16_t, uint8_t)
DEFINE_MAP(uint8_t, uint16_t)
DEFINE_MAP(int8_t, uint16_t)
DEFINE_MAP(uint16_t, uint16_t)
DEFINE_MAP(int16_t, uint16_t)

static void map_to_8(const grey *g, const void *in, size_t n, uint8_t *to)
{
    if (g->shared->straight)
        g->kernels->straight[g->p->type](in, n, g->shared->scale, g->shared->offset, to);
    else if (g->p->type == WKI_U8)
        map_uint8_t_uint8_t(in, n, g->table, g->first, to);
    else if (g->p->type == WKI_S8)
        map_int8_t_uint8_t(in, n, g->table, g->first, to);
    else if (g->p->type == WKI_U16)
        map_uint16_t_uint8_t(in, n, g->table, g->first, to);
    else
        map_int16_t_uint8_t(in, n, g->table, g->first, to);
}

static void map_to_16(const grey *g, const void *in, size_t n, uint16_t *to)
{
    if (g->p->type == WKI_U8)
        map_uint8_t_uint16_t(in, n, g->table, g->first, to);
    else if (g->p->type == WKI_S8)
        map_int8_t_uint16_t(in, n, g->table, g->first, to);
    else if (g->p->type == WKI_U16)
        map_uint16_t_uint16_t(in, n, g->table, g->first, to);
    else
        map_int16_t_uint16_t(in, n, g->table, g->first, to);
}

static const void *source_row(const wki_pixels *p, uint32_t y)
{
    if (p->row)
        return p->row(p->row_user, y);
    return (const uint8_t *)p->data + (size_t)y * p->cols * p->samples * wki_sample_bytes(p->type);
}

/* One row of shown grey as 8 bits; the table is there for narrow types. */
static void grey_row_8(const grey *g, uint32_t y, uint8_t *to)
{
    size_t n = g->p->cols;

    if (g->table) {
        map_to_8(g, source_row(g->p, y), n, to);
        return;
    }
    for (size_t x = 0; x < n; x++)
        to[x] = (uint8_t)to_whole(shown(g, wki_sample_at(g->p, y * n + x)), g->top);
}

static void grey_row_16(const grey *g, uint32_t y, uint16_t *to)
{
    size_t n = g->p->cols;

    if (g->table) {
        map_to_16(g, source_row(g->p, y), n, to);
        return;
    }
    for (size_t x = 0; x < n; x++)
        to[x] = (uint16_t)to_whole(shown(g, wki_sample_at(g->p, y * n + x)), g->top);
}

static wk_code draw_grey_full(grey *g, wki_picture *out, wk_error *err)
{
    wk_code rc = is_narrow(g->p) ? make_table(g, out->depth / 8, err) : WK_OK;

    if (rc != WK_OK)
        return rc;
    for (uint32_t y = 0; y < out->height; y++) {
        size_t at = (size_t)y * out->width;

        if (out->depth == 8)
            grey_row_8(g, y, (uint8_t *)out->data + at);
        else
            grey_row_16(g, y, (uint16_t *)out->data + at);
    }
    return WK_OK;
}

static void add_grey(void *user, uint32_t y, float weight, float *sums)
{
    const grey *g = user;
    size_t n = g->p->cols;

    if (g->linear) {
        g->kernels->clamped[g->p->type](source_row(g->p, y), n, g->low, g->span, weight, sums);
    } else if (g->table) {
        g->kernels->table[g->p->type](source_row(g->p, y), n, g->table, g->first, weight, sums);
    } else {
        for (size_t x = 0; x < n; x++)
            sums[x] += weight * (float)shown(g, wki_sample_at(g->p, y * n + x));
    }
}

static void halve_grey(void *user, uint32_t y, float *means)
{
    const grey *g = user;

    g->kernels->half[g->p->type](source_row(g->p, y), source_row(g->p, y + 1), g->p->cols / 2,
                                 g->low, g->span, means);
}

static void emit_grey(void *user, uint32_t y, const float *means)
{
    const grey *g = user;
    size_t at = (size_t)y * g->out->width;

    if (g->out->depth == 8) {
        g->kernels->whole(means, g->out->width, g->gain, g->bias, (uint8_t *)g->out->data + at);
        return;
    }
    for (uint32_t x = 0; x < g->out->width; x++)
        ((uint16_t *)g->out->data)[at + x] =
            (uint16_t)to_whole((double)means[x] * g->gain + g->bias, g->top);
}

/* Whether means can be taken of stored values clamped to the window's ends: exact, and faster than
 * a table. Very narrow windows are left to the table, as floats would lose them. */
static bool set_linear(grey *g)
{
    double low = 0, high = 0, slope = g->modality.slope;
    bool falls;

    if (g->plain || g->modality.lut || slope == 0 || !wki_voi_ends(&g->voi, &low, &high))
        return false;
    low = (low - g->modality.intercept) / slope;
    high = (high - g->modality.intercept) / slope;
    falls = high < low;
    g->low = (float)fmin(low, high);
    g->span = (float)fabs(high - low);
    if (!(g->span >= 1 && g->span < 1e6f && fabsf(g->low) < 1e6f))
        return false;
    falls ^= g->invert;
    g->gain = (falls ? -g->top : g->top) / (double)g->span;
    g->bias = falls ? g->top : 0;
    g->linear = true;
    return true;
}

/* Of pixels that were decoded smaller: where the spans of the whole picture's pixels lie. */
static void set_grid(const wki_image_desc *d, const wki_pixels *p, wki_scale_job *job)
{
    double unit = 1u << p->reduced;

    if (p->reduced == 0)
        return;
    job->x_step = d->cols / unit / job->dst_width;
    job->y_step = d->rows / unit / job->dst_height;
    job->shift = p->at_corners ? 0.5 - 0.5 / unit : 0;
}

static wk_code draw_grey_scaled(const wki_image_desc *d, grey *g, wki_picture *out, wk_error *err)
{
    wki_scale_job job = {.src_width = g->p->cols,
                         .src_height = g->p->rows,
                         .dst_width = out->width,
                         .dst_height = out->height,
                         .channels = 1,
                         .add = add_grey,
                         .emit = emit_grey,
                         .user = g};

    set_grid(d, g->p, &job);
    g->gain = 1;
    g->bias = 0;
    g->out = out;
    if (is_narrow(g->p) && !set_linear(g)) {
        wk_code rc = make_table(g, sizeof(float), err);

        if (rc != WK_OK)
            return rc;
    }
    job.half = g->linear ? halve_grey : NULL;
    return wki_scale(&job, err);
}

/* Window NONE: the values have to be whole and to fit. */
static wk_code check_plain(const grey *g, const wki_image_desc *d, wk_error *err)
{
    wki_stored_range all = g->range;
    double low = 0, high = 0;

    all.low = all.all_low;
    all.high = all.all_high;
    wki_modality_range(&g->modality, &all, &low, &high);
    if (d->pixels != WKI_PIXELS_INTEGER ||
        (!g->modality.lut && (g->modality.slope != rint(g->modality.slope) ||
                              g->modality.intercept != rint(g->modality.intercept))))
        return wk_fail(err, WK_UNSUPPORTED,
                       "the values are not whole numbers: window \"none\" needs those; use npy "
                       "with modality values");
    if (low < 0 || high > g->top)
        return wk_fail(err, WK_UNSUPPORTED,
                       "the values %g to %g do not fit into 0 to %g: window \"none\" cannot show "
                       "them; use npy with modality values%s",
                       low, high, g->top,
                       low >= 0 && g->top < 65535 && high <= 65535 ? ", or depth 16" : "");
    return WK_OK;
}

static wk_code grey_init(grey *g, const wki_image_desc *d, uint32_t frame, const wki_pixels *p,
                         const wki_render_opts *opts, uint8_t depth, wki_render_report *report,
                         wk_error *err)
{
    memset(g, 0, sizeof *g);
    g->p = p;
    g->kernels = wki_kernels_best();
    g->modality = wki_modality_of(d, frame);
    g->range = wki_stored_range_of(d, p);
    g->top = depth == 16 ? 65535 : 255;
    if (opts->rule == WKI_WINDOW_NONE) {
        g->plain = true;
        snprintf(report->rule, sizeof report->rule, "none");
        return check_plain(g, d, err);
    }
    /* MONOCHROME1 and Presentation LUT Shape INVERSE say the same thing (PS3.3 C.8.11.1.1 demands
     * the one with the other), so both together invert once. */
    g->invert = d->photometric == WKI_MONOCHROME1 || d->presentation_inverse;
    report->inverted = g->invert;
    return wki_choose_voi(d, frame, p, &g->range, opts, &g->voi, report, err);
}

/* `view` is the part of the pixels that is drawn; the window is that of all of them. */
static wk_code draw_grey(const wki_image_desc *d, uint32_t frame, const wki_pixels *p,
                         const wki_pixels *view, const wki_render_opts *opts, wki_picture *out,
                         wki_render_report *report, wk_error *err)
{
    grey g;
    wk_code rc = grey_init(&g, d, frame, p, opts, out->depth, report, err);

    if (rc == WK_OK) {
        g.p = view;
        if (out->width == view->cols && out->height == view->rows)
            rc = draw_grey_full(&g, out, err);
        else
            rc = draw_grey_scaled(d, &g, out, err);
    }
    wki_table_release(g.shared);
    return rc;
}

/* What is needed to show a frame in colour. */
typedef struct color {
    const wki_image_desc *d;
    const wki_pixels *p;
    const wki_kernels *kernels;
    bool indexed;
    wki_palette palette;
    grey *below;   /* supplemental palette: grey below the first mapped value */
    int32_t first; /* of the supplemental palette */
    uint8_t *row;  /* 8-bit RGB of one source row, owned */
    bool as_it_is; /* source rows are that already */
    wki_picture *out;
} color;

static void indexed_row(const color *c, uint32_t y, uint8_t *to)
{
    size_t first = (size_t)y * c->p->cols;

    for (size_t x = 0; x < c->p->cols; x++) {
        double v = wki_sample_at(c->p, first + x);

        if (c->below && v < c->first) {
            uint8_t v8 = (uint8_t)to_whole(shown(c->below, v), 255);

            memset(to + x * 3, v8, 3);
        } else {
            wki_palette_rgb(&c->palette, (int64_t)v, to + x * 3);
        }
    }
}

static void color_row(const color *c, uint32_t y, uint8_t *to)
{
    if (c->indexed)
        indexed_row(c, y, to);
    else
        wki_color_row(c->d, c->p, y, to);
}

static void add_color(void *user, uint32_t y, float weight, float *sums)
{
    const color *c = user;
    const uint8_t *row = c->row;

    if (c->as_it_is)
        row = source_row(c->p, y);
    else
        color_row(c, y, c->row);
    c->kernels->bytes(row, (size_t)c->p->cols * 3, weight, sums);
}

static void emit_color(void *user, uint32_t y, const float *means)
{
    const color *c = user;
    size_t n = (size_t)c->out->width * 3;
    uint8_t *to = (uint8_t *)c->out->data + y * n;

    c->kernels->whole(means, n, 1, 0, to);
}

static wk_code draw_color_scaled(color *c, wki_picture *out, wk_error *err)
{
    wki_scale_job job = {.src_width = c->p->cols,
                         .src_height = c->p->rows,
                         .dst_width = out->width,
                         .dst_height = out->height,
                         .channels = 3,
                         .add = add_color,
                         .emit = emit_color,
                         .user = c};
    wk_code rc;

    set_grid(c->d, c->p, &job);
    c->out = out;
    c->as_it_is = !c->indexed && wki_color_is_rgb8(c->d, c->p);
    c->row = malloc((size_t)c->p->cols * 3);
    if (!c->row)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_scale(&job, err);
    free(c->row);
    return rc;
}

static wk_code draw_color(const wki_image_desc *d, uint32_t frame, const wki_pixels *p,
                          const wki_pixels *view, const wki_render_opts *opts, wki_picture *out,
                          wki_render_report *report, wk_error *err)
{
    color c = {.d = d, .p = view, .kernels = wki_kernels_best(), .indexed = p->samples == 1};
    wk_code rc = WK_OK;
    grey g;

    snprintf(report->rule, sizeof report->rule, "colour");
    if (c.indexed)
        rc = wki_palette_of(d, &c.palette, err);
    if (rc == WK_OK && p->color == WKI_COLOR_GREY) {
        wki_render_opts windowed = *opts;

        if (windowed.rule == WKI_WINDOW_NONE)
            windowed.rule = WKI_WINDOW_DICOM;
        c.below = &g;
        c.first = d->palette[0].first_mapped;
        rc = grey_init(&g, d, frame, p, &windowed, 8, report, err);
    }
    if (rc != WK_OK)
        return rc;
    if (out->width != view->cols || out->height != view->rows)
        return draw_color_scaled(&c, out, err);
    for (uint32_t y = 0; y < out->height; y++)
        color_row(&c, y, (uint8_t *)out->data + (size_t)y * out->width * 3);
    return WK_OK;
}

static bool is_supplemental(const wki_image_desc *d)
{
    return d->supplemental_palette && d->palette[0].data && d->palette[1].data &&
           d->palette[2].data;
}

static wk_code check_pixels(const wki_pixels *p, wk_error *err)
{
    bool one = p->color == WKI_COLOR_GREY || p->color == WKI_COLOR_INDEX;
    size_t need = wki_sample_bytes(p->type);

    if (p->row && p->rows > 0 && p->cols > 0)
        return WK_OK;
    if (!p->data || p->rows == 0 || p->cols == 0 || p->samples != (one ? 1 : 3) ||
        p->rows > WK_MAX_ROWS || p->cols > WK_MAX_COLUMNS ||
        p->size < need * p->rows * p->cols * p->samples)
        return wk_fail(err, WK_INTERNAL, "decoded pixels do not match their description");
    return WK_OK;
}

bool wki_render_knows_window(const wki_image_desc *d, uint32_t frame, const wki_render_opts *opts)
{
    const wki_frame_values *v = wki_image_desc_values(d, frame);

    if (d->samples == 3 || opts->rule == WKI_WINDOW_GIVEN)
        return true;
    return opts->rule == WKI_WINDOW_DICOM && (v->n_windows > 0 || v->n_voi_luts > 0);
}

bool wki_render_keeps(const wki_image_desc *d, uint32_t frame, const wki_render_opts *opts,
                      wki_render_report *report)
{
    /* All values occur; there are none to count, so that rules that need that are left out. */
    wki_pixels all = {.type = WKI_U8, .has_range = true, .range = {0, 255}};
    wki_render_report r;
    grey g;

    memset(&r, 0, sizeof r);
    if (d->photometric == WKI_PALETTE_COLOR || is_supplemental(d) || d->bits_allocated != 8)
        return false;
    if (d->samples == 3) {
        snprintf(r.rule, sizeof r.rule, "colour");
        *report = r;
        return true;
    }
    if (d->is_labels || d->is_signed || d->bits_stored != 8 || opts->depth == 16 ||
        d->modality_lut.data || opts->rule == WKI_WINDOW_MINMAX || strcmp(d->modality, "PT") == 0 ||
        strcmp(d->modality, "NM") == 0 ||
        grey_init(&g, d, frame, &all, opts, 8, &r, NULL) != WK_OK || r.warning[0])
        return false;
    for (uint32_t v = 0; v < 256; v++) {
        if (to_whole(shown(&g, v), 255) != v)
            return false;
    }
    *report = r;
    return true;
}

bool wki_render_window_stays(const wki_image_desc *d, uint32_t frame, const wki_pixels *pixels,
                             const wki_render_opts *opts)
{
    wki_stored_range range;

    if (d->samples == 3 && !d->supplemental_palette)
        return true;
    if (pixels->color != WKI_COLOR_GREY || is_supplemental(d) || d->has_padding ||
        !pixels->has_range)
        return false;
    range = wki_stored_range_of(d, pixels);
    return wki_choose_is_settled(d, frame, &range, opts);
}

bool wki_render_takes_rows(const wki_image_desc *d, uint32_t frame, const wki_pixels *pixels,
                           const wki_render_opts *opts)
{
    uint32_t width = 0, height = 0;
    wki_render_report report;
    grey g;

    wki_render_size(d, opts->box, &width, &height);
    if (opts->region.width || opts->depth == 16 || width >= d->cols || height >= d->rows ||
        !wki_render_window_stays(d, frame, pixels, opts))
        return false;
    if (d->samples == 3)
        return wki_color_is_rgb8(d, pixels);
    memset(&report, 0, sizeof report);
    return grey_init(&g, d, frame, pixels, opts, 8, &report, NULL) == WK_OK && set_linear(&g);
}

/* An ICC profile says at bytes 16 to 19 what kind of picture it is for. */
static void set_profile(const wki_image_desc *d, wki_picture *out)
{
    const char *space = out->channels == 3 ? "RGB " : "GRAY";

    if (d->icc && d->icc_size >= 128 && memcmp(d->icc + 16, space, 4) == 0) {
        out->icc = d->icc;
        out->icc_size = d->icc_size;
    }
}

static wk_code draw_view(const wki_image_desc *d, uint32_t frame, const wki_pixels *pixels,
                         const wki_pixels *view, const wki_render_opts *opts, wki_picture *out,
                         wki_render_report *report, wk_error *err)
{
    wki_picture picture = {0};
    uint32_t width = 0, height = 0;
    bool grey_only = pixels->color == WKI_COLOR_GREY && !is_supplemental(d);
    wk_code rc;

    if (view->reduced)
        wki_render_size(d, opts->box, &width, &height);
    else
        target_size(d, view->rows, view->cols, opts->box, &width, &height);
    if (!wki_picture_alloc(&picture, width, height, grey_only ? 1 : 3,
                           grey_only && opts->depth == 16 ? 16 : 8))
        return wk_fail(err, WK_NOMEM, "no memory for a picture of %u x %u", width, height);
    if (grey_only)
        rc = draw_grey(d, frame, pixels, view, opts, &picture, report, err);
    else
        rc = draw_color(d, frame, pixels, view, opts, &picture, report, err);
    if (rc != WK_OK) {
        wki_picture_clear(&picture);
        return rc;
    }
    set_profile(d, &picture);
    *out = picture;
    return WK_OK;
}

wk_code wki_render(const wki_image_desc *d, uint32_t frame, const wki_pixels *pixels,
                   const wki_render_opts *opts, wki_picture *out, wki_render_report *report,
                   wk_error *err)
{
    wki_pixels cut = {0};
    wki_render_report r;
    wk_code rc = check_pixels(pixels, err);

    memset(&r, 0, sizeof r);
    if (rc == WK_OK && opts->region.width && !pixels->cut)
        rc = wki_pixels_cut(pixels, &opts->region, &cut, err);
    if (rc == WK_OK)
        rc = draw_view(d, frame, pixels, cut.data ? &cut : pixels, opts, out, &r, err);
    wki_pixels_clear(&cut);
    if (rc == WK_OK)
        *report = r;
    return rc;
}
