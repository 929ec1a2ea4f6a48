/*
 * FHIR servers besides ImagingStudy: what they can, one resource, Binary, bulk data.
 */
#ifndef WADOKIT_FHIR_H
#define WADOKIT_FHIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All of these ask session fhir, and are WK_USAGE without it. */

/* ---- what a server can ---- */

/* One type of resource: names separated by ", ", "" where there are none. Borrowed during the
 * call. */
typedef struct wk_fhir_resource {
    const char *type;
    const char *interactions; /* "read, search-type" */
    const char *search;       /* search parameters */
    const char *operations;   /* "export" */
} wk_fhir_resource;

/* The server itself; NULL where it does not say. */
typedef struct wk_fhir_server {
    const char *name, *version; /* of the software */
    const char *fhir_version;   /* "4.0.1" */
    const char *formats;        /* "json, xml" */
    const char *security;       /* "SMART-on-FHIR" */
    const char *operations;
    const char *json; /* the whole CapabilityStatement, compact */
} wk_fhir_server;

/* Reads {fhir}/metadata: on_server() once, then each() for every type. WK_DATA where the answer is
 * no CapabilityStatement. */
WK_API wk_code wk_fhir_capabilities(wk_session *session,
                                    void (*on_server)(void *user, const wk_fhir_server *server),
                                    void (*each)(void *user, const wk_fhir_resource *resource),
                                    void *user, wk_error *err) WK_MUST_USE;

/* ---- one answer ---- */

/* GET {fhir}/path as JSON, as received (at most WK_MAX_JSON_BYTES). `path` may be a whole URL; its
 * origin gets credentials only where it is configured or allowed. *text is on the heap, n bytes and
 * a NUL, to be freed with free(). WK_DATA where the answer is no JSON. */
WK_API wk_code wk_fhir_get(wk_session *session, const char *path, char **text, size_t *n,
                           wk_error *err) WK_MUST_USE;

/*
 * A file that was written.
 *   path        on the heap; free with wk_fhir_file_clear()
 *   media_type  that the server names, "" unknown
 *   lines, bad  NDJSON: lines with something in them; of these, no resources
 */
typedef struct wk_fhir_file {
    char *path;
    char media_type[128];
    uint64_t bytes, lines, bad;
} wk_fhir_file;

WK_API void wk_fhir_file_clear(wk_fhir_file *file);

/* Saves Binary/id: JSON with base64 or raw, whatever comes, in memory that does not grow. `output`
 * is a file, or a folder (there, or ending in '/'), in which the name is <id> with the suffix of
 * its type; NULL: ".". */
WK_API wk_code wk_fhir_binary(wk_session *session, const char *id, const char *output,
                              wk_fhir_file *out, wk_error *err) WK_MUST_USE;

/* ---- bulk data ---- */

/* Hears of a bad line of a file: its number, from 1, and why. */
typedef void (*wk_fhir_line_fn)(void *user, const char *path, uint64_t line, const char *why);

/* Saves Binary/id/$export-download (Netsmart): NDJSON, every line checked and counted; a bad one is
 * told and kept. Output as of wk_fhir_binary(), <id>.ndjson. WK_PARTIAL where lines are bad. */
WK_API wk_code wk_fhir_export_download(wk_session *session, const char *id, const char *output,
                                       wk_fhir_line_fn on_bad, void *user, wk_fhir_file *out,
                                       wk_error *err) WK_MUST_USE;

/* group or patient: of one of them; neither: of the whole system. types: "Patient,Observation",
 * NULL all. since: an instant ("2026-01-31T00:00:00Z"), NULL: from the beginning. dir: NULL: ".".
 * params: "NAME=VALUE" each, more parameters of the request ("_elements=id"), sent as they are. */
typedef struct wk_fhir_export_opts {
    const char *group;
    const char *patient;
    const char *types;
    const char *since;
    const char *dir;
    const char *const *params;
    size_t n_params;
} wk_fhir_export_opts;

typedef enum wk_fhir_export_status {
    WK_FHIR_EXPORT_SAVED,
    WK_FHIR_EXPORT_KEPT, /* by an earlier run that was interrupted */
    WK_FHIR_EXPORT_FAILED,
} wk_fhir_export_status;

/* One file of an export. kind: "output", "error" or "deleted"; expected: the server's count, -1
 * where it names none; errors: OperationOutcomes in it, of severity error, and in place of data
 * those of severity warning too. Of a kept file the numbers are those of the run that saved it.
 * Borrowed during the call. */
typedef struct wk_fhir_export_file {
    const char *kind;
    const char *type;
    const char *path;
    uint64_t bytes, lines, bad;
    int64_t expected;
    wk_fhir_export_status status;
    wk_error error;
    uint64_t errors;
} wk_fhir_export_file;

/* What hears of an export; each may be NULL. on_wait: the server works on; `progress` is its
 * X-Progress, "" where it says nothing, and the next question comes in `seconds`. */
typedef struct wk_fhir_export_events {
    void (*on_wait)(void *user, const char *progress, int64_t seconds);
    void (*on_file)(void *user, const wk_fhir_export_file *file);
    wk_fhir_line_fn on_bad;
    void *user;
} wk_fhir_export_events;

typedef struct wk_fhir_export_summary {
    uint64_t expected, saved, kept, failed; /* files */
    uint64_t lines, bad, bytes;
    uint64_t errors; /* that the server reports in its files */
    double seconds;
    uint64_t shorter; /* files with fewer lines than the manifest says */
} wk_fhir_export_summary;

/*
 * Bulk data export: asks for it, waits, and saves its files as DIR/<Type>.ndjson (<Type>-2.ndjson
 * ...), errors as DIR/errors.ndjson, deletions as DIR/deleted.ndjson, and the server's list of them
 * as DIR/manifest.json, all pages of it as one. When all is there the server is told to forget the
 * job. It is waited for without limit, unless the session has a max_wait_s: then WK_NET.
 *
 * An interrupted run leaves DIR/.wadokit/export.json; the next one with the same options goes on
 * with the same job and keeps the files that are whole, which it knows by their URLs.
 *
 * WK_PARTIAL where files failed or have fewer lines than the manifest says, lines are bad, the
 * server reports errors in a list of errors or in place of data, or the manifest has no end.
 */
WK_API wk_code wk_fhir_export(wk_session *session, const wk_fhir_export_opts *opts,
                              const wk_fhir_export_events *events, wk_fhir_export_summary *summary,
                              wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
