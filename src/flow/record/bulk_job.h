/*
 * The job of a bulk export on the server: asked for, waited for, forgotten; and what is kept of it
 * in the output folder so that an interrupted run goes on.
 */
#ifndef WADOKIT_FLOW_RECORD_BULK_JOB_H
#define WADOKIT_FLOW_RECORD_BULK_JOB_H

#include <stdbool.h>

#include <wadokit/fhir.h>

#include "core/seen.h"
#include "fhir/bulk_export.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* request: URL of the kick-off; status: where the job is asked about. done: "NAME BYTES" of files
 * that an earlier run saved. Owned. */
typedef struct wki_bulk_job {
    wk_session *session;
    const wk_fhir_export_events *events;
    int dir_fd;
    const char *patient; /* borrowed */
    char *request, *status;
    wki_seen done;
    bool resumed;
    wki_bulk_manifest manifest;
} wki_bulk_job;

/* Takes up the job that the folder tells of where it is the same request, else starts one; waits
 * until it is done, and reads its manifest, which is saved as manifest.json. */
wk_code wki_bulk_job_run(wki_bulk_job *job, wk_error *err) WK_MUST_USE;

/* Writes down that a file is whole. */
wk_code wki_bulk_job_note(wki_bulk_job *job, const char *name, uint64_t bytes,
                          wk_error *err) WK_MUST_USE;

/* Whether an earlier run saved it; its size. */
bool wki_bulk_job_has(wki_bulk_job *job, const char *name, uint64_t *bytes);

/* Tells the server to forget the job (a failure is no matter), and forgets it here. */
void wki_bulk_job_end(wki_bulk_job *job);
void wki_bulk_job_clear(wki_bulk_job *job);

#ifdef __cplusplus
}
#endif

#endif
