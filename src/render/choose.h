/*
 * Which VOI transformation a frame is shown with, and why.
 */
#ifndef WADOKIT_RENDER_CHOOSE_H
#define WADOKIT_RENDER_CHOOSE_H

#include "render/grey.h"
#include "render/render.h"
#include "render/stats.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Chooses by opts->rule, which is not NONE:
 *
 * - DICOM: the window asked for (the first); one that is invalid, or that shows all of the frame's
 *   values as one grey, is left aside with a warning. Then the VOI LUT, then AUTO.
 * - AUTO: segmentations are shown from 0 to their largest label, so that labels can be told apart.
 *   Values of at most 8 bits stored are shown over their full stored range, as they are meant to be
 *   seen where nothing else is said - except for PT and NM, whose counts fill no range. All others:
 *   from the 0.5th to the 99.5th percentile; where these coincide, MINMAX.
 * - MINMAX: from the lowest to the highest. A frame of one value is black, with a warning.
 * - GIVEN: as given, with a warning where it shows all as one grey.
 *
 * Fills rule, has_window, center, width, function and warning of the report. */
wk_code wki_choose_voi(const wki_image_desc *d, uint32_t frame, const wki_pixels *p,
                       const wki_stored_range *range, const wki_render_opts *opts, wki_voi *out,
                       wki_render_report *report, wk_error *err) WK_MUST_USE;

/* Whether the window is the caller's or the file's, and no other values than the range's would
 * change that: more contrast in a part is more contrast in the whole. A part without any tells
 * nothing. */
bool wki_choose_is_settled(const wki_image_desc *d, uint32_t frame, const wki_stored_range *range,
                           const wki_render_opts *opts);

#ifdef __cplusplus
}
#endif

#endif
