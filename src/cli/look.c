#include "look.h"

#include <stdlib.h>
#include <string.h>

wk_code cli_look_read(const cli_look *look, wk_picture_look *out, wk_error *err)
{
    wk_picture_look read = {0};
    wk_code rc = look->region ? wk_region_read(look->region, &read, err) : WK_OK;

    if (rc != WK_OK)
        return rc;
    read.rotate = look->rotate ? (int)strtol(look->rotate, NULL, 10) : 0;
    read.flip = look->flip ? *look->flip : 0;
    read.overlays = look->overlays;
    read.to_srgb = look->icc && strcmp(look->icc, "srgb") == 0;
    *out = read;
    return WK_OK;
}
