/*
 * The configuration with which nginx serves a static DICOMweb tree: two files in the tree.
 */
#ifndef WADOKIT_FLOW_VIEWER_WEB_TREE_NGINX_H
#define WADOKIT_FLOW_VIEWER_WEB_TREE_NGINX_H

#include "flow/viewer/web_tree_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes nginx-locations.conf and nginx.conf for the tree at `path`, which becomes absolute. nginx
 * cannot name a folder with '$' or a control character: *named is false then, and a comment says
 * what to change. */
wk_code wki_web_tree_nginx(wki_web_tree_dir *d, wki_tmpfile *file, const char *path, bool *named,
                           wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
