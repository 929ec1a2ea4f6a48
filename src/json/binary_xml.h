/*
 * A FHIR Binary as XML, though JSON was asked for: its content type and its base64, by push, in
 * memory that does not grow. Reads no more of XML than such a resource has.
 */
#ifndef WADOKIT_JSON_BINARY_XML_H
#define WADOKIT_JSON_BINARY_XML_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a text that begins so is a Binary of FHIR. */
bool wki_binary_xml_is(const char *head, size_t n);

/* Starts zeroed but for `data`, which gets the characters of the value of data (in STU3 content).
 * found: there was one; ended: the resource's end was seen. */
typedef struct wki_binary_xml {
    wki_sink data;
    char type[128];
    bool found, ended;
    /* private */
    int state;
    char quote, name[24], attribute[16];
    size_t name_n, attribute_n, type_n, dashes;
} wki_binary_xml;

wk_code wki_binary_xml_feed(wki_binary_xml *x, const char *text, size_t n,
                            wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
