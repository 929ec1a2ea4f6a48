/*
 * How many transfers one origin gets at once: halved where it says that it is busy, one more after
 * a full round of successes. Plain data and arithmetic; time comes in.
 */
#ifndef WADOKIT_HTTP_THROTTLE_H
#define WADOKIT_HTTP_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_throttle {
    int max;               /* never more than this */
    int limit;             /* now: 1 to max */
    int streak;            /* successes since the last change */
    int64_t halved_ms;     /* when it was halved last; -1 never */
    int64_t held_until_ms; /* nothing is started before */
} wki_throttle;

void wki_throttle_init(wki_throttle *t, int max);

/* Whether one more may start while `running` are under way. */
bool wki_throttle_has_room(const wki_throttle *t, int running, int64_t now_ms);

/* An answer 429 or 503 to a transfer that was started at started_ms while `running` (this one
 * counted) were under way. Answers to what was started before the last halving do not halve again.
 * hold_ms: the whole origin asks for quiet that long (429 with Retry-After), 0 otherwise. */
void wki_throttle_busy(wki_throttle *t, int running, int64_t started_ms, int64_t now_ms,
                       int64_t hold_ms);

void wki_throttle_success(wki_throttle *t);

#ifdef __cplusplus
}
#endif

#endif
