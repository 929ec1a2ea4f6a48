/*
 * Netsmart CareConnect PatientImage: one picture a patient, by GET {base}/PatientImage/{id}.
 */
#ifndef WADOKIT_EHR_NETSMART_H
#define WADOKIT_EHR_NETSMART_H

#include <stdbool.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The base URL of production or of the preview system. Static. */
const char *wki_netsmart_base(bool preview);

/* The URL of a patient's picture, on the heap; the id is percent-encoded. */
wk_code wki_netsmart_url(const char *base, const char *patient, char **out,
                         wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
