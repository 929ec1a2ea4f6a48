/*
 * Where the photos of a system are asked for.
 */
#ifndef WADOKIT_FLOW_RECORD_PHOTO_BASE_H
#define WADOKIT_FLOW_RECORD_PHOTO_BASE_H

#include <wadokit/photo.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The root URL (borrowed), which may be NULL for FHIR (URLs may be given). WK_USAGE where it is
 * needed and not given, or where an option does not go with the system. */
wk_code wki_photo_base(wk_session *session, const wk_photo_opts *opts, const char **base,
                       wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
