/*
 * A static DICOMweb tree: a folder that any web server can give to a viewer.
 */
#ifndef WADOKIT_WEB_TREE_H
#define WADOKIT_WEB_TREE_H

#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/retrieve.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where instances have to lie below the folder: wk_get_opts.name for wk_get(). */
#define WK_WEB_TREE_NAME                                                                           \
    "studies/{StudyInstanceUID}/series/{SeriesInstanceUID}/instances/{SOPInstanceUID}/"            \
    "instance.dcm"

/* made and kept count instances whose part of the tree was written, or was there; failed those that
 * lack metadata, frames or a picture. frames were written in this run. */
typedef struct wk_web_tree_summary {
    uint64_t studies, series;
    uint64_t made, kept, failed;
    uint64_t frames;
} wk_web_tree_summary;

/*
 * Makes the tree of the instances that lie below `dir` as WK_WEB_TREE_NAME says:
 *
 *   studies/index.json                          the answer to GET /studies, and so on downwards
 *   studies/U/series/index.json, studies/U/instances/index.json
 *   studies/U/series/S/instances/index.json
 *   .../metadata, .../thumbnail                 of studies, series and instances
 *   .../instances/I/frames/1                    a whole multipart body, with its boundary
 *   .../instances/I/bulkdata/00420011           the same, of large values
 *   nginx.conf, nginx-locations.conf            a server with the content types of all this
 *
 * Files appear under their names when they are whole; links in the tree are not followed. What is
 * there and not older than its instance stays, so that a second run costs little. One instance, and
 * of it one frame, is in memory at a time. `each` (may be NULL) hears of instances that failed.
 *
 * WK_OK, or WK_PARTIAL where instances failed; WK_NOT_FOUND where there is none; WK_IO, WK_NOMEM,
 * WK_CANCELLED at once.
 */
WK_API wk_code wk_web_tree(wk_session *session, const char *dir, wk_instance_fn each, void *user,
                           wk_web_tree_summary *summary, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
