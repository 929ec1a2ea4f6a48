/*
 * JPEG frames that go out as they are: where the picture to be written is what the code stream
 * already holds, it is not decoded and encoded again, which would lose a little each time.
 */
#ifndef WADOKIT_FLOW_DRAW_JPEG_AS_IS_H
#define WADOKIT_FLOW_DRAW_JPEG_AS_IS_H

#include <stdbool.h>

#include "core/image.h"
#include "flow/draw/drawing.h"
#include "render/render.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether nothing but the code stream itself stands against it: JPEG baseline is asked for at no
 * certain quality, in full size and square pixels, without a region, turning, overlays or colours
 * to change, and the window leaves values of 8 bits as they are. Fills the report of the window. */
bool wki_jpeg_may_be_as_is(const wki_image_desc *d, uint32_t frame, const wki_drawing_opts *opts,
                           wki_render_report *window);

/* Bytes of the code stream without padding; 0 where it has to be drawn: it is not baseline with 8
 * bits, not one whole stream, not of the size that the header says, or not in a colour that every
 * program takes for what it is (YBR, grey, or RGB with an Adobe marker that says so). */
size_t wki_jpeg_as_is(const wki_image_desc *d, const wki_frame_bytes *bytes);

#ifdef __cplusplus
}
#endif

#endif
