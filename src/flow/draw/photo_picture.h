/*
 * The pictures that photos are: held to be whole by decoding them, and drawn smaller or in another
 * format by the same drawing and encoding that DICOM goes through.
 */
#ifndef WADOKIT_FLOW_DRAW_PHOTO_PICTURE_H
#define WADOKIT_FLOW_DRAW_PHOTO_PICTURE_H

#include <wadokit/convert.h>
#include <wadokit/error.h>

#include "core/image.h"
#include "core/media.h"
#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks structure, and decodes JPEG, PNG and GIF. width and height (as shown: turned by Exif) are
 * 0 for kinds that are not decoded. WK_DATA where it is broken, cut short or no picture. */
wk_code wki_photo_verify(const void *data, size_t n, wki_media *kind, uint32_t *width,
                         uint32_t *height, wk_error *err) WK_MUST_USE;

/* Draws it upright, within a box (0: full size). WK_UNSUPPORTED for kinds without a decoder,
 * WK_LIMIT over WK_MAX_PHOTO_PIXELS. */
wk_code wki_photo_draw(const void *data, size_t n, wki_media kind, uint32_t box, wki_picture *out,
                       wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
