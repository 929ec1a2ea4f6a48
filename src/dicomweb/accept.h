/*
 * What to ask for: for each form of an answer a ladder of Accept headers, from the best to what the
 * least able servers take. One media range a request: several break servers in the field.
 */
#ifndef WADOKIT_DICOMWEB_ACCEPT_H
#define WADOKIT_DICOMWEB_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an answer is to hold. */
typedef enum wki_form {
    WKI_FORM_INSTANCES, /* of a study or series, as DICOM */
    WKI_FORM_INSTANCE,  /* one, as DICOM, which may come as a single part */
    WKI_FORM_JSON,      /* lists and metadata */
    WKI_FORM_FRAMES,    /* pixels of single frames */
    WKI_FORM_BULKDATA,  /* bytes of a BulkDataURI */
    WKI_FORM_JPEG,      /* a picture, JPEG rather than PNG */
    WKI_FORM_PNG,       /* a picture, PNG rather than JPEG */
    WKI_FORMS
} wki_form;

enum {
    WKI_ACCEPT_RUNGS = 6, /* of the longest ladder */
    WKI_ACCEPT_SIZE = 192
};

/* The header value of a rung (0 the best); false where the form has none there. `syntax`: "*" for
 * the stored one, or a UID: then no rung asks for anything else. */
bool wki_accept_value(wki_form form, int rung, const char *syntax, char out[WKI_ACCEPT_SIZE]);

/* Whether an answer to this Accept says that another rung may do better: 400, 406, 415; 500 and 501
 * too where the transfer syntax is left to the server ("*"), which some do not know. */
bool wki_accept_is_refusal(const char *accept, int status);

/* Reads a name of --transfer-syntax: "stored" ("*"), "raw" (explicit VR little-endian), "jpeg",
 * "jpeg-lossless", "jpegls", "jpegls-lossy", "j2k", "j2k-lossy", "htj2k", "rle", or a UID; NULL is
 * "stored". False where it is none. */
bool wki_accept_syntax(const char *name, char out[WK_UID_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
