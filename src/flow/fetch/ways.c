#include "flow/fetch/ways.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "flow/fetch/plan_ask.h"
#include "flow/fetch/way.h"

enum {
    WORTH_PIXELS = 2 << 20, /* 200 KiB even at 20 to 1; metadata of 100 frames is seldom more */
    MAX_PICTURE = 64 << 20, /* bytes of one that a server draws */
    MAX_TRIES = 3           /* of an instance that broke off */
};

/* Among what can be had. */
typedef struct arrival {
    wki_got got;
    struct arrival *next;
} arrival;

/* What waits for room at one server. */
typedef struct lane {
    const wki_server *server;
    wki_way *first, *last;
    struct lane *next;
} lane;

struct wki_ways {
    wk_session *session;
    wki_fetch *fetch;
    lane *lanes;
    size_t waiting;
    arrival *first, **last;
};

/* --- what came --- */

static wk_code arrive(wki_ways *w, const wki_got *got, wk_error *err)
{
    arrival *a = calloc(1, sizeof *a);

    if (!a)
        return wk_fail(err, WK_NOMEM, "out of memory");
    a->got = *got;
    *w->last = a;
    w->last = &a->next;
    return WK_OK;
}

wk_code wki_way_hand(wki_way *y, wki_picture_source *source, wk_error *err)
{
    wki_got got = {.tag = y->want.tag, .source = *source};
    wk_code rc = arrive(y->ways, &got, err);

    if (rc != WK_OK)
        wki_picture_source_clear(source);
    y->handed += rc == WK_OK;
    return rc;
}

static void free_way(wki_way *y)
{
    wki_way_forget(y);
    free(y->word);
    wki_buf_clear(&y->metadata);
    free(y->url);
    free(y);
}

/* Nothing more comes. Its word was made with it, so that it comes where memory is out too. */
static void finish(wki_way *y, const wk_error *error, bool begun)
{
    wki_ways *w = y->ways;
    arrival *a = y->word;

    a->got = (wki_got){.tag = y->want.tag,
                       .source = {.shown = y->url, .fd = -1},
                       .over = true,
                       .error = *error,
                       .begun = begun,
                       .unclosed = y->unclosed};
    *w->last = a;
    w->last = &a->next;
    y->word = NULL;
    y->url = NULL;
    free_way(y);
}

/* --- choosing --- */

bool wki_frame_is_worth(int64_t frames, int64_t rows, int64_t cols)
{
    return frames > 1 && frames <= WK_MAX_FRAMES && rows > 0 && rows <= WK_MAX_ROWS && cols > 0 &&
           cols <= WK_MAX_COLUMNS && frames * rows * cols >= WORTH_PIXELS;
}

void wki_server_fit(wki_server_ask *ask, int64_t rows, int64_t cols)
{
    uint32_t w = ask->width, h = ask->height;

    if (w == 0 || h == 0)
        return;
    if (cols * h > rows * w) {
        w = cols < w ? (uint32_t)cols : w;
        h = (uint32_t)((rows * w + cols / 2) / cols);
    } else {
        h = rows < h ? (uint32_t)rows : h;
        w = (uint32_t)((cols * h + rows / 2) / rows);
    }
    ask->width = w ? w : 1;
    ask->height = h ? h : 1;
}

static wki_server *server_of(const wki_way *y)
{
    return wki_plan_server(y->ways->session, y->want.item);
}

void wki_way_open(wki_way *y, int64_t frames, int64_t rows, int64_t cols, bool slide)
{
    bool several = frames > 1, there = (int64_t)y->pick <= (several ? frames : 1);

    if (frames < 1 || frames > WK_MAX_FRAMES || rows < 1 || rows > WK_MAX_ROWS || cols < 1 ||
        cols > WK_MAX_COLUMNS || slide || !there)
        return;
    y->may_frame = wki_frame_is_worth(frames, rows, cols) && !server_of(y)->no_frames;
    y->may_server = y->want.server == WKI_SERVER_LARGE && frames * rows * cols >= WK_SERVER_PIXELS;
    if (several && y->pick == 0)
        y->pick = (uint32_t)(frames / 2 + 1);
    wki_server_fit(&y->ask, rows, cols);
}

