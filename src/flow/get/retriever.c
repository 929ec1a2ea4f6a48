#include "flow/get/retriever.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"
#include "core/text.h"
#include "dicom/scan_head.h"
#include "flow/find/local.h"
#include "flow/run_progress.h"

enum {
    LOOK_AHEAD = 64,      /* tasks, so that those of another server are among them */
    MAX_EXPECTED = 20000, /* instances of tasks that wait for room, which are in memory */
    PIECE = 65536
};

static const char *or_null(const char *s)
{
    return s && s[0] ? s : NULL;
}

/* --- birth and death --- */

wk_code wki_retriever_new(wk_session *session, const wk_get_opts *opts, wk_instance_fn each,
                          void *user, wki_retriever **out, wk_error *err)
{
    wki_store_opts store = {.dir = opts->dir ? opts->dir : ".",
                            .name_template = opts->name,
                            .no_digest = opts->no_digest,
                            .check_digest = opts->check_digest,
                            .log = &session->log};
    wki_retriever *r = calloc(1, sizeof *r);
    wk_code rc = WK_OK;

    if (!r)
        return wk_fail(err, WK_NOMEM, "out of memory");
    r->session = session;
    r->tasks_end = &r->tasks;
    r->each = each;
    r->user = user;
    r->by = opts->by;
    r->bulkdata = opts->bulkdata;
    r->started_ms = session->clock->monotonic_ms(session->clock->user);
    r->dir = wki_strdup(store.dir);
    if (!r->dir)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK && !wki_accept_syntax(opts->transfer_syntax, r->syntax))
        rc = wk_fail(err, WK_USAGE, "transfer syntax %s: neither a known name nor a UID",
                     opts->transfer_syntax);
    if (rc == WK_OK)
        rc = wki_store_open(&store, &r->store, err);
    if (rc == WK_OK)
        rc = wki_fetch_new(session, &r->fetch, err);
    if (rc != WK_OK) {
        wki_retriever_free(r);
        return rc;
    }
    wki_progress_begin(session, wki_retriever_describe, r);
    *out = r;
    return WK_OK;
}

void wki_retriever_free(wki_retriever *r)
{
    if (!r)
        return;
    wki_progress_end(r->session, r);
    wki_fetch_free(r->fetch);
    wki_store_close(r->store);
    free(r->dir);
    free(r);
}

/* --- the loop --- */

/* Begins what the tasks want next, in their order, as far as their servers have room. */
static void begin_pieces(wki_retriever *r)
{
    char series[WK_UID_SIZE], sop[WK_UID_SIZE];
    wk_error err = {0};

    for (wki_task *t = r->tasks; t && r->fatal.code == WK_OK; t = t->next) {
        while (r->fatal.code == WK_OK && wki_fetch_has_room(r->fetch, t->item->url) &&
               wki_task_next(t, series, sop)) {
            if (wki_piece_begin(t, series, sop, &err) == WK_OK)
                continue;
            wk_fail_from(&r->fatal, err.code, &err);
            wki_task_piece_ended(t);
        }
    }
}

static void take_ended(wki_retriever *r)
{
    wki_transfer *t;

    while ((t = wki_fetch_next(r->fetch))) {
        wki_job *job = t->tag;

        job->ended(job, t);
        wki_transfer_free(t);
    }
}

/* Tasks with nothing under way that have nothing more to ask for. */
static void end_tasks(wki_retriever *r)
{
    wki_task *next;

    for (wki_task *t = r->tasks; t; t = next) {
        next = t->next;
        if (t->open == 0 && (t->over || r->fatal.code != WK_OK))
            wki_task_end(t);
    }
}

static void turn(wki_retriever *r)
{
    take_ended(r);
    begin_pieces(r);
    end_tasks(r);
}

static bool has_room(void *user)
{
    const wki_retriever *r = user;

    return r->n_tasks < LOOK_AHEAD && (r->n_tasks == 0 || r->expecting < MAX_EXPECTED);
}

