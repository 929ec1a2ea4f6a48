/*
 * Bulk data export: its requests and its manifest (FHIR Bulk Data Access 2.0, and the pages of
 * manifests that later versions have).
 */
#ifndef WADOKIT_FHIR_BULK_EXPORT_H
#define WADOKIT_FHIR_BULK_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/buf.h"
#include "core/hash.h"
#include "core/seen.h"
#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is asked for. group, patient: of one of them, or NULL both: of the whole system. types,
 * since: _type and _since, NULL none. params: "NAME=VALUE" each, sent as they are. */
typedef struct wki_bulk_query {
    const char *group, *patient, *types, *since;
    const char *const *params;
    size_t n_params;
} wki_bulk_query;

/* URL of the kick-off, on the heap: {base}/$export, Group/{id}/$export or Patient/{id}/$export
 * with its query. WK_USAGE where both are given, a type is no name, or a parameter has none. */
wk_code wki_bulk_url(const char *base, const wki_bulk_query *query, char **out,
                     wk_error *err) WK_MUST_USE;

/* What a file is known by, over runs and whatever the order of the manifest: digests of its list,
 * type and URL; in `lasting` without what signs a URL for a while (AWS, Google, Azure, CloudFront).
 * distinct: no other file of the manifest has the same `lasting`. */
typedef struct wki_bulk_id {
    unsigned char whole[WKI_SHA256_BYTES], lasting[WKI_SHA256_BYTES];
    bool distinct;
} wki_bulk_id;

/* kind: "output", "error", "deleted". type: letters only, "" where there is none. count: -1
 * unknown. url is absolute. */
typedef struct wki_bulk_file {
    const char *kind;
    char type[64];
    char *url;
    int64_t count;
    wki_bulk_id id;
} wki_bulk_file;

/* What all pages of a manifest say. Starts zeroed.
 *   repeated   entries that were there before, and are not in `files` again
 *   pages      that were added */
typedef struct wki_bulk_manifest {
    wki_bulk_file *files;
    size_t n, capacity;
    size_t repeated, pages;
    bool needs_token;
    /* private */
    wki_seen seen;
    wki_buf head, lists[4];
} wki_bulk_manifest;

/* Adds a page, which came from `url`; *next is that of the following page, on the heap, or NULL.
 * WK_DATA where it is no manifest, WK_LIMIT over WK_MAX_BULK_FILES. */
wk_code wki_bulk_manifest_add(wki_bulk_manifest *m, const wki_json *page, const char *url,
                              char **next, wk_error *err) WK_MUST_USE;

/* After the last page: makes the ids. */
wk_code wki_bulk_manifest_end(wki_bulk_manifest *m, wk_error *err) WK_MUST_USE;

/* One manifest with the entries of all pages, added to `out`: the members of the first page but its
 * links, then the lists. */
wk_code wki_bulk_manifest_print(const wki_bulk_manifest *m, wki_buf *out,
                                wk_error *err) WK_MUST_USE;
void wki_bulk_manifest_clear(wki_bulk_manifest *m);

#ifdef __cplusplus
}
#endif

#endif
