/*
 * One DICOM file on its way to pictures: opened and described once, then drawn frame by frame.
 * The one place that knows the order dicom/ -> decode/ -> render/ -> encode/.
 */
#ifndef WADOKIT_FLOW_DRAW_DRAWING_H
#define WADOKIT_FLOW_DRAW_DRAWING_H

#include <wadokit/convert.h>
#include <wadokit/error.h>

#include "core/image.h"
#include "dicom/dicom_file.h"
#include "dicom/plain.h"
#include "flow/draw/picture_out.h"
#include "render/render.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_drawing_opts {
    wk_picture_format format; /* not BY_NAME */
    wki_render_opts render;
    int quality;
    int effort;           /* see encode.h */
    bool modality_values; /* npy */
    bool placeholders;    /* for what has no pixels; else that is WK_UNSUPPORTED */
    bool jpeg_as_is;      /* JPEG frames that need no change go out as they are */
    bool whole;           /* a slide's tiles as one picture, where they are not too many */
    wk_picture_look look; /* its region stands in `render` too */
} wki_drawing_opts;

typedef struct wki_drawing {
    wki_plain *plain;     /* an ordinary file, else NULL and ... */
    wki_dicom_file *file; /* ... what DCMTK reads */
    wki_image_desc desc;
    const char *path;
} wki_drawing;

/* Opens and describes; borrows the path. Clear with wki_drawing_close() in any case. */
wk_code wki_drawing_open(wki_drawing *g, const char *path, wk_error *err) WK_MUST_USE;
void wki_drawing_close(wki_drawing *g);

/* What has to be drawn as a placeholder: no pixels, or moving pictures. */
bool wki_drawing_is_placeholder(const wki_drawing *g);

/* The frames that have a place in the file, at least 1: of headers that promise more, these are
 * what can be drawn. */
uint32_t wki_drawing_frames(const wki_drawing *g);

/* The WK_DATA error of frames that a header promises beyond `there`. */
wk_code wki_drawing_frames_missing(const wki_drawing *g, uint32_t there, wk_error *err);

/* The bytes of one frame (0-based) as stored, as wki_dicom_frame_bytes(). */
wk_code wki_drawing_frame_bytes(wki_drawing *g, uint32_t frame, wki_frame_bytes *out,
                                wk_error *err) WK_MUST_USE;

/* Fills what the description says of the source: UIDs, transfer syntax, a warning. */
void wki_drawing_describe(const wki_drawing *g, wk_image_report *report);

/* Draws `frame` (0-based) in n sizes, from one decoding: pictures[i] fits a box of boxes[i] pixels,
 * and opts->render.box does not count. Fills the report but for path, size and status. Clear the
 * pictures in any case. */
wk_code wki_drawing_sizes(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                          const uint32_t *boxes, size_t n, wki_picture *pictures,
                          wk_image_report *report, wk_error *err) WK_MUST_USE;

/* Draws `frame` (0-based) to out/relative and fills the report, path included (on the heap, also
 * in report->path: free() what *path is set to). The error goes into the report too. */
wk_code wki_drawing_picture(wki_drawing *g, uint32_t frame, const wki_drawing_opts *opts,
                            wki_picture_out *out, const char *relative, wk_image_report *report,
                            char **path);

/* Writes the values of one frame, or of all of them (frame < 0: with a leading axis), as npy. */
wk_code wki_drawing_values(wki_drawing *g, int64_t frame, const wki_drawing_opts *opts,
                           wki_picture_out *out, const char *relative, wk_image_report *report,
                           char **path);

/* ".png", ".jpg", ".npy" */
const char *wki_picture_suffix(wk_picture_format format);

#ifdef __cplusplus
}
#endif

#endif
