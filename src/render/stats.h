/*
 * What values a frame holds, for automatic windows and to notice windows that show nothing.
 * Pixel Padding (PS3.3 C.7.5.1.1.2) is left out where other values remain.
 */
#ifndef WADOKIT_RENDER_STATS_H
#define WADOKIT_RENDER_STATS_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "core/image.h"
#include "render/grey.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Stored values: all_* of every finite pixel, low and high without padding. */
typedef struct wki_stored_range {
    double all_low, all_high;
    double low, high;
    bool any;   /* a finite, unpadded value is there; low and high are as all_* otherwise */
    bool mixed; /* a value that is no number is among them (float pixels) */
} wki_stored_range;

wki_stored_range wki_stored_range_of(const wki_image_desc *d, const wki_pixels *p);

/* The range of modality values that `r` maps to; for a table that of the entries in reach. */
void wki_modality_range(const wki_modality *m, const wki_stored_range *r, double *low,
                        double *high);

/* The modality values below which a share `from`, and `to`, of the unpadded pixels lies. Exact for
 * 8 and 16 bit integers; by an even sample of 2^18 pixels for wider ones. */
wk_code wki_modality_percentiles(const wki_image_desc *d, const wki_pixels *p,
                                 const wki_modality *m, double from, double to, double *low,
                                 double *high, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
