#include "http/http_internal.h"

#include <stdlib.h>
#include <string.h>

#include "http/url.h"

enum {
    EXTRA_TRANSFERS = 8, /* for origins that would have none while another one hangs */
    POLL_MS = 200,       /* how long a request to stop may go unseen */
};

int64_t wki_http_now_ms(const wki_http *http)
{
    return http->clock->monotonic_ms(http->clock->user);
}

wki_slot *wki_queue_slot(wki_http *http, const char *url, wk_error *err)
{
    char *origin = NULL;
    wki_slot *slot;

    if (wki_url_origin(url, &origin, err) != WK_OK)
        return NULL;
    for (slot = http->slots; slot; slot = slot->next) {
        if (strcmp(slot->origin, origin) == 0) {
            free(origin);
            return slot;
        }
    }
    slot = calloc(1, sizeof *slot);
    if (!slot) {
        free(origin);
        wk_fail(err, WK_NOMEM, "out of memory");
        return NULL;
    }
    slot->origin = origin;
    wki_throttle_init(&slot->throttle, http->opts.max_transfers);
    slot->next = http->slots;
    http->slots = slot;
    return slot;
}

void wki_queue_last(wki_http_transfer *t)
{
    t->next = NULL;
    if (t->slot->last)
        t->slot->last->next = t;
    else
        t->slot->first = t;
    t->slot->last = t;
}

void wki_queue_first(wki_http_transfer *t)
{
    t->next = t->slot->first;
    t->slot->first = t;
    if (!t->slot->last)
        t->slot->last = t;
}

static wki_http_transfer *take_first(wki_slot *slot)
{
    wki_http_transfer *t = slot->first;

    slot->first = t->next;
    if (!slot->first)
        slot->last = NULL;
    t->next = NULL;
    return t;
}

static wki_slot *next_slot(const wki_http *http)
{
    int64_t now = wki_http_now_ms(http);
    wki_slot *best = NULL;

    for (wki_slot *s = http->slots; s; s = s->next) {
        if (s->first && wki_throttle_has_room(&s->throttle, s->running, now) &&
            (!best || s->running < best->running))
            best = s;
    }
    if (!best || http->running < http->opts.max_transfers)
        return best;
    return best->running == 0 && http->running < http->opts.max_transfers + EXTRA_TRANSFERS ? best
                                                                                            : NULL;
}

wki_http_transfer *wki_queue_take(wki_http *http)
{
    wki_slot *slot = next_slot(http);

    return slot ? take_first(slot) : NULL;
}

void wki_queue_wait(wki_http_transfer *t, int64_t ms)
{
    t->wait_ms = ms;
    t->due_ms = wki_http_now_ms(t->http) + ms;
    t->next = t->http->waiting;
    t->http->waiting = t;
}

void wki_queue_wake(wki_http *http)
{
    int64_t now = wki_http_now_ms(http);
    wki_http_transfer **at = &http->waiting;

    while (*at) {
        wki_http_transfer *t = *at;

        if (t->due_ms > now) {
            at = &t->next;
        } else {
            *at = t->next;
            wki_queue_first(t);
        }
    }
}

int64_t wki_queue_wait_ms(const wki_http *http)
{
    int64_t now = wki_http_now_ms(http), wait = POLL_MS;

    for (const wki_http_transfer *t = http->waiting; t; t = t->next) {
        if (t->due_ms - now < wait)
            wait = t->due_ms - now;
    }
    for (const wki_slot *s = http->slots; s; s = s->next) {
        if (s->first && s->throttle.held_until_ms > now && s->throttle.held_until_ms - now < wait)
            wait = s->throttle.held_until_ms - now;
    }
    return wait > 0 ? wait : 0;
}

size_t wki_http_waiting(const wki_http *http)
{
    size_t n = 0;

    for (const wki_http_transfer *t = http->waiting; t; t = t->next)
        n++;
    return n;
}

bool wki_http_next_wait(const wki_http *http, wki_http_wait *out)
{
    const wki_http_transfer *first = http->waiting;
    int64_t left;

    for (const wki_http_transfer *t = first; t; t = t->next) {
        if (t->due_ms < first->due_ms)
            first = t;
    }
    if (!first)
        return false;
    left = first->due_ms - wki_http_now_ms(http);
    *out = (wki_http_wait){.origin = first->slot->origin,
                           .status = first->answer.status,
                           .asked = first->wait_asked,
                           .whole_ms = first->wait_ms,
                           .left_ms = left > 0 ? left : 0};
    return true;
}

static void remove_from(wki_http_transfer **at, const wki_http_transfer *t)
{
    while (*at && *at != t)
        at = &(*at)->next;
    if (*at)
        *at = t->next;
}

void wki_queue_remove(wki_http_transfer *t)
{
    remove_from(&t->http->waiting, t);
    remove_from(&t->slot->first, t);
    t->slot->last = t->slot->first;
    while (t->slot->last && t->slot->last->next)
        t->slot->last = t->slot->last->next;
}

size_t wki_http_queued(const wki_http *http, const char *url)
{
    size_t n = 0;

    for (const wki_slot *s = http->slots; s; s = s->next) {
        if (!wki_url_same_origin(s->origin, url))
            continue;
        for (const wki_http_transfer *t = s->first; t; t = t->next)
            n++;
    }
    return n;
}

void wki_queue_empty(wki_http *http)
{
    for (wki_slot *s = http->slots; s; s = s->next) {
        s->first = NULL;
        s->last = NULL;
        s->running = 0;
    }
    http->waiting = NULL;
    http->running = 0;
}

void wki_queue_free_slots(wki_http *http)
{
    while (http->slots) {
        wki_slot *slot = http->slots;

        http->slots = slot->next;
        free(slot->origin);
        free(slot);
    }
}
