/*
 * Overlay planes (PS3.3 C.9.2) over a finished picture, in white: groups 6000 to 601E, with data of
 * their own or in unused bits of the pixels.
 */
#ifndef WADOKIT_RENDER_OVERLAY_H
#define WADOKIT_RENDER_OVERLAY_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "core/image.h"
#include "render/render.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the bits of an overlay are among the pixels: in one of them that holds no stored value.
 */
bool wki_overlay_is_embedded(const wki_image_desc *d, const wki_overlay *o);

/* Draws all overlays of `frame` (0-based). The picture shows `region` (all where its width is 0) of
 * the image, scaled to the picture's size, and not turned yet; an overlay's share of a picture's
 * pixel is mixed in. `cells` are the pixel cells as they were stored, unmasked and unsigned, for
 * embedded overlays: NULL leaves those out. *drawn is how many overlays there were to draw.
 * WK_NOMEM. */
wk_code wki_overlays_draw(const wki_image_desc *d, uint32_t frame, const wki_pixels *cells,
                          const wki_region *region, wki_picture *out, unsigned *drawn,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
