#include "flow/run_progress.h"

enum {
    PAUSE_MS = 100,
    SHORT_WAIT_MS = 1000 /* nobody can read what is said of a shorter one */
};

void wki_progress_begin(wk_session *session, void (*describe)(void *user, wk_progress *out),
                        void *user)
{
    if (session->describe)
        return;
    session->describe = describe;
    session->describe_user = user;
}

void wki_progress_end(wk_session *session, void *user)
{
    if (session->describe_user == user)
        session->describe = NULL;
}

void wki_progress_init(wk_progress *p)
{
    *p = (wk_progress){.bytes_total = -1, .items_total = -1, .targets_total = -1};
}

void wki_progress_tell(const wk_session *session, const wk_progress *p)
{
    if (session->opts.progress)
        session->opts.progress(session->opts.progress_user, p);
}

static void add_targets(const wk_session *s, wk_progress *p)
{
    if (s->n_targets == 0)
        return;
    p->growing = s->resolving;
    p->targets = s->targets_begun;
    p->targets_total = (int64_t)s->n_targets;
}

static void add_wait(const wk_session *s, wk_progress *p)
{
    wki_http_wait wait;

    if (!wki_http_next_wait(s->http, &wait) || wait.whole_ms < SHORT_WAIT_MS)
        return;
    p->wait_origin = wait.origin;
    p->wait_status = wait.status;
    p->wait_asked = wait.asked;
    p->wait_ms = wait.left_ms;
}

void wki_progress_turn(void *session)
{
    wk_session *s = session;
    wk_progress p;
    int64_t now;

    if (!s->opts.progress || !s->describe)
        return;
    now = s->clock->monotonic_ms(s->clock->user);
    if (s->told_ms > 0 && now - s->told_ms < PAUSE_MS)
        return;
    s->told_ms = now;
    wki_progress_init(&p);
    add_targets(s, &p);
    s->describe(s->describe_user, &p);
    add_wait(s, &p);
    wki_progress_tell(s, &p);
}
