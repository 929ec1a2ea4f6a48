/*
 * Reading the DICOM JSON model (PS3.18 annex F) as servers write it: keys in any case of hex
 * digits, numbers as strings and the reverse, person names as objects or strings, Value with nulls
 * or as a single value, vr missing.
 */
#ifndef WADOKIT_DICOMWEB_DICOM_JSON_H
#define WADOKIT_DICOMWEB_DICOM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Tags are written 0xGGGGEEEE. */

/* Whether a member's name is a tag: eight hexadecimal digits. */
bool wki_dicom_json_is_tag(const char *name);

/* WK_DATA where `value` is no object with a tag among its members: an error that came with status
 * 200, most often, whose words are then told. An empty object passes. */
wk_code wki_dicom_json_check(const wki_json *value, const char *what, wk_error *err) WK_MUST_USE;

/* Counts what in a data set is of the wrong type: an element that is no object, a value that is a
 * list or true, an object where neither a name nor a sequence is due. `prefix` goes before places. */
void wki_dicom_json_faults(const wki_json *dataset, const char *prefix, wki_json_faults *faults);

/* The element ({"vr": ..., "Value": [...]}), NULL where the data set has none. */
const wki_json *wki_dicom_json_get(const wki_json *dataset, uint32_t tag);

/* Its values, for wki_json_first() and wki_json_next(); NULL where there are none. */
const wki_json *wki_dicom_json_values(const wki_json *dataset, uint32_t tag);

/* One value as text: of a person name the Alphabetic, else the Ideographic, else the Phonetic
 * group. One printable line, cut to fit; false and `out` empty where there is none. */
bool wki_dicom_json_value_text(char *out, size_t size, const wki_json *value);

/* The first value as text, the same way. */
bool wki_dicom_json_text(char *out, size_t size, const wki_json *dataset, uint32_t tag);

/* All values as text with '\' between them; person names with all their groups and '=' between
 * them, as in a file. */
bool wki_dicom_json_texts(char *out, size_t size, const wki_json *dataset, uint32_t tag);

/* The first value as a checked UID; false and `out` empty where it is none. */
bool wki_dicom_json_uid(char out[WK_UID_SIZE], const wki_json *dataset, uint32_t tag);

/* The first value as a whole number, `fallback` where it is none. */
int64_t wki_dicom_json_int(const wki_json *dataset, uint32_t tag, int64_t fallback);

#ifdef __cplusplus
}
#endif

#endif
