#include "http/throttle.h"

void wki_throttle_init(wki_throttle *t, int max)
{
    *t = (wki_throttle){.max = max, .limit = max, .halved_ms = -1};
}

bool wki_throttle_has_room(const wki_throttle *t, int running, int64_t now_ms)
{
    return running < t->limit && now_ms >= t->held_until_ms;
}

void wki_throttle_busy(wki_throttle *t, int running, int64_t started_ms, int64_t now_ms,
                       int64_t hold_ms)
{
    if (now_ms + hold_ms > t->held_until_ms)
        t->held_until_ms = now_ms + hold_ms;
    t->streak = 0;
    if (t->halved_ms >= 0 && started_ms <= t->halved_ms)
        return;
    t->halved_ms = now_ms;
    /* Half of what was really tried: a limit that was never reached says nothing. */
    if (running < t->limit)
        t->limit = running;
    t->limit = t->limit > 1 ? t->limit / 2 : 1;
}

void wki_throttle_success(wki_throttle *t)
{
    t->streak++;
    if (t->streak < t->limit || t->limit >= t->max)
        return;
    t->limit++;
    t->streak = 0;
}
