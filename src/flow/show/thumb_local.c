#include "flow/show/thumb_local.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/pool.h"
#include "core/text.h"
#include "flow/draw/drawing.h"
#include "dicom/scan_head.h"
#include "flow/draw/slide.h"

/* lock: of the list and of `failed`, which ends the run. */
struct wki_thumb_local {
    wki_picture_run *run;
    wki_thumb_list *list;
    wki_pool *pool;
    wki_dicom_scan **scans; /* one a thread */
    unsigned threads;
    pthread_mutex_t lock;
    wk_error failed;
};

void wki_thumb_entry_fill(wki_thumb_entry *e, const wki_dicom_identity *id)
{
    memcpy(e->study, id->study_uid, sizeof e->study);
    memcpy(e->series, id->series_uid, sizeof e->series);
    memcpy(e->sop, id->sop_uid, sizeof e->sop);
    e->number = id->instance_number;
    e->has_pixels = id->has_pixels;
}

/* What the quick scan does not take may still be a file that can be opened. */
static wk_code fill_slowly(wki_thumb_entry *e, const char *path, wk_error *err)
{
    wki_drawing g;
    wk_code rc = wki_drawing_open(&g, path, err);

    if (rc == WK_OK) {
        memcpy(e->study, g.desc.study_uid, sizeof e->study);
        memcpy(e->series, g.desc.series_uid, sizeof e->series);
        memcpy(e->sop, g.desc.sop_uid, sizeof e->sop);
        e->number = -1;
        e->has_pixels = g.desc.pixels != WKI_PIXELS_NONE;
    }
    wki_drawing_close(&g);
    return rc;
}

/* Which level of a slide it is stands in attributes that the quick scan does not keep. */
static void note_slide(wki_thumb_entry *e, const char *path)
{
    wki_drawing g;
    wk_error err = {0};

    if (wki_drawing_open(&g, path, &err) == WK_OK && e->has_pixels) {
        e->slide = true;
        e->preference = wki_slide_preference(&g.desc);
        e->extent = wki_slide_extent(&g.desc);
    }
    wki_drawing_close(&g);
}

static wk_code read_head(wki_dicom_scan *scan, const char *path, wki_thumb_entry *e, wk_error *err)
{
    wk_code rc = wki_scan_head(scan, path, err);

    if (rc == WK_OK) {
        wki_thumb_entry_fill(e, wki_dicom_scan_identity(scan));
        if (wki_slide_is_class(wki_dicom_scan_identity(scan)->sop_class))
            note_slide(e, path);
    } else if (rc == WK_DATA) {
        wk_error_clear(err);
        rc = fill_slowly(e, path, err);
    }
    return rc;
}

static void add_entry(wki_thumb_local *l, const wki_thumb_entry *e)
{
    wk_error err = {0};

    pthread_mutex_lock(&l->lock);
    if (wki_thumb_list_add(l->list, e, &err) != WK_OK)
        l->failed = err;
    pthread_mutex_unlock(&l->lock);
}

/* The job is the path, which becomes that of its entry. */
static void work(void *user, unsigned slot, void *job)
{
    wki_thumb_local *l = user;
    wki_thumb_entry e;
    wk_error err = {0};

    memset(&e, 0, sizeof e);
    e.path = job;
    if (read_head(l->scans[slot], e.path, &e, &err) == WK_OK) {
        add_entry(l, &e);
        return;
    }
    if (wki_picture_run_is_here(l->run, e.path))
        wki_picture_run_failed(l->run, e.path, NULL, &err);
    free(e.path);
}

static void destroy(wki_thumb_local *l)
{
    wki_pool_finish(l->pool);
    for (unsigned i = 0; l->scans && i < l->threads; i++)
        wki_dicom_scan_free(l->scans[i]);
    free(l->scans);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

wk_code wki_thumb_local_new(wki_picture_run *run, wki_thumb_list *list, wki_thumb_local **out,
                            wk_error *err)
{
    wki_thumb_local *l = calloc(1, sizeof *l);
    wk_code rc = WK_OK;

    if (!l)
        return wk_fail(err, WK_NOMEM, "out of memory");
    l->run = run;
    l->list = list;
    l->threads = wki_picture_run_threads(run);
    pthread_mutex_init(&l->lock, NULL);
    l->scans = calloc(l->threads, sizeof *l->scans);
    if (!l->scans)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    for (unsigned i = 0; i < l->threads && rc == WK_OK; i++)
        rc = wki_dicom_scan_new(&l->scans[i], err);
    if (rc == WK_OK)
        rc = wki_pool_new(l->threads, work, l, &l->pool, err);
    if (rc != WK_OK)
        destroy(l);
    else
        *out = l;
    return rc;
}

wk_code wki_thumb_local_add(wki_thumb_local *l, const char *path, wk_error *err)
{
    char *job = wki_strdup(path);

    if (!job)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wki_pool_add(l->pool, job);
    return WK_OK;
}

wk_code wki_thumb_local_finish(wki_thumb_local *l, wk_error *err)
{
    wk_error failed;

    if (!l)
        return WK_OK;
    wki_pool_finish(l->pool);
    l->pool = NULL;
    failed = l->failed;
    destroy(l);
    return failed.code == WK_OK ? WK_OK : wk_fail_from(err, failed.code, &failed);
}
