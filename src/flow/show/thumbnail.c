#include <wadokit/thumbnail.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/plan.h>

#include "core/path.h"
#include "core/pool.h"
#include "core/seen.h"
#include "core/text.h"
#include "core/uid.h"
#include "dicom/dicom_scan.h"
#include "flow/draw/object_label.h"
#include "dicom/scan_head.h"
#include "flow/draw/slide.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"
#include "flow/fetch/ways.h"
#include "flow/find/local.h"
#include "flow/picture/picture_run.h"
#include "flow/picture/server_picture.h"
#include "flow/show/thumb_local.h"
#include "flow/show/thumb_middle.h"
#include "flow/show/thumb_pick.h"
#include "flow/show/thumb_spool.h"

enum {
    SIZE_DEFAULT = 256,
    QUALITY_DEFAULT = 85,
    NAME_SIZE = 512,
    LOOK_AHEAD = 256 /* of what is wanted, so that other servers are among it */
};

/* One run of wk_thumbnail(): collect (on_item, expand), pick, draw. */
typedef struct thumbing {
    wki_picture_run run;
    wk_thumb_per per;
    wki_picture_server server;
    wki_server_ask ask;
    wki_plan_list remote;
    wki_thumb_list list;
    wki_thumb_spool spool;
    wki_thumb_local *local;
    wki_dicom_scan *scan; /* of what is fetched */
    wki_pool *pool;
    wki_seen names;
} thumbing;

typedef struct job {
    wki_picture_source source;
    char study[WK_UID_SIZE], series[WK_UID_SIZE];
    char sop[WK_UID_SIZE]; /* what was asked for, "" where nothing was */
    char base[NAME_SIZE];  /* relative, without frame and suffix */
} job;

/* --- collecting --- */

static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    thumbing *t = user;

    if (item->kind == WK_ITEM_FILE)
        return wki_thumb_local_add(t->local, item->path, err);
    if (item->kind == WK_ITEM_REMOTE)
        return wki_plan_list_add(&t->remote, item, err);
    wki_picture_run_notice(&t->run, item);
    return WK_OK;
}

/* --- collecting: what a server has --- */

typedef struct expansion {
    thumbing *t;
    const wk_plan_item *item;
    size_t at; /* of the item in t->remote */
    size_t found;
    wki_seen spooled; /* SOP Instance UIDs */
} expansion;

static wk_code on_instance(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    expansion *x = user;
    wki_thumb_entry e;

    memset(&e, 0, sizeof e);
    memcpy(e.study, row->study, sizeof e.study);
    memcpy(e.series, row->series, sizeof e.series);
    memcpy(e.sop, row->uid, sizeof e.sop);
    e.number = row->number;
    e.has_pixels = !wki_object_is_without_pixels(row->sop_class);
    /* Rows is an optional return key: 0 and absent say nothing where the class is known. Of slides
     * the smallest is the best guess that these attributes allow. */
    if (row->rows > 0 && row->columns > 0) {
        e.rows = row->rows;
        e.cols = row->columns;
    }
    if (e.rows > 0 && row->frames > 0) {
        e.frames = row->frames;
        e.extent = (uint64_t)row->rows * (uint64_t)row->columns * (uint64_t)row->frames;
        e.slide = wki_slide_is_class(row->sop_class);
    }
    e.frame = x->item->frame;
    e.item = x->at;
    return wki_thumb_list_add(&x->t->list, &e, err);
}

static wk_code is_again(expansion *x, const wki_picture_source *source, const char *sop,
                        bool *again, wk_error *err)
{
    char digest[WKI_SHA256_HEX_SIZE];
    bool other = false;
    wk_code rc = wki_picture_source_digest(source, digest, err);

    if (rc != WK_OK)
        return rc;
    *again = wki_picture_came_before(&x->spooled, sop, digest, &other);
    if (other)
        wk_log_write(&x->t->run.session->log, WK_LOG_WARN,
                     "instance %s came again with other bytes; the first is drawn", sop);
    return WK_OK;
}

