#include "dicom/native_rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/range.h"
#include "core/stored.h"
#include "core/text.h"
#include "dicom/frames.h"
#include "dicom/mapping.h"

enum {
    FRAME_MIN = 1 << 20, /* smaller ones stay in the processor's cache anyway */
    BAND_BYTES = 1 << 17,
    PROBED_ROWS = 8
};

struct wki_native_rows {
    const wki_blob *source;
    uint64_t at; /* of the frame */
    size_t row_bytes, row_values;
    uint32_t rows, first, n, band; /* of the frame; in memory from `first` on; at most in memory */
    wki_sample_type type;
    bool checked; /* cells may hold other bits */
    int32_t low, high;
    bool failed;
    wki_mapping map;             /* of the frame; none: rows are read into `data` */
    const uint8_t *view;         /* the rows in memory */
    _Alignas(16) uint8_t data[]; /* samples of any width */
};

/* Whether cells hold other bits than the stored ones, or (signed) not the sign in them. */
static bool has_other_bits(const wki_native_rows *r, const uint8_t *data, size_t n)
{
    int32_t range[2];

    if (r->type == WKI_U8 || r->type == WKI_U16)
        return (wki_bits_of(r->type, data, n) & ~(uint32_t)r->high) != 0;
    wki_range_of(r->type, data, n, range);
    return range[0] < r->low || range[1] > r->high;
}

static bool fetch(wki_native_rows *r, uint64_t at, size_t n)
{
    r->view = r->map.base ? wki_mapping_take(&r->map, at, n) : r->data;
    return r->map.base ? r->view != NULL : wki_blob_read(r->source, r->at + at, r->data, n);
}

static void load(wki_native_rows *r, uint32_t first)
{
    r->first = first;
    r->n = r->rows - first < r->band ? r->rows - first : r->band;
    if (!fetch(r, (uint64_t)first * r->row_bytes, r->n * r->row_bytes)) {
        memset(r->data, 0, r->n * r->row_bytes);
        r->view = r->data;
        r->failed = true;
    } else if (r->checked) {
        r->failed = r->failed || has_other_bits(r, r->view, r->n * r->row_values);
    }
}

static const void *row_at(void *user, uint32_t y)
{
    wki_native_rows *r = user;

    if (y < r->first || y - r->first >= r->n)
        load(r, y - y % 2);
    return r->view + (size_t)(y - r->first) * r->row_bytes;
}

static void probe(wki_native_rows *r, int32_t range[2])
{
    range[0] = INT32_MAX;
    range[1] = INT32_MIN;
    for (uint32_t i = 0; i < PROBED_ROWS && !r->failed; i++) {
        uint64_t y = ((uint64_t)2 * i + 1) * r->rows / (2 * PROBED_ROWS);
        int32_t some[2];

        r->failed = !wki_blob_read(r->source, r->at + y * r->row_bytes, r->data, r->row_bytes);
        if (r->failed)
            return;
        r->failed = has_other_bits(r, r->data, r->row_values);
        wki_range_of(r->type, r->data, r->row_values, some);
        range[0] = some[0] < range[0] ? some[0] : range[0];
        range[1] = some[1] > range[1] ? some[1] : range[1];
    }
}

static bool is_as_in_memory(const wki_image_desc *d)
{
    static const uint16_t one = 1;
    bool grey =
        d->samples == 1 && (d->photometric == WKI_MONOCHROME1 || d->photometric == WKI_MONOCHROME2);
    bool rgb = d->samples == 3 && d->photometric == WKI_RGB && !d->planar && d->bits_stored == 8;

    return *(const uint8_t *)&one == 1 && !d->encapsulated && d->pixels == WKI_PIXELS_INTEGER &&
           (d->bits_allocated == 8 || d->bits_allocated == 16) &&
           d->high_bit == d->bits_stored - 1 && (grey || (rgb && !d->is_signed));
}

bool wki_native_rows_open(const wki_blob *s, const wki_layout *l, const wki_image_desc *d,
                          uint32_t frame, wki_native_rows **out, wki_pixels *pixels)
{
    size_t row = (size_t)d->cols * d->samples * (d->bits_allocated / 8u);
    uint64_t size = (uint64_t)row * d->rows;
    uint32_t band = row < BAND_BYTES / 2 ? (uint32_t)(BAND_BYTES / row) & ~1u : 2;
    wki_native_rows *r;
    wki_pixels p = {0};

    if (!is_as_in_memory(d) || l->pixels_big || size < FRAME_MIN || size > WK_MAX_FRAME_BYTES ||
        frame >= l->pixel_bytes / size)
        return false;
    r = malloc(sizeof *r + band * row);
    if (!r)
        return false;
    *r = (wki_native_rows){.source = s,
                           .at = l->pixels + frame * size,
                           .row_bytes = row,
                           .row_values = (size_t)d->cols * d->samples,
                           .rows = d->rows,
                           .band = band,
                           .type = wki_stored_type(d),
                           .checked = d->bits_stored < d->bits_allocated,
                           .low = d->is_signed ? -(1 << (d->bits_stored - 1)) : 0,
                           .high = (int32_t)(1u << (d->bits_stored - d->is_signed)) - 1};
    p.rows = d->rows;
    p.cols = d->cols;
    p.samples = d->samples;
    p.type = r->type;
    p.color = wki_color_of(d->photometric);
    p.row = row_at;
    p.row_user = r;
    p.has_range = true;
    (void)wki_strcopy(p.decoder, sizeof p.decoder, "native");
    probe(r, p.range);
    if (r->failed) {
        free(r);
        return false;
    }
    /* A file on loan from memory, or samples across two cells, are read. */
    if (!s->memory && r->at % 2 == 0)
        (void)wki_mapping_open(&r->map, s->fd, r->at, (size_t)size);
    *out = r;
    *pixels = p;
    return true;
}

bool wki_native_rows_close(wki_native_rows *r)
{
    bool ok = r && !r->failed;

    if (r)
        wki_mapping_close(&r->map);
    free(r);
    return ok;
}
