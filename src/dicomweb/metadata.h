/*
 * WADO-RS metadata (PS3.18 section 10.4.1.1.2) as a list of instances: what servers without QIDO-RS
 * have in its place. Says much more of each instance than a list needs; ask for a list first.
 */
#ifndef WADOKIT_DICOMWEB_METADATA_H
#define WADOKIT_DICOMWEB_METADATA_H

#include "dicomweb/qido.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Hands over the instances of `url` (".../metadata"), once for each object of the answer that has a
 * SOP Instance UID. Of `opts`, headers, auth and named_by are looked
 * at. `study` and `series` (may be NULL)
 * stand in where an object does not name its own. `each` must not fetch on the same wki_http. */
wk_code wki_dicomweb_metadata(wki_http *http, const char *url, const char *study,
                              const char *series, const wki_qido_opts *opts,
                              wki_qido_instance_fn each, void *user, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
