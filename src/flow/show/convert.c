#include <wadokit/convert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wadokit/plan.h>

#include "core/path.h"
#include "core/pool.h"
#include "core/seen.h"
#include "core/text.h"
#include "core/uid.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"
#include "flow/picture/picture_run.h"
#include "flow/fetch/ways.h"
#include "flow/find/local.h"
#include "flow/picture/plan_parts.h"
#include "flow/picture/server_picture.h"

enum {
    NAME_SIZE = 256,
    NAMES_MAX = 1 << 24,
    LOOK_AHEAD = 64 /* items that wait, so that those of another server are among them */
};

/* One run of wk_render(). Objects get their names in the order in which they were added (turn), so
 * that names do not depend on which thread was faster. */
typedef struct rendering {
    wki_picture_run run;
    const wk_render_opts *opts;
    wki_pool *pool;
    wki_ways *ways;
    wki_server_ask ask;      /* of servers that are to draw */
    wki_picture_source held; /* the only source of a single picture, until it is known to be that */
    struct fetched_item *held_from;
    struct fetched_item *all; /* all that is not done with */
    size_t remote;            /* items of servers */
    uint64_t added;
    pthread_mutex_t turn_lock;
    pthread_cond_t turn_moved;
    uint64_t turn;
    wki_seen names;
    wki_seen fetched; /* SOP Instance UIDs of what came from servers */
} rendering;

/* An item of a server: kept by the fetching, and by the drawing of each source that came. */
typedef struct fetched_item {
    wk_plan_item *item;
    uint64_t came;                      /* sources; the fetching's own */
    unsigned holders;                   /* under turn_lock */
    struct fetched_item **place, *next; /* among all */
} fetched_item;

typedef struct job {
    uint64_t number;
    wki_picture_source source;
    fetched_item *from;       /* what was fetched, NULL: a file */
    const wk_plan_item *item; /* of `from` */
    char digest[WKI_SHA256_HEX_SIZE]; /* of what was fetched as a whole */
} job;

/* Takes the item; NULL where memory is out. */
static fetched_item *new_item(rendering *r, wk_plan_item *item)
{
    fetched_item *w = calloc(1, sizeof *w);

    if (!w)
        return NULL;
    w->item = item;
    w->holders = 1;
    pthread_mutex_lock(&r->turn_lock);
    w->next = r->all;
    w->place = &r->all;
    if (w->next)
        w->next->place = &w->next;
    r->all = w;
    pthread_mutex_unlock(&r->turn_lock);
    return w;
}

static void hold(rendering *r, fetched_item *w)
{
    pthread_mutex_lock(&r->turn_lock);
    w->holders++;
    pthread_mutex_unlock(&r->turn_lock);
}

static void let_go(rendering *r, fetched_item *w)
{
    bool last;

    if (!w)
        return;
    pthread_mutex_lock(&r->turn_lock);
    last = --w->holders == 0;
    if (last) {
        *w->place = w->next;
        if (w->next)
            w->next->place = w->place;
    }
    pthread_mutex_unlock(&r->turn_lock);
    if (!last)
        return;
    wk_plan_item_free(w->item);
    free(w);
}

/* One that something held to its end. */
static void drop_item(rendering *r)
{
    fetched_item *w = r->all;

    r->all = w->next;
    wk_plan_item_free(w->item);
    free(w);
}

static void free_job(rendering *r, job *j)
{
    let_go(r, j->from);
    wki_picture_source_clear(&j->source);
    free(j);
}

wk_code wk_frames_read(const char *text, wk_frames *frames, uint32_t *frame, wk_error *err)
{
    char *end = NULL;
    unsigned long n;

    if (strcmp(text, "all") == 0 || strcmp(text, "middle") == 0) {
        *frames = *text == 'a' ? WK_FRAMES_ALL : WK_FRAMES_MIDDLE;
        return WK_OK;
    }
    n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > WK_MAX_FRAMES)
        return wk_fail(err, WK_USAGE, "frame \"%.20s\" is none of all, middle, or a number from 1",
                       text);
    *frames = WK_FRAMES_NUMBER;
    *frame = (uint32_t)n;
    return WK_OK;
}

static void wait_for_turn(rendering *r, uint64_t number)
{
    pthread_mutex_lock(&r->turn_lock);
    while (r->turn != number)
        pthread_cond_wait(&r->turn_moved, &r->turn_lock);
    pthread_mutex_unlock(&r->turn_lock);
}

