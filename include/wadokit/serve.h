/*
 * A look at local files by DICOMweb, on this machine only: a convenience for viewers, not a PACS.
 */
#ifndef WADOKIT_SERVE_H
#define WADOKIT_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 *   port     on 127.0.0.1; 0: a free one
 *   cors     the one origin ("https://viewer.example") whose pages may read the answers, besides
 *            our own; NULL: none
 *   viewer   a folder with a viewer's site (OHIF's `dist`), served at /; NULL: none. Its
 *            app-config.js is answered with one that leads to these files
 */
typedef struct wk_serve_opts {
    int port;
    const char *cors;
    const char *viewer;
} wk_serve_opts;

/* What is served, once it is. url is the DICOMweb root; viewer_url NULL without a viewer. Borrowed.
 * skipped counts files that are not DICOM, failed those that are and cannot be shown. */
typedef struct wk_serve_status {
    const char *url, *viewer_url;
    uint64_t studies, series, instances;
    uint64_t skipped, failed;
} wk_serve_status;

typedef void (*wk_serve_ready_fn)(void *user, const wk_serve_status *status);

/*
 * Serves the targets' local files (plan.h) until the session's `cancel` is set, which is how it is
 * meant to end: WK_OK then. The files are listed once, at the start: about 400 bytes of memory for
 * each, and 2 KiB for each series.
 *
 *   /dicom-web/studies, .../series, .../instances    searches (QIDO-RS), with the keys of the
 *                             standard, limit and offset; keys that are not looked at are told in a
 *                             Warning
 *   .../metadata, .../frames/N[,N...], .../bulkdata/..., and whole instances, series and studies as
 *                             they are stored (WADO-RS); nothing is transcoded
 *   .../rendered, .../thumbnail    JPEG or PNG; window, viewport and quality
 *
 * Bodies are made while they are sent. Whoever can log in to this machine can read them.
 *
 * WK_NOT_FOUND where there is nothing to serve, WK_IO where the port cannot be had, WK_USAGE.
 */
WK_API wk_code wk_serve(wk_session *session, const char *const *targets, size_t n_targets,
                        const wk_serve_opts *opts, wk_serve_ready_fn ready, void *user,
                        wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
