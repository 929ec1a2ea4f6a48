/*
 * Colours of a picture by its ICC profile, by Little CMS.
 */
#ifndef WADOKIT_RENDER_ICC_H
#define WADOKIT_RENDER_ICC_H

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Turns an RGB picture of 8 bits with a profile into sRGB, in place, and takes the profile off it;
 * perceptual intent, as far as the profile has it. WK_DATA where the profile cannot be used: the
 * picture is as it was. Does nothing to a picture without a profile, or in grey. */
wk_code wki_picture_to_srgb(wki_picture *p, wk_error *err) WK_MUST_USE;

/* "Little CMS 2.14: ICC profiles", for --version. Static. */
const char *wki_icc_version(void);

#ifdef __cplusplus
}
#endif

#endif
