#include <wadokit/fhir.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"
#include "core/text.h"
#include "flow/record/bulk_job.h"
#include "flow/record/fhir_file.h"
#include "flow/run_progress.h"

/* One run. first: the first failure; fatal: what ends it; message, message_in: the first that the
 * server reports in its files, and where. */
typedef struct run {
    wki_bulk_job job;
    const char *dir;
    const wk_fhir_export_events *events;
    wk_fhir_export_summary sum;
    wk_error first, fatal;
    char message[WKI_NDJSON_TEXT_SIZE], message_in[WKI_BULK_NAME_SIZE];
} run;

typedef struct item {
    wki_fhir_body body; /* first */
    run *run;
    const wki_bulk_file *file;
    wki_bulk_place *place;
    char *path;
} item;

static void report(run *r, const wk_fhir_export_file *f)
{
    if (r->events && r->events->on_file)
        r->events->on_file(r->events->user, f);
}

static void fill(const wki_bulk_file *file, const char *path, wk_fhir_export_file *out)
{
    memset(out, 0, sizeof *out);
    out->kind = file->kind;
    out->type = file->type;
    out->path = path;
    out->expected = file->count;
}

static void on_bad(void *user, uint64_t line, const char *why)
{
    const item *it = user;
    const wk_fhir_export_events *e = it->run->events;

    if (e && e->on_bad)
        e->on_bad(e->user, it->path, line, why);
}

/* What counts as an error that the server reports: in its lists of errors those of that severity,
 * in place of data all that is no mere information. */
static uint64_t outcomes_of(const wki_bulk_file *file, const wki_ndjson *lines)
{
    return lines->errors + (strcmp(file->kind, "output") == 0 ? lines->warnings : 0);
}

static bool is_short(const wk_fhir_export_file *f)
{
    return f->expected >= 0 && (uint64_t)f->expected > f->lines;
}

/* A file that is short is not written down: the next run fetches it again. */
static wk_code commit(item *it, const wk_fhir_export_file *f, wk_error *err)
{
    wki_bulk_place *p = it->place;
    bool existed;
    wk_code rc = wki_tmpfile_commit(&it->body.tmp, p->name, false, &existed, err);

    p->bytes = f->bytes;
    p->lines = f->lines;
    p->bad = f->bad;
    p->outcomes = f->errors;
    return rc == WK_OK && !is_short(f)
               ? wki_bulk_state_note(&it->run->job.state, p, &it->file->id, err)
               : rc;
}

static void count(run *r, const wk_fhir_export_file *f, const char *name)
{
    r->sum.lines += f->lines;
    r->sum.bad += f->bad;
    r->sum.errors += f->errors;
    r->sum.shorter += is_short(f);
    if (f->errors > 0 && !r->message_in[0])
        (void)wki_strcopy(r->message_in, sizeof r->message_in, name);
}

static void count_saved(item *it, const wk_fhir_export_file *f)
{
    run *r = it->run;
    const wki_ndjson *lines = &it->body.lines;
    const char *name = it->place->name;
    const wk_log *log = &r->job.session->log;

    if (f->errors > 0 && !r->message[0] && !r->message_in[0])
        (void)wki_strcopy(r->message, sizeof r->message, lines->message);
    count(r, f, name);
    r->sum.saved++;
    r->sum.bytes += f->bytes;
    if (f->errors == 0 && lines->warnings > 0)
        wk_log_write(log, WK_LOG_WARN, "%s: the server warns %llu times, the first: %s", name,
                     (unsigned long long)lines->warnings, lines->message);
    if (f->expected >= 0 && (uint64_t)f->expected != f->lines)
        wk_log_write(log, WK_LOG_WARN, "%s: %llu lines, the server said %lld", name,
                     (unsigned long long)f->lines, (long long)f->expected);
}

static void on_done(wki_download *d, const wk_error *error)
{
    item *it = (item *)d;
    wk_fhir_export_file f;
    wk_error err = *error;
    wk_code rc = err.code;

    fill(it->file, it->path, &f);
    if (rc == WK_OK)
        rc = wki_fhir_body_finish(&it->body, &err);
    f.bytes = it->body.tmp.bytes;
    f.lines = it->body.lines.lines;
    f.bad = it->body.lines.bad;
    f.errors = outcomes_of(it->file, &it->body.lines);
    if (rc == WK_OK)
        rc = commit(it, &f, &err);
    if (rc == WK_OK) {
        count_saved(it, &f);
        report(it->run, &f);
    } else {
        it->run->sum.failed++;
        if (it->run->first.code == WK_OK)
            it->run->first = err;
        if (err.code == WK_CANCELLED || err.code == WK_IO || err.code == WK_NOMEM)
            it->run->fatal = err;
        f.status = WK_FHIR_EXPORT_FAILED;
        f.error = err;
        if (err.code != WK_CANCELLED)
            report(it->run, &f);
    }
    wki_fhir_body_clear(&it->body);
    free(it->path);
    free(it);
}

static wk_code keep(run *r, const wki_bulk_file *file, const wki_bulk_place *place, wk_error *err)
{
    wk_fhir_export_file f;
    char *path = NULL;
    wk_code rc = wki_path_join(&path, r->dir, place->name, err);

    if (rc != WK_OK)
        return rc;
    fill(file, path, &f);
    f.bytes = place->bytes;
    f.lines = place->lines;
    f.bad = place->bad;
    f.errors = place->outcomes;
    f.status = WK_FHIR_EXPORT_KEPT;
    count(r, &f, place->name);
    r->sum.kept++;
    report(r, &f);
    free(path);
    return WK_OK;
}

