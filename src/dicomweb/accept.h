/*
 * What to ask for: the ladder of Accept headers for WADO-RS instances, from the best to what the
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

enum {
    WKI_ACCEPT_STEPS = 5,
    WKI_ACCEPT_SIZE = 192
};

/* The header value of a step (0 the best); false where the step does not go with the request.
 * `instance`: one instance is asked for, which may come as a single part. `syntax`: "*" for the
 * stored one, or a UID: then no step asks for anything else. */
bool wki_accept_value(int step, bool instance, const char *syntax, char out[WKI_ACCEPT_SIZE]);

/* Whether the answer says that the next step may do better: 400, 406, 415. */
bool wki_accept_is_refusal(int status);

/* Reads a name of --transfer-syntax: "stored" ("*"), "raw" (explicit VR little-endian), "jpeg",
 * "jpeg-lossless", "jpegls", "jpegls-lossy", "j2k", "j2k-lossy", "htj2k", "rle", or a UID; NULL is
 * "stored". False where it is none. */
bool wki_accept_syntax(const char *name, char out[WK_UID_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
