/*
 * A gallery: one HTML file with pictures of all images of a folder, which needs no network and no
 * other file.
 */
#ifndef WADOKIT_GALLERY_H
#define WADOKIT_GALLERY_H

#include <wadokit/convert.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 *   output         the file; it appears under its name only when it is whole. "-" for output_fd
 *   output_fd      where "-" goes to; a negative number refuses "-"
 *   title          of the page; NULL: "Gallery"
 *   size           side of the box of thumbnails in pixels, 0: 168
 *   full_size      side of the box of the picture that a click opens. 0: by the number of images,
 *                  1024 up to 100, 512 up to 1000, and the thumbnail alone beyond (which then is
 *                  of 256, beyond 3000 of 192). Negative: the thumbnail alone
 *   max_frames     most pictures of one object, evenly spread over its frames; 0: 100
 *   quality        of JPEG, 0: 80
 *   window         as in wk_render_opts
 *   show_patient   names, ids, dates, descriptions and accession numbers go into the page. Without,
 *                  it has modality, body part, numbers and UIDs only. What is burned into the
 *                  pixels is shown in any case
 */
typedef struct wk_gallery_opts {
    const char *output;
    int output_fd;
    const char *title;
    int size;
    int full_size;
    int max_frames;
    int quality;
    const char *window;
    bool show_patient;
} wk_gallery_opts;

/* images counts the pictures; `run.bytes` is the size of the file. */
typedef struct wk_gallery_summary {
    wk_image_summary run;
    uint64_t studies, series;
} wk_gallery_summary;

/*
 * Makes a gallery of the targets' local files (plan.h): studies by date and UID, series by number,
 * images by Instance Number. An object without pixels is shown by its label, one that cannot be
 * drawn by a tile that says so. Memory: the file's pieces of a few images, and about 300 bytes for
 * each file, as they have to be put in order. `on_image` hears of each picture; its path is NULL.
 *
 * Errors as of wk_render(); where nothing could be drawn, no file is made.
 */
WK_API wk_code wk_gallery(wk_session *session, const char *const *targets, size_t n_targets,
                          const wk_gallery_opts *opts, wk_image_fn on_image, void *user,
                          wk_gallery_summary *summary, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
