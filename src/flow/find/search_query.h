/*
 * Search options put into the words of FHIR and of QIDO-RS: pure.
 */
#ifndef WADOKIT_FLOW_FIND_SEARCH_QUERY_H
#define WADOKIT_FLOW_FIND_SEARCH_QUERY_H

#include <wadokit/search.h>

#include "core/buf.h"
#include "dicomweb/qido.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The forms in which an identifier is asked for, in order; n of them (1 for what is no UID). */
typedef struct wki_identifier_forms {
    char form[3][160];
    size_t n;
} wki_identifier_forms;

/* WK_USAGE where it does not fit. */
wk_code wki_identifier_forms_of(const char *identifier, wki_identifier_forms *out,
                                wk_error *err) WK_MUST_USE;

/* Adds the parameters to `form`, percent-encoded. identifier replaces that of the options (NULL:
 * none); include asks for the Endpoints. */
wk_code wki_fhir_query(const wk_search_opts *opts, const char *identifier, bool include,
                       wki_buf *form, wk_error *err) WK_MUST_USE;

/* The UID in an identifier, as QIDO takes it; "" where `identifier` is NULL. WK_USAGE for others.
 */
wk_code wki_search_uid(const char *identifier, char uid[WK_UID_SIZE], wk_error *err) WK_MUST_USE;

/* Matching keys for QIDO-RS; values are owned. Clear with wki_qido_query_clear(). */
typedef struct wki_qido_query {
    wki_qido_filter *items;
    size_t n;
    char **owned;
    size_t n_owned;
} wki_qido_query;

wk_code wki_qido_query_make(const wk_search_opts *opts, wki_qido_query *out,
                            wk_error *err) WK_MUST_USE;
void wki_qido_query_clear(wki_qido_query *q);

/* The options checked as far as that can be done before anything is sent. `fhir` is the server's
 * URL, NULL for QIDO. */
wk_code wki_search_check(const wk_search_opts *opts, const char *fhir, wk_error *err) WK_MUST_USE;

/* Whether `text` holds `part`, without regard to ASCII case; true where `part` is NULL. */
bool wki_search_has(const char *text, const char *part);

#ifdef __cplusplus
}
#endif

#endif
