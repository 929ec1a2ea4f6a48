#include "flow/fetch/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "flow/fetch/plan_ask.h"
#include "http/url.h"

enum {
    QUEUED = 4 /* transfers to one server that wait for their turn, so that none is ever idle */
};

typedef struct flight {
    wki_transfer t; /* first: what others see */
    wki_fetch *fetch;
    const wk_plan_item *item;
    char *target, *named_by;
    char syntax[WK_UID_SIZE];
    wki_server *server;
    wki_sink_of_parts sink;
    unsigned tried;
    int rung;
    char accept[WKI_ACCEPT_SIZE];
    bool doubtful; /* a rung before this one failed with 500 */
    wki_wado_body *body;
    bool given_up; /* the body, or the sink, refused bytes */
    bool arrived;  /* HTTP says that all of it came */
    bool ended;
    struct flight *next; /* among those that ended */
    struct flight *all_next, **all_place;
} flight;

struct wki_fetch {
    wk_session *session;
    flight *all;
    flight *first, **last; /* ended, in order */
    size_t n;
};

wk_code wki_fetch_new(wk_session *session, wki_fetch **out, wk_error *err)
{
    wki_fetch *f = calloc(1, sizeof *f);

    if (!f)
        return wk_fail(err, WK_NOMEM, "out of memory");
    f->session = session;
    f->last = &f->first;
    *out = f;
    return WK_OK;
}

void wki_fetch_free(wki_fetch *f)
{
    wki_transfer *t;

    if (!f)
        return;
    wki_fetch_stop(f);
    while ((t = wki_fetch_next(f)))
        wki_transfer_free(t);
    free(f);
}

void wki_transfer_free(wki_transfer *t)
{
    flight *x = (flight *)t;

    if (!x)
        return;
    wki_wado_body_free(x->body);
    free(x->target);
    free(x->named_by);
    free(x->t.url);
    free(x);
}

static void end(flight *x)
{
    wki_fetch *f = x->fetch;

    x->ended = true;
    *f->last = x;
    f->last = &x->next;
}

wki_transfer *wki_fetch_next(wki_fetch *f)
{
    flight *x = f->first;

    if (!x)
        return NULL;
    f->first = x->next;
    if (!f->first)
        f->last = &f->first;
    *x->all_place = x->all_next;
    if (x->all_next)
        x->all_next->all_place = x->all_place;
    f->n--;
    return &x->t;
}

size_t wki_fetch_active(const wki_fetch *f)
{
    return f->n;
}

/* --- the answer --- */

static wk_code part_begin(void *user, const wki_part_head *head, wk_error *err)
{
    flight *x = user;

    x->t.parts++;
    return x->sink.parts.part_begin(x->sink.parts.user, head, err);
}

static wk_code part_data(void *user, const void *data, size_t n, wk_error *err)
{
    flight *x = user;

    return x->sink.parts.part_data(x->sink.parts.user, data, n, err);
}

/* A body without its closing delimiter, of which all came that was announced, is not cut: its
 * server does not write one. One that ended with its last chunk may have been given up by its
 * server. */
static wk_code part_end(void *user, wki_part_end end, wk_error *err)
{
    flight *x = user;

    if (end == WKI_PART_CUT && x->arrived && x->t.length >= 0)
        end = WKI_PART_UNTERMINATED;
    return x->sink.parts.part_end(x->sink.parts.user, end, err);
}

static int64_t missing(void *user)
{
    const wki_multipart_events *parts = &((flight *)user)->sink.parts;

    return parts->missing ? parts->missing(parts->user) : -1;
}

static bool has_chunks(const wki_http_head *head)
{
    const char *encoding = wki_http_header(head, "Transfer-Encoding");

    return encoding && wki_str_istarts(encoding, "chunked");
}

static void note_head(flight *x, const wki_http_head *head)
{
    const char *warning = wki_http_header(head, "Warning");

    (void)wki_strcopy(x->t.type, sizeof x->t.type, head->content_type);
    x->t.begun = true;
    x->t.length = head->content_length;
    x->t.told = head->content_length >= 0 || has_chunks(head);
    x->t.partial = head->status == 206 && !wki_http_header(head, "Content-Range");
    if (warning)
        wk_log_write(&x->fetch->session->log, WK_LOG_WARN, "the server warns: %s", warning);
    wki_server_took(x->server, x->t.form, x->rung, x->doubtful);
    if (x->sink.received)
        x->sink.received(x->sink.parts.user, &x->t, 0);
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    const wki_multipart_events events = {part_begin, part_data, part_end, user, missing};
    flight *x = user;

    free(x->t.url);
    x->t.url = wki_strdup(head->url);
    if (!x->t.url)
        return wk_fail(err, WK_NOMEM, "out of memory");
    note_head(x, head);
    return wki_wado_body_new(x->t.form, head->content_type, &events, &x->body, err);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    flight *x = user;
    wk_code rc;

    x->t.bytes += n;
    if (x->sink.received)
        x->sink.received(x->sink.parts.user, &x->t, n);
    rc = wki_wado_body_feed(x->body, data, n, err);
    x->given_up = rc != WK_OK;
    return rc;
}

/* The body so far is all there will be: its last part ends here. What nobody told the length of may
 * be whole all the same; of DICOM its own bytes tell. */