/* Takes one instance of an answer that holds them all. */
static wk_code spool(expansion *x, const wki_picture_source *source, wk_error *err)
{
    thumbing *t = x->t;
    wki_thumb_entry e;
    bool again = false;
    wk_code rc;

    memset(&e, 0, sizeof e);
    rc = wki_scan_head(t->scan, source->path, err);
    if (rc != WK_OK)
        return rc;
    wki_thumb_entry_fill(&e, wki_dicom_scan_identity(t->scan));
    rc = wki_plan_check_instance(x->item, e.study, e.series, e.sop, err);
    if (rc != WK_OK)
        return rc;
    if (wki_plan_is_excepted(x->item, e.series))
        return WK_OK;
    if (e.sop[0])
        rc = is_again(x, source, e.sop, &again, err);
    if (rc != WK_OK || again)
        return rc;
    rc = wki_thumb_spool_add(&t->spool, source, &e.offset, &e.length, err);
    e.spooled = true;
    e.item = x->at;
    if (rc == WK_OK)
        rc = wki_thumb_list_add(&t->list, &e, err);
    x->found += rc == WK_OK;
    return rc;
}

static wk_code take_spooled(expansion *x, wki_got *got, wk_error *err)
{
    wk_error why = got->error;
    wk_code rc = got->over ? why.code : spool(x, &got->source, &why);

    if (rc == WK_NOMEM || rc == WK_IO || rc == WK_CANCELLED)
        rc = wk_fail_from(err, rc, &why);
    else if (rc != WK_OK)
        wki_picture_run_failed(&x->t->run, got->source.shown, x->item, &why);
    wki_picture_source_clear(&got->source);
    return rc == WK_NOMEM || rc == WK_IO || rc == WK_CANCELLED ? rc : WK_OK;
}

/* A server that lists nothing still hands out the whole; what fails is reported to the run. */
static wk_code fetch_whole(expansion *x, wk_error *err)
{
    wki_ways *ways = NULL;
    wki_want want = {.url = x->item->url, .item = x->item};
    wk_code rc = wki_ways_new(x->t->run.session, &ways, err);
    wki_got got;

    wki_seen_init(&x->spooled, 1 << 20);
    if (rc == WK_OK)
        rc = wki_ways_add(ways, &want, err);
    while (rc == WK_OK && wki_ways_are_open(ways)) {
        rc = wki_ways_run(ways, err);
        while (rc == WK_OK && wki_ways_next(ways, &got))
            rc = take_spooled(x, &got, err);
    }
    wki_ways_free(ways);
    wki_seen_clear(&x->spooled);
    if (rc == WK_OK && x->found > 0)
        wk_log_write(&x->t->run.session->log, WK_LOG_WARN,
                     "%s: the server lists no instances; all were fetched", x->item->url);
    return rc;
}

/* Whether another question to the same server may have a better answer. */
static bool may_ask_on(const expansion *x, wk_code rc, const wk_error *why)
{
    if (x->found > 0)
        return false;
    return rc == WK_OK || rc == WK_DATA || rc == WK_UNSUPPORTED || rc == WK_NOT_FOUND ||
           (why->http_status != 0 && why->http_status != 401);
}

/* Where a list is long, the one instance of it that is drawn may be found without it. */
static wk_code list_long(expansion *x, wki_listing *listing, wk_error *err)
{
    thumbing *t = x->t;
    size_t before = t->list.n;
    bool done = false;
    wk_code rc = WK_OK;

    listing->most = WKI_MIDDLE_FROM;
    if (wki_plan_count(x->item) < WKI_MIDDLE_FROM) {
        rc = wki_list_instances(listing, on_instance, x, &x->found, err);
        if (rc != WK_OK || x->found < WKI_MIDDLE_FROM)
            return rc;
    }
    t->list.n = before; /* entries of servers own nothing */
    rc = wki_thumb_middle(t->run.session, x->item, t->per, on_instance, x, &done, err);
    x->found = t->list.n - before;
    if (rc != WK_OK || done)
        return rc;
    listing->most = 0;
    return wki_list_instances(listing, on_instance, x, &x->found, err);
}

/* Lists the instances of one item: itself, by its hints, by asking; where nobody lists them, by
 * fetching them all. Only the end of the run or of memory fails; the rest is reported. */