/* The ways that are open before a byte has come. *known: the header tells nothing more. */
static void look_ahead(wki_way *y, bool *known)
{
    const wki_want *want = &y->want;

    *known = want->frames > 0 && want->rows > 0 && want->cols > 0;
    if (*known && want->one)
        wki_way_open(y, want->frames, want->rows, want->cols, false);
    if (want->server != WKI_SERVER_ALWAYS)
        return;
    y->may_frame = false;
    y->may_server = true;
    if (!*known && want->rows > 0 && want->cols > 0)
        wki_server_fit(&y->ask, want->rows, want->cols);
}

/* --- asking --- */

static wk_code ask(wki_way *y, wki_form form, char *url, const wki_sink_of_parts *sink,
                   wk_error *err)
{
    wki_sink_of_parts own = *sink;
    wki_ask a = {.form = form, .url = url, .item = y->want.item};
    wk_code rc = url ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    own.parts.user = y;
    if (rc == WK_OK)
        rc = wki_fetch_begin(y->ways->fetch, &a, &own, y, NULL, err);
    y->open += rc == WK_OK;
    free(url);
    return rc;
}

static wk_code ask_frame(wki_way *y, wk_error *err)
{
    wk_code rc = ask(y, WKI_FORM_JSON, wki_strfmt("%s/metadata", y->url), &wki_way_json, err);

    y->part_max = WK_MAX_FRAME_BYTES;
    return rc == WK_OK
               ? ask(y, WKI_FORM_FRAMES, wki_strfmt("%s/frames/%u", y->url, (unsigned)y->pick),
                     &wki_way_one, err)
               : rc;
}

static wk_code ask_server(wki_way *y, wk_error *err)
{
    const wki_server_ask *a = &y->ask;
    char frame[32] = "", viewport[48] = "", window[sizeof a->window + 16] = "";

    if (a->frame)
        snprintf(frame, sizeof frame, "/frames/%u", (unsigned)a->frame);
    if (a->width)
        snprintf(viewport, sizeof viewport, "?viewport=%u,%u", (unsigned)a->width,
                 (unsigned)a->height);
    if (y->rendered && a->window[0])
        snprintf(window, sizeof window, "%cwindow=%s", a->width ? '&' : '?', a->window);
    y->part_max = MAX_PICTURE;
    return ask(y, a->png ? WKI_FORM_PNG : WKI_FORM_JPEG,
               wki_strfmt("%s%s/%s%s%s", y->url, frame, y->rendered ? "rendered" : "thumbnail",
                          viewport, window),
               &wki_way_one, err);
}

/* Asks by the way that `now` names. What cannot be begun ends the way at its feed, or here. */
static wk_code begin(wki_way *y, wk_error *err)
{
    switch (y->now) {
    case WKI_WAY_FRAME:
        return ask_frame(y, err);
    case WKI_WAY_SERVER:
        return ask_server(y, err);
    default:
        y->tries++;
        return ask(y, y->want.instance ? WKI_FORM_INSTANCE : WKI_FORM_INSTANCES, wki_strdup(y->url),
                   &wki_way_whole, err);
    }
}

static bool begins_rendered(const wki_way *y)
{
    return !y->ask.thumbnail || y->ask.window[0] || server_of(y)->no_thumbnails;
}

/* Goes on by the next way that is left. */
static wk_code go_on(wki_way *y, wk_error *err)
{
    wki_way_forget(y);
    if (y->may_frame) {
        y->may_frame = false;
        y->now = WKI_WAY_FRAME;
    } else if (y->may_server) {
        y->may_server = false;
        y->ask.frame = y->pick;
        y->rendered = begins_rendered(y);
        if (server_of(y)->no_viewport)
            y->ask.width = y->ask.height = 0;
        y->now = WKI_WAY_SERVER;
    } else {
        y->now = WKI_WAY_WHOLE;
    }
    return begin(y, err);
}

/* --- an end of a transfer, and what follows --- */

/* What an archive has yet to bring from elsewhere (202) no other way has sooner. */
static bool ends_all(const wk_error *e)
{
    return e->code == WK_CANCELLED || e->code == WK_NOMEM || e->http_status == 202;
}

/* Hands over what came by a way that gives one source. */
static wk_code hand_one(wki_way *y, wki_picture_source *source, wk_error *err)
{
    source->frame = y->want.frame ? y->want.frame : source->drawn ? y->ask.frame : 0;
    return wki_way_hand(y, source, err);
}

