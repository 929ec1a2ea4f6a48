/*
 * One FHIR answer of a search made into hits.
 */
#ifndef WADOKIT_FLOW_FIND_SEARCH_FHIR_H
#define WADOKIT_FLOW_FIND_SEARCH_FHIR_H

#include <wadokit/search.h>

#include "flow/find/endpoints.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills a hit from a study, but for `resource`. */
void wki_search_fill_hit(const wki_imaging_study *study, wk_search_hit *hit);

/* The ImagingStudy as JSON text on the heap, with its Endpoints contained and every reference to
 * them "#id"; relative addresses and references that lead nowhere here are made absolute where
 * scope->base is known. NULL where memory is out. */
char *wki_search_resource(const wki_fhir_scope *scope, const wki_imaging_study *study,
                          const wki_study_endpoints *endpoints);

#ifdef __cplusplus
}
#endif

#endif
