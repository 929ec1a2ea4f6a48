#include "flow/draw/photo_picture.h"

#include <string.h>

#include <wadokit/limits.h>

#include "core/jpeg_header.h"
#include "core/text.h"
#include "core/transfer_syntax.h"
#include "decode/decode.h"
#include "decode/decode_photo.h"
#include "ehr/photo.h"
#include "render/render.h"

/* How a decoder of DICOM frames is told of a photo. */
static void describe(wki_image_desc *d, uint32_t rows, uint32_t cols, unsigned samples)
{
    memset(d, 0, sizeof *d);
    d->pixels = WKI_PIXELS_INTEGER;
    d->rows = rows;
    d->cols = cols;
    d->samples = (uint16_t)samples;
    d->frames = 1;
    d->bits_allocated = d->bits_stored = 8;
    d->high_bit = 7;
    d->photometric = samples == 1 ? WKI_MONOCHROME2 : WKI_YBR_FULL_422;
    d->aspect_rows = d->aspect_cols = 1;
    d->encapsulated = true;
    (void)wki_strcopy(d->photometric_text, sizeof d->photometric_text,
                      samples == 1 ? "MONOCHROME2" : "YBR_FULL_422");
    (void)wki_strcopy(d->transfer_syntax, sizeof d->transfer_syntax,
                      wki_transfer_syntax_uid(WKI_TS_JPEG_BASELINE));
}

/* Whether this JPEG is of the kind that is decoded here: 8 bits, grey or three colours, DCT. */
static bool jpeg_is_ours(const void *data, size_t n, wki_jpeg_header *h)
{
    return wki_jpeg_header_read(data, n, h) && h->precision == 8 && h->sof >= 0xC0 &&
           h->sof <= 0xC2 && (h->components == 1 || h->components == 3) && h->rows && h->cols;
}

static wk_code decode_jpeg(const void *data, size_t n, const wki_jpeg_header *h, unsigned reduce,
                           wki_image_desc *d, wki_pixels *out, wk_error *err)
{
    wki_frame_bytes bytes = {.data = data, .n = n};
    wki_decode_opts opts = {.reduce = reduce};

    if ((uint64_t)h->rows * h->cols > WK_MAX_PHOTO_PIXELS)
        return wk_fail(err, WK_LIMIT, "a JPEG of %u x %u", h->cols, h->rows);
    describe(d, h->rows, h->cols, h->components);
    return wki_decode(d, &bytes, &opts, out, err);
}

/* PNG and GIF, neither of which DICOM holds; *decoded is false, and all is well, for the rest. */
static wk_code decode_plain(const void *data, size_t n, wki_media kind, bool *decoded,
                            wki_pixels *out, wk_error *err)
{
    *decoded = kind == WKI_MEDIA_PNG || kind == WKI_MEDIA_GIF;
    if (kind == WKI_MEDIA_PNG)
        return wki_decode_png(data, n, WK_MAX_PHOTO_PIXELS, out, err);
    if (kind == WKI_MEDIA_GIF)
        return wki_decode_gif(data, n, WK_MAX_PHOTO_PIXELS, out, err);
    return WK_OK;
}

static void shown_size(const void *data, size_t n, uint32_t cols, uint32_t rows, uint32_t *width,
                       uint32_t *height)
{
    bool swap = wki_photo_orientation(data, n) >= 5;

    *width = swap ? rows : cols;
    *height = swap ? cols : rows;
}

wk_code wki_photo_verify(const void *data, size_t n, wki_media *kind, uint32_t *width,
                         uint32_t *height, wk_error *err)
{
    wki_jpeg_header h;
    wki_image_desc d;
    wki_pixels p = {0};
    wk_error own = {0};
    bool decoded;
    wk_code rc = wki_photo_check(data, n, kind, err);

    *width = *height = 0;
    if (rc != WK_OK)
        return rc;
    if (*kind == WKI_MEDIA_JPEG && jpeg_is_ours(data, n, &h)) {
        shown_size(data, n, h.cols, h.rows, width, height);
        rc = decode_jpeg(data, n, &h, 3, &d, &p, &own);
    } else {
        rc = decode_plain(data, n, *kind, &decoded, &p, &own);
        *width = p.cols;
        *height = p.rows;
    }
    wki_pixels_clear(&p);
    /* Too large to decode is not broken: the structure was whole. */
    return rc == WK_DATA || rc == WK_NOMEM ? wk_fail_from(err, rc, &own) : WK_OK;
}

static unsigned reduction(const wki_jpeg_header *h, uint32_t box)
{
    uint32_t longest = h->rows > h->cols ? h->rows : h->cols;
    unsigned reduce = 0;

    /* At least twice the size is left, so that what is drawn is an average. */
    while (box && reduce < 3 && (longest >> (reduce + 1)) >= 2 * box)
        reduce++;
    return reduce;
}

static wk_code decode(const void *data, size_t n, wki_media kind, uint32_t box, wki_image_desc *d,
                      wki_pixels *out, wk_error *err)
{
    wki_jpeg_header h;
    bool decoded;
    wk_code rc;

    if (kind == WKI_MEDIA_JPEG && jpeg_is_ours(data, n, &h))
        return decode_jpeg(data, n, &h, reduction(&h, box), d, out, err);
    rc = decode_plain(data, n, kind, &decoded, out, err);
    if (!decoded)
        return wk_fail_setting(err, WK_UNSUPPORTED, "thumb format",
                               "this %s cannot be converted; without a size and a format it is "
                               "saved as it is",
                               wki_media_name(kind));
    if (rc == WK_OK) {
        describe(d, out->rows, out->cols, 3);
        d->photometric = WKI_RGB;
        d->encapsulated = false;
    }
    return rc;
}

wk_code wki_photo_draw(const void *data, size_t n, wki_media kind, uint32_t box, wki_picture *out,
                       wk_error *err)
{
    /* The window that gives each value of 8 bits itself. */
    wki_render_opts opts = {
        .rule = WKI_WINDOW_GIVEN,
        .window = {.center = 128, .width = 256, .function = WKI_VOI_LINEAR},
        .box = box,
        .depth = 8,
    };
    wki_render_report report;
    wki_image_desc d;
    wki_pixels pixels = {0};
    wki_picture picture = {0};
    wk_code rc = decode(data, n, kind, box, &d, &pixels, err);

    if (rc == WK_OK)
        rc = wki_render(&d, 0, &pixels, &opts, &picture, &report, err);
    wki_pixels_clear(&pixels);
    if (rc == WK_OK)
        rc = wki_photo_turn(&picture, wki_photo_orientation(data, n), err);
    if (rc == WK_OK)
        *out = picture;
    else
        wki_picture_clear(&picture);
    return rc;
}