static wk_code expand(thumbing *t, size_t at, wk_error *err)
{
    const wk_plan_item *item = t->remote.items[at];
    expansion x = {.t = t, .item = item, .at = at};
    wki_listing listing = {
        .session = t->run.session, .item = item, .details = true, .metadata = true};
    uint64_t failed = t->run.summary.failed;
    wk_error why = {0};
    wk_code rc;

    rc = wki_thumb_middle_may_be(t->run.session, item, t->per)
             ? list_long(&x, &listing, &why)
             : wki_list_instances(&listing, on_instance, &x, &x.found, &why);
    if (may_ask_on(&x, rc, &why)) {
        wk_error_clear(&why);
        rc = fetch_whole(&x, &why);
        if (rc == WK_OK && t->run.summary.failed == failed)
            rc = wki_plan_check_count(x.found, item->n_instances, "instances", &why);
    }
    if (rc == WK_OK && x.found == 0 && t->run.summary.failed == failed)
        rc = wk_fail(&why, WK_NOT_FOUND, "the server has no instance of it");
    if (rc == WK_CANCELLED || rc == WK_NOMEM) {
        if (err)
            *err = why;
        return rc;
    }
    if (rc != WK_OK)
        wki_picture_run_failed(&t->run, item->url ? item->url : item->study, item, &why);
    return WK_OK;
}

/* --- drawing --- */

static void plain_name(char out[256], const char *uid, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    if (wki_uid_is_valid(uid))
        wki_strcopy(out, 256, uid);
    else
        wki_path_encode(out, 200, slash ? slash + 1 : path ? path : "unknown");
}

/* The name of an entry's picture in a folder; others may have the same. */
static void name_plainly(const thumbing *t, const wki_thumb_entry *e, char plain[NAME_SIZE])
{
    char study[256], series[256], sop[256];

    plain_name(study, e->study, e->path);
    plain_name(series, e->series, e->path);
    plain_name(sop, e->sop, e->path);
    if (t->per == WK_THUMB_STUDY || !wki_uid_is_valid(e->study))
        snprintf(plain, NAME_SIZE, "%.200s", study);
    else if (t->per == WK_THUMB_SERIES)
        snprintf(plain, NAME_SIZE, "%.80s/%.200s", study, series);
    else
        snprintf(plain, NAME_SIZE, "%.80s/%.80s/%.200s", study, series, sop);
}

/* A name that is unique in this run. */
static void name_entry(thumbing *t, const wki_thumb_entry *e, char out[NAME_SIZE])
{
    char plain[NAME_SIZE];
    unsigned n = 2;

    name_plainly(t, e, plain);
    snprintf(out, NAME_SIZE, "%s", plain);
    while (wki_seen_before(&t->names, out))
        snprintf(out, NAME_SIZE, "%.480s_%u", plain, n++);
}

static void draw_frame(thumbing *t, wki_drawing *g, const job *j, uint32_t frame, bool numbered,
                       bool whole)
{
    wki_drawing_opts opts = t->run.drawing;
    char relative[NAME_SIZE + 32], *path = NULL;
    const char *suffix = wki_picture_suffix(t->run.drawing.format);
    wk_image_report report;

    memset(&report, 0, sizeof report);
    report.source = j->source.shown;
    wki_drawing_describe(g, &report);
    if (numbered)
        snprintf(relative, sizeof relative, "%s-%u%s", j->base, frame + 1, suffix);
    else
        snprintf(relative, sizeof relative, "%s%s", j->base, suffix);
    opts.whole = whole;
    wki_drawing_picture(g, frame, &opts, &t->run.out, relative, &report, &path);
    wki_picture_run_report(&t->run, &report);
    free(path);
}

static wk_code draw(thumbing *t, wki_drawing *g, const job *j, wk_error *err)
{
    uint32_t n = wki_drawing_frames(g);
    bool each = t->per == WK_THUMB_FRAME && j->source.frame == 0;
    bool whole = t->per != WK_THUMB_FRAME && j->source.frame == 0;

    if (j->source.frame > n)
        return wk_fail(err, WK_NOT_FOUND, "no frame %u: it has %u", j->source.frame, n);
    if (!each)
        draw_frame(t, g, j, j->source.frame ? j->source.frame - 1 : n / 2, t->per == WK_THUMB_FRAME,
                   whole);
    for (uint32_t i = 0; each && i < n && wki_session_check(t->run.session, NULL) == WK_OK; i++)
        draw_frame(t, g, j, i, true, false);
    return each && n < g->desc.frames && !wki_drawing_is_placeholder(g)
               ? wki_drawing_frames_missing(g, n, err)
               : WK_OK;
}