static void end_turn(rendering *r)
{
    pthread_mutex_lock(&r->turn_lock);
    r->turn++;
    pthread_cond_broadcast(&r->turn_moved);
    pthread_mutex_unlock(&r->turn_lock);
}

/* The SOP Instance UID where it may name a file, else the source's own name, encoded. */
static void base_name(char *out, size_t size, const char *sop, const char *source)
{
    const char *slash = strrchr(source, '/');

    if (wki_uid_is_valid(sop))
        wki_strcopy(out, size, sop);
    else
        wki_path_encode(out, size, slash && slash[1] ? slash + 1 : source);
}

/* Makes `base` one that this run has not used yet; for a frame that was named by itself (not 0),
 * not yet with that number. */
static void make_unique(rendering *r, char *base, size_t size, uint32_t frame)
{
    char plain[201]; /* leaves room for the number and the suffix */
    char key[NAME_SIZE + 16];
    unsigned n = 2;

    snprintf(plain, sizeof plain, "%.200s", base);
    snprintf(base, size, "%s", plain);
    for (;;) {
        snprintf(key, sizeof key, frame ? "%s-%u" : "%s", base, frame);
        if (!wki_seen_before(&r->names, key))
            return;
        snprintf(base, size, "%.200s_%u", plain, n++);
    }
}

static void draw_one(rendering *r, wki_drawing *g, const wki_picture_source *source,
                     const char *base, int64_t frame, bool numbered)
{
    char relative[NAME_SIZE + 32], *path = NULL;
    const char *suffix = wki_picture_suffix(r->run.drawing.format);
    wk_image_report report;

    memset(&report, 0, sizeof report);
    report.source = source->shown;
    wki_drawing_describe(g, &report);
    if (numbered)
        snprintf(relative, sizeof relative, "%s-%lld%s", base, (long long)frame + 1, suffix);
    else
        snprintf(relative, sizeof relative, "%s%s", base, suffix);
    if (r->run.drawing.format == WK_PICTURE_NPY)
        wki_drawing_values(g, frame, &r->run.drawing, &r->run.out, relative, &report, &path);
    else
        wki_drawing_picture(g, (uint32_t)frame, &r->run.drawing, &r->run.out, relative, &report,
                            &path);
    wki_picture_run_report(&r->run, &report);
    free(path);
}

static wk_code draw_every(rendering *r, wki_drawing *g, const wki_picture_source *source,
                          const char *base, bool numbered, wk_error *err)
{
    uint32_t n = wki_drawing_frames(g), i = 0;

    for (; i < n && wki_session_check(r->run.session, NULL) == WK_OK; i++)
        draw_one(r, g, source, base, i, numbered);
    return i == n && n < g->desc.frames ? wki_drawing_frames_missing(g, n, err) : WK_OK;
}

static wk_code draw_frames(rendering *r, wki_drawing *g, const wki_picture_source *source,
                           const char *base, wk_error *err)
{
    uint32_t n = g->desc.frames ? g->desc.frames : 1;
    wk_frames which = source->frame ? WK_FRAMES_NUMBER : r->opts->frames;
    uint32_t wanted = source->frame ? source->frame : r->opts->frame;
    bool numbered = n > 1 && which != WK_FRAMES_FIRST;

    if (which == WK_FRAMES_NUMBER && wanted > n && !wki_drawing_is_placeholder(g))
        return wk_fail(err, WK_NOT_FOUND, "no frame %u: it has %u", wanted, n);
    if (which == WK_FRAMES_ALL && n > 1 && r->run.out.single &&
        r->run.drawing.format != WK_PICTURE_NPY)
        return wki_picture_out_too_many(&r->run.out, err);
    if (wki_drawing_is_placeholder(g))
        draw_one(r, g, source, base, 0, false);
    else if (which == WK_FRAMES_ALL && r->run.drawing.format == WK_PICTURE_NPY)
        draw_one(r, g, source, base, -1, false);
    else if (which == WK_FRAMES_ALL)
        return draw_every(r, g, source, base, numbered, err);
    else if (which == WK_FRAMES_NUMBER)
        draw_one(r, g, source, base, wanted - 1, numbered);
    else
        draw_one(r, g, source, base, which == WK_FRAMES_MIDDLE ? wki_drawing_frames(g) / 2 : 0,
                 numbered);
    return WK_OK;
}

