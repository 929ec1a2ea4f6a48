/*
 * A small bitmap font, drawn for this project: capitals, digits and signs, 5 by 7 dots.
 */
#ifndef WADOKIT_RENDER_FONT_H
#define WADOKIT_RENDER_FONT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_GLYPH_WIDTH = 5,
    WKI_GLYPH_HEIGHT = 7
};

/* The 7 rows of a character, top first; bit 4 is the leftmost dot. Small letters are shown as
 * capitals; what the font does not have, as a box. Never NULL. */
const uint8_t *wki_glyph(char c);

#ifdef __cplusplus
}
#endif

#endif
