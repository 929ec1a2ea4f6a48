/*
 * One DICOM file as a DICOMweb origin shows it: metadata, frames, bulk data, pictures. What a
 * static tree holds and what `serve` answers are both made here.
 */
#ifndef WADOKIT_FLOW_VIEWER_WEB_OBJECT_H
#define WADOKIT_FLOW_VIEWER_WEB_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/buf.h"
#include "dicom/dicom_file.h"
#include "dicomweb/frame_type.h"
#include "flow/draw/drawing.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_WEB_THUMBNAIL_BOX = 256,
    WKI_WEB_THUMBNAIL_QUALITY = 85,
    WKI_WEB_PICTURE_BYTES = 64 << 20 /* the most that an encoded picture may have */
};

/* The boundary of every multipart body. */
#define WKI_WEB_BOUNDARY "wadokit-part-7b1c9d42"

/*
 *   frames     that can be handed out one by one: 0 where there are no pixels, or moving ones
 *   not_drawn  why the pixels are of no use; code WK_OK where they are, or where there are none
 */
typedef struct wki_web_object {
    wki_dicom_file *file;
    wki_drawing drawing;
    uint32_t frames;
    wk_error not_drawn;
} wki_web_object;

/* WK_IO, WK_DATA. A file whose pixels are broken can be opened. Clear in any case. */
wk_code wki_web_object_open(wki_web_object *o, const char *path, wk_error *err) WK_MUST_USE;
void wki_web_object_close(wki_web_object *o);

/* The data set as DICOM JSON on the heap. Bulk data are at base + "bulkdata/...", pixels at base +
 * "frames/1" (or "frames", of several). */
wk_code wki_web_object_metadata(wki_web_object *o, const char *base, char **out,
                                wk_error *err) WK_MUST_USE;

/* One frame (0-based) as stored, from a whole byte on, and the Content-Type of its part.
 * WK_NOT_FOUND behind the last. Clear with wki_frame_bytes_clear(). */
wk_code wki_web_object_frame(wki_web_object *o, uint32_t frame, wki_frame_bytes *out,
                             char label[WKI_FRAME_LABEL_SIZE], wk_error *err) WK_MUST_USE;

/* How a picture is drawn. box 0: full size; quality of JPEG. */
typedef struct wki_web_look {
    wki_render_opts render;
    bool png;
    int quality;
} wki_web_look;

/* Adds a picture of one frame (0-based) to `out`; one of an object without pixels is its label. */
wk_code wki_web_object_picture(wki_web_object *o, uint32_t frame, const wki_web_look *look,
                               wki_buf *out, wk_error *err) WK_MUST_USE;

/* The thumbnail: of several frames the middle one. */
wk_code wki_web_object_thumbnail(wki_web_object *o, wki_buf *out, wk_error *err) WK_MUST_USE;

/* The frame that stands for all of them. */
uint32_t wki_web_object_middle(const wki_web_object *o);

#ifdef __cplusplus
}
#endif

#endif
