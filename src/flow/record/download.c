#include "flow/record/download.h"

#include <string.h>

enum {
    JOBS = 6,
    ATTEMPTS = 3
};

static wk_code start(wki_download *d, wk_error *err);

void wki_downloads_init(wki_downloads *q, wk_session *session)
{
    int jobs = session->opts.jobs;

    memset(q, 0, sizeof *q);
    q->session = session;
    q->most = jobs > 0 ? (size_t)jobs : JOBS;
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    wki_download *d = user;

    return d->begin(d, head, err);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    wki_download *d = user;

    return d->body(d, data, n, err);
}

static void on_done(void *user, const wki_http_result *result)
{
    wki_download *d = user;
    wki_downloads *q = d->owner;
    int retries = q->session->opts.retries;
    int most = retries < 0 ? ATTEMPTS : retries + 1;
    wk_error error = result->error;

    /* The client does not repeat what broke off after its first byte. */
    if (error.code == WK_NET && result->status / 100 == 2 && ++d->attempts < most) {
        wk_error_clear(&error);
        if (start(d, &error) == WK_OK)
            return;
    }
    q->active--;
    d->done(d, &error);
}

static wk_code start(wki_download *d, wk_error *err)
{
    wki_http_request request = {
        .url = d->url, .accept = d->accept, .named_by = d->named_by, .auth = d->auth};
    wki_http_handler handler = {.head = on_head, .body = on_body, .done = on_done, .user = d};

    return wki_http_start(d->owner->session->http, &request, &handler, err);
}

static bool has_room(void *user)
{
    const wki_downloads *q = user;

    return q->active < q->most;
}

static bool is_empty(void *user)
{
    return ((const wki_downloads *)user)->active == 0;
}

wk_code wki_downloads_add(wki_downloads *q, wki_download *d, wk_error *err)
{
    wk_error own = {0};
    wk_code rc = WK_OK;

    d->owner = q;
    d->attempts = 0;
    if (!has_room(q))
        rc = wki_http_run(q->session->http, has_room, q, &own);
    if (rc == WK_OK)
        rc = wki_session_check(q->session, &own);
    if (rc == WK_OK) {
        q->active++;
        rc = start(d, &own);
        if (rc == WK_OK)
            return WK_OK;
        q->active--;
        d->done(d, &own);
        return WK_OK;
    }
    d->done(d, &own);
    return wk_fail_from(err, rc, &own);
}

wk_code wki_downloads_wait(wki_downloads *q, wk_error *err)
{
    return q->active > 0 ? wki_http_run(q->session->http, is_empty, q, err) : WK_OK;
}

/* ---- one alone ---- */

typedef struct alone {
    wki_download d; /* first: it is what the callbacks get */
    wki_download *inner;
    wk_error error;
} alone;

static wk_code alone_begin(wki_download *d, const wki_http_head *head, wk_error *err)
{
    wki_download *inner = ((alone *)d)->inner;

    return inner->begin(inner, head, err);
}

static wk_code alone_body(wki_download *d, const void *data, size_t n, wk_error *err)
{
    wki_download *inner = ((alone *)d)->inner;

    return inner->body(inner, data, n, err);
}

static void alone_done(wki_download *d, const wk_error *error)
{
    ((alone *)d)->error = *error;
}

wk_code wki_download_run(wk_session *session, wki_download *d, wk_error *err)
{
    alone a = {.d = *d, .inner = d};
    wki_downloads q;
    wk_code rc;

    a.d.begin = alone_begin;
    a.d.body = alone_body;
    a.d.done = alone_done;
    wki_downloads_init(&q, session);
    rc = wki_downloads_add(&q, &a.d, err);
    if (rc == WK_OK)
        rc = wki_downloads_wait(&q, err);
    if (rc == WK_OK && a.error.code != WK_OK) {
        if (err)
            *err = a.error;
        rc = a.error.code;
    }
    if (d->done)
        d->done(d, &a.error);
    return rc;
}
