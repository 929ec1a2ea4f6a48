/*
 * What `serve` answers besides DICOMweb: a viewer's files, or a page that says where to look.
 */
#ifndef WADOKIT_FLOW_VIEWER_SERVE_SITE_H
#define WADOKIT_FLOW_VIEWER_SERVE_SITE_H

#include "flow/viewer/serve_body.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the viewer's folder into s->viewer_fd. WK_USAGE where it is none, or has no index.html. */
wk_code wki_serve_site_open(wki_serve *s, const char *folder, wk_error *err) WK_MUST_USE;

/* The answer to any path that is not below the DICOMweb root. Links are not followed, and nothing
 * outside of the folder is reached. WK_NOT_FOUND. */
wk_code wki_serve_site(wki_serve *s, const char *path, wki_web_answer *out,
                       wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
