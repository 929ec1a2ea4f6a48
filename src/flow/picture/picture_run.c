#include "flow/picture/picture_run.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/pool.h"
#include "core/text.h"
#include "flow/run_progress.h"

static void fill_progress(const wki_picture_run *run, wk_progress *p)
{
    p->what = run->last[0] ? run->last : NULL;
    p->items = run->summary.saved + run->summary.kept + run->summary.failed;
    p->items_total = run->summary.expected;
    p->bytes = run->received > 0 ? run->received : run->summary.bytes;
}

/* While pictures are fetched: on the thread that does so, while others draw. */
static void describe(void *user, wk_progress *out)
{
    wki_picture_run *run = user;

    pthread_mutex_lock(&run->lock);
    run->received = run->session->received;
    fill_progress(run, out);
    out->what = NULL; /* the name may change behind us */
    pthread_mutex_unlock(&run->lock);
}

static void tell_progress(wki_picture_run *run, const wk_image_report *report)
{
    wk_progress p;

    if (!run->session->opts.progress)
        return;
    wki_strcopy(run->last, sizeof run->last, report->source);
    wki_progress_init(&p);
    fill_progress(run, &p);
    wki_progress_tell(run->session, &p);
}

wk_code wki_picture_run_begin(wki_picture_run *run, wk_session *session, const char *window,
                              wk_error *err)
{
    memset(run, 0, sizeof *run);
    run->session = session;
    run->summary.expected = -1;
    run->started_ms = session->clock->monotonic_ms(session->clock->user);
    run->drawing.format = WK_PICTURE_JPEG;
    pthread_mutex_init(&run->lock, NULL);
    wki_progress_begin(session, describe, run);
    return window ? wki_window_parse(window, &run->drawing.render, err) : WK_OK;
}

wk_code wki_picture_run_init(wki_picture_run *run, wk_session *session, const char *output,
                             int output_fd, wk_picture_format format, wk_picture_format fallback,
                             const char *window, wk_error *err)
{
    wk_code rc = wki_picture_run_begin(run, session, window, err);

    if (rc != WK_OK)
        return rc;
    rc = wki_picture_out_open(&run->out, output, output_fd, err);
    if (rc != WK_OK)
        return rc;
    if (format == WK_PICTURE_BY_NAME)
        format = wki_picture_out_format(&run->out);
    run->drawing.format = format == WK_PICTURE_BY_NAME ? fallback : format;
    return WK_OK;
}

void wki_picture_run_clear(wki_picture_run *run)
{
    wki_progress_end(run->session, run);
    wki_picture_out_close(&run->out);
    pthread_mutex_destroy(&run->lock);
}

wk_code wk_region_read(const char *text, wk_picture_look *look, wk_error *err)
{
    uint32_t v[4];
    const char *at = text;

    for (int i = 0; i < 4; i++) {
        char *end = NULL;
        unsigned long n = strtoul(at, &end, 10);

        if (*at < '0' || *at > '9' || *end != (i < 3 ? ',' : '\0') || n > WK_MAX_COLUMNS ||
            (i > 1 && n == 0))
            return wk_fail(err, WK_USAGE,
                           "region \"%.40s\" is not X,Y,W,H: whole pixels, X and Y from 0", text);
        v[i] = (uint32_t)n;
        at = end + 1;
    }
    look->x = v[0];
    look->y = v[1];
    look->width = v[2];
    look->height = v[3];
    return WK_OK;
}

wk_code wki_picture_run_look(wki_picture_run *run, const wk_picture_look *look, wk_error *err)
{
    bool plain = look->width == 0 && look->rotate == 0 && look->flip == 0 && !look->overlays &&
                 !look->to_srgb;

    if (look->rotate != 0 && look->rotate != 90 && look->rotate != 180 && look->rotate != 270)
        return wk_fail(err, WK_USAGE, "rotate %d: 90, 180 or 270", look->rotate);
    if (look->flip != 0 && look->flip != 'h' && look->flip != 'v')
        return wk_fail(err, WK_USAGE, "flip is h or v");
    if (!plain && run->drawing.format == WK_PICTURE_NPY)
        return wk_fail(
            err, WK_USAGE,
            "npy holds the values as they are: no region, rotate, flip, overlays or icc");
    run->drawing.look = *look;
    run->drawing.render.region = (wki_region){look->x, look->y, look->width, look->height};
    return WK_OK;
}

void wki_picture_run_report(wki_picture_run *run, const wk_image_report *report)
{
    pthread_mutex_lock(&run->lock);
    if (report->status == WK_IMAGE_FAILED) {
        run->summary.failed++;
        if (run->first.code == WK_OK)
            run->first = report->error;
    } else if (report->status == WK_IMAGE_KEPT) {
        run->summary.kept++;
    } else {
        run->summary.saved++;
        run->summary.bytes += report->bytes;
    }
    if (run->on_image)
        run->on_image(run->user, report);
    tell_progress(run, report);
    pthread_mutex_unlock(&run->lock);
}

