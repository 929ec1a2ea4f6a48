/*
 * FHIR Endpoint (R4, R4B, R5): whether it can be used to retrieve DICOM, and how.
 */
#ifndef WADOKIT_FHIR_ENDPOINT_H
#define WADOKIT_FHIR_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_endpoint_token {
    WKI_TOKEN_UNSAID,
    WKI_TOKEN_REQUIRED,
    WKI_TOKEN_NOT_WANTED, /* requires-access-token: false (SMART Imaging Access) */
} wki_endpoint_token;

/* Strings are borrowed from the resource.
 * is_wado_rs   by connectionType dicom-wado-rs, or where there is no code by a payload type that
 *              says "DICOM WADO-RS"
 * usable       is_wado_rs, has an address, and a status that lets it be used (active, test, none)
 * why          why it is not usable, "" where it is
 * headers      Endpoint.header: strings */
typedef struct wki_endpoint {
    const char *id;
    const char *address;
    const char *connection;
    const char *status;
    bool is_wado_rs;
    bool usable;
    char why[160];
    wki_endpoint_token token;
    const wki_json *headers;
} wki_endpoint;

/* Reads a resource; never fails. */
void wki_endpoint_read(const wki_json *resource, wki_endpoint *out);

#ifdef __cplusplus
}
#endif

#endif