static wk_code fetch(run *r, wki_downloads *q, const wki_bulk_file *file, wki_bulk_place *place,
                     wk_error *err)
{
    item *it = calloc(1, sizeof *it);

    if (!it || wki_path_join(&it->path, r->dir, place->name, err) != WK_OK) {
        free(it);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    it->run = r;
    it->file = file;
    it->place = place;
    wki_fhir_body_init(&it->body, r->job.state.dir_fd);
    it->body.ndjson = true;
    it->body.what = place->name;
    it->body.on_bad = on_bad;
    it->body.user = it;
    it->body.d.url = file->url;
    it->body.d.accept = "application/fhir+ndjson";
    it->body.d.auth = r->job.manifest.needs_token ? WKI_AUTH_BY_ORIGIN : WKI_AUTH_NEVER;
    it->body.d.named_by = r->job.status;
    it->body.d.done = on_done;
    return wki_downloads_add(q, &it->body.d, err);
}

static wk_code fetch_all(run *r, wk_error *err)
{
    const wki_bulk_manifest *m = &r->job.manifest;
    wki_downloads q;
    wk_code rc = WK_OK, waited;

    r->sum.expected = m->n;
    wki_downloads_init(&q, r->job.session);
    for (size_t i = 0; i < m->n && rc == WK_OK && r->fatal.code == WK_OK; i++) {
        wki_bulk_place *place = &r->job.places[i];

        rc = place->kept ? keep(r, &m->files[i], place, err)
                         : fetch(r, &q, &m->files[i], place, err);
    }
    waited = wki_downloads_wait(&q, rc == WK_OK ? err : NULL);
    if (rc == WK_OK)
        rc = waited;
    return rc != WK_OK || r->fatal.code == WK_OK ? rc : wk_fail_from(err, r->fatal.code, &r->fatal);
}

static wk_code verdict(const run *r, wk_error *err)
{
    const wk_fhir_export_summary *s = &r->sum;

    if (s->failed > 0 && s->saved + s->kept == 0) {
        if (err)
            *err = r->first;
        return r->first.code;
    }
    if (s->failed > 0)
        return wk_fail(err, WK_PARTIAL, "%llu of %llu files failed; run it again to get them",
                       (unsigned long long)s->failed, (unsigned long long)s->expected);
    if (s->bad > 0)
        return wk_fail(err, WK_PARTIAL, "%llu of %llu lines are no FHIR resources; all are kept",
                       (unsigned long long)s->bad, (unsigned long long)s->lines);
    if (s->errors > 0)
        return wk_fail(err, WK_PARTIAL, "the server reports %llu errors, the first in %s%s%s",
                       (unsigned long long)s->errors, r->message_in, r->message[0] ? ": " : "",
                       r->message);
    if (s->shorter > 0)
        return wk_fail(err, WK_PARTIAL,
                       "%llu files have fewer lines than the manifest says; run it again to get "
                       "them once more",
                       (unsigned long long)s->shorter);
    if (r->job.circle)
        return wk_fail(err, WK_PARTIAL,
                       "the pages of the manifest have no end: what came of them is saved, but the "
                       "list may be incomplete");
    return WK_OK;
}

static wk_code open_dir(run *r, wk_error *err)
{
    wk_code rc = wki_path_make_dirs(r->dir, err);

    if (rc == WK_OK) {
        r->job.state.dir_fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (r->job.state.dir_fd < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "%s", r->dir);
    }
    return rc;
}

static void describe(void *user, wk_progress *out)
{
    const run *r = user;

    out->bytes = r->job.session->received;
    out->items = r->sum.saved + r->sum.kept + r->sum.failed;
    out->items_total = r->sum.expected > 0 ? (int64_t)r->sum.expected : -1;
}

wk_code wk_fhir_export(wk_session *session, const wk_fhir_export_opts *opts,
                       const wk_fhir_export_events *events, wk_fhir_export_summary *summary,
                       wk_error *err)
{
    const wki_clock *clock = session->clock;
    int64_t began = clock->monotonic_ms(clock->user);
    run r = {.dir = opts->dir ? opts->dir : ".", .events = events};
    wki_bulk_query query = {.group = opts->group,
                            .patient = opts->patient,
                            .types = opts->types,
                            .since = opts->since,
                            .params = opts->params,
                            .n_params = opts->n_params};
    wk_code rc = WK_OK;

    r.job.session = session;
    r.job.events = events;
    r.job.state.dir_fd = r.job.state.meta_fd = -1;
    r.job.patient = opts->patient;
    wki_progress_begin(session, describe, &r);
    if (!session->opts.fhir)
        rc = wk_fail_setting(err, WK_USAGE, "fhir", "give the FHIR server");
    if (rc == WK_OK)
        rc = wki_bulk_url(session->opts.fhir, &query, &r.job.request, err);
    if (rc == WK_OK)
        rc = open_dir(&r, err);
    if (rc == WK_OK)
        rc = wki_bulk_job_run(&r.job, err);
    if (rc == WK_OK)
        rc = fetch_all(&r, err);
    if (rc == WK_OK && r.sum.failed == 0 && r.sum.shorter == 0)
        wki_bulk_job_end(&r.job);
    if (rc == WK_OK)
        rc = verdict(&r, err);
    wki_progress_end(session, &r);
    r.sum.seconds = (double)(clock->monotonic_ms(clock->user) - began) / 1000;
    if (summary)
        *summary = r.sum;
    if (r.job.state.dir_fd >= 0)
        close(r.job.state.dir_fd);
    wki_bulk_job_clear(&r.job);
    return rc;
}
