#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "flow/find/plan_ask.h"
#include "flow/get/retriever.h"
#include "http/url.h"

static wk_code on_part_begin(void *user, const wki_part_head *head, wk_error *err)
{
    wki_job *job = user;

    job->part_skipped = head->encoded;
    job->part_open = true;
    return head->encoded ? WK_OK : wki_store_part_begin(job->part, err);
}

static wk_code on_part_data(void *user, const void *data, size_t n, wk_error *err)
{
    wki_job *job = user;

    return job->part_skipped ? WK_OK : wki_store_part_write(job->part, data, n, err);
}

static void expect_of(const wki_job *job, wki_part_end end, wki_store_expect *out)
{
    const wk_plan_item *item = job->task->item;

    *out = (wki_store_expect){.study = item->study,
                              .series = job->series[0] ? job->series : item->series,
                              .sop = job->sop[0] ? job->sop : item->sop,
                              .source = item->root,
                              .cut = end == WKI_PART_CUT};
}

static bool ends_the_run(wk_code code)
{
    return code == WK_IO || code == WK_NOMEM || code == WK_CANCELLED || code == WK_INTERNAL;
}

static wk_code finish_part(wki_job *job, wki_part_end end, wki_journal_entry *entry, wk_error *err)
{
    wki_task *t = job->task;
    wki_store_outcome how = WKI_STORE_SAVED;
    wki_store_expect expect;
    wk_error bad = {0};
    wk_code rc;

    expect_of(job, end, &expect);
    rc = wki_store_part_finish(job->part, &expect, &how, entry, &bad);
    if (ends_the_run(rc))
        return wk_fail_from(err, rc, &bad);
    if (rc != WK_OK) {
        if (rc == WK_DATA && wki_store_part_identity(job->part)->sop_uid[0])
            wk_fail_add(&bad, "instance %s: ", wki_store_part_identity(job->part)->sop_uid);
        wki_task_bad_part(job, wki_store_part_identity(job->part), &bad);
        return WK_OK;
    }
    if (how == WKI_STORE_CONFLICT)
        wk_fail(&bad, WK_DATA, "another file of this instance has other bytes; both are kept");
    wki_task_instance(t, how == WKI_STORE_KEPT ? WK_INSTANCE_KEPT : WK_INSTANCE_SAVED, entry, &bad);
    return WK_OK;
}

static wk_code on_part_end(void *user, wki_part_end end, wk_error *err)
{
    wki_job *job = user;
    wki_journal_entry *entry;
    wk_code rc;

    job->part_open = false;
    if (job->part_skipped) {
        wki_dicom_identity nobody = {0};
        wk_error bad = {0};

        wk_fail(&bad, WK_DATA, "a part with a Content-Transfer-Encoding, which HTTP does not have");
        wki_task_bad_part(job, &nobody, &bad);
        return WK_OK;
    }
    entry = malloc(sizeof *entry);
    if (!entry)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = finish_part(job, end, entry, err);
    free(entry);
    return rc;
}

/* --- the transfer --- */

static bool has_chunks(const wki_http_head *head)
{
    const char *encoding = wki_http_header(head, "Transfer-Encoding");

    return encoding && wki_str_istarts(encoding, "chunked");
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    wki_job *job = user;
    wki_retriever *r = job->task->retriever;
    wki_multipart_events events = {on_part_begin, on_part_data, on_part_end, job};
    const char *warning = wki_http_header(head, "Warning");

    if (r->fatal.code != WK_OK)
        return wk_fail_from(err, r->fatal.code, &r->fatal);
    job->length_known = head->content_length >= 0 || has_chunks(head);
    job->task->bytes_total = job->task->stage == WKI_STAGE_WHOLE && head->content_length >= 0
                                 ? (int64_t)job->task->bytes + head->content_length
                                 : -1;
    job->partial = head->status == 206 && !wki_http_header(head, "Content-Range");
    if (warning)
        wk_log_write(&r->session->log, WK_LOG_WARN, "the server warns: %s", warning);
    wki_retriever_root(r, job->task->item->root)->step = job->step;
    return wki_wado_body_new(head->content_type ? head->content_type : "", &events, &job->body,
                             err);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    wki_job *job = user;
    wki_retriever *r = job->task->retriever;
    wk_error local = {0};
    wk_code rc;

    if (r->fatal.code != WK_OK)
        return wk_fail_from(err, r->fatal.code, &r->fatal);
    r->summary.bytes += n;
    job->task->bytes += n;
    rc = wki_wado_body_feed(job->body, data, n, &local);
    if (ends_the_run(rc))
        wk_fail_from(&r->fatal, rc, &local);
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &local);
}

