#include "http/pace.h"

enum {
    LONGEST_STEP_MS = 1000
};

void wki_pace_init(wki_pace *p, int64_t idle_ms, uint64_t limit, int64_t window_ms, int64_t now_ms)
{
    *p = (wki_pace){.idle_ms = idle_ms,
                    .limit = limit,
                    .window_ms = window_ms,
                    .looked_ms = now_ms,
                    .seen_ms = now_ms,
                    .head_ms = now_ms};
}

static void begin_window(wki_pace *p, uint64_t bytes)
{
    p->from = bytes;
    p->watched_ms = 0;
}

static bool is_slow(wki_pace *p, uint64_t bytes, int64_t step_ms)
{
    bool slow;

    p->watched_ms += step_ms < LONGEST_STEP_MS ? step_ms : LONGEST_STEP_MS;
    if (p->limit == 0 || p->watched_ms < p->window_ms)
        return false;
    slow = (bytes - p->from) / p->limit < (uint64_t)(p->window_ms / 1000);
    begin_window(p, bytes);
    return slow;
}

wki_pace_verdict wki_pace_look(wki_pace *p, const wki_pace_sample *s, int64_t now_ms)
{
    int64_t step_ms = now_ms - p->looked_ms;

    p->looked_ms = now_ms;
    if (!s->connected || s->bytes != p->bytes)
        p->seen_ms = now_ms;
    p->bytes = s->bytes;
    if (!s->connected || !s->in_head)
        p->head_ms = now_ms;
    if (!s->connected || !s->moving) {
        begin_window(p, s->bytes);
        step_ms = 0;
    }
    if (p->idle_ms > 0 && now_ms - p->seen_ms > p->idle_ms)
        return WKI_PACE_SILENT;
    if (p->idle_ms > 0 && now_ms - p->head_ms > p->idle_ms)
        return WKI_PACE_HEAD;
    return is_slow(p, s->bytes, step_ms) ? WKI_PACE_SLOW : WKI_PACE_FINE;
}
