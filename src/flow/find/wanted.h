/*
 * Which ImagingStudy resources of an answer are taken: those that were asked for, each once, and
 * none that was entered in error. The same for a search and for a target; what is left out is
 * counted and told.
 */
#ifndef WADOKIT_FLOW_FIND_WANTED_H
#define WADOKIT_FLOW_FIND_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/fhir_asked.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * asked          what the request said
 * self           what the page at hand says that it is (the Bundle's link "self")
 * pages          seen so far
 * faults         values in the answer that could not be used
 * contradicting  studies that are not what was asked for; unproven: that do not say so, of a server
 *                that dropped the parameter. `name` is the first such parameter
 * retracted      studies that were entered in error, or cancelled
 */
typedef struct wki_wanted {
    wk_session *session;
    wki_fhir_asked asked, self;
    uint64_t pages;
    uint64_t contradicting, unproven, retracted;
    char name[WKI_FHIR_PARAM_SIZE];
    wki_json_faults faults;
} wki_wanted;

/* form   an application/x-www-form-urlencoded body or a query; NULL
 * url    of the request, whose own query counts too; NULL for a file */
wk_code wki_wanted_init(wki_wanted *w, wk_session *session, const char *form, const char *url,
                        wk_error *err) WK_MUST_USE;
void wki_wanted_clear(wki_wanted *w);

/* Reads what a page says of itself before its entries are judged. */
wk_code wki_wanted_page(wki_wanted *w, const wki_json *bundle, wk_error *err) WK_MUST_USE;

/* Whether the study is taken; `why` gets words for people where it is not. Counts. */
bool wki_wanted_takes(wki_wanted *w, const wki_imaging_study *study, const wki_fhir_scope *scope,
                      char *why, size_t size);

/* How many were left out, for whatever reason. */
uint64_t wki_wanted_left_out(const wki_wanted *w);

/* Tells the log what was left out. */
void wki_wanted_tell(const wki_wanted *w);

#ifdef __cplusplus
}
#endif

#endif
