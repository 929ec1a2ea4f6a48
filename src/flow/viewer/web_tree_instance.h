/*
 * One instance's part of a static DICOMweb tree.
 */
#ifndef WADOKIT_FLOW_VIEWER_WEB_TREE_INSTANCE_H
#define WADOKIT_FLOW_VIEWER_WEB_TREE_INSTANCE_H

#include "flow/session.h"
#include "flow/viewer/web_tree_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* base   "studies/U/series/S/instances/I", below the tree `dir`, where instance.dcm is */
typedef struct wki_web_tree_instance {
    wk_session *session;
    wki_web_tree_dir *tree;
    wki_tmpfile *file; /* scratch */
    const char *dir;
    const char *base;
    uint64_t frames; /* written so far; counted on */
} wki_web_tree_instance;

/* Whether all of it is there, and not older than the instance. WK_NOT_FOUND where there is no
 * instance.dcm. */
wk_code wki_web_tree_instance_is_there(const wki_web_tree_instance *i, bool *there,
                                       wk_error *err) WK_MUST_USE;

/* Writes frames, bulk data, thumbnail, and last the metadata. Where pixels are broken, the rest is
 * written, `err` says what is not there, and the next run tries again. */
wk_code wki_web_tree_instance_write(wki_web_tree_instance *i, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
