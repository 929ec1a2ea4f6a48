#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/accept.h"
#include "dicomweb/wado.h"
#include "flow/picture_source.h"
#include "flow/plan_ask.h"
#include "http/http.h"

enum {
    ACTIVE_DEFAULT = 4
};

struct wki_picture_fetch {
    wki_picture_run *run;
    wki_picture_events events;
    size_t limit; /* transfers at once */
    size_t active;
    int step; /* of the Accept ladder that worked last */
};

/* One request until it ended, over all steps of the Accept ladder. */
typedef struct request {
    wki_picture_fetch *f;
    wk_plan_item *from; /* a copy */
    char *url;
    bool instance;
    uint32_t frame;
    void *tag;
    int step;
    wki_wado_body *body;
    wki_picture_source part;
    bool in_part;
    uint64_t handed;
    bool length_known;
} request;

static void request_free(request *r)
{
    wki_wado_body_free(r->body);
    wki_picture_source_clear(&r->part);
    wk_plan_item_free(r->from);
    free(r->url);
    free(r);
}

static wk_code on_part_begin(void *user, const wki_part_head *head, wk_error *err)
{
    request *r = user;
    wk_code rc;

    if (head->encoded)
        return wk_fail(err, WK_DATA, "a part with a Content-Transfer-Encoding");
    rc = wki_picture_source_temporary(&r->part, r->url, err);
    r->in_part = rc == WK_OK;
    return rc;
}

static wk_code on_part_data(void *user, const void *data, size_t n, wk_error *err)
{
    request *r = user;

    return wki_picture_source_write(&r->part, data, n, err);
}

static wk_code on_part_end(void *user, wki_part_end end, wk_error *err)
{
    request *r = user;
    wki_picture_source part = r->part;

    r->in_part = false;
    r->part = (wki_picture_source){NULL, NULL, -1, 0};
    if (end == WKI_PART_CUT && !r->length_known) {
        wki_picture_source_clear(&part);
        return wk_fail(err, WK_DATA, "the answer was cut short");
    }
    part.frame = r->frame;
    r->handed++;
    return r->f->events.fetched(r->f->events.user, &part, r->tag, err);
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    request *r = user;
    wki_multipart_events events = {on_part_begin, on_part_data, on_part_end, r};

    wki_wado_body_free(r->body);
    r->body = NULL;
    r->length_known = head->content_length >= 0;
    return wki_wado_body_new(head->content_type, &events, &r->body, err);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    request *r = user;

    return wki_wado_body_feed(r->body, data, n, err);
}

static wk_code start(request *r, wk_error *err);

static wk_code finish_body(request *r, wk_error *err)
{
    bool complete = false;
    wk_code rc;

    if (!r->body)
        return WK_OK;
    rc = wki_wado_body_finish(r->body, true, &complete, err);
    if (rc == WK_OK && !complete)
        rc = wk_fail(err, WK_DATA, "the answer was cut short");
    if (rc == WK_OK && r->handed == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "no instance in the answer");
    return rc;
}

/* Tries the next step of the ladder; false where there is none. */
static bool try_next(request *r, int status)
{
    wk_error ignored = {0};
    char value[WKI_ACCEPT_SIZE];

    if (!wki_accept_is_refusal(status))
        return false;
    do {
        if (++r->step >= WKI_ACCEPT_STEPS)
            return false;
    } while (!wki_accept_value(r->step, r->instance, "*", value));
    r->f->step = r->step;
    return start(r, &ignored) == WK_OK;
}

static bool is_seen_to(const request *r, const wk_error *err)
{
    const wki_picture_events *e = &r->f->events;

    return e->failed && e->failed(e->user, r->tag, r->body != NULL, err);
}

static void on_done(void *user, const wki_http_result *result)
{
    request *r = user;
    wk_error err = result->error;
    wk_code rc = err.code;

    r->f->active--;
    if (rc != WK_OK && try_next(r, result->status))
        return;
    if (rc == WK_OK)
        rc = finish_body(r, &err);
    if (rc != WK_OK && rc != WK_CANCELLED && !is_seen_to(r, &err))
        wki_picture_run_failed(r->f->run, r->url, r->from, &err);
    request_free(r);
}

static wk_code start(request *r, wk_error *err)
{
    char accept[WKI_ACCEPT_SIZE] = "*/*";
    const wki_http_handler handler = {.head = on_head, .body = on_body, .done = on_done, .user = r};
    wki_http_request q;
    wk_code rc;

    (void)wki_accept_value(r->step, r->instance, "*", accept);
    wki_plan_request(r->from, &q);
    q.url = r->url;
    q.accept = accept;
    rc = wki_http_start(r->f->run->session->http, &q, &handler, err);
    if (rc == WK_OK)
        r->f->active++;
    return rc;
}

wk_code wki_picture_fetch_new(wki_picture_run *run, const wki_picture_events *events,
                              wki_picture_fetch **out, wk_error *err)
{
    wki_picture_fetch *f = calloc(1, sizeof *f);
    int jobs = run->session->opts.jobs;

    if (!f)
        return wk_fail(err, WK_NOMEM, "out of memory");
    f->run = run;
    f->events = *events;
    f->limit = jobs > 0 ? (size_t)jobs : ACTIVE_DEFAULT;
    *out = f;
    return WK_OK;
}

static bool has_room(void *user)
{
    const wki_picture_fetch *f = user;

    return f->active < f->limit;
}

wk_code wki_picture_fetch_add(wki_picture_fetch *f, const char *url, const wk_plan_item *from,
                              bool instance, uint32_t frame, void *tag, wk_error *err)
{
    request *r = calloc(1, sizeof *r);
    char value[WKI_ACCEPT_SIZE];
    wk_code rc = WK_OK;

    if (!r)
        return wk_fail(err, WK_NOMEM, "out of memory");
    r->f = f;
    r->instance = instance;
    r->frame = frame;
    r->tag = tag;
    r->part.fd = -1;
    r->step = f->step;
    while (r->step + 1 < WKI_ACCEPT_STEPS && !wki_accept_value(r->step, instance, "*", value))
        r->step++;
    r->url = wki_strdup(url);
    rc = r->url ? wk_plan_item_copy(from, &r->from, err) : wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK && !has_room(f))
        rc = wki_http_run(f->run->session->http, has_room, f, err);
    if (rc == WK_OK)
        rc = start(r, err);
    if (rc != WK_OK)
        request_free(r);
    return rc;
}

wk_code wki_picture_fetch_finish(wki_picture_fetch *f, wk_error *err)
{
    wk_code rc;

    if (!f)
        return WK_OK;
    rc = wki_http_run(f->run->session->http, NULL, NULL, err);
    free(f);
    return rc;
}
