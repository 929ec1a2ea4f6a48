/*
 * The body of a WADO-RS answer: multipart, or a single part. Of DICOM and JSON it is judged by its
 * bytes and not by its label, and what is something else than DICOM is named in the error; of what
 * may begin with any bytes, by the label.
 */
#ifndef WADOKIT_DICOMWEB_WADO_H
#define WADOKIT_DICOMWEB_WADO_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "dicomweb/accept.h"
#include "dicomweb/multipart.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_wado_body wki_wado_body;

/* `form` is what was asked for, `content_type` the answer's, "" where absent. The events are as of
 * a multipart body; a single part has the answer's Content-Type. Free with wki_wado_body_free(). */
wk_code wki_wado_body_new(wki_form form, const char *content_type,
                          const wki_multipart_events *events, wki_wado_body **out,
                          wk_error *err) WK_MUST_USE;
void wki_wado_body_free(wki_wado_body *b);

/* WK_DATA where DICOM was asked for and the body is HTML, XML, JSON or a ZIP archive (its first
 * line is quoted), and as of wki_multipart_feed(). */
wk_code wki_wado_body_feed(wki_wado_body *b, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* The body has ended; `whole`: HTTP vouches that all of it came (a known length, the last chunk).
 * *complete tells whether the body ended as such a body should: with a closing delimiter, or, for a
 * single file, as HTTP said. An empty body is complete and has no parts. */
wk_code wki_wado_body_finish(wki_wado_body *b, bool whole, bool *complete,
                             wk_error *err) WK_MUST_USE;

/* Parts begun so far. */
size_t wki_wado_body_parts(const wki_wado_body *b);

#ifdef __cplusplus
}
#endif

#endif
