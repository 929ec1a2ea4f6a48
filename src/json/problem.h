/*
 * One clear line out of the body of an error answer: FHIR OperationOutcome (JSON or XML), the JSON
 * of Orthanc, dcm4chee, Google, OAuth and RFC 9457, other XML, HTML, plain text.
 */
#ifndef WADOKIT_JSON_PROBLEM_H
#define WADOKIT_JSON_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a printable line of less than `size` bytes; false (out empty) where the body says
 * nothing, or is no text. The body may be cut. content_type may be "": the body itself tells. */
bool wki_problem_text(const char *body, size_t n, const char *content_type, char *out, size_t size);

#ifdef __cplusplus
}
#endif

#endif
