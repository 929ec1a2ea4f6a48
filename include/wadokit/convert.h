/*
 * From DICOM to pictures: PNG, JPEG, or exact values as NumPy .npy.
 */
#ifndef WADOKIT_CONVERT_H
#define WADOKIT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wk_picture_format {
    WK_PICTURE_BY_NAME, /* by the suffix of the output file, else PNG (render) or JPEG (thumb) */
    WK_PICTURE_PNG,
    WK_PICTURE_JPEG,
    WK_PICTURE_NPY,
} wk_picture_format;

typedef enum wk_image_status {
    WK_IMAGE_SAVED,
    WK_IMAGE_KEPT,
    WK_IMAGE_FAILED,
} wk_image_status;

enum {
    WK_IMAGE_WARNINGS = 3,
    WK_IMAGE_WARNING_SIZE = 160
};

/*
 * One picture. Borrowed during the callback.
 *
 *   source         the file, or the URL without its query
 *   study, series, sop    "" where the source does not say
 *   frame          1-based; 0 where all frames are in one file, or none could be drawn
 *   path           what was written, "-" for the descriptor; NULL where nothing was
 *   width, height  of the picture
 *   rule           what gave the window: "dicom 1", "dicom 2 (BONE)", "voi-lut", "auto", "minmax",
 *                  "given", a preset's name, "none"; "colour"; "server" where the server drew it, by
 *                  whatever window; "" for npy and placeholders
 *   center, width_of_window, function    the window, where has_window is true: function is
 *                  "LINEAR", "LINEAR_EXACT" or "SIGMOID"
 *   inverted       MONOCHROME1, or Presentation LUT Shape INVERSE
 *   overlays       how many overlay planes were drawn
 *   icc            "kept" where the file carries the image's ICC profile, "srgb" where colours were
 *                  turned into sRGB by it; NULL where there is none
 *   tiles          how many frames make the picture (whole slide images), 0 for one alone
 *   placeholder    a labelled picture in place of an object without pixels
 *   warnings       n_warnings lines: what was wrong with the source and what was done about it
 *   error          code WK_OK unless status is FAILED
 */
typedef struct wk_image_report {
    const char *source;
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    uint32_t frame;
    const char *path;
    uint32_t width, height;
    char rule[32];
    bool has_window;
    double center, width_of_window;
    const char *function;
    bool inverted;
    unsigned overlays;
    const char *icc;
    uint32_t tiles;
    char decoder[32];
    char transfer_syntax[WK_UID_SIZE];
    bool placeholder;
    char warnings[WK_IMAGE_WARNINGS][WK_IMAGE_WARNING_SIZE];
    size_t n_warnings;
    uint64_t bytes;
    wk_image_status status;
    wk_error error;
} wk_image_report;

/* Takes one report. Called by one thread at a time, but not always by the same one. */
typedef void (*wk_image_fn)(void *user, const wk_image_report *report);

typedef struct wk_image_summary {
    int64_t expected; /* pictures, -1 where it was never known */
    uint64_t saved, kept, missing, failed;
    uint64_t skipped; /* files that are not DICOM */
    uint64_t bytes;   /* of the pictures */
    double seconds;
} wk_image_summary;

/* Which frames: one by number, the middle one of n (number n / 2 + 1), or all. */
typedef enum wk_frames {
    WK_FRAMES_FIRST, /* not asked for: the first */
    WK_FRAMES_NUMBER,
    WK_FRAMES_MIDDLE,
    WK_FRAMES_ALL,
} wk_frames;

/*
 * How a picture is cut, turned and finished. All zero: not at all.
 *
 *   x, y, width, height    a part of the image in its own pixels, counted from 0 (width 0: all of
 *               it); the window is that of the whole frame
 *   rotate      0, 90, 180 or 270 degrees clockwise
 *   flip        'h' left and right, 'v' top and bottom change places, behind rotate; 0 neither
 *   overlays    overlay planes (groups 60xx) are drawn over the picture, in white
 *   to_srgb     colours are turned into sRGB by the image's ICC profile, which is otherwise carried
 *               into the file
 */
typedef struct wk_picture_look {
    uint32_t x, y, width, height;
    int rotate;
    char flip;
    bool overlays;
    bool to_srgb;
} wk_picture_look;

/*
 *   format      see above
 *   depth       8 or 16 (0: 8). 16 is for PNG of grey pictures; colour is drawn with 8
 *   frames, frame    which; `frame` is 1-based and counts where frames is NUMBER
 *   window      "dicom" (NULL), "dicom:2", "dicom:BONE", "auto", "minmax", "none", "C,W",
 *               "C,W,SIGMOID", or a preset ("lung", ...)
 *   size        longest side in pixels, 0: full size. Never enlarged
 *   quality     of JPEG, 1 to 100. 0: 90, and a frame of JPEG Baseline that needs no change - full
 *               size, no window, nothing drawn or turned - goes out bit for bit
 *   effort      1 (0: 1) fast, 2 and 3 look longer for a smaller file of the same pixels
 *   modality_values    npy: modality values as float64, not stored ones
 *   look        see above; not for npy
 *   server_render    remote instances are drawn by the server (/rendered) where it does; not with npy,
 *               depth 16, all frames, a look, nor a window that it has no words for (auto, minmax,
 *               none, another of the file's)
 *   output      a folder (made where it is not there), a file for a single picture - what ends in
 *               .png, .jpg, .jpeg or .npy and is no folder - or "-" for `output_fd`; NULL: "."
 *   output_fd   where "-" goes to; a negative number refuses "-"
 */
typedef struct wk_render_opts {
    wk_picture_format format;
    int depth;
    wk_frames frames;
    uint32_t frame;
    const char *window;
    uint32_t size;
    int quality;
    int effort;
    bool modality_values;
    wk_picture_look look;
    bool server_render;
    const char *output;
    int output_fd;
} wk_render_opts;

/* "X,Y,W,H" into a part of the image. WK_USAGE with the form otherwise. */
WK_API wk_code wk_region_read(const char *text, wk_picture_look *look, wk_error *err) WK_MUST_USE;

/* "all", "middle", or a number from 1. WK_USAGE with the choices otherwise. */
WK_API wk_code wk_frames_read(const char *text, wk_frames *frames, uint32_t *frame,
                              wk_error *err) WK_MUST_USE;

/*
 * Draws all images of the targets (plan.h) with the session's number of jobs. In a folder the names
 * are <SOPInstanceUID>.png, and <SOPInstanceUID>-<frame>.png where frames were asked for and the
 * object has more than one; two objects of one UID get _2, _3 ... in the order of the targets. A
 * file appears under its name only when it is whole. What fails is reported and the rest goes on.
 *
 * Returns WK_OK where all were drawn, WK_PARTIAL where some were, the first error where none was;
 * WK_CANCELLED at once.
 */
WK_API wk_code wk_render(wk_session *session, const char *const *targets, size_t n_targets,
                         const wk_render_opts *opts, wk_image_fn on_image, void *user,
                         wk_image_summary *summary, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
