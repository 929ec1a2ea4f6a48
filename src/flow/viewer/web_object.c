#include "flow/viewer/web_object.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicom/frames.h"
#include "encode/encode.h"
#include "flow/draw/slide.h"

wk_code wki_web_object_open(wki_web_object *o, const char *path, wk_error *err)
{
    wk_code rc;

    memset(o, 0, sizeof *o);
    rc = wki_dicom_open(path, &o->file, err);
    if (rc != WK_OK)
        return rc;
    rc = wki_drawing_open(&o->drawing, path, &o->not_drawn);
    if (rc == WK_OK && !wki_drawing_is_placeholder(&o->drawing))
        o->frames = wki_drawing_frames(&o->drawing);
    if (rc == WK_OK && o->frames > 0 && o->frames < o->drawing.desc.frames)
        (void)wki_drawing_frames_missing(&o->drawing, o->frames, &o->not_drawn);
    return WK_OK;
}

void wki_web_object_close(wki_web_object *o)
{
    wki_drawing_close(&o->drawing);
    wki_dicom_close(o->file);
    o->file = NULL;
}

uint32_t wki_web_object_middle(const wki_web_object *o)
{
    return o->frames / 2;
}

wk_code wki_web_object_metadata(wki_web_object *o, const char *base, char **out, wk_error *err)
{
    char *bulk = wki_strfmt("%sbulkdata/", base);
    char *pixels = wki_strfmt(o->frames > 1 ? "%sframes" : "%sframes/1", base);
    wk_code rc = WK_OK;

    if (!bulk || !pixels)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK)
        rc = wki_dicom_json_linked(o->file, bulk, o->frames > 0 ? pixels : NULL, out, err);
    free(bulk);
    free(pixels);
    return rc;
}

/* Native one-bit frames follow each other without gaps; by itself a frame starts with a byte, and
 * has nothing of the next in its last. */
static wk_code align(wki_frame_bytes *b, uint64_t bits, wk_error *err)
{
    size_t n = (size_t)((bits + 7) / 8);
    uint8_t *moved = calloc(n + 1, 1);

    if (!moved)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        unsigned high = i + 1 < b->n ? b->data[i + 1] : 0;

        moved[i] = (uint8_t)(b->data[i] >> b->bit_offset | high << (8 - b->bit_offset));
    }
    if (bits % 8)
        moved[n - 1] &= (uint8_t)((1u << bits % 8) - 1);
    wki_frame_bytes_clear(b);
    *b = (wki_frame_bytes){.data = moved, .n = n, .owned = moved};
    return WK_OK;
}

wk_code wki_web_object_frame(wki_web_object *o, uint32_t frame, wki_frame_bytes *out,
                             char label[WKI_FRAME_LABEL_SIZE], wk_error *err)
{
    const wki_image_desc *d = &o->drawing.desc;
    uint64_t bits = 0;
    wk_code rc;

    if (frame >= o->frames)
        return wk_fail(err, WK_NOT_FOUND, "there is no frame %llu", (unsigned long long)frame + 1);
    rc = wki_drawing_frame_bytes(&o->drawing, frame, out, err);
    if (rc == WK_OK && d->bits_allocated == 1 && !d->encapsulated &&
        wki_native_frame_bits(d, &bits) && bits % 8)
        rc = align(out, bits, err);
    wki_frame_label(label, d->transfer_syntax, d->encapsulated);
    return rc;
}

static wk_code buffer_bytes(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(user, data, n, err);
}

wk_code wki_web_object_picture(wki_web_object *o, uint32_t frame, const wki_web_look *look,
                               wki_buf *out, wk_error *err)
{
    wki_drawing_opts opts = {.format = WK_PICTURE_JPEG,
                             .render = look->render,
                             .placeholders = true,
                             .whole = wki_slide_is_tiled(&o->drawing.desc)};
    wki_sink sink = {buffer_bytes, out};
    wki_picture picture = {0};
    wk_image_report report = {0};
    wk_code rc;

    if (o->frames == 0 && o->not_drawn.code != WK_OK)
        return wk_fail_from(err, o->not_drawn.code, &o->not_drawn);
    opts.render.depth = 8;
    rc = wki_drawing_sizes(&o->drawing, frame, &opts, &look->render.box, 1, &picture, &report, err);
    if (rc == WK_OK)
        rc = look->png ? wki_png_write(&picture, 1, NULL, &sink, err)
                       : wki_jpeg_write(&picture, look->quality, 1, NULL, &sink, err);
    wki_picture_clear(&picture);
    return rc;
}

wk_code wki_web_object_thumbnail(wki_web_object *o, wki_buf *out, wk_error *err)
{
    wki_web_look look = {.render = {.box = WKI_WEB_THUMBNAIL_BOX},
                         .quality = WKI_WEB_THUMBNAIL_QUALITY};

    return wki_web_object_picture(o, wki_web_object_middle(o), &look, out, err);
}