static bool is_done(void *user)
{
    const wki_retriever *r = user;

    return r->n_tasks == 0 && wki_fetch_active(r->fetch) == 0;
}

/* Asked once a turn of the wire, which is when the journal is written. */
static bool settle(void *user)
{
    wki_retriever *r = user;
    wk_error error = {0};

    if (wki_store_settle(r->store, &error) != WK_OK && r->fatal.code == WK_OK)
        r->fatal = error;
    return r->fatal.code != WK_OK;
}

/* Ends what is under way, and the tasks with it. */
static wk_code stop(wki_retriever *r, wk_error *err)
{
    wki_fetch_stop(r->fetch);
    turn(r);
    return wk_fail_from(err, r->fatal.code, &r->fatal);
}

wk_code wki_retriever_run_until(wki_retriever *r, bool (*enough)(void *), void *user, wk_error *err)
{
    wk_error ended = {0};

    turn(r);
    while (r->fatal.code == WK_OK && !enough(user) && !is_done(r)) {
        if (wki_fetch_run(r->fetch, settle, r, &ended) != WK_OK)
            wk_fail_from(&r->fatal, ended.code, &ended);
        turn(r);
    }
    (void)settle(r);
    return r->fatal.code == WK_OK ? WK_OK : stop(r, err);
}

typedef struct room {
    const wki_retriever *retriever;
    const char *url;
} room;

static bool has_room_at(void *user)
{
    const room *w = user;

    return wki_fetch_has_room(w->retriever->fetch, w->url);
}

wk_code wki_retriever_wait(wki_retriever *r, const char *url, wk_error *err)
{
    room w = {r, url};

    return wki_retriever_run_until(r, has_room_at, &w, err);
}

/* --- local files --- */

static wk_code copy_file(wki_store_part *p, int fd, wk_error *err)
{
    char *buf = malloc(PIECE);
    wk_code rc = buf ? wki_store_part_begin(p, NULL, err) : wk_fail(err, WK_NOMEM, "out of memory");

    while (rc == WK_OK) {
        ssize_t n = read(fd, buf, PIECE);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = wk_fail_errno(err, WK_DATA, errno, "cannot read the file");
        if (n <= 0)
            break;
        rc = wki_store_part_write(p, buf, (size_t)n, err);
    }
    free(buf);
    return rc;
}

static wk_code take_file(wki_retriever *r, const char *path, wki_store_outcome *how,
                         wki_journal_entry *entry, wk_error *err)
{
    static const wki_store_expect any = {.study = "", .series = "", .sop = ""};
    wki_store_part *p = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    wk_code rc = WK_OK;

    if (fd < 0)
        return wk_fail_errno(err, WK_NOT_FOUND, errno, "cannot open the file");
    rc = wki_store_part_new(r->store, &p, err);
    if (rc == WK_OK)
        rc = copy_file(p, fd, err);
    if (rc == WK_OK)
        rc = wki_store_part_finish(p, &any, how, entry, err);
    wki_store_part_free(p);
    close(fd);
    return rc;
}

static wk_code add_file(wki_retriever *r, const wk_plan_item *item, wk_error *err)
{
    wki_journal_entry *entry = calloc(1, sizeof *entry);
    wk_instance_report rep = {.study = or_null(item->study),
                              .series = or_null(item->series),
                              .sop = or_null(item->sop),
                              .bytes = -1,
                              .status = WK_INSTANCE_FAILED};
    wki_store_outcome how = WKI_STORE_SAVED;
    wk_code rc = entry ? take_file(r, item->path, &how, entry, &rep.error)
                       : wk_fail(&rep.error, WK_NOMEM, "out of memory");

    r->summary.expected++;
    if (rc != WK_OK)
        wk_fail_add(&rep.error, "%s: ", wki_local_shown(item->path));
    if (wki_ends_the_run(rc)) {
        free(entry);
        return wk_fail_from(err, rc, &rep.error);
    }
    if (rc == WK_REFUSED)
        rep.status = WK_INSTANCE_REFUSED;
    if (rc == WK_OK) {
        rep.status = how == WKI_STORE_KEPT ? WK_INSTANCE_KEPT : WK_INSTANCE_SAVED;
        r->summary.bytes += entry->bytes;
        if (how == WKI_STORE_CONFLICT)
            wk_fail(&rep.error, WK_DATA, "another file of this instance has other bytes");
    }
    wki_retriever_tell(r, &rep, rc == WK_OK ? entry : NULL);
    wki_progress_turn(r->session);
    free(entry);
    return WK_OK;
}

