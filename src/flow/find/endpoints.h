/*
 * The Endpoints that an ImagingStudy refers to: looked up where the study came from, else fetched.
 */
#ifndef WADOKIT_FLOW_FIND_ENDPOINTS_H
#define WADOKIT_FLOW_FIND_ENDPOINTS_H

#include <stddef.h>

#include <wadokit/error.h>
#include <wadokit/log.h>

#include "fhir/bundle.h"
#include "fhir/imaging_study.h"
#include "flow/find/plan_study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads one resource, as wki_fhir_read() does. */
typedef wk_code (*wki_endpoint_read_fn)(wki_http *http, const char *url, const char *named_by,
                                        wki_json **out, wk_error *err);

/* Endpoints fetched in one run, each once, also where that failed. `read` NULL: nothing is fetched.
 * Clear with wki_endpoint_cache_clear(); resources are borrowed from it until then. */
typedef struct wki_endpoint_cache {
    wki_endpoint_read_fn read;
    wki_http *http;
    struct wki_fetched *items;
    size_t n;
} wki_endpoint_cache;

void wki_endpoint_cache_init(wki_endpoint_cache *cache, wki_endpoint_read_fn read, wki_http *http);
void wki_endpoint_cache_clear(wki_endpoint_cache *cache);

/* of_series has study->n_listed elements, and is NULL where the study lists none. */
typedef struct wki_study_endpoints {
    wki_plan_endpoints of_study;
    wki_plan_endpoints *of_series;
    size_t n_series;
} wki_study_endpoints;

/* Follows every reference. One that leads nowhere is kept with its error; the call itself fails
 * only where memory is out or the run is cancelled. */
wk_code wki_study_endpoints_find(const wki_fhir_scope *scope, const wki_imaging_study *study,
                                 wki_endpoint_cache *cache, wki_study_endpoints *out,
                                 wk_error *err) WK_MUST_USE;
void wki_study_endpoints_clear(wki_study_endpoints *e);

#ifdef __cplusplus
}
#endif

#endif
