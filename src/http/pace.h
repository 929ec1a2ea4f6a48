/*
 * Whether an exchange is alive: plain data and arithmetic; time comes in. Three things end it: no
 * byte for a while, headers that take for ever, and bytes that come at a rate that only a dead line
 * has.
 */
#ifndef WADOKIT_HTTP_PACE_H
#define WADOKIT_HTTP_PACE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* idle_ms   the longest silence, and the longest that the headers of one answer may take; 0: any
 * limit     bytes a second, 0: any rate will do
 * window_ms over which the rate is taken */
typedef struct wki_pace {
    int64_t idle_ms, window_ms;
    uint64_t limit;
    uint64_t bytes; /* at the last look */
    int64_t looked_ms, seen_ms, head_ms;
    uint64_t from;      /* bytes at the start of the window */
    int64_t watched_ms; /* of the window */
} wki_pace;

/* connected   until then the exchange is not watched
 * in_head     the answer has begun, its headers have not ended
 * bytes       sent and received so far
 * moving      bytes should be moving: not while the server works on its answer */
typedef struct wki_pace_sample {
    bool connected, in_head, moving;
    uint64_t bytes;
} wki_pace_sample;

typedef enum wki_pace_verdict {
    WKI_PACE_FINE,
    WKI_PACE_SILENT,
    WKI_PACE_HEAD,
    WKI_PACE_SLOW
} wki_pace_verdict;

void wki_pace_init(wki_pace *p, int64_t idle_ms, uint64_t limit, int64_t window_ms, int64_t now_ms);

/* To be asked several times a second. What passes between two looks beyond a second is not held
 * against the server: this program was busy then. */
wki_pace_verdict wki_pace_look(wki_pace *p, const wki_pace_sample *s, int64_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
