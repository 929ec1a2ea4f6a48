/*
 * What the body of an answer is, whatever its status and label say: pure, for `doctor`.
 */
#ifndef WADOKIT_FLOW_ANSWER_LOOK_H
#define WADOKIT_FLOW_ANSWER_LOOK_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_answer {
    WKI_ANSWER_EMPTY,
    WKI_ANSWER_CAPABILITY, /* a CapabilityStatement, or a Conformance of DSTU2, in JSON */
    WKI_ANSWER_FHIR,       /* another resource in JSON */
    WKI_ANSWER_DICOM,      /* DICOM JSON: a list of data sets, a data set */
    WKI_ANSWER_LIST,       /* an empty list */
    WKI_ANSWER_JSON,       /* other JSON */
    WKI_ANSWER_HTML,       /* a page for people: a login, most often */
    WKI_ANSWER_XML,
    WKI_ANSWER_OTHER,
} wki_answer;

/* `words` gets what the body is and says, for people: "an HTML page: Sign in". A body that was cut
 * is told as far as it goes. */
wki_answer wki_answer_look(const char *body, size_t n, char *words, size_t size);

#ifdef __cplusplus
}
#endif

#endif
