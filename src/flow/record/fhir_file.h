/*
 * One body of a FHIR server on its way to a file: a Binary, or NDJSON.
 */
#ifndef WADOKIT_FLOW_RECORD_FHIR_FILE_H
#define WADOKIT_FLOW_RECORD_FHIR_FILE_H

#include <stdbool.h>

#include <wadokit/fhir.h>

#include "core/buf.h"
#include "core/gunzip.h"
#include "flow/record/download.h"
#include "json/ndjson.h"
#include "json/payload.h"
#include "store/tmpfile.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where an output file goes: dir_fd is the folder, name the file's (NULL where it is a folder that
 * was named). Clear in any case. */
typedef struct wki_fhir_out {
    int dir_fd;
    char *dir, *name;
} wki_fhir_out;

/* Reads `output` as wk_fhir_binary() says; the folder is made where it is not there. */
wk_code wki_fhir_out_open(wki_fhir_out *o, const char *output, wk_error *err) WK_MUST_USE;
void wki_fhir_out_clear(wki_fhir_out *o);

/* A body into a temporary file in the folder dir_fd. Filled: dir_fd, what (named in errors);
 * ndjson: lines are checked; else it is a payload (payload.h) in `mode`. Read afterwards: tmp,
 * lines, payload. */
typedef struct wki_fhir_body {
    wki_download d; /* first */
    int dir_fd;
    bool ndjson;
    wki_payload_mode mode;
    const char *what;
    wki_ndjson_bad_fn on_bad;
    void *user;
    wki_tmpfile tmp;
    wki_payload *payload;
    wki_ndjson lines;
    /* private */
    unsigned char head[2];
    size_t head_n;
    wki_gunzip *gunzip; /* of gzip that the server does not declare */
    wki_buf page;       /* the beginning of what is no NDJSON */
    bool is_page, begun;
} wki_fhir_body;

/* Sets the callbacks of `d` but done(). */
void wki_fhir_body_init(wki_fhir_body *b, int dir_fd);

/* Behind the last byte: the payload's or the lines' end. */
wk_code wki_fhir_body_finish(wki_fhir_body *b, wk_error *err) WK_MUST_USE;
void wki_fhir_body_clear(wki_fhir_body *b);

/* {fhir}/`before``id``behind` with the id percent-encoded, on the heap. WK_USAGE without a server,
 * or for an id that cannot stand in a URL. */
wk_code wki_fhir_url(wk_session *session, const char *before, const char *id, const char *behind,
                     char **out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
