/*
 * The bytes that an answer carries: as they are, or as base64 inside JSON (FHIR Binary, vendors'
 * envelopes). Takes a body in any split, looks at how it begins instead of at its label, and pushes
 * the payload on; memory does not grow with it.
 */
#ifndef WADOKIT_JSON_PAYLOAD_H
#define WADOKIT_JSON_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_payload_mode {
    WKI_PAYLOAD_PICTURE,  /* base64 in any string that decodes to the beginning of a known kind */
    WKI_PAYLOAD_DOCUMENT, /* a FHIR Binary (data, in STU3 content); other XML and text as they are
                           */
    WKI_PAYLOAD_AS_IS,    /* whatever it is */
} wki_payload_mode;

typedef struct wki_payload wki_payload;

/* `what` names the source in errors, content_type is the answer's ("" unknown); both are copied. */
wk_code wki_payload_new(wki_payload_mode mode, const char *what, const char *content_type,
                        wki_sink out, wki_payload **out_payload, wk_error *err) WK_MUST_USE;
void wki_payload_free(wki_payload *p);

/* WK_DATA for HTML, XML where a picture is due, broken JSON or base64; what `out` says. */
wk_code wki_payload_feed(wki_payload *p, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* WK_DATA where the JSON held no payload (an OperationOutcome's words are the message) or an empty
 * one, is cut short, or the body was empty. */
wk_code wki_payload_finish(wki_payload *p, wk_error *err) WK_MUST_USE;

/* The media type: of Binary.contentType (or mime_type and the like), else that of the answer. */
const char *wki_payload_type(const wki_payload *p);

/* In mode DOCUMENT, after a failure: the body is not to be read as a Binary, but is the payload
 * itself: JSON that is no Binary (an OperationOutcome is an error), or that is no JSON and does not
 * call itself so. */
bool wki_payload_is_other(const wki_payload *p);

#ifdef __cplusplus
}
#endif

#endif
