/*
 * Building one line of JSON Lines output: an object with members in the order they are set.
 * Text that is not UTF-8 is made so ('?'); numbers are written exactly.
 */
#ifndef WADOKIT_JSON_H
#define WADOKIT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wk_json_line wk_json_line;

/* A new object {"type": type, ...}; `type` may be NULL for none. NULL where memory is out; the
 * setters take NULL and do nothing, so that one check at the end is enough. */
WK_API wk_json_line *wk_json_line_new(const char *type);
WK_API void wk_json_line_free(wk_json_line *line);

/* A NULL `value` is written as null. */
WK_API void wk_json_set_string(wk_json_line *line, const char *name, const char *value);
WK_API void wk_json_set_int(wk_json_line *line, const char *name, int64_t value);
WK_API void wk_json_set_number(wk_json_line *line, const char *name, double value);
WK_API void wk_json_set_bool(wk_json_line *line, const char *name, bool value);
WK_API void wk_json_set_null(wk_json_line *line, const char *name);

/* Adds a string to the array `name`, which is made where it is not there. */
WK_API void wk_json_add_string(wk_json_line *line, const char *name, const char *value);

/* Sets, or adds to the array `name`, an object; takes it, and frees it where it cannot. */
WK_API void wk_json_set_object(wk_json_line *line, const char *name, wk_json_line *object);
WK_API void wk_json_add_object(wk_json_line *line, const char *name, wk_json_line *object);

/* Sets a value that is JSON text already (a FHIR resource, DICOM JSON). False where it is none. */
WK_API bool wk_json_set_raw(wk_json_line *line, const char *name, const char *json);

/* The object on one line without a newline, on the heap; NULL where memory is or was out. */
WK_API char *wk_json_line_text(const wk_json_line *line);

#ifdef __cplusplus
}
#endif

#endif
