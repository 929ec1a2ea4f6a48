/*
 * What the photos of all systems share: whether all of a picture is there, and which way is up.
 */
#ifndef WADOKIT_EHR_PHOTO_H
#define WADOKIT_EHR_PHOTO_H

#include <stddef.h>

#include <wadokit/error.h>

#include "core/image.h"
#include "core/media.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Tells the kind by how the bytes begin, and holds the bytes to their own structure: JPEG to its
 * EOI, PNG to IEND, GIF to its trailer, WebP and BMP to the length they state. Other pictures have
 * no end that could be seen. WK_DATA where it is no picture, or cut short. */
wk_code wki_photo_check(const void *data, size_t n, wki_media *kind, wk_error *err) WK_MUST_USE;

/* The orientation (Exif 2.3, tag 274) of a JPEG: 1 to 8, 1 where there is none. */
int wki_photo_orientation(const void *data, size_t n);

/* Turns and mirrors a picture of 8 bits so that it stands as `orientation` says. */
wk_code wki_photo_turn(wki_picture *p, int orientation, wk_error *err) WK_MUST_USE;

/* A patient id that may stand in a URL: not empty, no control characters, not "." or "..". */
wk_code wki_photo_check_id(const char *id, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
