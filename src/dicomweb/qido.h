/*
 * QIDO-RS (PS3.18 sections 8.3.4 and 10.6): studies, series and instances below a service root,
 * every page followed, whatever the server makes of `limit` and `offset`.
 *
 * Pages are streamed. The functions that take records are called while a transfer is running:
 * they must not run or fetch on the same wki_http themselves (collect first). A record is borrowed
 * during the call; the same UID is handed over once. A code other than WK_OK ends the search.
 */
#ifndef WADOKIT_DICOMWEB_QIDO_H
#define WADOKIT_DICOMWEB_QIDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>
#include <wadokit/log.h>

#include "dicomweb/qido_key.h"
#include "dicomweb/server.h"
#include "http/http.h"
#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Text is printable, "" where unknown; numbers are -1 where unknown. */
typedef struct wki_qido_study_row {
    char uid[WK_UID_SIZE];
    char patient_id[129];
    char patient_name[325];
    char started[33];   /* "2015-01-14", "2015-01-14T13:22:42" */
    char modality[257]; /* Modalities in Study, '\' between them */
    char description[257];
    char accession[65];
    int64_t n_series, n_instances;
} wki_qido_study_row;

typedef struct wki_qido_series_row {
    char study[WK_UID_SIZE]; /* of the answer, else as asked */
    char uid[WK_UID_SIZE];
    char modality[17];
    char description[257];
    int64_t number, n_instances;
} wki_qido_series_row;

typedef struct wki_qido_instance_row {
    char study[WK_UID_SIZE], series[WK_UID_SIZE]; /* of the answer, else as asked */
    char uid[WK_UID_SIZE];
    char sop_class[WK_UID_SIZE];
    char modality[17];
    int64_t number;
    int64_t rows, columns;
    int64_t frames; /* Number of Frames: -1 where not said, which is 1 for most objects */
} wki_qido_instance_row;

/*
 * What became of the records of a search that were not handed over; the log is told too.
 *   contradicting   contradict what was asked for (qido_key.h): not handed over. `key` is the first
 *                   such key, "" where there is none
 *   no_uid          have no valid UID of their level, and cannot be
 *   faults          values in them that could not be used, and records that are no JSON: not handed
 *                   over either
 *   incomplete      why the list may go on (qido_pages.h), NULL where it is whole
 */
typedef struct wki_qido_report {
    uint64_t contradicting;
    char key[WK_UID_SIZE];
    uint64_t no_uid;
    wki_json_faults faults;
    const char *incomplete;
} wki_qido_report;

/*
 *   filters    n_filters matching keys; values are percent-encoded here
 *   headers    n_headers "Name: value" (of an Endpoint)
 *   auth       WKI_AUTH_NEVER where an Endpoint wants no token
 *   named_by   the server that named the root (of an Endpoint); NULL where the user did
 *   limit      most records to hand over, 0: all
 *   page       records asked for in one request, 0: default (200 studies, 1000 series, instances);
 *              lowered by itself where the server refuses it
 *   uids_only  ask for no attributes beyond what the server gives by itself: some open every file
 *              for the others, and fail where one is broken
 *   expect     records that there should be by the server's own count, 0 unknown: a hint that saves
 *              the request for one more, empty page
 *   log        Warning headers of the answers, and what is in the report; may be NULL
 *   server     what is known of it, and what is learnt; may be NULL
 *   report     filled in the end, also on failure; may be NULL
 */
typedef struct wki_qido_opts {
    wki_server *server;
    const wki_qido_filter *filters;
    size_t n_filters;
    const char *const *headers;
    size_t n_headers;
    wki_http_auth auth;
    const char *named_by;
    uint64_t limit;
    unsigned page;
    bool uids_only;
    uint64_t expect;
    const wk_log *log;
    wki_qido_report *report;
} wki_qido_opts;

typedef wk_code (*wki_qido_study_fn)(void *user, const wki_qido_study_row *row, wk_error *err);
typedef wk_code (*wki_qido_series_fn)(void *user, const wki_qido_series_row *row, wk_error *err);
typedef wk_code (*wki_qido_instance_fn)(void *user, const wki_qido_instance_row *row,
                                        wk_error *err);

/* `root` is the service root without trailing '/'. `study` and `series` may be NULL: then the
 * search goes over the whole server. `opts` may be NULL. No match is WK_OK and no call.
 * Errors as of wki_http_fetch(); WK_DATA where the answer is not a JSON array. */
wk_code wki_qido_studies(wki_http *http, const char *root, const wki_qido_opts *opts,
                         wki_qido_study_fn each, void *user, wk_error *err) WK_MUST_USE;
wk_code wki_qido_series(wki_http *http, const char *root, const char *study,
                        const wki_qido_opts *opts, wki_qido_series_fn each, void *user,
                        wk_error *err) WK_MUST_USE;
wk_code wki_qido_instances(wki_http *http, const char *root, const char *study, const char *series,
                           const wki_qido_opts *opts, wki_qido_instance_fn each, void *user,
                           wk_error *err) WK_MUST_USE;

/* Reads one record of an answer; false where it has no valid UID of its level. */
bool wki_qido_read_study(const wki_json *record, wki_qido_study_row *out);
bool wki_qido_read_series(const wki_json *record, const char *study, wki_qido_series_row *out);
bool wki_qido_read_instance(const wki_json *record, const char *study, const char *series,
                            wki_qido_instance_row *out);

#ifdef __cplusplus
}
#endif

#endif