/* What came is the same under one UID, as a rule. */
static bool came_before(rendering *r, const job *j, const char *sop)
{
    bool other = false, before;

    if (j->source.frame != 0)
        return false;
    before = wki_picture_came_before(&r->fetched, sop, j->digest, &other);
    if (other)
        wk_log_write(&r->run.session->log, WK_LOG_WARN,
                     "instance %s came again with other bytes; the first is drawn", sop);
    return before;
}

/* What came from a server is drawn once, and only where it was asked for. */
static wk_code check_fetched(rendering *r, const job *j, const wki_drawing *g, bool *wanted,
                             wk_error *err)
{
    wk_code rc;

    *wanted = true;
    if (!j->item)
        return WK_OK;
    rc = wki_plan_check_instance(j->item, g->desc.study_uid, g->desc.series_uid, g->desc.sop_uid,
                                 err);
    if (rc == WK_OK)
        *wanted = !wki_plan_is_excepted(j->item, g->desc.series_uid) &&
                  !came_before(r, j, g->desc.sop_uid);
    return rc;
}

/* What the server drew goes out under the name that it would have here. */
static void hand_on(rendering *r, const job *j)
{
    char base[NAME_SIZE], relative[NAME_SIZE + 32], *path = NULL;
    const char *suffix = wki_picture_suffix(r->run.drawing.format);
    bool numbered = j->source.frame != 0 && r->opts->frames != WK_FRAMES_FIRST;
    uint32_t frame = j->item->frame ? j->item->frame : numbered ? j->source.frame : 0;
    wk_image_report report;

    memset(&report, 0, sizeof report);
    report.source = j->source.shown;
    memcpy(report.study, j->item->study, sizeof report.study);
    memcpy(report.series, j->item->series, sizeof report.series);
    memcpy(report.sop, j->item->sop, sizeof report.sop);
    report.frame = j->source.frame;
    base_name(base, sizeof base, j->item->sop, j->source.shown);
    wait_for_turn(r, j->number);
    make_unique(r, base, sizeof base, frame);
    end_turn(r);
    if (frame)
        snprintf(relative, sizeof relative, "%s-%u%s", base, (unsigned)frame, suffix);
    else
        snprintf(relative, sizeof relative, "%s%s", base, suffix);
    (void)wki_server_picture(&j->source, &r->run.drawing, &r->run.out, relative, &report, &path);
    wki_picture_run_report(&r->run, &report);
    free(path);
}

static void work(void *user, unsigned slot, void *arg)
{
    rendering *r = user;
    job *j = arg;
    char base[NAME_SIZE];
    wki_drawing g;
    bool wanted = true;
    wk_error err = {0};
    wk_code rc;

    (void)slot;
    memset(&g, 0, sizeof g);
    if (j->source.drawn) {
        hand_on(r, j);
        free_job(r, j);
        return;
    }
    rc = wki_session_check(r->run.session, &err);
    if (rc == WK_OK)
        rc = wki_drawing_open(&g, j->source.path, &err);
    if (rc == WK_OK && j->item && j->source.frame == 0)
        rc = wki_picture_source_digest(&j->source, j->digest, &err);
    wait_for_turn(r, j->number);
    if (rc == WK_OK)
        rc = check_fetched(r, j, &g, &wanted, &err);
    if (rc == WK_OK && wanted) {
        base_name(base, sizeof base, g.desc.sop_uid, j->source.shown);
        /* By the name, so that files of one name are told apart within one run. */
        wanted = j->item || wki_picture_run_is_here(&r->run, base);
    } else if (!j->item) {
        base_name(base, sizeof base, "", j->source.shown);
        if (rc != WK_CANCELLED && !wki_picture_run_is_here(&r->run, base))
            rc = WK_CANCELLED; /* another run tells of it */
    }
    if (rc == WK_OK && wanted) {
        make_unique(r, base, sizeof base, j->source.frame);
    }
    end_turn(r);
    if (rc == WK_OK && wanted)
        rc = draw_frames(r, &g, &j->source, base, &err);
    if (rc != WK_OK && rc != WK_CANCELLED)
        wki_picture_run_failed(&r->run, j->source.shown, NULL, &err);
    wki_drawing_close(&g);
    free_job(r, j);
}

