#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicom/dicom_scan.h"
#include "dicomweb/accept.h"
#include "dicomweb/wado.h"
#include "flow/draw/slide.h"
#include "flow/find/plan_ask.h"
#include "flow/picture/frame_fetch.h"
#include "flow/picture/picture_source.h"
#include "flow/picture/server_picture.h"
#include "http/http.h"

enum {
    ACTIVE_DEFAULT = 4,
    MAX_FRAMELESS = 16,
    PEEK_FROM = 4 << 20 /* what is smaller is under way before it can be called off */
};

struct wki_picture_fetch {
    wki_picture_run *run;
    wki_picture_events events;
    size_t limit; /* transfers at once in a lane */
    size_t active[WKI_PICTURE_LANES];
    uint64_t ended;                 /* of all */
    int step;                       /* of the Accept ladder that worked last */
    char *frameless[MAX_FRAMELESS]; /* service roots that gave no frames */
    size_t n_frameless;
};

/* One request until it ended, over all steps of the Accept ladder. */
typedef struct request {
    wki_picture_fetch *f;
    wk_plan_item *from; /* a copy */
    char *url;
    bool instance;
    unsigned lane;
    uint32_t frame;
    void *tag;
    int step;
    wki_dicom_scan *peek; /* of the header, until it is known whether less than the whole will do */
    uint32_t pick;
    bool may_frame, may_server; /* ways that are left; the whole is the last */
    bool called_off;            /* the whole, by its header */
    wki_picture_server server;
    wki_server_ask ask;
    wki_wado_body *body;
    wki_picture_source part;
    bool in_part;
    uint64_t handed;
    bool length_known;
} request;

static void end_one(request *r)
{
    r->f->active[r->lane]--;
    r->f->ended++;
}

static void request_free(request *r)
{
    wki_dicom_scan_free(r->peek);
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

static bool gives_frames(const wki_picture_fetch *f, const wk_plan_item *item)
{
    for (size_t i = 0; item->root && i < f->n_frameless; i++) {
        if (strcmp(f->frameless[i], item->root) == 0)
            return false;
    }
    return item->root != NULL;
}

static void stop_peeking(request *r)
{
    wki_dicom_scan_free(r->peek);
    r->peek = NULL;
}

/* What the size of an instance opens: ways to its picture with fewer bytes than its own. */
static void open_ways(request *r, int64_t frames, int64_t rows, int64_t cols, bool slide)
{
    bool several = frames > 1, there = (int64_t)r->pick <= (several ? frames : 1);

    if (frames < 1 || frames > WK_MAX_FRAMES || rows < 1 || rows > WK_MAX_ROWS || cols < 1 ||
        cols > WK_MAX_COLUMNS || slide || !there)
        return;
    r->may_frame = wki_frame_is_worth(frames, rows, cols) && gives_frames(r->f, r->from);
    r->may_server = r->server == WKI_SERVER_LARGE && frames * rows * cols >= WK_SERVER_PIXELS;
    if (several && r->pick == 0)
        r->pick = (uint32_t)(frames / 2 + 1);
    wki_server_fit(&r->ask, rows, cols);
}

/* Ends the transfer where the header says that there is a better way. */
static wk_code peek(request *r, const void *data, size_t n, wk_error *err)
{
    wk_error ignored = {0};
    const wki_dicom_identity *id = wki_dicom_scan_identity(r->peek);
    wk_code rc = wki_dicom_feed(r->peek, data, n, &ignored);

    if (rc == WK_OK && !id->has_pixels && (id->rows == 0 || id->cols == 0))
        return WK_OK;
    if (rc == WK_OK)
        open_ways(r, id->frames, id->rows, id->cols, wki_slide_is_class(id->sop_class));
    stop_peeking(r);
    r->called_off = r->may_frame || r->may_server;
    return r->called_off ? wk_fail(err, WK_CANCELLED, "there is a shorter way") : WK_OK;
}

static wk_code on_part_data(void *user, const void *data, size_t n, wk_error *err)
{
    request *r = user;

    if (r->peek) {
        wk_code rc = peek(r, data, n, err);

        if (rc != WK_OK)
            return rc;
    }
    return wki_picture_source_write(&r->part, data, n, err);
}

static wk_code on_part_end(void *user, wki_part_end end, wk_error *err)
{
    request *r = user;
    wki_picture_source part = r->part;

    r->in_part = false;
    r->part = (wki_picture_source){.fd = -1};
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
    if (r->length_known && head->content_length < PEEK_FROM)
        stop_peeking(r);
    return wki_wado_body_new(head->content_type, &events, &r->body, err);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    request *r = user;

    return wki_wado_body_feed(r->body, data, n, err);
}

static wk_code start(request *r, wk_error *err);
static bool start_shorter(request *r);

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

    end_one(r);
    if (r->called_off && start_shorter(r))
        return;
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
        r->f->active[r->lane]++;
    return rc;
}

/* --- shorter ways --- */

static void note_frameless(wki_picture_fetch *f, const wk_plan_item *item)
{
    char *root;

    if (f->n_frameless == MAX_FRAMELESS || !gives_frames(f, item))
        return;
    root = wki_strdup(item->root);
    if (root)
        f->frameless[f->n_frameless++] = root;
}

/* What came by a shorter way is handed over; what did not comes by the next one, in the end as a
 * whole. Takes `source`, NULL where rc is not WK_OK. */
