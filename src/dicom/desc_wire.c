#include "dicom/desc_wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One walk over the members writes and reads, so that the two cannot differ. */
typedef struct wire {
    wki_buf *out; /* NULL: reading */
    const uint8_t *in;
    size_t left;
    wk_code rc;
    wk_error *err;
} wire;

static void broken(wire *w)
{
    if (w->rc == WK_OK)
        w->rc = wk_fail(w->err, WK_DATA, "the description of the image cannot be read");
}

static void raw(wire *w, void *data, size_t n)
{
    if (w->rc != WK_OK || n == 0)
        return;
    if (w->out) {
        w->rc = wki_buf_add(w->out, data, n, w->err);
    } else if (n > w->left) {
        broken(w);
    } else {
        memcpy(data, w->in, n);
        w->in += n;
        w->left -= n;
    }
}

static void text(wire *w, char *s, size_t size)
{
    raw(w, s, size);
    if (!w->out)
        s[size - 1] = '\0';
}

static void flag(wire *w, bool *b)
{
    uint8_t byte = w->out ? *b : 0;

    raw(w, &byte, 1);
    if (!w->out)
        *b = byte != 0;
}

/* An enumeration with values from 0 to `last`. */
static uint32_t choice(wire *w, uint32_t value, uint32_t last)
{
    raw(w, &value, sizeof value);
    if (value > last)
        broken(w);
    return w->rc == WK_OK ? value : 0;
}

/* How many there are of something; memory for them when reading, zeroed. */
static void *array(wire *w, void *data, size_t *n, size_t size, size_t most)
{
    uint64_t count = w->out ? *n : 0;

    raw(w, &count, sizeof count);
    if (w->out)
        return data;
    *n = 0;
    if (w->rc == WK_OK && (count > most || count > w->left))
        broken(w);
    if (w->rc != WK_OK || count == 0)
        return NULL;
    data = calloc((size_t)count, size);
    if (data)
        *n = (size_t)count;
    else
        w->rc = wk_fail(w->err, WK_NOMEM, "out of memory");
    return data;
}

static void lut(wire *w, wki_lut *l)
{
    size_t n = l->data ? l->n : 0;

    l->data = array(w, l->data, &n, sizeof *l->data, WK_MAX_LUT_ENTRIES);
    l->n = (uint32_t)n;
    raw(w, l->data, n * sizeof *l->data);
    raw(w, &l->first_mapped, sizeof l->first_mapped);
    raw(w, &l->bits, sizeof l->bits);
    raw(w, &l->top, sizeof l->top);
    if (l->bits > 16)
        broken(w);
}

static void window(wire *w, wki_window *v)
{
    raw(w, &v->center, sizeof v->center);
    raw(w, &v->width, sizeof v->width);
    v->function = (wki_voi_function)choice(w, (uint32_t)v->function, WKI_VOI_SIGMOID);
    text(w, v->explanation, sizeof v->explanation);
}

static void values(wire *w, wki_frame_values *v)
{
    flag(w, &v->has_rescale);
    raw(w, &v->slope, sizeof v->slope);
    raw(w, &v->intercept, sizeof v->intercept);
    v->windows = array(w, v->windows, &v->n_windows, sizeof *v->windows, WK_MAX_WINDOWS);
    for (size_t i = 0; i < v->n_windows; i++)
        window(w, &v->windows[i]);
    raw(w, &v->first_voi_lut, sizeof v->first_voi_lut);
    raw(w, &v->n_voi_luts, sizeof v->n_voi_luts);
}

static void overlay(wire *w, wki_overlay *o)
{
    raw(w, &o->group, sizeof o->group);
    raw(w, &o->rows, sizeof o->rows);
    raw(w, &o->cols, sizeof o->cols);
    raw(w, &o->row, sizeof o->row);
    raw(w, &o->col, sizeof o->col);
    raw(w, &o->frames, sizeof o->frames);
    raw(w, &o->first_frame, sizeof o->first_frame);
    raw(w, &o->bit_position, sizeof o->bit_position);
    raw(w, &o->type, sizeof o->type);
    text(w, o->label, sizeof o->label);
    o->data = array(w, o->data, &o->size, 1, WK_MAX_DATA_SET_BYTES);
    raw(w, o->data, o->size);
}

