/*
 * What DIR/.wadokit keeps of an export so that an interrupted run goes on: export.json says what
 * was asked for and where the job is asked about, export.done has a line for each file that is
 * whole. Files are known by wki_bulk_id: not by their place in the manifest, which may be another
 * one each time it is asked for, nor by what signs their URLs.
 */
#ifndef WADOKIT_FLOW_RECORD_BULK_STATE_H
#define WADOKIT_FLOW_RECORD_BULK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "fhir/bulk_export.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_BULK_NAME_SIZE = 96
};

/* One file on disk. name: below the folder, made of the type's letters and a number. kept: an
 * earlier run saved it; then the numbers are what that run found in it (outcomes: see bulk.c). */
typedef struct wki_bulk_place {
    char name[WKI_BULK_NAME_SIZE];
    bool kept;
    uint64_t bytes, lines, bad, outcomes;
} wki_bulk_place;

typedef struct wki_bulk_saved wki_bulk_saved;

/* dir_fd is the caller's. saved: of earlier runs; stale: they belong to a job that is gone. */
typedef struct wki_bulk_state {
    int dir_fd, meta_fd;
    wki_bulk_saved *saved;
    size_t n;
    bool stale;
} wki_bulk_state;

/* What an earlier run left of the same request: *status, where its job is asked about, on the heap;
 * NULL where there is nothing. WK_NOMEM. */
wk_code wki_bulk_state_load(wki_bulk_state *s, int dir_fd, const char *request, char **status,
                            wk_error *err) WK_MUST_USE;

/* Writes down that a job began. */
wk_code wki_bulk_state_begin(wki_bulk_state *s, const char *request, const char *status,
                             wk_error *err) WK_MUST_USE;

/* The place of each file of the manifest, on the heap: what is there already keeps its name, the
 * others get the next free "Patient.ndjson", "Patient-2.ndjson" ..., told apart without regard to
 * case. What earlier runs saved and the manifest does not name goes. */
wk_code wki_bulk_state_places(wki_bulk_state *s, const wki_bulk_manifest *m, wki_bulk_place **out,
                              wk_error *err) WK_MUST_USE;

/* Writes down that a file is whole. */
wk_code wki_bulk_state_note(wki_bulk_state *s, const wki_bulk_place *place, const wki_bulk_id *id,
                            wk_error *err) WK_MUST_USE;

/* Gives a small file of the output folder (dir_fd, or meta_fd) these bytes. */
wk_code wki_bulk_state_write(int fd, const char *name, const void *data, size_t n,
                             wk_error *err) WK_MUST_USE;

/* Nothing is to be gone on with. */
void wki_bulk_state_end(wki_bulk_state *s);
void wki_bulk_state_clear(wki_bulk_state *s);

#ifdef __cplusplus
}
#endif

#endif
