#include "flow/draw/jpeg_as_is.h"

#include <string.h>

#include "core/jpeg_header.h"
#include "core/transfer_syntax.h"

static bool is_plain_look(const wki_image_desc *d, const wki_drawing_opts *o)
{
    return o->render.region.width == 0 && o->look.rotate == 0 && o->look.flip == 0 &&
           !(o->look.overlays && d->n_overlays > 0) && !d->icc && !o->look.to_srgb;
}

bool wki_jpeg_may_be_as_is(const wki_image_desc *d, uint32_t frame, const wki_drawing_opts *opts,
                           wki_render_report *window)
{
    uint32_t width, height;

    if (opts->format != WK_PICTURE_JPEG || !opts->jpeg_as_is || opts->effort > 1 ||
        d->pixels != WKI_PIXELS_INTEGER || !d->encapsulated || d->bits_allocated != 8 ||
        !wki_transfer_syntax_is(d->transfer_syntax, WKI_TS_JPEG_BASELINE) ||
        !is_plain_look(d, opts))
        return false;
    wki_render_size(d, opts->render.box, &width, &height);
    return width == d->cols && height == d->rows &&
           wki_render_keeps(d, frame, &opts->render, window);
}

static bool is_plain_color(const wki_image_desc *d, const wki_jpeg_header *h)
{
    if (h->components != d->samples)
        return false;
    if (h->components == 1)
        return true;
    if (h->components != 3)
        return false;
    if (wki_jpeg_header_color(h, d->photometric) == WKI_COLOR_RGB)
        return h->adobe == 0;
    return d->photometric == WKI_YBR_FULL || d->photometric == WKI_YBR_FULL_422;
}

size_t wki_jpeg_as_is(const wki_image_desc *d, const wki_frame_bytes *bytes)
{
    wki_jpeg_header h;
    size_t n;

    if (!wki_jpeg_header_read(bytes->data, bytes->n, &h) || h.start != 0 || h.sof != 0xC0 ||
        h.precision != 8 || h.rows != d->rows || h.cols != d->cols || !is_plain_color(d, &h))
        return 0;
    n = wki_jpeg_length(bytes->data, bytes->n);
    for (size_t i = n; i < bytes->n; i++) {
        if (bytes->data[i] != 0)
            return 0;
    }
    return n;
}
