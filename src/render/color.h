/*
 * Rows of colour pixels as 8-bit RGB: RGB of any depth, YBR, palette indices, and grey with a
 * supplemental palette.
 */
#ifndef WADOKIT_RENDER_COLOR_H
#define WADOKIT_RENDER_COLOR_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* YBR to RGB: floor(x + 0.5), as double precision gives it, of
 *   R = Y + 1.402 Cr, G = Y - 0.344136 Cb - 0.714136 Cr, B = Y + 1.772 Cb    (YBR_FULL)
 * and for studio range of the inverse that PS3.3 C.7.6.3.1.2 gives for YBR_PARTIAL. `bits` is the
 * depth of the samples (1 to 16); the zero of Cb and Cr is 2^(bits-1). Clamped to 0 .. 2^bits-1. */
void wki_ybr_to_rgb(int bits, bool partial, int32_t y, int32_t cb, int32_t cr, int32_t rgb[3]);

/* Palette entry of an index as 8-bit RGB: below the first mapped value the first entry, above the
 * last the last (PS3.3 C.7.6.3.1.5). Entries of more than 8 bits give their upper 8; tables that
 * say 16 but hold nothing above 255 are taken as 8. */
typedef struct wki_palette {
    const wki_lut *lut[3];
    unsigned shift[3];
} wki_palette;

/* WK_DATA where a table is missing. Borrows from `d`. */
wk_code wki_palette_of(const wki_image_desc *d, wki_palette *out, wk_error *err) WK_MUST_USE;
void wki_palette_rgb(const wki_palette *pal, int64_t index, uint8_t rgb[3]);

/* Whether rows of these pixels are 8-bit RGB as they lie. */
bool wki_color_is_rgb8(const wki_image_desc *d, const wki_pixels *p);

/* One row of colour pixels (p->samples is 3) to 8-bit RGB. Depths above 8 are scaled, rounded. */
void wki_color_row(const wki_image_desc *d, const wki_pixels *p, uint32_t row, uint8_t *out);

#ifdef __cplusplus
}
#endif

#endif