/* Takes the source, in any case, and lets go of `from`, NULL for a file. */
static void add_source(rendering *r, wki_picture_source *source, fetched_item *from)
{
    job *j = calloc(1, sizeof *j);

    if (!j) {
        wk_error err = {0};

        wk_fail(&err, WK_NOMEM, "out of memory");
        wki_picture_run_failed(&r->run, source->shown, NULL, &err);
        wki_picture_source_clear(source);
        let_go(r, from);
        return;
    }
    j->number = r->added++;
    j->source = *source;
    j->from = from;
    j->item = from ? from->item : NULL;
    wki_pool_add(r->pool, j);
}

/* --- what servers have --- */

/* The source of a single picture waits until nothing more can come. */
static wk_code take_source(rendering *r, wki_picture_source *source, fetched_item *from,
                           wk_error *err)
{
    if (!r->run.out.single) {
        hold(r, from);
        add_source(r, source, from);
        return WK_OK;
    }
    if (r->held.path) {
        wki_picture_source_clear(source);
        return wki_picture_out_too_many(&r->run.out, err);
    }
    r->held = *source;
    r->held_from = from;
    hold(r, from);
    return WK_OK;
}

/* Which frame is drawn of each object where it is one, 0 for the middle; false where it is all. */
static bool pick_frame(const wk_render_opts *o, uint32_t *pick)
{
    *pick = o->frames == WK_FRAMES_NUMBER ? o->frame : o->frames == WK_FRAMES_FIRST ? 1 : 0;
    return o->frames != WK_FRAMES_ALL;
}

/* Takes the item. */
static wk_code want(rendering *r, wk_plan_item *item, wk_error *err)
{
    bool below = item->level == WK_LEVEL_INSTANCE || item->level == WK_LEVEL_FRAME;
    char *url = wki_plan_instance_url(item, item->series, item->sop);
    fetched_item *w = new_item(r, item);
    wki_want what = {.url = url ? url : item->url,
                     .item = item,
                     .instance = below,
                     .frame = item->frame,
                     .one = item->frame != 0,
                     .pick = item->frame,
                     .server = r->opts->server_render ? WKI_SERVER_ALWAYS : WKI_SERVER_NEVER,
                     .ask = &r->ask,
                     .tag = w};
    wk_code rc = w ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK && item->level == WK_LEVEL_FRAME && !url)
        rc = wk_fail(err, WK_USAGE, "%s: a frame without its instance", item->url);
    if (!what.one)
        what.one = pick_frame(r->opts, &what.pick);
    if (rc == WK_OK)
        rc = wki_ways_add(r->ways, &what, err);
    if (rc != WK_OK && w)
        let_go(r, w);
    else if (!w)
        wk_plan_item_free(item);
    free(url);
    return rc;
}

/* Takes what the list holds. */
static wk_code want_all(rendering *r, wki_plan_list *list, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < list->n && rc == WK_OK; i++) {
        wk_plan_item *item = list->items[i];

        list->items[i] = NULL;
        rc = want(r, item, err);
    }
    wki_plan_list_clear(list);
    return rc;
}

/* What no server gives as a whole comes in pieces; what has none is reported as it failed. */
static wk_code divide(rendering *r, const wki_got *got, wk_error *err)
{
    const wk_plan_item *item = ((const fetched_item *)got->tag)->item;
    wki_plan_list parts = {NULL, 0, 0};
    wk_error why = {0};
    wk_code rc = WK_NOT_FOUND;

    if (wki_plan_may_divide(item, got->begun, &got->error))
        rc = wki_plan_divide(r->run.session, item, &parts, &why);
    if (rc == WK_CANCELLED || rc == WK_NOMEM) {
        wki_plan_list_clear(&parts);
        return wk_fail_from(err, rc, &why);
    }
    if (rc == WK_OK) {
        wk_log_write(&r->run.session->log, WK_LOG_INFO, "%s: asked for in pieces: %s", item->url,
                     got->error.message);
        return want_all(r, &parts, err);
    }
    wki_plan_list_clear(&parts);
    wki_picture_run_failed(&r->run, got->source.shown, item, &got->error);
    return WK_OK;
}

/* Where fewer came than the source of the item states, the server's list tells who is right. */
static wk_code check_count(rendering *r, const fetched_item *from, wk_error *err)
{
    const wk_plan_item *item = from->item;
    uint64_t stated = item->level <= WK_LEVEL_SERIES ? item->n_instances : 0, listed = 0;
    wk_error why = {0};
    wk_code rc;

    if (from->came >= stated)
        return WK_OK;
    rc = wki_list_count(r->run.session, item, &listed, err);
    if (rc == WK_OK &&
        wki_plan_check_count(from->came, listed ? listed : stated, "instances", &why) != WK_OK)
        wki_picture_run_failed(&r->run, item->url, item, &why);
    return rc;
}

