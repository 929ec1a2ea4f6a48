#include "flow/draw/slide.h"

#include <string.h>

#include "render/render.h"

int wki_slide_preference(const wki_image_desc *d)
{
    const char *kind = d->image_type[2];

    return strcmp(kind, "THUMBNAIL") == 0  ? 3
           : strcmp(kind, "OVERVIEW") == 0 ? 2
           : strcmp(kind, "LABEL") == 0    ? 0
                                           : 1;
}

uint64_t wki_slide_extent(const wki_image_desc *d)
{
    if (d->total_rows && d->total_cols)
        return (uint64_t)d->total_rows * d->total_cols;
    return (uint64_t)d->rows * d->cols * (d->frames ? d->frames : 1);
}

bool wki_slide_is_tiled(const wki_image_desc *d)
{
    return d->tiling != WKI_TILED_NONE && d->pixels == WKI_PIXELS_INTEGER && d->frames > 1 &&
           (d->total_rows > d->rows || d->total_cols > d->cols) &&
           (d->tiling == WKI_TILED_FULL || d->n_tiles > 0);
}

/* The place of a frame's first pixel, from 0; false where the frame has none, or is of a further
 * focal plane or optical path. */
static bool place_of(const wki_image_desc *d, uint32_t frame, int64_t *row, int64_t *col)
{
    uint32_t across = (d->total_cols + d->cols - 1) / d->cols;

    if (d->tiling == WKI_TILED_FULL) {
        *row = (int64_t)(frame / across) * d->rows;
        *col = (int64_t)(frame % across) * d->cols;
        return *row < d->total_rows;
    }
    if (frame >= d->n_tiles)
        return false;
    for (uint32_t i = 0; i < frame; i++) {
        if (d->tiles[i].row == d->tiles[frame].row && d->tiles[i].col == d->tiles[frame].col)
            return false;
    }
    *row = (int64_t)d->tiles[frame].row - 1;
    *col = (int64_t)d->tiles[frame].col - 1;
    return *row > -(int64_t)d->rows && *row<d->total_rows && * col> - (int64_t)d->cols &&
           *col < d->total_cols;
}

/* Copies what of the tile lies inside. */
static void put(const wki_pixels *tile, int64_t row, int64_t col, wki_pixels *out)
{
    size_t unit = wki_sample_bytes(out->type) * out->samples;
    int64_t left = col < 0 ? -col : 0, right = tile->cols;

    if (right > (int64_t)out->cols - col)
        right = (int64_t)out->cols - col;
    for (int64_t y = row < 0 ? -row : 0; y < tile->rows && row + y < out->rows && left < right; y++)
        memcpy((uint8_t *)out->data + ((size_t)(row + y) * out->cols + (size_t)(col + left)) * unit,
               (const uint8_t *)tile->data + ((size_t)y * tile->cols + (size_t)left) * unit,
               (size_t)(right - left) * unit);
}

/* The whole takes its shape from the first tile that could be decoded. */
static wk_code begin(const wki_image_desc *whole, const wki_pixels *tile, wki_pixels *out,
                     wk_error *err)
{
    if (!wki_pixels_alloc(out, whole->rows, whole->cols, tile->samples, tile->type))
        return wk_fail(err, WK_NOMEM, "out of memory");
    out->color = tile->color;
    memcpy(out->decoder, tile->decoder, sizeof out->decoder);
    memcpy(out->warning, tile->warning, sizeof out->warning);
    if (out->samples == 3)
        memset(out->data, 0xFF, out->size);
    return WK_OK;
}

static wk_code add_tile(const wki_image_desc *whole, wki_pixels *tile, int64_t row, int64_t col,
                        wki_pixels *out, wk_error *err)
{
    wki_pixels_to_rgb(whole, tile);
    if (!out->data) {
        wk_code rc = begin(whole, tile, out, err);

        if (rc != WK_OK)
            return rc;
    }
    if (tile->samples != out->samples || tile->type != out->type || tile->color != out->color)
        return wk_fail(err, WK_DATA, "a tile is not like the first one");
    put(tile, row, col, out);
    return WK_OK;
}

wk_code wki_slide_assemble(const wki_image_desc *d, wki_slide_decode_fn decode, void *user,
                           wki_image_desc *whole, wki_pixels *out, uint32_t *tiles,
                           uint32_t *missing, wk_error *err)
{
    wki_pixels all = {0};
    wk_error first = {0};

    if (wki_slide_extent(d) > WK_MAX_SLIDE_PIXELS || d->n_tiles > WK_MAX_SLIDE_TILES)
        return wk_fail(err, WK_LIMIT, "%u x %u pixels are too many to put together", d->total_cols,
                       d->total_rows);
    *whole = *d;
    whole->rows = d->total_rows;
    whole->cols = d->total_cols;
    whole->frames = 1;
    *tiles = *missing = 0;
    for (uint32_t i = 0; i < d->frames; i++) {
        wki_pixels tile = {0};
        wk_error why = {0};
        int64_t row, col;
        wk_code rc;

        if (!place_of(d, i, &row, &col))
            continue;
        rc = decode(user, i, &tile, &why);
        if (rc == WK_OK)
            rc = add_tile(whole, &tile, row, col, &all, &why);
        wki_pixels_clear(&tile);
        *tiles += rc == WK_OK;
        *missing += rc != WK_OK;
        if (rc != WK_OK && first.code == WK_OK)
            first = why;
    }
    if (!all.data)
        return first.code == WK_OK
                   ? wk_fail(err, WK_DATA, "no tile has a place")
                   : wk_fail(err, first.code, "no tile can be drawn: %s", first.message);
    *out = all;
    return WK_OK;
}
