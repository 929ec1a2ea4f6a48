/*
 * What `render` and `thumb` say alike: how a picture is cut, turned and finished.
 */
#ifndef WADOKIT_CLI_LOOK_H
#define WADOKIT_CLI_LOOK_H

#include "cli.h"

/* As given; NULL where not. */
typedef struct cli_look {
    const char *region, *rotate, *flip, *icc;
    bool overlays;
} cli_look;

/* Their rows in a table of cli_opt; `look` is the command's cli_look. */
/* clang-format off */
#define CLI_LOOK_ROWS(look) \
    {"region", 0, CLI_STRING, &(look).region, "X,Y,W,H", \
     "a part of the image in its own pixels, X and Y from 0; windows are those of the whole frame", \
     NULL, 0, 0}, \
    {"rotate", 0, CLI_STRING, &(look).rotate, "DEGREES", "turn clockwise", "90|180|270", 0, 0}, \
    {"flip", 0, CLI_STRING, &(look).flip, "AXIS", \
     "let left and right (h) or top and bottom (v) change places, behind --rotate", "h|v", 0, 0}, \
    {"overlays", 0, CLI_FLAG, &(look).overlays, NULL, \
     "draw overlay planes (60xx) over the picture", NULL, 0, 0}, \
    {"icc", 0, CLI_STRING, &(look).icc, "HOW", \
     "of colour: keep the ICC profile in the file (default), or turn colours into srgb", \
     "keep|srgb", 0, 0}
/* clang-format on */

/* The row of a flag: who draws what is on a server. */
/* clang-format off */
#define CLI_SERVER_ROW(flag) \
    {"server-render", 0, CLI_FLAG, &(flag), NULL, \
     "let the server draw what it has, and take its pictures", NULL, 0, 0}
/* clang-format on */

/* WK_USAGE where the region cannot be read. */
wk_code cli_look_read(const cli_look *look, wk_picture_look *out, wk_error *err) WK_MUST_USE;

#endif
