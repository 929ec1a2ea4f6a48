#include "render/turn.h"

#include <string.h>

/* Where the pixel at (x, y) of a w x h picture goes; the size of the result is in `to`. */
typedef struct place {
    uint32_t x, y;
} place;

static place turned(uint32_t x, uint32_t y, uint32_t w, uint32_t h, int degrees)
{
    switch (degrees) {
    case 90:
        return (place){h - 1 - y, x};
    case 180:
        return (place){w - 1 - x, h - 1 - y};
    case 270:
        return (place){y, w - 1 - x};
    default:
        return (place){x, y};
    }
}

wk_code wki_picture_turn(wki_picture *p, int degrees, char flip, wk_error *err)
{
    bool aside = degrees == 90 || degrees == 270;
    size_t unit = (size_t)p->channels * (p->depth / 8);
    wki_picture out = {0};

    if (degrees == 0 && flip == 0)
        return WK_OK;
    if (!wki_picture_alloc(&out, aside ? p->height : p->width, aside ? p->width : p->height,
                           p->channels, p->depth))
        return wk_fail(err, WK_NOMEM, "no memory for a picture of %u x %u", p->width, p->height);
    for (uint32_t y = 0; y < p->height; y++) {
        const uint8_t *from = (const uint8_t *)p->data + (size_t)y * p->width * unit;

        for (uint32_t x = 0; x < p->width; x++, from += unit) {
            place to = turned(x, y, p->width, p->height, degrees);

            if (flip == 'h')
                to.x = out.width - 1 - to.x;
            else if (flip == 'v')
                to.y = out.height - 1 - to.y;
            memcpy((uint8_t *)out.data + ((size_t)to.y * out.width + to.x) * unit, from, unit);
        }
    }
    out.icc = p->icc;
    out.icc_size = p->icc_size;
    wki_picture_clear(p);
    *p = out;
    return WK_OK;
}

wk_code wki_pixels_cut(const wki_pixels *p, const wki_region *r, wki_pixels *out, wk_error *err)
{
    size_t unit = wki_sample_bytes(p->type) * p->samples;
    wki_pixels cut = {0};

    if (r->width == 0 || r->height == 0 || r->x >= p->cols || r->y >= p->rows ||
        r->width > p->cols - r->x || r->height > p->rows - r->y)
        return wk_fail(err, WK_USAGE, "region %u,%u,%u,%u does not lie inside the image of %u x %u",
                       r->x, r->y, r->width, r->height, p->cols, p->rows);
    if (!wki_pixels_alloc(&cut, r->height, r->width, p->samples, p->type))
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (uint32_t y = 0; y < r->height; y++)
        memcpy((uint8_t *)cut.data + (size_t)y * r->width * unit,
               (const uint8_t *)p->data + ((size_t)(r->y + y) * p->cols + r->x) * unit,
               r->width * unit);
    cut.color = p->color;
    *out = cut;
    return WK_OK;
}
