/*
 * Bulk data export: its requests and its manifest (FHIR Bulk Data Access 2.0).
 */
#ifndef WADOKIT_FHIR_BULK_EXPORT_H
#define WADOKIT_FHIR_BULK_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* URL of the kick-off, on the heap: {base}/$export, Group/{id}/$export or Patient/{id}/$export
 * with _type and _since. WK_USAGE where both are given, or a type is no name. */
wk_code wki_bulk_url(const char *base, const char *group, const char *patient, const char *types,
                     const char *since, char **out, wk_error *err) WK_MUST_USE;

/* kind: "output", "error", "deleted". type: letters only, "" where there is none. name: of the file
 * that it becomes, made from the type and a number. count: -1 unknown. url is absolute. */
typedef struct wki_bulk_file {
    const char *kind;
    char type[64];
    char name[96];
    char *url;
    int64_t count;
} wki_bulk_file;

/* Starts zeroed. A manifest of several pages is one of these. */
typedef struct wki_bulk_manifest {
    wki_bulk_file *files;
    size_t n, capacity;
    bool needs_token;
    bool seen;
} wki_bulk_manifest;

/* Adds a page, which came from `url`; *next is that of the following page, on the heap, or NULL.
 * WK_DATA where it is no manifest, WK_LIMIT over WK_MAX_BULK_FILES. */
wk_code wki_bulk_manifest_add(wki_bulk_manifest *m, const wki_json *page, const char *url,
                              char **next, wk_error *err) WK_MUST_USE;
void wki_bulk_manifest_clear(wki_bulk_manifest *m);

#ifdef __cplusplus
}
#endif

#endif
