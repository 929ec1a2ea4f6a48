/*
 * GIF files as photos come: the first picture of one, to RGB of 8 bits, transparency on white.
 * (DICOM holds no GIF: this is no transfer syntax.)
 */
#ifndef WADOKIT_DECODE_DECODE_GIF_H
#define WADOKIT_DECODE_DECODE_GIF_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* WK_DATA where it is corrupt or cut short, WK_LIMIT over `max_pixels`. Clear `out` with
 * wki_pixels_clear(). */
wk_code wki_decode_gif(const void *data, size_t n, uint64_t max_pixels, wki_pixels *out,
                       wk_error *err) WK_MUST_USE;

/* "giflib 5.2.1: GIF photos", for --version. */
const char *wki_gif_version(void);

#ifdef __cplusplus
}
#endif

#endif