/* A body that just ended is good where all came that the server lists; else pieces tell. */
static wk_code check_end(rendering *r, const wki_got *got, wk_error *err)
{
    const fetched_item *from = got->tag;
    uint64_t listed = 0;
    wk_code rc = wki_list_count(r->run.session, from->item, &listed, err);

    if (rc != WK_OK)
        return rc;
    if (listed == 0 || listed != from->came)
        return divide(r, got, err);
    wk_log_write(&r->run.session->log, WK_LOG_WARN,
                 "%s: the body ended too early, but every instance is there", got->source.shown);
    return WK_OK;
}

static wk_code take(rendering *r, wki_got *got, wk_error *err)
{
    fetched_item *from = got->tag;
    wk_code rc = WK_OK;

    if (!got->over) {
        from->came++;
        return take_source(r, &got->source, from, err);
    }
    if (got->error.code == WK_OK)
        rc = check_count(r, from, err);
    else if (got->unclosed)
        rc = check_end(r, got, err);
    else if (got->error.code != WK_OK && got->error.code != WK_CANCELLED)
        rc = divide(r, got, err);
    wki_picture_source_clear(&got->source);
    let_go(r, from);
    return rc;
}

/* Fetches until at most `most` of what is wanted has not begun; 0: until all is here. */
static wk_code fetch(rendering *r, size_t most, wk_error *err)
{
    wk_code rc = WK_OK;
    wki_got got;

    while (rc == WK_OK &&
           (most > 0 ? wki_ways_waiting(r->ways) > most : wki_ways_are_open(r->ways))) {
        rc = wki_ways_run(r->ways, err);
        while (rc == WK_OK && wki_ways_next(r->ways, &got))
            rc = take(r, &got, err);
    }
    return rc;
}

/* Servers draw instances: a study or series is divided into them, where the server lists them. */
static wk_code divide_for_server(rendering *r, wki_plan_list *list, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < list->n && rc == WK_OK;) {
        wk_plan_item *item = list->items[i];
        bool above = item->level == WK_LEVEL_STUDY || item->level == WK_LEVEL_SERIES;
        wk_error why = {0};

        if (above && wki_plan_divide(r->run.session, item, list, &why) == WK_OK) {
            wk_plan_item_free(list->items[i]);
            memmove(&list->items[i], &list->items[i + 1], (--list->n - i) * sizeof list->items[0]);
            continue;
        }
        if (why.code == WK_CANCELLED || why.code == WK_NOMEM)
            rc = wk_fail_from(err, why.code, &why);
        i++;
    }
    return rc;
}

static wk_code add_remote(rendering *r, const wk_plan_item *item, wk_error *err)
{
    wki_plan_list list = {NULL, 0, 0};
    wk_code rc = wki_picture_run_divide(&r->run, item, &list, err);

    if (rc == WK_OK && r->opts->server_render)
        rc = divide_for_server(r, &list, err);
    r->remote += list.n;
    if (rc == WK_OK && r->run.out.single && r->remote > 1)
        rc = wki_picture_out_too_many(&r->run.out, err);
    if (rc == WK_OK)
        return want_all(r, &list, err);
    wki_plan_list_clear(&list);
    return rc;
}

/* Files are drawn at once, and what servers have is fetched as it is named. */
static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    rendering *r = user;
    wki_picture_source source;
    wk_code rc;

    if (item->kind == WK_ITEM_NOTICE) {
        wki_picture_run_notice(&r->run, item);
        return WK_OK;
    }
    if (r->run.out.single && (r->held.path || r->remote > 0))
        return wki_picture_out_too_many(&r->run.out, err);
    if (item->kind == WK_ITEM_REMOTE) {
        rc = add_remote(r, item, err);
        return rc == WK_OK ? fetch(r, LOOK_AHEAD, err) : rc;
    }
    rc = wki_picture_source_file(&source, item->path, wki_local_shown(item->path), err);
    if (rc == WK_OK && r->run.out.single)
        r->held = source;
    else if (rc == WK_OK)
        add_source(r, &source, NULL);
    return rc;
}

