/*
 * From an ImagingStudy and its Endpoints to plan items: pure, nothing is read or sent here.
 *
 * An Endpoint of a series replaces the study's for that series, so that nothing is fetched twice.
 * Where every series has one and the list of series is complete, the study's is not fetched.
 */
#ifndef WADOKIT_FLOW_FIND_PLAN_STUDY_H
#define WADOKIT_FLOW_FIND_PLAN_STUDY_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/plan.h>

#include "fhir/endpoint.h"
#include "fhir/imaging_study.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One reference to an Endpoint.
 * resource  what it leads to, borrowed; NULL where it leads nowhere
 * reference as it stands; NULL for a logical reference
 * label     "contained Endpoint 1.2.3", for people
 * error     why the reference leads nowhere; WK_OK where it does not */
typedef struct wki_plan_endpoint {
    wki_endpoint endpoint;
    const wki_json *resource;
    const char *reference;
    char label[160];
    wk_error error;
} wki_plan_endpoint;

typedef struct wki_plan_endpoints {
    wki_plan_endpoint *items;
    size_t n;
} wki_plan_endpoints;

/*
 * of_series      one for each listed series, in order (may be NULL: none has any)
 * base           FHIR service base that relative addresses stand on; NULL unknown
 * named_by       the server whose answer the study is; NULL for a file, where each address counts as
 *                named by its own server: it may be one of this machine that says so (127.0.0.1,
 *                localhost), not a name that leads here
 * fallback_root  --dicomweb, used where no Endpoint can be; NULL: none
 * lookup         the value for {{name}} in an address, NULL where not given
 * sends          whether credentials would go to a URL, and why
 * allowed        whether the user named a URL's origin; with sends_user too. NULL: none
 */
typedef struct wki_plan_input {
    const wki_imaging_study *study;
    wki_plan_endpoints of_study;
    const wki_plan_endpoints *of_series;
    const char *base;
    const char *named_by;
    const char *fallback_root;
    const char *(*lookup)(void *user, const char *name);
    void *lookup_user;
    bool (*sends)(void *user, const char *url, char *reason, size_t size);
    bool (*allowed)(void *user, const char *url);
    void *sends_user;
} wki_plan_input;

/* Hands over the items of one study, those that cannot be used too (NOTICE). Fails only where
 * memory is out, and with what `each` returned. */
wk_code wki_plan_study(const wki_plan_input *in, wk_plan_fn each, void *user,
                       wk_error *err) WK_MUST_USE;

/* Fills {{name}} (also %7B%7Bname%7D%7D) in an address, on the heap. WK_REFUSED where a name has no
 * value; the message names it. */
wk_code wki_plan_fill(const char *address, const char *(*lookup)(void *user, const char *name),
                      void *lookup_user, char **out, wk_error *err) WK_MUST_USE;

/* Frees what an item in the caller's struct holds, and empties it. */
void wki_plan_item_clear(wk_plan_item *item);

#ifdef __cplusplus
}
#endif

#endif
