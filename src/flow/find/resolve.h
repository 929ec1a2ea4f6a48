/*
 * wk_resolve() from the inside: where items are counted, and what one source of studies needs.
 */
#ifndef WADOKIT_FLOW_FIND_RESOLVE_H
#define WADOKIT_FLOW_FIND_RESOLVE_H

#include <stdbool.h>

#include <wadokit/plan.h>

#include "core/seen.h"
#include "dicomweb/dicomweb_url.h"
#include "flow/find/endpoints.h"
#include "flow/find/wanted.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One run.
 * first    the first failure, for the return value
 * fatal    the callback asked to end, memory is out, or the run is cancelled
 * gave     items and failures of the target at hand
 * known    the target at hand holds something that is meant for us (a Bundle, lines of a search)
 * wanted   which studies of the target at hand are taken
 * planned  studies and series that were handed over, by UID: each is fetched once, also where
 *          several entries or targets have it
 * again    the study at hand came before as a whole */
typedef struct wki_resolver {
    wk_session *session;
    wk_plan_fn each;
    void *user;
    wk_resolve_summary sum;
    wki_endpoint_cache cache;
    wk_error first;
    bool fatal;
    bool stdin_used;
    const char *target;
    uint64_t gave;
    bool known;
    wki_wanted wanted;
    wki_seen planned;
    bool again;
} wki_resolver;

/* `target` names in messages what is resolved. Clear with wki_resolver_clear(). */
wk_code wki_resolver_init(wki_resolver *r, wk_session *session, const char *target, wk_plan_fn each,
                          void *user, wk_error *err) WK_MUST_USE;
void wki_resolver_clear(wki_resolver *r);

/* Counts an item and hands it over. */
wk_code wki_resolver_emit(wki_resolver *r, const wk_plan_item *item, wk_error *err) WK_MUST_USE;

/* Hands over a failure as a NOTICE, unless it is fatal: then returns it. `error` has its code set.
 */
wk_code wki_resolver_fail(wki_resolver *r, const wk_error *error, wk_error *err) WK_MUST_USE;

/* Whether a code ends the run rather than the target. */
bool wki_resolver_is_fatal(const wki_resolver *r, wk_code code);

/* Items for one JSON value: Bundle, ImagingStudy, a line of `search`. `base` is the FHIR service
 * that it came from, NULL where it is not known. What is of no use is passed over. */
wk_code wki_resolve_json(wki_resolver *r, const wki_json *value, const char *base,
                         wk_error *err) WK_MUST_USE;

/* Why an item is covered by others, for people. */
extern char wki_came_before[];

/* The item for study/series/sop/frame of `web`; `source` says where the address comes from. Where
 * it came before, or the study or series that it is of, a NOTICE that says so. */
wk_code wki_resolve_web(wki_resolver *r, const wki_dicomweb_url *web, const char *source,
                        wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
