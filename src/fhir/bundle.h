/*
 * FHIR Bundle: entries, the references between resources, and paging.
 */
#ifndef WADOKIT_FHIR_BUNDLE_H
#define WADOKIT_FHIR_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "http/http.h"
#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One entry; strings and resource are borrowed from the Bundle.
 * full_url  NULL where absent   mode  "match", "include", "outcome"; "match" where absent */
typedef struct wki_bundle_entry {
    const wki_json *resource;
    const char *full_url;
    const char *mode;
} wki_bundle_entry;

/* Iterates over Bundle.entry, passing over what has no resource. `at` starts as NULL:
 *   for (at = NULL; wki_bundle_next_entry(bundle, &at, &entry);) */
bool wki_bundle_next_entry(const wki_json *bundle, const wki_json **at, wki_bundle_entry *out);

/* The url of the link "next" (or another relation); NULL where there is none. Borrowed. */
const char *wki_bundle_link(const wki_json *bundle, const char *relation);

/* Where references are looked up; each may be NULL.
 * resource   that holds the reference, for what it contains
 * bundle     for what it contains (Redox) and its entries
 * base       "https://server/fhir" without trailing '/': what relative references stand on
 * named_by   the server whose answer this is; NULL for a file, whatever the file says of itself */
typedef struct wki_fhir_scope {
    const wki_json *resource;
    const wki_json *bundle;
    const char *base;
    const char *named_by;
} wki_fhir_scope;

/*
 * The resource that `reference` names, in the order: contained in the resource, contained in the
 * Bundle, an entry of the Bundle (by fullUrl, then by type and id). Knows "#id", "Type/id",
 * absolute URLs, each with or without /_history/n, "urn:uuid:" and "urn:oid:". NULL where it is not
 * here.
 * `*how`, where not NULL, gets a word for people: "contained", "Bundle-contained",
 * "included".
 */
const wki_json *wki_fhir_find(const wki_fhir_scope *scope, const char *reference, const char **how);

/* The URL to fetch `reference` from, on the heap, without /_history/n being taken off; NULL in *out
 * where there is none ("#id", urn:, or relative without a base). */
wk_code wki_fhir_reference_url(const wki_fhir_scope *scope, const char *reference, char **out,
                               wk_error *err) WK_MUST_USE;

/* The service base of a resource's URL ("https://h/fhir/ImagingStudy/1?x" -> "https://h/fhir"):
 * what stands before the last path segment equal to `type`. NULL where it has none or memory is
 * out. */
char *wki_fhir_base_of(const char *url, const char *type);

/* The service base that an address of a user means, as it is pasted: without /metadata, or
 * /ImagingStudy and what follows, without '/' at the end. The query stays, but for that of a search.
 * On the heap, NULL where memory is out. */
char *wki_fhir_root(const char *url);

/* Reads one resource by GET. `named_by` is the server whose answer named the URL, NULL where the
 * user did (wki_http_request). Free with wki_json_free(). */
wk_code wki_fhir_read(wki_http *http, const char *url, const char *named_by, wki_json **out,
                      wk_error *err) WK_MUST_USE;

/* A page of a search: a Bundle, or another resource in its place. `url` is where it came from.
 * Called while no transfer runs: it may fetch. */
typedef wk_code (*wki_fhir_page_fn)(void *user, const wki_json *page, const char *url,
                                    wk_error *err);

/* url         the search; form, where not NULL: an application/x-www-form-urlencoded body to POST
 * faults      counts values that could not be used; NULL: they fail the page
 * divisible   the caller has another way where it is refused (wki_http_request) */
typedef struct wki_fhir_search {
    const char *url;
    const char *form;
    wki_json_faults *faults;
    bool divisible;
} wki_fhir_search;

/* What servers answer to _include, among others: refused, forbidden for lack of a scope for
 * Endpoints, not done, or an error of their own. */
bool wki_fhir_refuses_include(int status);

/* Hands over each page. Links "next" are followed as given, absolute or relative. The same one a
 * second time ends the search, and so do a few pages without an entry that did not come before:
 * then `*incomplete` (may be NULL) gets why the answer may not be whole, in words; NULL where it
 * is. WK_LIMIT after WK_MAX_PAGES. */
wk_code wki_fhir_pages(wki_http *http, const wki_fhir_search *search, wki_fhir_page_fn each,
                       void *user, const char **incomplete, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
