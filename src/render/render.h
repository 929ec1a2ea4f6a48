/*
 * From stored values to a picture, in the one order of PS3.4 N.2 and PS3.3 C.11: modality (rescale
 * or LUT), VOI (window or LUT), polarity once and last; colour to RGB; aspect to square pixels;
 * scaling by area average of shown values. Numbers in, numbers out: no file, no codec.
 */
#ifndef WADOKIT_RENDER_RENDER_H
#define WADOKIT_RENDER_RENDER_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_window_rule {
    WKI_WINDOW_DICOM,  /* the file's: window number `index`, else VOI LUT; else automatic */
    WKI_WINDOW_AUTO,   /* from the frame's own values, padding left out */
    WKI_WINDOW_MINMAX, /* all values of the frame, padding left out */
    WKI_WINDOW_GIVEN,  /* `window` */
    WKI_WINDOW_NONE,   /* modality values themselves (16-bit output) */
} wki_window_rule;

typedef struct wki_render_opts {
    wki_window_rule rule;
    unsigned index;                /* DICOM: which window, 0-based */
    char explanation[WK_UID_SIZE]; /* DICOM: by explanation, "" by index */
    wki_window window;             /* GIVEN */
    char preset[16];               /* GIVEN: its name where it is a preset */
    uint32_t box;                  /* longest side in pixels, 0: full size; never enlarged */
    uint8_t depth;                 /* 8 or 16 (grey only; colour is 8) */
    wki_region region;             /* what is drawn; windows are those of the whole frame */
} wki_render_opts;

/* What was done, for --json and captions. */
typedef struct wki_render_report {
    char rule[32]; /* "dicom 1", "dicom 2 (BONE)", "voi-lut", "auto", "minmax", "given", a preset's
                      name, "none"; "colour" where there is nothing to window */
    bool has_window;
    double center, width;
    wki_voi_function function;
    bool inverted;
    char warning[160]; /* "" or why the file's own window was not used, and the like */
} wki_render_report;

/* The size at which a picture of this description is drawn: square pixels (the coarser axis is
 * enlarged), then shrunk to fit into a box of `box` pixels a side (0: not), at least 1 x 1. */
void wki_render_size(const wki_image_desc *d, uint32_t box, uint32_t *width, uint32_t *height);

/* Whether a window can be had without looking at all values, so that pixels decoded smaller by
 * means do for drawing: the file or the caller gives it, or there is none. */
bool wki_render_knows_window(const wki_image_desc *d, uint32_t frame, const wki_render_opts *opts);

/* Whether 8-bit values come out as they are, whatever they are, so that no table need be applied:
 * colour that is no index, or unsigned grey whose window shows v as v. Fills `report` then. */
bool wki_render_keeps(const wki_image_desc *d, uint32_t frame, const wki_render_opts *opts,
                      wki_render_report *report);

/* Whether wki_render() can draw pixels that come row by row, as the range of a part of them is
 * pixels->range: a picture made smaller, in colour or by a linear window of the file or the caller,
 * which no other values would make it leave aside. Without padding. */
bool wki_render_takes_rows(const wki_image_desc *d, uint32_t frame, const wki_pixels *pixels,
                           const wki_render_opts *opts);

/* Whether the window of the frame is the one that pixels->range, of a part of its values, gives. */
bool wki_render_window_stays(const wki_image_desc *d, uint32_t frame, const wki_pixels *pixels,
                             const wki_render_opts *opts);

/* Draws one frame. Values that are no numbers are black. Clear `out` with wki_picture_clear().
 * WK_UNSUPPORTED for what cannot be shown as asked (window NONE where the values are no integers
 * that fit), WK_USAGE for a region that does not lie inside. */
wk_code wki_render(const wki_image_desc *d, uint32_t frame, const wki_pixels *pixels,
                   const wki_render_opts *opts, wki_picture *out, wki_render_report *report,
                   wk_error *err) WK_MUST_USE;

/* Reads "auto", "dicom", "dicom:2", "dicom:BONE", "minmax", "none", "C,W" or a preset name (lung,
 * bone, brain, ...) into `opts`. WK_USAGE with the list of names otherwise. */
wk_code wki_window_parse(const char *text, wki_render_opts *opts, wk_error *err) WK_MUST_USE;

/* Preset `i`: false behind the last. */
bool wki_window_preset(size_t i, const char **name, double *center, double *width);

/* Colour pixels to RGB by PS3.3 C.7.6.3.1.2, rounded half up, in place and in the same sample type;
 * grey, indices and RGB stay as they are. (npy output of colour.) */
void wki_pixels_to_rgb(const wki_image_desc *d, wki_pixels *p);

/* Modality values of grey pixels as float64 (row major). `out` holds rows * cols doubles. */
void wki_modality_values(const wki_image_desc *d, uint32_t frame, const wki_pixels *p, double *out);

/* A labelled picture for an object without pixels: `title` ("SR") large, `lines` small. */
wk_code wki_placeholder(uint32_t box, const char *title, const char *const *lines, size_t n_lines,
                        wki_picture *out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
