/*
 * JSON in pieces: takes a body in any split and hands over each element of a top-level array, one
 * by one, so that memory does not grow with the answer (QIDO-RS, /metadata: PS3.18 annex F). Each
 * other top-level value is handed over whole, and there may be several one after the other, so
 * that JSON Lines and one plain object are read the same way.
 */
#ifndef WADOKIT_JSON_JSON_STREAM_H
#define WADOKIT_JSON_JSON_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_json_stream wki_json_stream;

/* Takes one value, borrowed during the call. A code other than WK_OK ends the reading with it. */
typedef wk_code (*wki_json_stream_fn)(void *user, const wki_json *value, wk_error *err);

/* `what` names the source in errors and is borrowed; `max_item` is the most bytes of one element
 * (WK_MAX_JSON_ITEM_BYTES, or WK_MAX_JSON_BYTES where whole documents are expected). */
wk_code wki_json_stream_new(const char *what, size_t max_item, wki_json_stream_fn each, void *user,
                            wki_json_stream **out, wk_error *err) WK_MUST_USE;
void wki_json_stream_free(wki_json_stream *s);

/* From now on a value that cannot be used costs itself (wki_json_parse_mended()), and an element of
 * the top-level array that is no JSON costs the element: they are counted in `faults`, which is
 * borrowed. */
void wki_json_stream_mend(wki_json_stream *s, wki_json_faults *faults);

/* The element at hand, from 0: for places. */
uint64_t wki_json_stream_index(const wki_json_stream *s);

/* WK_DATA where it is not JSON (XML and HTML are named), WK_LIMIT for an element that is too large
 * or nested deeper than WK_MAX_JSON_DEPTH. After an error nothing more may be fed. */
wk_code wki_json_stream_feed(wki_json_stream *s, const void *data, size_t n,
                             wk_error *err) WK_MUST_USE;

/* WK_DATA where the text ends inside a value. No text at all is no error: nothing was found. */
wk_code wki_json_stream_finish(wki_json_stream *s, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
