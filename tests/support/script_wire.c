#include "support/script_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t get_ms(void *user)
{
    return ((script *)user)->now_ms;
}

static int64_t get_unix(void *user)
{
    return 784111770 + ((script *)user)->now_ms / 1000;
}

static void sleep_ms(void *user, int64_t ms)
{
    ((script *)user)->now_ms += ms;
}

static void no_chance(void *user, void *out, size_t n)
{
    (void)user;
    memset(out, 0, n);
}

void script_init(script *s, const script_reply *replies, size_t n)
{
    memset(s, 0, sizeof *s);
    s->replies = replies;
    s->n_replies = n;
    s->now_ms = 1000;
    s->clock = (wki_clock){get_ms, get_unix, sleep_ms, no_chance, s};
}

/* The whole body is read, as much of it is kept as there is room for. */
static wk_code note_body(script_seen *seen, const wki_source *body, wk_error *err)
{
    char some[64];
    size_t got = 1, used = 0;
    wk_code rc = WK_OK;

    while (rc == WK_OK && got > 0) {
        size_t room = sizeof seen->body - 1 - used;

        rc = body->read(body->user, some, sizeof some, &got, err);
        room = rc == WK_OK && got < room ? got : room;
        memcpy(seen->body + used, some, rc == WK_OK ? room : 0);
        used += rc == WK_OK ? room : 0;
        seen->body_n += rc == WK_OK ? got : 0;
    }
    return rc;
}

static void note(script_seen *seen, const wki_wire_request *r, int64_t now)
{
    size_t used = 0;

    snprintf(seen->method, sizeof seen->method, "%s", r->method);
    snprintf(seen->url, sizeof seen->url, "%s", r->url);
    for (size_t i = 0; i < r->n_headers && used < sizeof seen->headers; i++)
        used += (size_t)snprintf(seen->headers + used, sizeof seen->headers - used, "%s\n",
                                 r->headers[i]);
    snprintf(seen->proxy, sizeof seen->proxy, "%s", r->proxy ? r->proxy : "");
    seen->at_ms = now;
    seen->gzip = r->gzip;
    seen->trusted = r->trusted;
    seen->no_local = r->no_local;
    seen->no_loopback = r->no_loopback;
    seen->fresh = r->fresh;
}

static wk_code start(void *self, const wki_wire_request *r, const wki_wire_events *events,
                     void **out, wk_error *err)
{
    script *s = self;
    script_exchange *x = calloc(1, sizeof *x);
    size_t i = s->n_seen < s->n_replies ? s->n_seen : s->n_replies - 1;
    wk_code rc = WK_OK;

    if (!x || s->n_seen == SCRIPT_MAX) {
        free(x);
        return wk_fail(err, WK_INTERNAL, "script is over");
    }
    note(&s->seen[s->n_seen++], r, s->now_ms);
    if (r->body)
        rc = note_body(&s->seen[s->n_seen - 1], r->body, err);
    if (rc != WK_OK) {
        free(x);
        return rc;
    }
    x->reply = &s->replies[i];
    x->events = *events;
    x->due_ms = s->now_ms + x->reply->delay_ms;
    x->next = s->open;
    s->open = x;
    if (++s->n_open > s->most_open)
        s->most_open = s->n_open;
    if (s->cancel && s->n_seen >= s->cancel_at)
        s->cancel->requested = 1;
    *out = x;
    return WK_OK;
}

static void remove_exchange(script *s, script_exchange *x)
{
    script_exchange **at = &s->open;

    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    s->n_open--;
}

static void stop(void *self, void *exchange)
{
    remove_exchange(self, exchange);
    free(exchange);
}

static bool play(const script *s, script_exchange *x)
{
    const script_reply *r = x->reply;
    void *user = x->events.user;

    if (r->status == 0)
        return true;
    if (!x->events.status(user, r->status))
        return false;
    for (size_t i = 0; i < 6 && r->headers[i]; i++) {
        const char *h = r->headers[i], *colon = strchr(h, ':');

        if (!x->events.header(user, h, (size_t)(colon - h), colon + 2, strlen(colon + 2)))
            return false;
    }
    return !r->body || x->events.body(user, r->body, s->body_n ? s->body_n : strlen(r->body));
}

/* The one due first, where it is due within the wait. */
static wk_code do_poll(void *self, int64_t wait_ms, wk_error *err)
{
    script *s = self;
    script_exchange *first = NULL;
    wki_wire_end end;

    (void)err;
    for (script_exchange *x = s->open; x; x = x->next) {
        if (!first || x->due_ms <= first->due_ms)
            first = x;
    }
    if (!first || first->due_ms > s->now_ms + wait_ms) {
        s->now_ms += wait_ms;
        return WK_OK;
    }
    if (first->due_ms > s->now_ms)
        s->now_ms = first->due_ms;
    end = play(s, first) ? first->reply->end : WKI_WIRE_ABORTED;
    remove_exchange(s, first);
    first->events.done(first->events.user, end, end == WKI_WIRE_OK ? "" : "scripted fault");
    free(first);
    return WK_OK;
}

static void free_wire(void *self)
{
    script *s = self;

    while (s->open)
        stop(s, s->open);
}

wki_transport script_transport(script *s)
{
    return (wki_transport){start, stop, do_poll, free_wire, s};
}