static void end_shorter(request *r, wk_code rc, wki_picture_source *source, const wk_error *error)
{
    wk_error err = *error;

    end_one(r);
    if (rc == WK_OK) {
        source->frame = r->frame ? r->frame : source->drawn ? r->ask.frame : 0;
        rc = r->f->events.fetched(r->f->events.user, source, r->tag, &err);
    } else if (rc != WK_CANCELLED && rc != WK_NOMEM) {
        wk_error_clear(&err);
        if (start_shorter(r))
            return;
        rc = start(r, &err);
        if (rc == WK_OK)
            return;
    }
    if (rc != WK_OK && rc != WK_CANCELLED && !is_seen_to(r, &err))
        wki_picture_run_failed(r->f->run, r->url, r->from, &err);
    request_free(r);
}

static void on_frame(void *user, wk_code rc, wki_picture_source *source, bool refused,
                     const wk_error *error)
{
    request *r = user;

    if (rc != WK_OK && rc != WK_CANCELLED)
        wk_log_write(&r->f->run->session->log, WK_LOG_INFO, "%s: its frame is not to be had: %s",
                     r->url, error->message);
    if (refused)
        note_frameless(r->f, r->from);
    end_shorter(r, rc, source, error);
}

static void on_drawn(void *user, wk_code rc, wki_picture_source *source, const wk_error *error)
{
    request *r = user;
    bool asked = r->server == WKI_SERVER_ALWAYS;

    if (rc != WK_OK && rc != WK_CANCELLED)
        wk_log_write(&r->f->run->session->log, asked ? WK_LOG_WARN : WK_LOG_INFO,
                     "%s: fetched, as the server does not draw it: %s", r->url, error->message);
    end_shorter(r, rc, source, error);
}

/* Starts on the next way that is left; false where it is the whole. */
static bool start_shorter(request *r)
{
    wki_http *http = r->f->run->session->http;
    bool frame = r->may_frame, server = !frame && r->may_server;
    wk_error ignored = {0};
    wk_code rc = WK_UNSUPPORTED;

    if (!frame && !server)
        return false;
    stop_peeking(r);
    r->called_off = false;
    wki_wado_body_free(r->body);
    r->body = NULL;
    wki_picture_source_clear(&r->part);
    r->in_part = false;
    if (frame) {
        r->may_frame = false;
        rc = wki_frame_fetch(http, r->url, r->from, r->pick, on_frame, r, &ignored);
    } else if (server) {
        r->may_server = false;
        r->ask.frame = r->pick;
        rc = wki_server_fetch(http, r->url, r->from, &r->ask, on_drawn, r, &ignored);
    }
    r->f->active[r->lane] += rc == WK_OK;
    return rc == WK_OK;
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

bool wki_picture_fetch_has_room(const wki_picture_fetch *f, unsigned lane)
{
    return f->active[lane] < f->limit;
}

/* What is waited for: room in a lane, or (lane WKI_PICTURE_LANES) the end of any transfer. */
typedef struct waiting {
    const wki_picture_fetch *f;
    unsigned lane;
    uint64_t ended;
} waiting;

static bool is_over(void *user)
{
    const waiting *w = user;

    return w->lane == WKI_PICTURE_LANES ? w->f->ended != w->ended
                                        : wki_picture_fetch_has_room(w->f, w->lane);
}

wk_code wki_picture_fetch_wait(wki_picture_fetch *f, wk_error *err)
{
    waiting w = {f, WKI_PICTURE_LANES, f->ended};

    return wki_http_run(f->run->session->http, is_over, &w, err);
}

/* The ways that are open before a byte has come, or the look at the header that will tell. */
static wk_code look_ahead(request *r, const wki_picture_want *want, wk_error *err)
{
    bool known = want->frames > 0 && want->rows > 0 && want->cols > 0;

    if (!want->instance || !want->from->root)
        return WK_OK;
    r->pick = want->pick;
    r->server = want->server;
    if (want->ask)
        r->ask = *want->ask;
    if (known && want->one)
        open_ways(r, want->frames, want->rows, want->cols, false);
    if (r->server == WKI_SERVER_ALWAYS) {
        r->may_frame = false;
        r->may_server = true;
        if (!known && want->rows > 0 && want->cols > 0)
            wki_server_fit(&r->ask, want->rows, want->cols);
    }
    return known || !want->one || r->may_server ? WK_OK : wki_dicom_scan_new(&r->peek, err);
}

static wk_code make_request(wki_picture_fetch *f, const wki_picture_want *want, request **out,
                            wk_error *err)
{
    request *r = calloc(1, sizeof *r);
    char value[WKI_ACCEPT_SIZE];
    wk_code rc;

    if (!r)
        return wk_fail(err, WK_NOMEM, "out of memory");
    r->f = f;
    r->instance = want->instance;
    r->lane = want->lane;
    r->frame = want->frame;
    r->tag = want->tag;
    r->part.fd = -1;
    r->step = f->step;
    while (r->step + 1 < WKI_ACCEPT_STEPS && !wki_accept_value(r->step, r->instance, "*", value))
        r->step++;
    r->url = wki_strdup(want->url);
    rc = r->url ? wk_plan_item_copy(want->from, &r->from, err)
                : wk_fail(err, WK_NOMEM, "out of memory");
    if (rc != WK_OK) {
        request_free(r);
        return rc;
    }
    *out = r;
    return WK_OK;
}

wk_code wki_picture_fetch_add(wki_picture_fetch *f, const wki_picture_want *want, wk_error *err)
{
    request *r = NULL;
    wk_code rc = make_request(f, want, &r, err);

    if (rc != WK_OK)
        return rc;
    if (!is_over(&(waiting){.f = f, .lane = r->lane}))
        rc = wki_http_run(f->run->session->http, is_over, &(waiting){.f = f, .lane = r->lane}, err);
    if (rc == WK_OK)
        rc = look_ahead(r, want, err);
    if (rc == WK_OK && !start_shorter(r))
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
    for (size_t i = 0; i < f->n_frameless; i++)
        free(f->frameless[i]);
    free(f);
    return rc;
}