void wki_picture_run_failed(wki_picture_run *run, const char *source, const wk_plan_item *item,
                            const wk_error *error)
{
    wk_image_report r;

    memset(&r, 0, sizeof r);
    r.source = source ? source : "";
    r.status = WK_IMAGE_FAILED;
    r.error = *error;
    if (item) {
        memcpy(r.study, item->study, sizeof r.study);
        memcpy(r.series, item->series, sizeof r.series);
        memcpy(r.sop, item->sop, sizeof r.sop);
    }
    wki_picture_run_report(run, &r);
}

void wki_picture_run_notice(wki_picture_run *run, const wk_plan_item *item)
{
    const char *source = item->path ? item->path : item->url ? item->url : item->study;

    if (item->error.code != WK_OK)
        wki_picture_run_failed(run, source, item, &item->error);
    else
        wk_log_write(&run->session->log, WK_LOG_INFO, "%s: not used: %s", source,
                     item->reason ? item->reason : "");
}

static wk_code grow(wki_plan_list *list, wk_error *err)
{
    size_t room = list->room ? list->room * 2 : 16, size;
    wk_plan_item **items = NULL;

    if (list->n < list->room)
        return WK_OK;
    if (wki_mul_size(room, sizeof *items, &size))
        items = realloc(list->items, size);
    if (!items)
        return wk_fail(err, WK_NOMEM, "out of memory");
    list->items = items;
    list->room = room;
    return WK_OK;
}

wk_code wki_plan_list_add(wki_plan_list *list, const wk_plan_item *item, wk_error *err)
{
    wk_code rc = grow(list, err);

    if (rc == WK_OK)
        rc = wk_plan_item_copy(item, &list->items[list->n], err);
    list->n += rc == WK_OK;
    return rc;
}

wk_code wki_plan_list_add_part(wki_plan_list *list, const wk_plan_item *item, const char *series,
                               const char *sop, wk_error *err)
{
    wk_code rc = grow(list, err);

    if (rc == WK_OK)
        rc = wki_plan_part(item, series, sop, &list->items[list->n], err);
    list->n += rc == WK_OK;
    return rc;
}

void wki_plan_list_clear(wki_plan_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        wk_plan_item_free(list->items[i]);
    free(list->items);
    *list = (wki_plan_list){NULL, 0, 0};
}

static bool is_other(const char *wanted, const char *is)
{
    return wanted[0] && strcmp(wanted, is) != 0;
}

wk_code wki_plan_check_instance(const wk_plan_item *item, const char *study, const char *series,
                                const char *sop, wk_error *err)
{
    if (is_other(item->study, study))
        return wk_fail(err, WK_REFUSED, "instance %s is of study %s, asked for was %s", sop, study,
                       item->study);
    if (is_other(item->series, series))
        return wk_fail(err, WK_REFUSED, "instance %s is of series %s, asked for was %s", sop,
                       series, item->series);
    if (is_other(item->sop, sop))
        return wk_fail(err, WK_REFUSED, "instance %s, asked for was %s", sop, item->sop);
    return WK_OK;
}

unsigned wki_picture_run_threads(const wki_picture_run *run)
{
    int jobs = run->session->opts.jobs;

    return run->out.single ? 1 : jobs > 0 ? (unsigned)jobs : wki_pool_processors();
}

bool wki_picture_run_is_here(wki_picture_run *run, const char *key)
{
    if (wk_shard_has(&run->session->opts.shard, key))
        return true;
    pthread_mutex_lock(&run->lock);
    run->elsewhere++;
    pthread_mutex_unlock(&run->lock);
    return false;
}

wk_code wki_picture_run_end(wki_picture_run *run, wk_code resolve,
                            const wk_resolve_summary *resolved, wk_image_summary *summary,
                            wk_error *err)
{
    wk_image_summary *s = &run->summary;
    const wki_clock *clock = run->session->clock;
    uint64_t done = s->saved + s->kept;

    s->skipped = resolved->skipped;
    s->seconds = (double)(clock->monotonic_ms(clock->user) - run->started_ms) / 1000;
    if (summary)
        *summary = *s;
    if (resolve == WK_CANCELLED || resolve == WK_NOMEM)
        return resolve;
    if (resolve != WK_OK && done == 0 && s->failed == 0)
        return resolve;
    if (done == 0 && s->failed == 0 && run->elsewhere > 0)
        return WK_OK;
    if (done == 0 && s->failed == 0)
        return wk_fail(err, WK_NOT_FOUND, "no DICOM objects in the targets");
    if (s->failed == 0 && resolve == WK_OK)
        return WK_OK;
    wk_error_clear(err);
    if (done > 0)
        return wk_fail(err, WK_PARTIAL, "%llu drawn, %llu not", (unsigned long long)done,
                       (unsigned long long)s->failed);
    if (err)
        *err = run->first;
    return run->first.code;
}
