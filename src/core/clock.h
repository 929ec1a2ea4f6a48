/*
 * Time, waiting and chance come in through this table, so that no test has to wait.
 */
#ifndef WADOKIT_CORE_CLOCK_H
#define WADOKIT_CORE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* monotonic_ms  milliseconds that only grow, for time-outs and rates
 * unix_s        seconds since 1970-01-01 UTC, for dates
 * sleep_ms      waits; may return early on a signal
 * random        fills n bytes fit for jitter, file names, state and code verifiers */
typedef struct wki_clock {
    int64_t (*monotonic_ms)(void *user);
    int64_t (*unix_s)(void *user);
    void (*sleep_ms)(void *user, int64_t ms);
    void (*random)(void *user, void *out, size_t n);
    void *user;
} wki_clock;

/* The system's own. Static; never NULL. */
const wki_clock *wki_clock_system(void);

/* Days since 1970-01-01 of a date of the Gregorian calendar; negative before. */
int64_t wki_days_since_1970(int64_t year, int month, int day);

#ifdef __cplusplus
}
#endif

#endif
