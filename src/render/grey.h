/*
 * The grey chain of PS3.4 N.2 on one value at a time, in double precision: stored value ->
 * modality -> VOI -> polarity. Everything fast in render.c is made from, and tested against, this.
 */
#ifndef WADOKIT_RENDER_GREY_H
#define WADOKIT_RENDER_GREY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Modality transformation (PS3.3 C.11.1): the table where there is one, else slope and intercept.
 * Borrows the table from the description. */
typedef struct wki_modality {
    const wki_lut *lut; /* NULL: linear */
    double slope, intercept;
} wki_modality;

/* That of `frame` (0-based). */
wki_modality wki_modality_of(const wki_image_desc *d, uint32_t frame);
double wki_modality_apply(const wki_modality *m, double stored);

/* VOI transformation (PS3.3 C.11.2) to 0 (darkest) .. 1 (brightest of MONOCHROME2). */
typedef struct wki_voi {
    const wki_lut *lut; /* NULL: window */
    wki_window window;
} wki_voi;

/* Whether the window is one that the standard gives a meaning: finite, width >= 1 for LINEAR, > 0
 * for the other functions. */
bool wki_window_is_valid(const wki_window *w);

/* 0 to 1; NaN gives 0. LINEAR by C.11.2.1.2.1 (centre - 0.5, width - 1), LINEAR_EXACT by
 * C.11.2.1.3.2, SIGMOID by C.11.2.1.3.1, a table by C.11.2.1.1. The window must be valid. */
double wki_voi_apply(const wki_voi *v, double value);

/* The ends of a linear window: values up to *low give 0, from *high on 1; the line between them is
 * straight. False for SIGMOID and tables. LINEAR of width 1 has *low == *high: a threshold. */
bool wki_voi_ends(const wki_voi *v, double *low, double *high);

/* A sample of decoded pixels by index, as a number. */
double wki_sample_at(const wki_pixels *p, size_t i);

#ifdef __cplusplus
}
#endif

#endif