static void names(wire *w, wki_image_desc *d)
{
    text(w, d->study_uid, sizeof d->study_uid);
    text(w, d->series_uid, sizeof d->series_uid);
    text(w, d->sop_uid, sizeof d->sop_uid);
    text(w, d->sop_class, sizeof d->sop_class);
    text(w, d->transfer_syntax, sizeof d->transfer_syntax);
    text(w, d->modality, sizeof d->modality);
    text(w, d->photometric_text, sizeof d->photometric_text);
    for (size_t i = 0; i < sizeof d->image_type / sizeof d->image_type[0]; i++)
        text(w, d->image_type[i], sizeof d->image_type[i]);
    text(w, d->warning, sizeof d->warning);
}

static void shape(wire *w, wki_image_desc *d)
{
    d->pixels = (wki_pixel_kind)choice(w, (uint32_t)d->pixels, WKI_PIXELS_DOUBLE);
    d->photometric = (wki_photometric)choice(w, (uint32_t)d->photometric, WKI_PHOTOMETRIC_OTHER);
    raw(w, &d->rows, sizeof d->rows);
    raw(w, &d->cols, sizeof d->cols);
    raw(w, &d->frames, sizeof d->frames);
    raw(w, &d->samples, sizeof d->samples);
    raw(w, &d->bits_allocated, sizeof d->bits_allocated);
    raw(w, &d->bits_stored, sizeof d->bits_stored);
    raw(w, &d->high_bit, sizeof d->high_bit);
    flag(w, &d->is_signed);
    flag(w, &d->planar);
    flag(w, &d->pair_rows);
    flag(w, &d->encapsulated);
    flag(w, &d->has_padding);
    flag(w, &d->has_padding_range);
    raw(w, &d->padding, sizeof d->padding);
    raw(w, &d->padding_limit, sizeof d->padding_limit);
    raw(w, &d->aspect_rows, sizeof d->aspect_rows);
    raw(w, &d->aspect_cols, sizeof d->aspect_cols);
    flag(w, &d->lossy);
}

static void look(wire *w, wki_image_desc *d)
{
    size_t n = d->n_per_frame;

    lut(w, &d->modality_lut);
    d->voi_luts = array(w, d->voi_luts, &d->n_voi_luts, sizeof *d->voi_luts, WK_MAX_VOI_LUTS);
    for (size_t i = 0; i < d->n_voi_luts; i++)
        lut(w, &d->voi_luts[i]);
    for (int i = 0; i < 3; i++)
        lut(w, &d->palette[i]);
    lut(w, &d->palette_alpha);
    flag(w, &d->supplemental_palette);
    flag(w, &d->presentation_inverse);
    flag(w, &d->is_labels);
    raw(w, &d->label_top, sizeof d->label_top);
    values(w, &d->top);
    raw(w, &d->per_frame_first, sizeof d->per_frame_first);
    d->per_frame = array(w, d->per_frame, &n, sizeof *d->per_frame, WK_MAX_FRAMES);
    d->n_per_frame = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        values(w, &d->per_frame[i]);
}

static void rest(wire *w, wki_image_desc *d)
{
    size_t tiles = d->tiles ? d->n_tiles : 0;

    d->icc = array(w, d->icc, &d->icc_size, 1, WK_MAX_DATA_SET_BYTES);
    raw(w, d->icc, d->icc_size);
    d->overlays = array(w, d->overlays, &d->n_overlays, sizeof *d->overlays, 16);
    for (size_t i = 0; i < d->n_overlays; i++)
        overlay(w, &d->overlays[i]);
    d->tiling = (wki_tiling)choice(w, (uint32_t)d->tiling, WKI_TILED_SPARSE);
    raw(w, &d->total_rows, sizeof d->total_rows);
    raw(w, &d->total_cols, sizeof d->total_cols);
    d->tiles = array(w, d->tiles, &tiles, sizeof *d->tiles, WK_MAX_FRAMES);
    d->n_tiles = (uint32_t)tiles;
    raw(w, d->tiles, tiles * sizeof *d->tiles);
    raw(w, &d->focal_planes, sizeof d->focal_planes);
    raw(w, &d->optical_paths, sizeof d->optical_paths);
}

