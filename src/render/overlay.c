#include "render/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "render/grey.h"
#include "render/scale.h"

/* The part of the image that the picture shows: a byte a pixel, 1 under an overlay. */
typedef struct mask {
    uint8_t *bytes;
    wki_region at;
    wki_picture *out;
} mask;

bool wki_overlay_is_embedded(const wki_image_desc *d, const wki_overlay *o)
{
    unsigned low = (unsigned)(d->high_bit + 1 - d->bits_stored);

    return !o->data && d->pixels == WKI_PIXELS_INTEGER && d->samples == 1 &&
           o->bit_position < d->bits_allocated &&
           (o->bit_position < low || o->bit_position > d->high_bit);
}

static bool own_bit(const wki_overlay *o, uint64_t index)
{
    return index / 8 < o->size && (o->data[index / 8] >> (index % 8) & 1);
}

static bool embedded_bit(const wki_overlay *o, const wki_pixels *cells, size_t index)
{
    return (uint64_t)wki_sample_at(cells, index) >> o->bit_position & 1;
}

/* Marks what one overlay covers; its rows and columns may lie outside of the image. */
static void mark(const wki_overlay *o, uint64_t first_bit, const wki_pixels *cells, mask *m)
{
    for (uint32_t y = 0; y < m->at.height; y++) {
        int64_t row = (int64_t)m->at.y + y - (o->row - 1);

        if (row < 0 || row >= o->rows)
            continue;
        for (uint32_t x = 0; x < m->at.width; x++) {
            int64_t col = (int64_t)m->at.x + x - (o->col - 1);
            bool set;

            if (col < 0 || col >= o->cols)
                continue;
            set = o->data
                      ? own_bit(o, first_bit + (uint64_t)row * o->cols + (uint64_t)col)
                      : embedded_bit(o, cells, (size_t)(m->at.y + y) * cells->cols + m->at.x + x);
            m->bytes[(size_t)y * m->at.width + x] |= set;
        }
    }
}

/* Whether the overlay lies over `frame`, and from which bit of its data on. */
static bool is_over(const wki_overlay *o, uint32_t frame, uint64_t *first_bit)
{
    uint32_t n = frame + 1 - o->first_frame;

    *first_bit = (uint64_t)n * o->rows * o->cols;
    return frame + 1 >= o->first_frame && n < o->frames;
}

static unsigned mark_all(const wki_image_desc *d, uint32_t frame, const wki_pixels *cells, mask *m)
{
    unsigned drawn = 0;

    for (size_t i = 0; i < d->n_overlays; i++) {
        const wki_overlay *o = &d->overlays[i];
        uint64_t first_bit = 0;

        if (o->data ? !is_over(o, frame, &first_bit) : !cells || !wki_overlay_is_embedded(d, o))
            continue;
        mark(o, first_bit, cells, m);
        drawn++;
    }
    return drawn;
}

static void add_mask(void *user, uint32_t y, float weight, float *sums)
{
    const mask *m = user;

    const uint8_t *row = m->bytes + (size_t)y * m->at.width;

    for (uint32_t x = 0; x < m->at.width; x++)
        sums[x] += weight * row[x];
}

static void mix_mask(void *user, uint32_t y, const float *share)
{
    const mask *m = user;
    size_t row = (size_t)m->out->width * m->out->channels;

    for (size_t i = 0; i < row; i++) {
        size_t at = y * row + i;
        double a = (double)share[i / m->out->channels], b = 1 - a;

        if (a <= 0)
            continue;
        if (m->out->depth == 8) {
            uint8_t *v = (uint8_t *)m->out->data + at;

            *v = (uint8_t)(a * 255 + b * *v + 0.5);
        } else {
            uint16_t *v = (uint16_t *)m->out->data + at;

            *v = (uint16_t)(a * 65535 + b * *v + 0.5);
        }
    }
}

wk_code wki_overlays_draw(const wki_image_desc *d, uint32_t frame, const wki_pixels *cells,
                          const wki_region *region, wki_picture *out, unsigned *drawn,
                          wk_error *err)
{
    mask m = {.at = {0, 0, d->cols, d->rows}, .out = out};
    wki_scale_job job = {.dst_width = out->width,
                         .dst_height = out->height,
                         .channels = 1,
                         .add = add_mask,
                         .emit = mix_mask,
                         .user = &m};
    wk_code rc = WK_OK;
    size_t size;

    if (cells && (cells->rows != d->rows || cells->cols != d->cols))
        cells = NULL;
    if (region->width)
        m.at = *region;
    job.src_width = m.at.width;
    job.src_height = m.at.height;
    m.bytes = wki_mul_size(m.at.width, m.at.height, &size) ? calloc(size, 1) : NULL;
    if (!m.bytes)
        return wk_fail(err, WK_NOMEM, "out of memory");
    *drawn = mark_all(d, frame, cells, &m);
    if (*drawn)
        rc = wki_scale(&job, err);
    free(m.bytes);
    return rc;
}