/* Each returns whether the way has ended; where it has not, it is to go on by another one. */
static bool feed_frame(wki_way *y, const wki_transfer *t, wk_error *err)
{
    wki_picture_source source = {.fd = -1};

    if (t->form == WKI_FORM_FRAMES &&
        (t->refused || t->error.http_status == 405 || t->error.http_status == 501))
        server_of(y)->no_frames = true;
    if (t->error.code != WK_OK && y->error.code == WK_OK)
        y->error = t->error;
    if (y->open > 0)
        return true;
    if (y->error.code == WK_OK && wki_way_frame_file(y, &source, &y->error) == WK_OK)
        y->error.code = hand_one(y, &source, &y->error);
    *err = y->error;
    if (err->code != WK_OK && !ends_all(err))
        wk_log_write(&y->ways->session->log, WK_LOG_INFO, "%s: its frame is not to be had: %s",
                     y->url, err->message);
    return err->code == WK_OK || ends_all(err);
}

/* Asks for the other resource, and then for both without a size, which is not to blame where the
 * server draws nothing without one either. False where nothing is left to ask for. */
static bool ask_otherwise(wki_way *y, const wk_error *err)
{
    wki_server *server = server_of(y);

    if (err->code == WK_AUTH)
        return false;
    if (!y->rendered) {
        y->rendered = true;
        return true;
    }
    if (err->http_status != 400)
        return false;
    server->no_viewport = y->ask.width > 0;
    y->ask.width = y->ask.height = 0;
    y->rendered = begins_rendered(y);
    return server->no_viewport;
}

static bool feed_server(wki_way *y, const wki_transfer *t, wk_error *err)
{
    bool asked = y->want.server == WKI_SERVER_ALWAYS;
    wki_picture_source source = {.fd = -1};

    *err = t->error;
    if (err->code == WK_OK && wki_way_drawn(y, &source, err) == WK_OK)
        err->code = hand_one(y, &source, err);
    if (err->code == WK_OK && y->rendered && y->ask.thumbnail && !y->ask.window[0])
        server_of(y)->no_thumbnails = true;
    if (err->code == WK_OK || ends_all(err))
        return true;
    if (ask_otherwise(y, err)) {
        wki_way_forget(y);
        err->code = ask_server(y, err);
        return err->code == WK_OK;
    }
    wk_log_write(&y->ways->session->log, asked ? WK_LOG_WARN : WK_LOG_INFO,
                 "%s: fetched, as the server does not draw it: %s", y->url, err->message);
    return false;
}

/* What is wanted may be here although the answer broke off. */
static bool is_enough(const wki_way *y)
{
    return y->want.instance && y->handed > 0;
}

static bool broke_off(const wki_way *y, const wki_transfer *t)
{
    return y->cut || (t->begun && t->error.code == WK_NET);
}

static bool feed_whole(wki_way *y, const wki_transfer *t, wk_error *err)
{
    *err = t->error;
    if (y->called_off ||
        (broke_off(y, t) && y->want.instance && !is_enough(y) && y->tries < MAX_TRIES))
        return false;
    y->unclosed = err->code == WK_OK && !t->whole && !t->partial && !is_enough(y);
    if (err->code == WK_OK && !t->whole && !is_enough(y))
        (void)wk_fail(err, WK_DATA,
                      "the body ended without its closing delimiter; instances may be missing");
    if (err->code == WK_OK && t->partial)
        (void)wk_fail(err, WK_PARTIAL, "the server says that it left something out (206)");
    if (is_enough(y) && !t->whole && (err->code == WK_OK || broke_off(y, t))) {
        wk_error_clear(err);
        wk_log_write(&y->ways->session->log, WK_LOG_WARN,
                     "%s: the body ended too early, but the instance is whole", y->url);
    }
    return true;
}

static void feed(wki_way *y, const wki_transfer *t)
{
    wk_error err = {0};
    bool over;

    y->open--;
    over = y->now == WKI_WAY_FRAME    ? feed_frame(y, t, &err)
           : y->now == WKI_WAY_SERVER ? feed_server(y, t, &err)
                                      : feed_whole(y, t, &err);
    if (!over) {
        wk_error_clear(&err);
        over = go_on(y, &err) != WK_OK;
    }
    if (!over || y->open > 0)
        return;
    finish(y, &err, t->begun);
}

/* --- the face --- */

wk_code wki_ways_new(wk_session *session, wki_ways **out, wk_error *err)
{
    wki_ways *w = calloc(1, sizeof *w);
    wk_code rc =
        w ? wki_fetch_new(session, &w->fetch, err) : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc != WK_OK) {
        free(w);
        return rc;
    }
    w->session = session;
    w->last = &w->first;
    *out = w;
    return WK_OK;
}