static void finish_body(flight *x)
{
    wki_transfer *t = &x->t;
    bool dicom = t->form == WKI_FORM_INSTANCES || t->form == WKI_FORM_INSTANCE;
    wk_error err = {0};
    wk_code rc;

    if (!x->body || x->given_up)
        return;
    x->arrived = t->error.code == WK_OK;
    rc = wki_wado_body_finish(x->body, x->arrived && (t->told || !dicom), &t->whole, &err);
    if (t->error.code != WK_OK)
        return;
    if (rc != WK_OK)
        t->error = err;
    else if (t->parts == 0)
        (void)wk_fail(&t->error, WK_NOT_FOUND, "the answer holds no %s",
                      dicom ? "instances" : "bytes");
}

/* --- the request --- */

static bool start(flight *x);

/* Asks by the next rung; false where there is none, or another rung would be of no use. */
static bool climb(flight *x, int status)
{
    if (x->t.begun || !wki_server_refuses(x->server, x->t.form, x->accept, status))
        return false;
    if (!wki_server_rung(x->server, x->t.form, x->syntax, &x->tried, &x->rung, x->accept)) {
        x->t.refused = true;
        return false;
    }
    x->doubtful = x->doubtful || status == 500;
    return start(x);
}

static void on_done(void *user, const wki_http_result *result)
{
    flight *x = user;
    int status = result->error.http_status ? result->error.http_status : result->status;

    if (result->error.code != WK_OK && result->error.code != WK_CANCELLED && climb(x, status))
        return;
    x->t.error = result->error;
    finish_body(x);
    end(x);
}

static void request_of(const flight *x, wki_http_request *q)
{
    if (x->item)
        wki_plan_request(x->item, q);
    else
        *q = (wki_http_request){.named_by = x->named_by};
    q->url = x->target;
    q->accept = x->accept;
    q->awaits = true;
    q->divisible = true;
}

/* False with the error set. */
static bool start(flight *x)
{
    const wki_http_handler handler = {.head = on_head, .body = on_body, .done = on_done, .user = x};
    wki_http_request q;

    request_of(x, &q);
    return wki_http_start(x->fetch->session->http, &q, &handler, &x->t.error) == WK_OK;
}

static wk_code new_flight(wki_fetch *f, const wki_ask *ask, flight **out, wk_error *err)
{
    flight *x = calloc(1, sizeof *x);
    wk_code rc = WK_OK;

    if (!x)
        return wk_fail(err, WK_NOMEM, "out of memory");
    x->t.form = ask->form;
    x->item = ask->item;
    x->t.length = -1;
    x->fetch = f;
    x->target = wki_strdup(ask->url);
    x->named_by = wki_strdup(ask->named_by);
    (void)wki_strcopy(x->syntax, sizeof x->syntax, ask->syntax ? ask->syntax : "*");
    if (!x->target || (ask->named_by && !x->named_by))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc != WK_OK) {
        wki_transfer_free(&x->t);
        return rc;
    }
    *out = x;
    return WK_OK;
}

wk_code wki_fetch_begin(wki_fetch *f, const wki_ask *ask, const wki_sink_of_parts *sink, void *tag,
                        wki_transfer **out, wk_error *err)
{
    flight *x = NULL;
    wk_code rc = new_flight(f, ask, &x, err);

    if (rc != WK_OK)
        return rc;
    x->t.tag = tag;
    x->sink = *sink;
    x->server =
        ask->item ? wki_plan_server(f->session, ask->item) : wki_url_server(f->session, ask->url);
    x->all_next = f->all;
    x->all_place = &f->all;
    if (f->all)
        f->all->all_place = &x->all_next;
    f->all = x;
    f->n++;
    if (out)
        *out = &x->t;
    if (!wki_server_rung(x->server, x->t.form, x->syntax, &x->tried, &x->rung, x->accept))
        (void)wk_fail(&x->t.error, WK_INTERNAL, "nothing to ask for");
    if (x->t.error.code != WK_OK || !start(x))
        end(x);
    return WK_OK;
}

bool wki_fetch_has_room(const wki_fetch *f, const char *url)
{
    return f->n == 0 || wki_http_queued(f->session->http, url) < QUEUED;
}

typedef struct waiting {
    const wki_fetch *fetch;
    bool (*enough)(void *);
    void *user;
} waiting;

static bool is_enough(void *user)
{
    const waiting *w = user;

    return (w->enough && w->enough(w->user)) || w->fetch->first;
}

wk_code wki_fetch_run(wki_fetch *f, bool (*enough)(void *), void *user, wk_error *err)
{
    waiting w = {f, enough, user};

    if (f->first)
        return WK_OK;
    return wki_http_run(f->session->http, is_enough, &w, err);
}

void wki_fetch_stop(wki_fetch *f)
{
    for (flight *x = f->all; x; x = x->all_next) {
        if (!x->ended)
            wki_http_stop(f->session->http, x);
    }
}

wk_code wki_fetch_one(wk_session *session, const wki_ask *ask, const wki_sink_of_parts *sink,
                      wk_error *err)
{
    wki_fetch *f = NULL;
    wki_transfer *t = NULL;
    wk_code rc = wki_fetch_new(session, &f, err);

    if (rc == WK_OK)
        rc = wki_fetch_begin(f, ask, sink, NULL, NULL, err);
    while (rc == WK_OK && !(t = wki_fetch_next(f)))
        rc = wki_fetch_run(f, NULL, NULL, err);
    if (t && rc == WK_OK)
        rc = t->error.code;
    if (t && t->error.code != WK_OK && err)
        *err = t->error;
    wki_transfer_free(t);
    wki_fetch_free(f);
    return rc;
}