/* What the server drew goes out under the name that it would have here. */
static void hand_on(thumbing *t, const job *j)
{
    char relative[NAME_SIZE + 32], *path = NULL;
    wk_image_report report;

    memset(&report, 0, sizeof report);
    report.source = j->source.shown;
    memcpy(report.study, j->study, sizeof report.study);
    memcpy(report.series, j->series, sizeof report.series);
    memcpy(report.sop, j->sop, sizeof report.sop);
    report.frame = j->source.frame;
    snprintf(relative, sizeof relative, "%s%s", j->base, wki_picture_suffix(t->run.drawing.format));
    (void)wki_server_picture(&j->source, &t->run.drawing, &t->run.out, relative, &report, &path);
    wki_picture_run_report(&t->run, &report);
    free(path);
}

static wk_code open_and_draw(thumbing *t, wki_drawing *g, const job *j, wk_error *err)
{
    wk_code rc = wki_drawing_open(g, j->source.path, err);

    if (rc == WK_OK && j->sop[0] && strcmp(g->desc.sop_uid, j->sop) != 0)
        rc = wk_fail(err, WK_REFUSED, "instance %s, asked for was %s", g->desc.sop_uid, j->sop);
    return rc == WK_OK ? draw(t, g, j, err) : rc;
}

static void work(void *user, unsigned slot, void *arg)
{
    thumbing *t = user;
    job *j = arg;
    wki_drawing g;
    wk_error err = {0};
    wk_code rc;

    (void)slot;
    memset(&g, 0, sizeof g);
    rc = wki_session_check(t->run.session, &err);
    if (rc == WK_OK && j->source.drawn)
        hand_on(t, j);
    else if (rc == WK_OK)
        rc = open_and_draw(t, &g, j, &err);
    if (rc != WK_OK && rc != WK_CANCELLED)
        wki_picture_run_failed(&t->run, j->source.shown, NULL, &err);
    wki_drawing_close(&g);
    wki_picture_source_clear(&j->source);
    free(j);
}

static void add_job(thumbing *t, wki_picture_source *source, const wki_thumb_entry *e)
{
    job *j = calloc(1, sizeof *j);

    if (!j) {
        wk_error err = {0};

        wk_fail(&err, WK_NOMEM, "out of memory");
        wki_picture_run_failed(&t->run, source->shown, NULL, &err);
        wki_picture_source_clear(source);
        return;
    }
    j->source = *source;
    if (!source->drawn)
        j->source.frame = e->frame;
    memcpy(j->study, e->study, sizeof j->study);
    memcpy(j->series, e->series, sizeof j->series);
    if (!e->path && !e->spooled)
        memcpy(j->sop, e->sop, sizeof j->sop);
    name_entry(t, e, j->base);
    wki_pool_add(t->pool, j);
}

static wk_code fetch_entry(thumbing *t, wki_ways *ways, wki_thumb_entry *e, wk_error *err)
{
    const wk_plan_item *item = t->remote.items[e->item];
    char *url = wki_plan_instance_url(item, e->series, e->sop);
    wki_want want = {.item = item,
                     .instance = true,
                     .frame = e->frame,
                     .one = e->frame != 0 || (t->per != WK_THUMB_FRAME && !e->slide),
                     .pick = e->frame,
                     .frames = e->frames,
                     .rows = e->rows,
                     .cols = e->cols,
                     .server = e->slide || !e->has_pixels ? WKI_SERVER_NEVER : t->server,
                     .ask = &t->ask,
                     .tag = e};
    wk_code rc;

    if (!url && item->level == WK_LEVEL_INSTANCE && item->url)
        url = wki_strdup(item->url);
    if (!url)
        return wk_fail(err, WK_UNSUPPORTED, "%s: its instance has no address of its own",
                       item->url ? item->url : e->sop);
    want.url = url;
    rc = wki_ways_add(ways, &want, err);
    free(url);
    return rc;
}