/* --- the part of this run, where several share the work --- */

bool wki_retriever_has(const wki_retriever *r, const char *study, const char *series,
                       const char *sop)
{
    const char *key = sop;

    if (r->by == WK_BY_STUDY || (r->by == WK_BY_SERIES && series[0] == '\0') ||
        (series[0] == '\0' && sop[0] == '\0'))
        key = study;
    else if (r->by == WK_BY_SERIES || sop[0] == '\0')
        key = series;
    return wk_shard_has(&r->session->opts.shard, key);
}

/* A file that does not say what it is belongs to the run that has its name. */
static bool has_file(const wki_retriever *r, const char *path)
{
    const char *slash = strrchr(path, '/');
    const wki_dicom_identity *id;
    wki_dicom_scan *scan = NULL;
    wk_error ignored = {0};
    bool ours;

    if (r->session->opts.shard.count < 2)
        return true;
    if (wki_dicom_scan_new(&scan, &ignored) == WK_OK &&
        wki_scan_head(scan, path, &ignored) == WK_OK) {
        id = wki_dicom_scan_identity(scan);
        ours = wki_retriever_has(r, id->study_uid, id->series_uid, id->sop_uid);
    } else {
        ours = wk_shard_has(&r->session->opts.shard, slash ? slash + 1 : path);
    }
    wki_dicom_scan_free(scan);
    return ours;
}

/* --- the face --- */

wk_code wki_retriever_add(wki_retriever *r, const wk_plan_item *item, wk_error *err)
{
    wk_code rc = wki_session_check(r->session, err);

    if (rc != WK_OK) {
        wk_fail(&r->fatal, rc, "interrupted");
        return rc;
    }
    if (item->kind == WK_ITEM_NOTICE || (item->kind == WK_ITEM_FILE && !has_file(r, item->path)))
        return WK_OK;
    rc = item->kind == WK_ITEM_FILE ? add_file(r, item, err) : wki_task_begin(r, item, err);
    if (rc != WK_OK) {
        wk_fail(&r->fatal, rc, "%s", err ? err->message : wk_code_text(rc));
        return rc;
    }
    return wki_retriever_run_until(r, has_room, r, err);
}

wk_code wki_retriever_finish(wki_retriever *r, wk_get_summary *summary, wk_error *err)
{
    const wki_clock *clock = r->session->clock;
    wk_code rc = wki_retriever_run_until(r, is_done, r, err);
    wk_get_summary *s = &r->summary;

    if (r->unknown)
        s->expected = -1;
    s->seconds = (double)(clock->monotonic_ms(clock->user) - r->started_ms) / 1000.0;
    if (summary)
        *summary = *s;
    if (rc != WK_OK)
        return rc;
    if (s->missing == 0 && s->failed == 0)
        return WK_OK;
    if (r->failure.code == WK_OK)
        wk_fail(&r->failure, WK_NOT_FOUND, "%llu instances are missing",
                (unsigned long long)s->missing);
    if (s->saved + s->kept == 0)
        return wk_fail_from(err, r->failure.code, &r->failure);
    return wk_fail_from(err, WK_PARTIAL, &r->failure);
}
