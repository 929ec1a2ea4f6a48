/*
 * Answers to searches (PS3.18 section 10.6): records made of a data set, and the matching of keys.
 * Data in, text out: nothing here knows of files or HTTP.
 */
#ifndef WADOKIT_DICOMWEB_QIDO_ANSWER_H
#define WADOKIT_DICOMWEB_QIDO_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/buf.h"
#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whose attributes a record has; added to each other. */
enum {
    WKI_QIDO_STUDY = 1,
    WKI_QIDO_SERIES = 2,
    WKI_QIDO_INSTANCE = 4
};

/*
 * What stands in no data set.
 *   modalities     of the study, with '\' between; "" where unknown
 *   n_series, n_study_instances, n_series_instances   counts, negative where unknown
 *   retrieve_url   where the object is; NULL: left out
 *   transfer_syntax   of the instance; NULL: left out
 */
typedef struct wki_qido_facts {
    const char *modalities;
    int64_t n_series, n_study_instances, n_series_instances;
    const char *retrieve_url;
    const char *transfer_syntax;
} wki_qido_facts;

/* Adds a record with the attributes of `levels` that section 10.6.3.3 lists, in the order of their
 * tags; those that the data set lacks are empty. */
wk_code wki_qido_record(const wki_json *dataset, unsigned levels, const wki_qido_facts *facts,
                        wki_buf *out, wk_error *err) WK_MUST_USE;

/* Whether records of `levels` have this attribute, so that it can be a key. */
bool wki_qido_is_key(uint32_t tag, unsigned levels);

/*
 * Whether a record has `value` for the key (PS3.4 C.2.2.2): UIDs and code strings by lists with ','
 * or '\', dates and times by ranges, other text with * and ? and without regard to case. An empty
 * value, and "*", match all.
 */
bool wki_qido_matches(const wki_json *record, uint32_t tag, const char *value);

#ifdef __cplusplus
}
#endif

#endif
