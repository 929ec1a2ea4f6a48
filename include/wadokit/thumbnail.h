/*
 * Thumbnails: one small picture for a study, a series, an instance or a frame, read (or fetched)
 * with as few bytes as can be.
 */
#ifndef WADOKIT_THUMBNAIL_H
#define WADOKIT_THUMBNAIL_H

#include <wadokit/convert.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wk_thumb_per {
    WK_THUMB_DEFAULT,  /* SERIES; STUDY where the output is a single file */
    WK_THUMB_STUDY,    /* the middle image of the series with the most images */
    WK_THUMB_SERIES,   /* its middle image */
    WK_THUMB_INSTANCE, /* its middle frame */
    WK_THUMB_FRAME,
} wk_thumb_per;

/* size is the side of the box, 0: 256. format is PNG, JPEG or BY_NAME (JPEG); quality 0: 85, or as
 * it is, see wk_render_opts; effort, window, look, output and output_fd as in wk_render_opts.
 *
 * server_render: remote instances are drawn by the server (/thumbnail, else /rendered) where it does;
 * not per frame, with a look, nor with a window that it has no words for. Without it that is done only
 * for instances of WK_SERVER_PIXELS and more of which no frame can be had alone, where neither window
 * nor look are given. */
typedef struct wk_thumb_opts {
    wk_thumb_per per;
    wk_picture_format format;
    uint32_t size;
    int quality;
    int effort;
    const char *window;
    wk_picture_look look;
    bool server_render;
    const char *output;
    int output_fd;
} wk_thumb_opts;

/*
 * Draws thumbnails of the targets. Names in a folder:
 *   study      <StudyUID>.jpg
 *   series     <StudyUID>/<SeriesUID>.jpg
 *   instance   <StudyUID>/<SeriesUID>/<SOPUID>.jpg
 *   frame      <StudyUID>/<SeriesUID>/<SOPUID>-<frame>.jpg
 *
 * Of a series of whole slide images it is the thumbnail, else the overview, else the smallest
 * level; tiles are put together up to WK_MAX_SLIDE_PIXELS. Other images are ordered by Instance
 * Number, then by name; the middle of n is number n / 2 counted from 0. Objects with pixels come
 * before those without; an object without gets a placeholder with a label, as do moving pictures.
 * Errors as of wk_render().
 */
WK_API wk_code wk_thumbnail(wk_session *session, const char *const *targets, size_t n_targets,
                            const wk_thumb_opts *opts, wk_image_fn on_image, void *user,
                            wk_image_summary *summary, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
