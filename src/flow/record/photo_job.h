/*
 * One photo on its way to a file: bytes in, checked to be a whole picture, converted where asked
 * for, named by its content.
 */
#ifndef WADOKIT_FLOW_RECORD_PHOTO_JOB_H
#define WADOKIT_FLOW_RECORD_PHOTO_JOB_H

#include <wadokit/photo.h>

#include "core/seen.h"
#include "flow/record/download.h"
#include "store/tmpfile.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One run of wk_photo_get(). first: the first failure; fatal: what ends the run. */
typedef struct wki_photo_run {
    wk_session *session;
    const wk_photo_opts *opts;
    wk_photo_fn each;
    void *user;
    wk_photo_summary sum;
    wk_error first, fatal;
    wki_downloads downloads;
    size_t n_patients, begun; /* of them */
    char *dir;
    int dir_fd;
    wki_seen names, folded; /* of the files so far, as they are and without regard to case */
} wki_photo_run;

/* Reports and counts. */
void wki_photo_missing(wki_photo_run *run, const char *patient, const char *image,
                       const wk_error *why);
void wki_photo_failed(wki_photo_run *run, const char *patient, const char *image,
                      const wk_error *error);

/* What is got: `name` is the path below the folder without its suffix, already encoded. hash,
 * size: what the bytes have to be (patient_photo.h), NULL and -1 where nobody says. */
typedef struct wki_photo_source {
    const char *patient;
    const char *image; /* NULL: none */
    const char *name;
    const char *url;
    const char *accept;
    const char *named_by;
    const char *hash;
    int64_t size;
} wki_photo_source;

/* Starts to fetch one; what becomes of it is reported. WK_CANCELLED, WK_NOMEM. */
wk_code wki_photo_fetch(wki_photo_run *run, const wki_photo_source *source,
                        wk_error *err) WK_MUST_USE;

/* Saves one that is here already, as base64 or as a data: URL. */
wk_code wki_photo_take(wki_photo_run *run, const wki_photo_source *source, const char *data,
                       wk_error *err) WK_MUST_USE;

/* Whether bytes are what an Attachment says of them; a hash that is no SHA-1 is not compared.
 * WK_DATA where they are not. */
wk_code wki_photo_hold(const void *data, size_t n, int64_t size, const char *hash,
                       const wk_log *log, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