static wk_code start_entry(thumbing *t, wki_ways *ways, wki_thumb_entry *e, wk_error *err)
{
    wki_picture_source source;
    wk_code rc;

    if (!e->path && !e->spooled)
        return fetch_entry(t, ways, e, err);
    if (e->spooled)
        rc = wki_thumb_spool_take(&t->spool, e->offset, e->length, t->remote.items[e->item]->url,
                                  &source, err);
    else
        rc = wki_picture_source_file(&source, e->path, wki_local_shown(e->path), err);
    if (rc == WK_OK)
        add_job(t, &source, e);
    return rc;
}

/* An answer to a request for one instance has one part that counts. */
static void take(thumbing *t, wki_got *got)
{
    wki_thumb_entry *e = got->tag;

    if (!got->over && e->chosen) {
        add_job(t, &got->source, e);
        e->chosen = false;
        return;
    }
    if (got->over && got->error.code != WK_OK && got->error.code != WK_CANCELLED)
        wki_picture_run_failed(&t->run, got->source.shown, t->remote.items[e->item], &got->error);
    wki_picture_source_clear(&got->source);
}

/* Fetches until at most `most` of what is wanted has not begun; 0: until all is here. */
static wk_code fetch(thumbing *t, wki_ways *ways, size_t most, wk_error *err)
{
    wk_code rc = WK_OK;
    wki_got got;

    while (rc == WK_OK && (most > 0 ? wki_ways_waiting(ways) > most : wki_ways_are_open(ways))) {
        rc = wki_ways_run(ways, err);
        while (wki_ways_next(ways, &got))
            take(t, &got);
    }
    return rc;
}

static wk_code draw_all(thumbing *t, wk_error *err)
{
    wki_ways *ways = NULL;
    wk_code rc = wki_ways_new(t->run.session, &ways, err);

    for (size_t i = 0; i < t->list.n && rc == WK_OK; i++) {
        if (t->list.entries[i].chosen)
            rc = start_entry(t, ways, &t->list.entries[i], err);
        if (rc == WK_OK)
            rc = fetch(t, ways, LOOK_AHEAD, err);
    }
    if (rc == WK_OK)
        rc = fetch(t, ways, 0, err);
    wki_ways_free(ways);
    return rc;
}

/* What other runs draw is no longer chosen. Returns how many are. */
static size_t keep_shard(thumbing *t)
{
    char name[NAME_SIZE];
    size_t chosen = 0;

    for (size_t i = 0; i < t->list.n; i++) {
        wki_thumb_entry *e = &t->list.entries[i];

        if (!e->chosen)
            continue;
        name_plainly(t, e, name);
        e->chosen = wki_picture_run_is_here(&t->run, name);
        chosen += e->chosen;
    }
    return chosen;
}

static wk_code collect(thumbing *t, const char *const *targets, size_t n_targets,
                       wk_resolve_summary *resolved, wk_error *err)
{
    wk_code rc = wki_thumb_local_new(&t->run, &t->list, &t->local, err), end;

    if (rc != WK_OK)
        return rc;
    rc = wk_resolve(t->run.session, targets, n_targets, on_item, t, resolved, err);
    end = wki_thumb_local_finish(t->local, rc == WK_OK || rc == WK_PARTIAL ? err : NULL);
    return rc == WK_OK || (rc == WK_PARTIAL && end != WK_OK) ? end : rc;
}

static wk_code pick_and_draw(thumbing *t, wk_error *err)
{
    size_t chosen;

    wki_thumb_pick(&t->list, t->per);
    chosen = keep_shard(t);
    pthread_mutex_lock(&t->run.lock);
    t->run.summary.expected = t->per == WK_THUMB_FRAME ? -1 : (int64_t)chosen;
    pthread_mutex_unlock(&t->run.lock);
    if (chosen > 1 && t->run.out.single)
        return wki_picture_out_too_many(&t->run.out, err);
    return draw_all(t, err);
}