/* The body so far is all there will be: its last part ends here. */
static void finish_body(wki_job *job, bool whole, wk_error *error)
{
    wki_task *t = job->task;
    bool complete = false;
    wk_error err = {0};
    wk_code rc;

    if (!job->body)
        return;
    rc = wki_wado_body_finish(job->body, whole && job->length_known, &complete, &err);
    if (rc != WK_OK && error->code == WK_OK)
        *error = err;
    if (ends_the_run(rc))
        wk_fail_from(&t->retriever->fatal, rc, &err);
    if (rc == WK_OK && wki_wado_body_parts(job->body) == 0 && error->code == WK_OK)
        wk_fail(error, WK_NOT_FOUND, "the answer holds no instances");
    /* A single file whose length nobody told is proved by its bytes alone. */
    if (rc == WK_OK && !complete && error->code == WK_OK && !job->length_known && job->sop[0])
        complete = true;
    t->broken = t->broken || (rc == WK_OK && !complete) || error->code == WK_NET;
    t->partial = t->partial || job->partial;
}

static bool try_next_step(wki_job *job, int status)
{
    wki_retriever *r = job->task->retriever;
    bool instance = job->sop[0] || job->task->item->level == WK_LEVEL_INSTANCE;
    char accept[WKI_ACCEPT_SIZE];
    int step = job->step + 1;

    if (!wki_accept_is_refusal(status) || r->fatal.code != WK_OK)
        return false;
    while (step < WKI_ACCEPT_STEPS && !wki_accept_value(step, instance, r->syntax, accept))
        step++;
    if (step == WKI_ACCEPT_STEPS)
        return false;
    job->step = step;
    wki_job_start(job);
    return true;
}

static void end_job(wki_job *job, const wk_error *error)
{
    wki_task *t = job->task;
    wki_retriever *r = t->retriever;

    if (error->code != WK_OK && t->error.code == WK_OK)
        t->error = *error;
    if (error->code != WK_OK && job->sop[0])
        wki_task_instance_failed(t, job, error);
    if (error->code == WK_CANCELLED)
        wk_fail_from(&r->fatal, error->code, error);
    wki_job_free(job);
    wki_task_job_done(t);
    wki_retriever_pump(r);
}

static void on_done(void *user, const wki_http_result *result)
{
    wki_job *job = user;
    wk_error error = result->error;

    job->task->retriever->active--;
    job->root->active--;
    if (!job->body &&
        try_next_step(job, result->error.http_status ? result->error.http_status : result->status))
        return;
    finish_body(job, result->error.code == WK_OK, &error);
    end_job(job, &error);
}

/* --- starting --- */

static wk_code job_url(const wki_job *job, char **out, wk_error *err)
{
    const wk_plan_item *item = job->task->item;
    const char *series = item->level == WK_LEVEL_STUDY ? job->series : "";
    const char *sop = item->level <= WK_LEVEL_SERIES ? job->sop : "";
    char path[2 * WK_UID_SIZE + 32];

    snprintf(path, sizeof path, "%s%s%s%s%s", series[0] ? "series/" : "", series,
             series[0] && sop[0] ? "/" : "", sop[0] ? "instances/" : "", sop);
    if (path[0])
        return wki_url_append(item->url, path, out, err);
    *out = wki_strdup(item->url);
    return *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code start(wki_job *job, wk_error *err)
{
    wki_retriever *r = job->task->retriever;
    const wk_plan_item *item = job->task->item;
    wki_http_handler handler = {.head = on_head, .body = on_body, .done = on_done, .user = job};
    bool instance = job->sop[0] || item->level == WK_LEVEL_INSTANCE;
    char accept[WKI_ACCEPT_SIZE];
    wki_http_request request;
    char *url = NULL;
    wk_code rc;

    while (job->step < WKI_ACCEPT_STEPS &&
           !wki_accept_value(job->step, instance, r->syntax, accept))
        job->step++;
    rc = job_url(job, &url, err);
    if (rc == WK_OK && !job->part)
        rc = wki_store_part_new(r->store, &job->part, err);
    wki_plan_request(item, &request);
    request.url = url;
    request.accept = accept;
    request.divisible = true;
    if (rc == WK_OK)
        rc = wki_http_start(r->session->http, &request, &handler, err);
    free(url);
    return rc;
}

void wki_job_start(wki_job *job)
{
    wki_retriever *r = job->task->retriever;
    wk_error error = {0};

    r->active++;
    job->task->begun = true;
    job->root = wki_retriever_root(r, job->task->item->root);
    job->root->active++;
    if (start(job, &error) == WK_OK)
        return;
    r->active--;
    job->root->active--;
    end_job(job, &error);
}

bool wki_job_add(wki_task *t, const char *series, const char *sop)
{
    wki_retriever *r = t->retriever;
    wki_job *job = calloc(1, sizeof *job);

    if (!job) {
        wk_fail(&r->fatal, WK_NOMEM, "out of memory");
        return false;
    }
    job->task = t;
    wki_strcopy(job->series, sizeof job->series, series);
    wki_strcopy(job->sop, sizeof job->sop, sop);
    job->step = wki_retriever_root(r, t->item->root)->step;
    if (r->last)
        r->last->next = job;
    else
        r->first = job;
    r->last = job;
    r->waiting++;
    t->open_jobs++;
    return true;
}

void wki_job_free(wki_job *job)
{
    wki_wado_body_free(job->body);
    wki_store_part_free(job->part);
    free(job);
}
