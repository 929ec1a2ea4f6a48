#include "flow/get/retriever.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"
#include "core/text.h"
#include "flow/draw/scan_head.h"
#include "flow/find/local.h"
#include "flow/run_progress.h"

enum {
    DEFAULT_JOBS = 4,
    MAX_JOBS = 64,
    EXTRA_JOBS = 8,       /* for servers that would have none while another one is slow */
    LOOK_AHEAD = 64,      /* jobs that wait, so that those of another server are among them */
    MAX_EXPECTED = 20000, /* instances of tasks that wait for room, which are in memory */
    PIECE = 65536
};

/* --- birth and death --- */

wk_code wki_retriever_new(wk_session *session, const wk_get_opts *opts, wk_instance_fn each,
                          void *user, wki_retriever **out, wk_error *err)
{
    wki_store_opts store = {.dir = opts->dir ? opts->dir : ".",
                            .name_template = opts->name,
                            .no_digest = opts->no_digest,
                            .check_digest = opts->check_digest};
    int jobs = session->opts.jobs > 0 ? session->opts.jobs : DEFAULT_JOBS;
    wki_retriever *r = calloc(1, sizeof *r);
    wk_code rc = WK_OK;

    if (!r)
        return wk_fail(err, WK_NOMEM, "out of memory");
    r->session = session;
    r->each = each;
    r->user = user;
    r->by = opts->by;
    r->bulkdata = opts->bulkdata;
    r->max_jobs = (size_t)(jobs < MAX_JOBS ? jobs : MAX_JOBS);
    r->started_ms = session->clock->monotonic_ms(session->clock->user);
    r->dir = wki_strdup(store.dir);
    if (!r->dir)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK && !wki_accept_syntax(opts->transfer_syntax, r->syntax))
        rc = wk_fail(err, WK_USAGE, "transfer syntax %s: neither a known name nor a UID",
                     opts->transfer_syntax);
    if (rc == WK_OK)
        rc = wki_store_open(&store, &r->store, err);
    if (rc != WK_OK) {
        wki_retriever_free(r);
        return rc;
    }
    r->tasks_end = &r->tasks;
    wki_progress_begin(session, wki_retriever_describe, r);
    *out = r;
    return WK_OK;
}

void wki_retriever_free(wki_retriever *r)
{
    if (!r)
        return;
    wki_progress_end(r->session, r);
    for (size_t i = 0; i < r->n_roots; i++)
        free(r->roots[i].root);
    wki_store_close(r->store);
    free(r->dir);
    free(r);
}

wki_root_memory *wki_retriever_root(wki_retriever *r, const char *root)
{
    for (size_t i = 0; root && i < r->n_roots; i++) {
        if (strcmp(r->roots[i].root, root) == 0)
            return &r->roots[i];
    }
    if (root && r->n_roots < WKI_MAX_ROOTS) {
        char *copy = wki_strdup(root);

        if (copy) {
            r->roots[r->n_roots].root = copy;
            return &r->roots[r->n_roots++];
        }
    }
    r->other.step = 0;
    r->other.no_qido = false;
    return &r->other;
}

/* --- reports --- */

const char *wk_instance_status_name(wk_instance_status status)
{
    static const char *const names[] = {"saved", "kept", "missing", "failed", "refused"};

    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}

static void count(wki_retriever *r, wk_instance_status status)
{
    switch (status) {
    case WK_INSTANCE_SAVED:
        r->summary.saved++;
        break;
    case WK_INSTANCE_KEPT:
        r->summary.kept++;
        break;
    case WK_INSTANCE_MISSING:
        r->summary.missing++;
        break;
    default:
        r->summary.failed++;
        break;
    }
}

static const char *or_null(const char *s)
{
    return s && s[0] ? s : NULL;
}

void wki_retriever_tell(wki_retriever *r, wk_instance_report *rep, const wki_journal_entry *entry)
{
    char *path = NULL;

    if (entry) {
        bool here = strcmp(r->dir, ".") == 0;

        if (!here && wki_path_join(&path, r->dir, entry->path, NULL) != WK_OK)
            path = NULL;
        rep->study = or_null(entry->study);
        rep->series = or_null(entry->series);
        rep->sop = or_null(entry->sop);
        rep->path = path ? path : entry->path;
        rep->sha256 = or_null(entry->sha256);
        rep->transfer_syntax = or_null(entry->transfer_syntax);
        rep->bytes = (int64_t)entry->bytes;
    }
    count(r, rep->status);
    if (rep->error.code != WK_OK && rep->status >= WK_INSTANCE_MISSING)
        wk_fail_from(&r->failure, rep->error.code, &rep->error);
    if (r->each)
        r->each(r->user, rep);
    free(path);
}