static wk_code collect_and_draw(thumbing *t, const char *const *targets, size_t n_targets,
                                wk_resolve_summary *resolved, wk_error *err)
{
    wk_code rc = collect(t, targets, n_targets, resolved, err);
    wk_code drawn = WK_OK;

    if (rc != WK_OK && rc != WK_PARTIAL)
        return rc;
    for (size_t i = 0; i < t->remote.n && drawn == WK_OK; i++)
        drawn = expand(t, i, rc == WK_OK ? err : NULL);
    if (drawn == WK_OK)
        drawn = pick_and_draw(t, rc == WK_OK ? err : NULL);
    return drawn == WK_OK ? rc : drawn;
}

/* Whether servers draw: asked for, or where it spares much and nothing here depends on how. */
static wk_code settle_server(thumbing *t, const wk_thumb_opts *opts, wk_error *err)
{
    wk_error ignored = {0};
    wk_code rc = wki_server_settle(&t->run.drawing, true, &t->ask, &ignored);

    if (opts->server_render && t->per == WK_THUMB_FRAME)
        return wk_fail_setting(err, WK_USAGE, "server-render per",
                               "server-render does not go with one picture a frame");
    if (opts->server_render && rc != WK_OK)
        return wk_fail_from(err, rc, &ignored);
    if (opts->server_render)
        t->server = WKI_SERVER_ALWAYS;
    else if (rc == WK_OK && !opts->window)
        t->server = WKI_SERVER_LARGE;
    return WK_OK;
}

static wk_code set_up(thumbing *t, const wk_thumb_opts *opts, wk_error *err)
{
    wk_code rc;

    if (t->run.drawing.format == WK_PICTURE_NPY)
        return wk_fail(err, WK_USAGE, "a thumbnail is a JPEG or a PNG");
    if (opts->quality < 0 || opts->quality > 100)
        return wk_fail(err, WK_USAGE, "quality %d: 1 to 100", opts->quality);
    t->run.drawing.render.box = opts->size ? opts->size : SIZE_DEFAULT;
    t->run.drawing.render.depth = 8;
    t->run.drawing.quality = opts->quality ? opts->quality : QUALITY_DEFAULT;
    t->run.drawing.effort = opts->effort;
    t->run.drawing.jpeg_as_is = opts->quality == 0;
    t->run.drawing.placeholders = true;
    t->per = opts->per;
    if (t->per == WK_THUMB_DEFAULT)
        t->per = t->run.out.single ? WK_THUMB_STUDY : WK_THUMB_SERIES;
    rc = wki_picture_run_look(&t->run, &opts->look, err);
    if (rc == WK_OK)
        rc = settle_server(t, opts, err);
    if (rc == WK_OK)
        rc = wki_dicom_scan_new(&t->scan, err);
    return rc == WK_OK ? wki_pool_new(wki_picture_run_threads(&t->run), work, t, &t->pool, err)
                       : rc;
}

wk_code wk_thumbnail(wk_session *session, const char *const *targets, size_t n_targets,
                     const wk_thumb_opts *opts, wk_image_fn on_image, void *user,
                     wk_image_summary *summary, wk_error *err)
{
    thumbing t;
    wk_resolve_summary resolved = {0};
    wk_error own = {0};
    wk_code rc;

    memset(&t, 0, sizeof t);
    err = err ? err : &own;
    wki_seen_init(&t.names, 1 << 24);
    rc = wki_picture_run_init(&t.run, session, opts->output, opts->output_fd, opts->format,
                              WK_PICTURE_JPEG, opts->window, err);
    if (rc == WK_OK)
        rc = set_up(&t, opts, err);
    if (rc == WK_OK) {
        t.run.on_image = on_image;
        t.run.user = user;
        rc = collect_and_draw(&t, targets, n_targets, &resolved, err);
        wki_pool_finish(t.pool);
        if (wki_session_check(session, rc == WK_OK ? err : NULL) != WK_OK)
            rc = WK_CANCELLED;
        rc = wki_picture_run_end(&t.run, rc, &resolved, summary, err);
    }
    wki_dicom_scan_free(t.scan);
    wki_thumb_list_clear(&t.list);
    wki_thumb_spool_clear(&t.spool);
    wki_plan_list_clear(&t.remote);
    wki_seen_clear(&t.names);
    wki_picture_run_clear(&t.run);
    return rc;
}
