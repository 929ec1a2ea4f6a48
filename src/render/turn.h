/*
 * Turning and mirroring a finished picture, and cutting a part out of decoded pixels.
 */
#ifndef WADOKIT_RENDER_TURN_H
#define WADOKIT_RENDER_TURN_H

#include <wadokit/error.h>

#include "core/image.h"
#include "render/render.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Turns by 0, 90, 180 or 270 degrees clockwise, then mirrors: `flip` is 'h' (left and right change
 * places), 'v' (top and bottom) or 0; the order of PS3.3 C.10.6. The picture is replaced, and
 * untouched on failure. WK_NOMEM. */
wk_code wki_picture_turn(wki_picture *p, int degrees, char flip, wk_error *err) WK_MUST_USE;

/* The pixels of `region` as a copy. WK_USAGE where it does not lie inside. */
wk_code wki_pixels_cut(const wki_pixels *p, const wki_region *region, wki_pixels *out,
                       wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
