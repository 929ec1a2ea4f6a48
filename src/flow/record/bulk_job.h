/*
 * The job of a bulk export on the server: asked for, waited for, forgotten; and what is kept of it
 * in the output folder so that an interrupted run goes on.
 */
#ifndef WADOKIT_FLOW_RECORD_BULK_JOB_H
#define WADOKIT_FLOW_RECORD_BULK_JOB_H

#include <stdbool.h>

#include <wadokit/fhir.h>

#include "fhir/bulk_export.h"
#include "flow/record/bulk_state.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* request: URL of the kick-off; status: where the job is asked about. state.dir_fd is set by the
 * caller. places: of manifest.files, one each. circle: the pages of the manifest have no end, and
 * were left after a few that brought nothing new. */
typedef struct wki_bulk_job {
    wk_session *session;
    const wk_fhir_export_events *events;
    const char *patient; /* borrowed */
    char *request, *status;
    wki_bulk_state state;
    bool resumed, circle;
    wki_bulk_manifest manifest;
    wki_bulk_place *places;
    int64_t began_ms; /* private: when it was first asked about */
} wki_bulk_job;

/* Takes up the job that the folder tells of where it is the same request, else starts one; waits
 * until it is done (WK_NET where that takes longer than max_wait_s of the session, where that is
 * set), and reads its manifest, which is saved as manifest.json. */
wk_code wki_bulk_job_run(wki_bulk_job *job, wk_error *err) WK_MUST_USE;

/* Tells the server to forget the job (a failure is no matter), and forgets it here. */
void wki_bulk_job_end(wki_bulk_job *job);
void wki_bulk_job_clear(wki_bulk_job *job);

#ifdef __cplusplus
}
#endif

#endif
