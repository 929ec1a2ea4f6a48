/*
 * PNG and GIF files as photos come: to RGB of 8 bits, transparency on white. (DICOM holds neither:
 * these are no transfer syntaxes.) Their decoders run in the program wadokit-decode; the size is
 * read here.
 */
#ifndef WADOKIT_DECODE_DECODE_PHOTO_H
#define WADOKIT_DECODE_DECODE_PHOTO_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* WK_DATA where it is corrupt or cut short, WK_LIMIT over `max_pixels`. Clear `out` with
 * wki_pixels_clear(). */
wk_code wki_decode_png(const void *data, size_t n, uint64_t max_pixels, wki_pixels *out,
                       wk_error *err) WK_MUST_USE;

/* The same of a GIF's first picture. */
wk_code wki_decode_gif(const void *data, size_t n, uint64_t max_pixels, wki_pixels *out,
                       wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
