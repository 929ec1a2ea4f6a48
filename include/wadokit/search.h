/*
 * Finding studies: by FHIR ImagingStudy search, or by QIDO-RS.
 */
#ifndef WADOKIT_SEARCH_H
#define WADOKIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/json.h>
#include <wadokit/limits.h>
#include <wadokit/plan.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wk_search_via {
    WK_SEARCH_AUTO, /* FHIR where the session has it, else QIDO */
    WK_SEARCH_FHIR,
    WK_SEARCH_QIDO,
} wk_search_via;

/*
 * Strings are borrowed during the call; NULL, 0 and an empty struct mean "not given".
 *
 *   via          which of the session's servers is asked
 *   level        QIDO: what is listed; FHIR knows studies only (WK_USAGE otherwise)
 *   patient      FHIR: what `patient` takes, "Patient/1" or an id; QIDO: Patient ID
 *   patient_identifier   FHIR: `patient.identifier`; QIDO: Patient ID
 *   identifier   a Study Instance UID or, FHIR, another identifier as `identifier` takes it. A UID
 *                is asked for in the forms that servers know, until one finds something
 *   accession, modality
 *   since, until "2024", "2024-05", "2024-05-01", "20240501", FHIR also with a time; both included
 *   description  part of the study's description, any case (* and ? in it are QIDO's wildcards).
 *                FHIR has no such parameter: the answers are compared here
 *   params       n_params "name=value" that are sent as they are
 *   limit        most hits, 0: all
 *   use_get      FHIR: by GET at once; else POST _search, and GET where the server has none
 */
typedef struct wk_search_opts {
    wk_search_via via;
    wk_level level;
    const char *patient;
    const char *patient_identifier;
    const char *identifier;
    const char *accession;
    const char *modality;
    const char *since;
    const char *until;
    const char *description;
    const char *const *params;
    size_t n_params;
    uint64_t limit;
    bool use_get;
} wk_search_opts;

/*
 * One hit, borrowed during the callback. Text is one printable line, "" where unknown; counts are
 * -1 where unknown, and hints only.
 *
 *   source      "fhir" or "qido"
 *   study, series, sop   down to `level`; study is "" where an ImagingStudy names none
 *   patient     reference or identifier; patient_name as a person reads it
 *   modality    all of them with '\' between
 *   resource    FHIR: the ImagingStudy as JSON, with the Endpoints it refers to contained in it and
 *               their addresses absolute, so that it can be resolved with no further search;
 *               NULL otherwise
 *   fhir        FHIR: the server whose answer it is; NULL otherwise
 *   dicomweb    QIDO: the service root; NULL otherwise
 *   number      Series or Instance Number
 */
typedef struct wk_search_hit {
    const char *source;
    wk_level level;
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    char patient[256];
    char patient_name[325];
    char started[64];
    char modality[257];
    char description[512];
    char accession[128];
    int64_t n_series, n_instances, number;
    const char *resource;
    const char *dicomweb;
    const char *fhir;
} wk_search_hit;

/* Takes one hit; a code other than WK_OK ends the search with it. It must not use the session: a
 * transfer may be going on. */
typedef wk_code (*wk_search_fn)(void *user, const wk_search_hit *hit, wk_error *err);

typedef struct wk_search_summary {
    uint64_t hits;
    uint64_t pages;    /* FHIR */
    uint64_t warnings; /* OperationOutcome entries of the answers, which were logged */
    uint64_t left_out; /* studies that contradict what was asked for, or were retracted */
    uint64_t no_uid;   /* records without a valid UID, or no JSON: QIDO cannot hand them over */
    bool incomplete;   /* the server may have more than it gave */
} wk_search_summary;

/* Every page is followed, until `limit`. No hit is WK_OK with summary.hits 0. A study that is not
 * what was asked for is left out, as is one whose status is entered-in-error or cancelled
 * (include_entered_in_error of the session); the log is told how many. The same study is handed over
 * once. WK_PARTIAL where the list is not whole: records without a valid UID, pages that cannot be
 * had. WK_USAGE where the session has no server for it or an option cannot be; else errors of the
 * transfer, WK_DATA where the answer is none of a search. `summary` may be NULL, and is filled on
 * failure too. */
WK_API wk_code wk_search(wk_session *session, const wk_search_opts *opts, wk_search_fn each,
                         void *user, wk_search_summary *summary, wk_error *err) WK_MUST_USE;

/* The JSON Lines form of a hit, which wk_resolve() reads. NULL where memory is out. */
WK_API wk_json_line *wk_search_hit_json(const wk_search_hit *hit) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
