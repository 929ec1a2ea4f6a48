/*
 * FHIR JSON values as they come: Coding, CodeableConcept, CodeableReference or a plain string where
 * a code is due (R4, R4B and R5 differ, and vendors mix them), one object where an array is due.
 * Nothing here fails: what is not there is NULL.
 */
#ifndef WADOKIT_FHIR_FHIR_VALUE_H
#define WADOKIT_FHIR_FHIR_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "ImagingStudy"; NULL where the value is no resource. Wherever the member stands. */
const char *wki_fhir_type(const wki_json *resource);
bool wki_fhir_is(const wki_json *resource, const char *type);

/* The first code in the value or, where it is an array, in its elements. Borrowed. */
const char *wki_fhir_code(const wki_json *value);

/* Whether the code stands anywhere in the value. */
bool wki_fhir_has_code(const wki_json *value, const char *code);

/* Words for people: text, else a display, else a code; a string as it is. Borrowed. */
const char *wki_fhir_words(const wki_json *value);

/* The first of a string, or of an array of strings. */
const char *wki_fhir_string(const wki_json *value);

/* Reference.reference, also where the value is the string itself. NULL for logical references. */
const char *wki_fhir_reference(const wki_json *value);

/* Puts a name as a person reads it: "GREEN^KEVA" (DICOM PN, PS3.5 6.2) becomes "GREEN, KEVA", other
 * text stays; one printable line, cut to fit. */
void wki_fhir_person(char *out, size_t size, const char *name);

/* What an OperationOutcome says, of its gravest issue: details.text, diagnostics, a display, a
 * code. One printable line; false where `resource` is none or says nothing. */
bool wki_fhir_outcome(char *out, size_t size, const wki_json *resource);

/* Whether an OperationOutcome has an issue of severity error or fatal. */
bool wki_fhir_outcome_is_error(const wki_json *resource);

#ifdef __cplusplus
}
#endif

#endif