static void walk(wire *w, wki_image_desc *d)
{
    names(w, d);
    shape(w, d);
    look(w, d);
    rest(w, d);
}

wk_code wki_desc_write(const wki_image_desc *d, wki_buf *out, wk_error *err)
{
    wire w = {.out = out, .err = err};
    wki_image_desc same = *d; /* its arrays are read alone */

    walk(&w, &same);
    return w.rc;
}

/* What readers of files hold to, and those who draw lean on. */
static bool values_hold(const wki_image_desc *d, const wki_frame_values *v)
{
    return v->first_voi_lut <= d->n_voi_luts && v->n_voi_luts <= d->n_voi_luts - v->first_voi_lut;
}

static bool overlays_hold(const wki_image_desc *d)
{
    for (size_t i = 0; i < d->n_overlays; i++) {
        const wki_overlay *o = &d->overlays[i];

        if (o->rows < 1 || o->cols < 1 || o->rows > WK_MAX_ROWS || o->cols > WK_MAX_COLUMNS ||
            o->frames < 1 || o->frames > WK_MAX_FRAMES || o->first_frame < 1)
            return false;
    }
    return true;
}

static bool samples_hold(const wki_image_desc *d)
{
    uint16_t bits = d->bits_allocated;
    bool colour = d->photometric >= WKI_RGB && d->photometric < WKI_PHOTOMETRIC_OTHER;

    if (d->pixels == WKI_PIXELS_FLOAT ? bits != 32 : d->pixels == WKI_PIXELS_DOUBLE && bits != 64)
        return false;
    if (d->pixels == WKI_PIXELS_INTEGER && bits != 1 && bits != 8 && bits != 10 && bits != 12 &&
        bits != 14 && bits != 16 && bits != 32)
        return false;
    return d->photometric != WKI_PHOTOMETRIC_OTHER && d->samples == (colour ? 3 : 1) &&
           (!d->planar || colour);
}

static bool palette_holds(const wki_image_desc *d)
{
    bool used = d->photometric == WKI_PALETTE_COLOR || d->supplemental_palette;

    return !used || (d->palette[0].data && d->palette[1].data && d->palette[2].data);
}

static bool shape_holds(const wki_image_desc *d)
{
    if (d->pixels == WKI_PIXELS_NONE)
        return true;
    return samples_hold(d) && palette_holds(d) && d->rows >= 1 && d->rows <= WK_MAX_ROWS &&
           d->cols >= 1 && d->cols <= WK_MAX_COLUMNS && d->frames >= 1 &&
           d->frames <= WK_MAX_FRAMES && d->bits_stored >= 1 &&
           d->bits_stored <= d->bits_allocated && d->high_bit < d->bits_allocated &&
           d->high_bit + 1 >= d->bits_stored && isfinite(d->aspect_rows) &&
           isfinite(d->aspect_cols) && d->aspect_rows > 0 && d->aspect_cols > 0 &&
           d->focal_planes >= 1 && d->optical_paths >= 1;
}

static bool holds(const wki_image_desc *d)
{
    bool all = shape_holds(d) && overlays_hold(d) && values_hold(d, &d->top) &&
               (d->tiles || d->n_tiles == 0);

    for (uint32_t i = 0; all && i < d->n_per_frame; i++)
        all = values_hold(d, &d->per_frame[i]);
    for (size_t i = 0; all && i < d->n_voi_luts; i++)
        all = d->voi_luts[i].data != NULL;
    return all;
}

wk_code wki_desc_read(const void *data, size_t n, wki_image_desc *out, wk_error *err)
{
    wire w = {.in = data, .left = n, .err = err};

    memset(out, 0, sizeof *out);
    walk(&w, out);
    if (w.rc == WK_OK && (w.left > 0 || !holds(out)))
        broken(&w);
    return w.rc;
}
