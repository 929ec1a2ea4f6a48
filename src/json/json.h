/*
 * Bounded reading of JSON (RFC 8259), and building of JSON lines. The only place that sees cJSON.
 *
 * Reading is tolerant of shape: getters answer "nothing" rather than fail where a member is absent
 * or of another type, and wki_json_each() takes an object or a scalar where an array is due.
 */
#ifndef WADOKIT_JSON_JSON_H
#define WADOKIT_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/log.h>

#include "core/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A value inside a document. Borrowed from the document it was parsed into. */
typedef struct cJSON wki_json;

/* Parses one document of at most WK_MAX_JSON_BYTES and WK_MAX_JSON_DEPTH; a UTF-8 byte order mark
 * in front is skipped. `what` names the source in errors ("file.json", "answer of https://...").
 * WK_DATA where it is not JSON (XML and HTML are recognised and named), WK_LIMIT over a limit.
 * Free with wki_json_free(). */
wk_code wki_json_parse(const char *text, size_t n, const char *what, wki_json **out,
                       wk_error *err) WK_MUST_USE;
void wki_json_free(wki_json *doc);

/*
 * What a text had that cannot be used, and where.
 *   values     values that were left out: null stands in their place
 *   elements   elements of a list that are no JSON at all (json_stream.h)
 *   first      place and kind of the first: "[3].00189073.Value[0]: NaN"
 */
typedef struct wki_json_faults {
    uint64_t values, elements;
    char first[192];
} wki_json_faults;

/* Counts a value that cannot be used; `what` (n bytes) says why. */
void wki_json_fault(wki_json_faults *faults, const char *place, const char *what, size_t n);

/* A warning where there is something to tell; `what` names the text. `log` may be NULL. */
void wki_json_faults_tell(const wki_json_faults *faults, const char *what, const wk_log *log);

/* As wki_json_parse(); but NaN and Infinity (as Python and JavaScript print them), and text with a
 * NUL in its midst, cost that value only, and are counted. NULs that fill up the end of a text are
 * taken off. `prefix` goes before places; faults NULL: as wki_json_parse(). */
wk_code wki_json_parse_mended(const char *text, size_t n, const char *what, const char *prefix,
                              wki_json_faults *faults, wki_json **out, wk_error *err) WK_MUST_USE;

/* The text with null in place of what cannot be used; `out` is an uninitialised buffer. */
wk_code wki_json_mend(const char *text, size_t n, const char *prefix, wki_json_faults *faults,
                      wki_buf *out, wk_error *err) WK_MUST_USE;

/* Member of an object by exact name, NULL where there is none or `obj` is no object (or NULL). */
const wki_json *wki_json_get(const wki_json *obj, const char *name);

/* A string member; NULL where absent, not a string or empty. */
const char *wki_json_str(const wki_json *obj, const char *name);

/* The value itself as a string, NULL where it is none. */
const char *wki_json_text(const wki_json *value);

/* A number, or a string that holds one; false (out untouched) where it is neither or not whole. */
bool wki_json_int(const wki_json *obj, const char *name, int64_t *out);
bool wki_json_number(const wki_json *value, double *out);

/* true, false, 0/1, or "true"/"false"; `fallback` otherwise. */
bool wki_json_bool(const wki_json *obj, const char *name, bool fallback);

bool wki_json_is_object(const wki_json *value);
bool wki_json_is_array(const wki_json *value);
bool wki_json_is_null(const wki_json *value);  /* false for NULL */
bool wki_json_is_empty(const wki_json *value); /* the text "" */

/* Iterates over an array, or over the one value where there is no array; skips nulls:
 *   for (const wki_json *e = wki_json_first(v); e; e = wki_json_next(v, e)) */
const wki_json *wki_json_first(const wki_json *value);
const wki_json *wki_json_next(const wki_json *value, const wki_json *element);

/* The same with the nulls. */
const wki_json *wki_json_element_first(const wki_json *array);
const wki_json *wki_json_element_next(const wki_json *element);

/* Members of an object in order; the name of a member. */
const wki_json *wki_json_member_first(const wki_json *obj);
const wki_json *wki_json_member_next(const wki_json *member);
const char *wki_json_name(const wki_json *member);

/* The value as compact JSON on the heap; NULL where memory is out. */
char *wki_json_print(const wki_json *value);

/* Adds `text` as a JSON string; what is not UTF-8, and controls, become '?'. */
wk_code wki_json_add_text(wki_buf *out, const char *text, wk_error *err) WK_MUST_USE;

/* "cJSON 1.7.15", for --version. */
const char *wki_json_version(void);

#ifdef __cplusplus
}
#endif

#endif