/* What is under way when all targets are resolved. */
static wk_code draw_rest(rendering *r, wk_error *err)
{
    wk_code rc = fetch(r, 0, err);

    if (rc == WK_OK && r->held.path) {
        add_source(r, &r->held, r->held_from);
        r->held = (wki_picture_source){.fd = -1};
    }
    return rc;
}

static wk_code settle_server(rendering *r, wk_error *err)
{
    if (!r->opts->server_render)
        return WK_OK;
    if (r->opts->frames == WK_FRAMES_ALL || r->opts->frames == WK_FRAMES_MIDDLE)
        return wk_fail_setting(err, WK_USAGE, "server-render",
                               "server-render takes frames by their numbers");
    return wki_server_settle(&r->run.drawing, false, &r->ask, err);
}

static wk_code check_opts(const wk_render_opts *o, wk_picture_format format, wk_error *err)
{
    if (o->depth != 0 && o->depth != 8 && o->depth != 16)
        return wk_fail(err, WK_USAGE, "depth %d: 8 or 16", o->depth);
    if (o->depth == 16 && format == WK_PICTURE_JPEG)
        return wk_fail(err, WK_USAGE, "JPEG has 8 bits: depth 16 needs PNG");
    if (o->quality < 0 || o->quality > 100)
        return wk_fail(err, WK_USAGE, "quality %d: 1 to 100", o->quality);
    if (o->modality_values && format != WK_PICTURE_NPY)
        return wk_fail(err, WK_USAGE, "values are chosen for npy only");
    return WK_OK;
}

static wk_code set_up(rendering *r, wk_session *session, wk_error *err)
{
    const wk_render_opts *o = r->opts;
    wki_drawing_opts *d = &r->run.drawing;
    wk_code rc = wki_picture_run_init(&r->run, session, o->output, o->output_fd, o->format,
                                      WK_PICTURE_PNG, o->window, err);

    if (rc == WK_OK)
        rc = check_opts(o, d->format, err);
    if (rc == WK_OK)
        rc = wki_picture_run_look(&r->run, &o->look, err);
    d->render.box = o->size;
    d->render.depth = o->depth == 16 ? 16 : 8;
    d->quality = o->quality ? o->quality : 90;
    d->effort = o->effort;
    d->jpeg_as_is = o->quality == 0;
    d->modality_values = o->modality_values;
    if (rc == WK_OK)
        rc = settle_server(r, err);
    if (rc == WK_OK)
        rc = wki_ways_new(session, &r->ways, err);
    return rc == WK_OK ? wki_pool_new(wki_picture_run_threads(&r->run), work, r, &r->pool, err)
                       : rc;
}

wk_code wk_render(wk_session *session, const char *const *targets, size_t n_targets,
                  const wk_render_opts *opts, wk_image_fn on_image, void *user,
                  wk_image_summary *summary, wk_error *err)
{
    rendering r = {.opts = opts, .held = {.fd = -1}};
    wk_resolve_summary resolved = {0};
    wk_error own = {0};
    wk_code rc;

    err = err ? err : &own;
    rc = set_up(&r, session, err);
    if (rc != WK_OK) {
        wki_ways_free(r.ways);
        wki_picture_run_clear(&r.run);
        return rc;
    }
    r.run.on_image = on_image;
    r.run.user = user;
    pthread_mutex_init(&r.turn_lock, NULL);
    pthread_cond_init(&r.turn_moved, NULL);
    wki_seen_init(&r.names, NAMES_MAX);
    wki_seen_init(&r.fetched, NAMES_MAX);
    rc = wk_resolve(session, targets, n_targets, on_item, &r, &resolved, err);
    if (rc == WK_OK || rc == WK_PARTIAL) {
        wk_code fetched = draw_rest(&r, rc == WK_OK ? err : NULL);

        rc = fetched == WK_OK ? rc : fetched;
    }
    wki_pool_finish(r.pool);
    if (wki_session_check(session, rc == WK_OK ? err : NULL) != WK_OK)
        rc = WK_CANCELLED;
    rc = wki_picture_run_end(&r.run, rc, &resolved, summary, err);
    wki_picture_source_clear(&r.held);
    wki_ways_free(r.ways);
    while (r.all)
        drop_item(&r);
    wki_seen_clear(&r.names);
    wki_seen_clear(&r.fetched);
    pthread_cond_destroy(&r.turn_moved);
    pthread_mutex_destroy(&r.turn_lock);
    wki_picture_run_clear(&r.run);
    return rc;
}