void wki_retriever_report(wki_task *t, wk_instance_status status, const char *series,
                          const char *sop, const wki_journal_entry *entry, const wk_error *error)
{
    wk_instance_report rep = {.study = or_null(t->item->study),
                              .series = or_null(series),
                              .sop = or_null(sop),
                              .bytes = -1,
                              .status = status};

    if (error)
        rep.error = *error;
    wki_retriever_tell(t->retriever, &rep, entry);
}

/* --- running --- */

/* Jobs that wait for their next attempt hold nobody up. */
static bool has_slot(const wki_retriever *r)
{
    return r->active < MAX_JOBS && r->active < r->max_jobs + wki_http_waiting(r->session->http);
}

/* A server that has nothing under way gets something, however slow the others are. */
static bool may_start(wki_retriever *r, const wki_job *job)
{
    return has_slot(r) || (r->active < r->max_jobs + EXTRA_JOBS && r->active < MAX_JOBS &&
                           wki_retriever_root(r, job->task->item->root)->active == 0);
}

/* The first job that may start, taken out of the queue; NULL where none may. */
static wki_job *take_job(wki_retriever *r)
{
    wki_job *before = NULL;

    for (wki_job *job = r->first; job; before = job, job = job->next) {
        if (!may_start(r, job))
            continue;
        *(before ? &before->next : &r->first) = job->next;
        if (r->last == job)
            r->last = before;
        job->next = NULL;
        r->waiting--;
        return job;
    }
    return NULL;
}

void wki_retriever_pump(wki_retriever *r)
{
    wki_job *job;

    if (r->pumping) /* a job that could not start ends, and comes here again */
        return;
    r->pumping = true;
    while (r->fatal.code == WK_OK && (job = take_job(r)) != NULL)
        wki_job_start(job);
    r->pumping = false;
}

static bool has_room(void *user)
{
    const wki_retriever *r = user;

    return r->fatal.code != WK_OK || (r->waiting < LOOK_AHEAD && r->expecting < MAX_EXPECTED) ||
           (!r->first && r->active < r->max_jobs);
}

static bool is_done(void *user)
{
    const wki_retriever *r = user;

    return !r->first && r->active == 0;
}

typedef struct patience {
    wki_retriever *retriever;
    bool (*enough)(void *);
    void *user;
} patience;

static void settle(wki_retriever *r)
{
    wk_error error = {0};

    if (wki_store_settle(r->store, &error) != WK_OK && r->fatal.code == WK_OK)
        r->fatal = error;
}

/* Asked once a turn of the loop, which is when the journal is written. Enough is also where a
 * transfer has begun to wait: then a job of the queue may start. */
static bool enough_for_now(void *user)
{
    const patience *p = user;
    wki_retriever *r = p->retriever;

    settle(r);
    return r->fatal.code != WK_OK || p->enough(p->user) || (r->first && has_slot(r));
}

/* Jobs that will not be started any more: their tasks end with them. */
static void drop_waiting(wki_retriever *r)
{
    while (r->first) {
        wki_job *job = r->first;
        wki_task *t = job->task;

        r->first = job->next;
        r->waiting--;
        wki_job_free(job);
        wki_task_job_done(t);
    }
    r->last = NULL;
}

/* Ends what is running: the handlers refuse the next bytes. */
static wk_code stop(wki_retriever *r, wk_error *err)
{
    drop_waiting(r);
    while (r->active > 0) {
        wk_error ignored = {0};

        if (wki_http_run(r->session->http, is_done, r, &ignored) != WK_OK && r->active > 0 &&
            wki_http_active(r->session->http) == 0)
            break;
        drop_waiting(r);
    }
    return wk_fail_from(err, r->fatal.code, &r->fatal);
}

wk_code wki_retriever_run_until(wki_retriever *r, bool (*enough)(void *), void *user, wk_error *err)
{
    patience p = {r, enough, user};
    wk_error ended = {0};

    wki_retriever_pump(r);
    while (r->fatal.code == WK_OK && !enough(user) && (r->active > 0 || r->first)) {
        if (wki_http_run(r->session->http, enough_for_now, &p, &ended) != WK_OK)
            wk_fail_from(&r->fatal, ended.code, &ended);
        wki_retriever_pump(r);
    }
    settle(r);
    return r->fatal.code == WK_OK ? WK_OK : stop(r, err);
}

static bool slot_is_free(void *user)
{
    return has_slot(user);
}

wk_code wki_retriever_wait(wki_retriever *r, wk_error *err)
{
    return wki_retriever_run_until(r, slot_is_free, r, err);
}

/* --- local files --- */

static wk_code copy_file(wki_store_part *p, int fd, wk_error *err)
{
    char *buf = malloc(PIECE);
    wk_code rc = buf ? wki_store_part_begin(p, err) : wk_fail(err, WK_NOMEM, "out of memory");

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

static bool ends_the_run(wk_code code)
{
    return code == WK_IO || code == WK_NOMEM || code == WK_CANCELLED || code == WK_INTERNAL;
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
    if (ends_the_run(rc)) {
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
