#include "core/clock.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t system_monotonic_ms(void *user)
{
    struct timespec t;

    (void)user;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_unix_s(void *user)
{
    (void)user;
    return (int64_t)time(NULL);
}

static void system_sleep_ms(void *user, int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)user;
    nanosleep(&t, NULL);
}

static void system_random(void *user, void *out, size_t n)
{
    (void)user;
    if (getentropy(out, n) != 0)
        abort(); /* n is at most 256 and the call exists since Linux 3.17: no way to go on */
}

static const wki_clock system_clock = {
    .monotonic_ms = system_monotonic_ms,
    .unix_s = system_unix_s,
    .sleep_ms = system_sleep_ms,
    .random = system_random,
};

const wki_clock *wki_clock_system(void)
{
    return &system_clock;
}

int64_t wki_days_since_1970(int64_t y, int m, int d)
{
    int64_t era, year_of_era, day_of_year;

    y -= m <= 2;
    era = (y >= 0 ? y : y - 399) / 400;
    year_of_era = y - era * 400;
    day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}