static void free_lanes(wki_ways *w)
{
    while (w->lanes) {
        lane *l = w->lanes;

        w->lanes = l->next;
        while (l->first) {
            wki_way *y = l->first;

            l->first = y->next;
            free_way(y);
        }
        free(l);
    }
}

void wki_ways_free(wki_ways *w)
{
    wki_transfer *t;
    wki_got got;

    if (!w)
        return;
    free_lanes(w);
    wki_fetch_stop(w->fetch);
    while ((t = wki_fetch_next(w->fetch))) {
        wki_way *y = t->tag;

        if (--y->open == 0)
            free_way(y);
        wki_transfer_free(t);
    }
    while (wki_ways_next(w, &got))
        wki_picture_source_clear(&got.source);
    wki_fetch_free(w->fetch);
    free(w);
}

static wk_code new_way(wki_ways *w, const wki_want *want, wki_way **out, wk_error *err)
{
    wki_way *y = calloc(1, sizeof *y);

    if (y) {
        y->url = wki_strdup(want->url);
        y->word = calloc(1, sizeof(arrival));
    }
    if (!y || !y->url || !y->word) {
        free(y ? y->url : NULL);
        free(y ? y->word : NULL);
        free(y);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    y->ways = w;
    y->want = *want;
    y->want.url = NULL;
    y->want.ask = NULL;
    y->part.fd = -1;
    wki_buf_init(&y->metadata, WK_MAX_JSON_ITEM_BYTES, "metadata");
    y->pick = want->pick;
    if (want->ask)
        y->ask = *want->ask;
    *out = y;
    return WK_OK;
}

static lane *lane_of(wki_ways *w, const wki_server *server, wk_error *err)
{
    lane *l = w->lanes;

    while (l && l->server != server)
        l = l->next;
    if (l)
        return l;
    l = calloc(1, sizeof *l);
    if (!l) {
        (void)wk_fail(err, WK_NOMEM, "out of memory");
        return NULL;
    }
    l->server = server;
    l->next = w->lanes;
    w->lanes = l;
    return l;
}

wk_code wki_ways_add(wki_ways *w, const wki_want *want, wk_error *err)
{
    lane *l = lane_of(w, wki_plan_server(w->session, want->item), err);
    wki_way *y = NULL;
    wk_code rc = l ? new_way(w, want, &y, err) : WK_NOMEM;

    if (rc != WK_OK)
        return rc;
    if (l->first)
        l->last->next = y;
    else
        l->first = y;
    l->last = y;
    w->waiting++;
    return WK_OK;
}

size_t wki_ways_waiting(const wki_ways *w)
{
    return w->waiting;
}

static void start(wki_way *y)
{
    bool known = true;
    wk_error err = {0};
    wk_code rc;

    if (y->want.instance && y->want.item->root)
        look_ahead(y, &known);
    rc = go_on(y, &err);
    if (rc == WK_OK && !known && y->want.one && y->now == WKI_WAY_WHOLE)
        rc = wki_dicom_scan_new(&y->peek, &err);
    if (rc == WK_OK || y->open > 0)
        return;
    finish(y, &err, false);
}

static void start_waiting(wki_ways *w)
{
    for (lane *l = w->lanes; l; l = l->next) {
        while (l->first && wki_fetch_has_room(w->fetch, l->first->url)) {
            wki_way *y = l->first;

            l->first = y->next;
            w->waiting--;
            start(y);
        }
    }
}

bool wki_ways_next(wki_ways *w, wki_got *out)
{
    arrival *a = w->first;

    if (!a)
        return false;
    w->first = a->next;
    if (!w->first)
        w->last = &w->first;
    *out = a->got;
    free(a);
    return true;
}

bool wki_ways_are_open(const wki_ways *w)
{
    return w->first || w->waiting > 0 || wki_fetch_active(w->fetch) > 0;
}

static bool has_arrived(void *user)
{
    return ((const wki_ways *)user)->first != NULL;
}

wk_code wki_ways_run(wki_ways *w, wk_error *err)
{
    wk_code rc = WK_OK;

    start_waiting(w);
    while (rc == WK_OK && !w->first && wki_fetch_active(w->fetch) > 0) {
        wki_transfer *t;

        rc = wki_fetch_run(w->fetch, has_arrived, w, err);
        while ((t = wki_fetch_next(w->fetch))) {
            feed(t->tag, t);
            wki_transfer_free(t);
        }
        start_waiting(w);
    }
    return rc;
}
