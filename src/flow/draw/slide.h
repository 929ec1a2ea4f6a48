/*
 * Whole slide images (PS3.3 C.8.12.4): which instance of a series to show, and one picture out of
 * its tiles.
 */
#ifndef WADOKIT_FLOW_DRAW_SLIDE_H
#define WADOKIT_FLOW_DRAW_SLIDE_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How well an instance stands for its slide, by Image Type (C.8.12.4.1.1): 3 THUMBNAIL, 2 OVERVIEW,
 * 1 any level of the volume, 0 LABEL. */
int wki_slide_preference(const wki_image_desc *d);

/* Pixels of the whole: of the total pixel matrix where there is one. */
uint64_t wki_slide_extent(const wki_image_desc *d);

/* Whether the frames are tiles of something larger than each of them. */
bool wki_slide_is_tiled(const wki_image_desc *d);

typedef wk_code (*wki_slide_decode_fn)(void *user, uint32_t frame, wki_pixels *out, wk_error *err);

/* The tiles of the first focal plane and optical path as one image: `whole` is the description that
 * goes with it, a shallow copy (not to be cleared). Colour becomes RGB; where no tile is, colour is
 * white and grey black. *tiles counts what was placed, *missing what could not be decoded. WK_LIMIT
 * above WK_MAX_SLIDE_PIXELS; the error of the first tile where none could be decoded. Clear `out`
 * with wki_pixels_clear(). */
wk_code wki_slide_assemble(const wki_image_desc *d, wki_slide_decode_fn decode, void *user,
                           wki_image_desc *whole, wki_pixels *out, uint32_t *tiles,
                           uint32_t *missing, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
