#include "flow/record/bulk_job.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/json.h>
#include <wadokit/limits.h>

#include "core/text.h"
#include "fhir/fhir_value.h"
#include "http/retry.h"
#include "http/url.h"

enum {
    FIRST_WAIT_MS = 1000,
    MOST_WAIT_MS = 60000,
    LEAST_WAIT_MS = 100,
    STEP_MS = 200,
    MAX_CIRCLE = 3 /* pages in a row that bring nothing new */
};

/* ---- requests ---- */

/* One answer. url: where it came from in the end; transient: it is no success, and says itself that
 * it will not stay so. */
typedef struct answer {
    int status;
    char *url, *location;
    char progress[128];
    int64_t retry_ms; /* -1: not said */
    bool transient;
    const wk_session *session;
    wki_buf body;
} answer;

static void read_wait(answer *a, const wki_http_head *head)
{
    const char *retry = wki_http_header(head, "Retry-After");
    const wki_clock *clock = a->session->clock;

    a->status = head->status;
    a->retry_ms = -1;
    if (retry)
        (void)wki_retry_after_read(retry, wki_http_header(head, "Date"), clock->unix_s(clock->user),
                                   &a->retry_ms);
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    answer *a = user;
    const char *location = wki_http_header(head, "Content-Location");
    const char *progress = wki_http_header(head, "X-Progress");

    read_wait(a, head);
    wki_buf_reset(&a->body);
    wki_text_clean(a->progress, sizeof a->progress, progress ? progress : "",
                   progress ? strlen(progress) : 0);
    free(a->location);
    free(a->url);
    a->location = NULL;
    a->url = wki_strdup(head->url);
    if (!a->url)
        return wk_fail(err, WK_NOMEM, "out of memory");
    return location ? wki_url_resolve(head->url, location, &a->location, err) : WK_OK;
}

/* "Too many" is never the end of an export; of other failures the server says so itself, by the
 * code of its OperationOutcome. */
static void on_refused(void *user, const wki_http_head *head, const void *body, size_t n)
{
    answer *a = user;
    wki_json *outcome = NULL;
    const wki_json *issues;
    const char *code;

    read_wait(a, head);
    a->transient = head->status == 429;
    if (wki_json_parse(body, n, "answer", &outcome, NULL) != WK_OK)
        return;
    issues = wki_json_get(outcome, "issue");
    for (const wki_json *e = wki_json_first(issues); e; e = wki_json_next(issues, e)) {
        code = wki_json_str(e, "code");
        a->transient = a->transient || (wki_fhir_is(outcome, "OperationOutcome") && code &&
                                        strcmp(code, "transient") == 0);
    }
    wki_json_free(outcome);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(&((answer *)user)->body, data, n, err);
}

static wk_code ask(wki_bulk_job *job, const wki_http_request *request, answer *a, wk_error *err)
{
    wki_http_handler handler = {.head = on_head, .body = on_body, .user = a, .refused = on_refused};

    memset(a, 0, sizeof *a);
    a->session = job->session;
    wki_buf_init(&a->body, WK_MAX_JSON_BYTES, "answer");
    return wki_http_perform(job->session->http, request, &handler, NULL, err);
}

static void answer_clear(answer *a)
{
    free(a->location);
    free(a->url);
    wki_buf_clear(&a->body);
    memset(a, 0, sizeof *a);
}

/* The form of the standard for one patient, for servers without Patient/{id}/$export. */
static wk_code kick_off_by_post(wki_bulk_job *job, answer *a, wk_error *err)
{
    static const char *const headers[] = {"Prefer: respond-async"};
    const char *query = strchr(job->request, '?');
    char *url = NULL, *body = NULL;
    wki_http_request request = {.method = "POST",
                                .accept = "application/fhir+json",
                                .content_type = "application/fhir+json",
                                .headers = headers,
                                .n_headers = 1};
    wk_json_line *reference = wk_json_line_new(NULL), *parameter = wk_json_line_new(NULL);
    wk_json_line *parameters = wk_json_line_new(NULL);
    char *patient = wki_strfmt("Patient/%s", job->patient);
    wk_code rc;

    wk_json_set_string(reference, "reference", patient);
    wk_json_set_string(parameter, "name", "patient");
    wk_json_set_object(parameter, "valueReference", reference);
    wk_json_set_string(parameters, "resourceType", "Parameters");
    wk_json_add_object(parameters, "parameter", parameter);
    body = wk_json_line_text(parameters);
    wk_json_line_free(parameters);
    rc = wki_url_append(job->session->opts.fhir, "Patient/$export", &url, err);
    request.url = rc == WK_OK && query ? wki_strfmt("%s%s", url, query) : url;
    request.body = body;
    request.body_n = body ? strlen(body) : 0;
    if (rc == WK_OK && (!body || !patient || !request.url))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK)
        rc = ask(job, &request, a, err);
    if (request.url != url)
        free((void *)(uintptr_t)request.url);
    free(url);
    free(body);
    free(patient);
    return rc;
}

static wk_code kick_off(wki_bulk_job *job, wk_error *err)
{
    static const char *const headers[] = {"Prefer: respond-async"};
    wki_http_request request = {.url = job->request,
                                .accept = "application/fhir+json",
                                .headers = headers,
                                .n_headers = 1,
                                .selects = true};
    wk_error own = {0};
    answer a;
    wk_code rc = ask(job, &request, &a, &own);

    if (rc != WK_OK && job->patient &&
        (own.http_status == 400 || own.http_status == 404 || own.http_status == 405)) {
        answer_clear(&a);
        wk_error_clear(&own);
        rc = kick_off_by_post(job, &a, &own);
    }
    if (rc != WK_OK && err)
        *err = own;
    if (rc == WK_OK && !a.location)
        rc = wk_fail(err, WK_DATA,
                     "the server accepted the export, but does not say where it can be asked about "
                     "(Content-Location)");
    if (rc == WK_OK)
        job->status = wki_strdup(a.location);
    if (rc == WK_OK && !job->status)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    answer_clear(&a);
    return rc == WK_OK ? wki_bulk_state_begin(&job->state, job->request, job->status, err) : rc;
}

static wk_code pause_ms(const wki_bulk_job *job, int64_t ms, wk_error *err)
{
    const wki_clock *clock = job->session->clock;
    wk_code rc = wki_session_check(job->session, err);

    for (; ms > 0 && rc == WK_OK; ms -= STEP_MS) {
        clock->sleep_ms(clock->user, ms < STEP_MS ? ms : STEP_MS);
        rc = wki_session_check(job->session, err);
    }
    return rc;
}

/* How long until it is asked again. WK_NET where that is longer than the user waits. */
static wk_code next_wait(wki_bulk_job *job, const answer *a, int64_t *wait, int64_t *ms,
                         wk_error *err)
{
    const wki_clock *clock = job->session->clock;
    int64_t most = job->session->opts.max_wait_s, waited;

    *ms = a->retry_ms >= 0 ? a->retry_ms : *wait;
    *ms = *ms < LEAST_WAIT_MS ? LEAST_WAIT_MS : *ms;
    *wait = *wait * 2 < MOST_WAIT_MS ? *wait * 2 : MOST_WAIT_MS;
    waited = clock->monotonic_ms(clock->user) - job->began_ms;
    if (most < 0 || waited + *ms <= most * 1000)
        return WK_OK;
    return wk_fail_setting(
        err, WK_NET, "max-wait",
        "the server still works on the export, and no more than %lld s were to be waited; "
        "the same command goes on with it",
        (long long)most);
}

/* Asks until the answer is the manifest, which is left in `a`. */
static wk_code poll(wki_bulk_job *job, answer *a, wk_error *err)
{
    const wki_clock *clock = job->session->clock;
    wki_http_request request = {
        .url = job->status, .accept = "application/json", .named_by = job->request};
    int64_t wait = FIRST_WAIT_MS, ms;
    wk_error own = {0};
    wk_code rc;

    job->began_ms = clock->monotonic_ms(clock->user);
    for (;;) {
        wk_error_clear(&own);
        rc = ask(job, &request, a, &own);
        if (rc == WK_OK ? a->status != 202 : !(rc == WK_NET && a->transient)) {
            if (rc != WK_OK && err)
                *err = own;
            return rc;
        }
        rc = next_wait(job, a, &wait, &ms, err);
        if (rc == WK_OK && job->events && job->events->on_wait)
            job->events->on_wait(job->events->user, a->progress, (ms + 999) / 1000);
        answer_clear(a);
        if (rc == WK_OK)
            rc = pause_ms(job, ms, err);
        if (rc != WK_OK)
            return rc;
    }
}

/* ---- the manifest ---- */

/* Adds a page that came from `url`. */
static wk_code read_page(wki_bulk_job *job, const answer *a, const char *url, char **next,
                         wk_error *err)
{
    wki_json *json = NULL;
    wk_code rc = wki_json_parse(wki_buf_text(&a->body), a->body.n, "manifest", &json, err);

    if (rc == WK_OK)
        rc = wki_bulk_manifest_add(&job->manifest, json, url, next, err);
    wki_json_free(json);
    return rc;
}

/* The pages of the manifest after the first; a chain that turns in a circle ends. */
static wk_code more_pages(wki_bulk_job *job, char *next, wk_error *err)
{
    wki_seen seen;
    size_t idle = 0;
    wk_code rc = WK_OK;

    wki_seen_init(&seen, WK_MAX_PAGES);
    while (next && rc == WK_OK && !job->circle) {
        wki_http_request request = {
            .url = next, .accept = "application/json", .named_by = job->status};
        char *following = NULL;
        size_t before = job->manifest.n;
        answer a = {0};

        if (job->manifest.pages == WK_MAX_PAGES)
            rc = wk_fail(err, WK_LIMIT, "a manifest of more than %d pages", WK_MAX_PAGES);
        job->circle = wki_seen_before(&seen, next);
        if (rc == WK_OK && !job->circle)
            rc = ask(job, &request, &a, err);
        if (rc == WK_OK && !job->circle)
            rc = read_page(job, &a, a.url, &following, err);
        answer_clear(&a);
        free(next);
        next = following;
        idle = job->manifest.n == before ? idle + 1 : 0;
        job->circle = job->circle || (next && idle == MAX_CIRCLE);
    }
    free(next);
    wki_seen_clear(&seen);
    return rc;
}

/* As it came where it is one page, else all pages as one. */
static wk_code write_manifest(const wki_bulk_job *job, const answer *first, wk_error *err)
{
    wki_buf b;
    wk_code rc = WK_OK;

    if (job->manifest.pages == 1)
        return wki_bulk_state_write(job->state.dir_fd, "manifest.json", first->body.data,
                                    first->body.n, err);
    wki_buf_init(&b, SIZE_MAX / 2, "manifest");
    rc = wki_bulk_manifest_print(&job->manifest, &b, err);
    if (rc == WK_OK)
        rc = wki_bulk_state_write(job->state.dir_fd, "manifest.json", b.data, b.n, err);
    wki_buf_clear(&b);
    return rc;
}

static wk_code read_manifest(wki_bulk_job *job, const answer *a, wk_error *err)
{
    const wk_log *log = &job->session->log;
    char *next = NULL;
    wk_code rc = read_page(job, a, a->url, &next, err);

    if (rc == WK_OK)
        rc = more_pages(job, next, err);
    if (rc == WK_OK)
        rc = wki_bulk_manifest_end(&job->manifest, err);
    if (rc == WK_OK)
        rc = write_manifest(job, a, err);
    if (rc == WK_OK && job->manifest.repeated > 0)
        wk_log_write(log, WK_LOG_WARN, "the manifest names %zu files more than once",
                     job->manifest.repeated);
    if (rc == WK_OK && job->manifest.n == 0)
        wk_log_write(log, WK_LOG_WARN, "the manifest names no files: the export is empty");
    return rc;
}

/* ---- a run ---- */

static wk_code start(wki_bulk_job *job, answer *a, wk_error *err)
{
    wk_code rc = job->status ? WK_OK : kick_off(job, err);

    return rc == WK_OK ? poll(job, a, err) : rc;
}

wk_code wki_bulk_job_run(wki_bulk_job *job, wk_error *err)
{
    wk_error own = {0};
    answer a = {0};
    wk_code rc =
        wki_bulk_state_load(&job->state, job->state.dir_fd, job->request, &job->status, &own);

    job->resumed = job->status != NULL;
    if (rc == WK_OK)
        rc = start(job, &a, &own);
    if (rc == WK_NOT_FOUND && job->resumed) {
        /* The server has forgotten it; what was saved belongs to another point in time. */
        wk_log_write(&job->session->log, WK_LOG_WARN,
                     "the server no longer knows the export of the earlier run: a new one is "
                     "asked for");
        answer_clear(&a);
        wk_error_clear(&own);
        free(job->status);
        job->status = NULL;
        job->resumed = false;
        rc = start(job, &a, &own);
    }
    if (rc == WK_OK)
        rc = read_manifest(job, &a, &own);
    answer_clear(&a);
    if (rc == WK_OK)
        rc = wki_bulk_state_places(&job->state, &job->manifest, &job->places, &own);
    if (job->resumed && (rc == WK_DATA || (rc == WK_NET && own.http_status >= 400)))
        wk_fail_add(&own, "going on with the export of an earlier run (without "
                          ".wadokit/export.json a new one is asked for): ");
    if (rc != WK_OK && err)
        *err = own;
    return rc;
}

void wki_bulk_job_end(wki_bulk_job *job)
{
    wki_http_request request = {.method = "DELETE",
                                .url = job->status,
                                .accept = "application/json",
                                .named_by = job->request};
    wk_error ignored = {0};
    answer a;

    if (ask(job, &request, &a, &ignored) != WK_OK)
        wk_log_write(&job->session->log, WK_LOG_INFO, "the server keeps the export: %s",
                     ignored.message);
    answer_clear(&a);
    wki_bulk_state_end(&job->state);
}

void wki_bulk_job_clear(wki_bulk_job *job)
{
    free(job->request);
    free(job->status);
    free(job->places);
    wki_bulk_state_clear(&job->state);
    wki_bulk_manifest_clear(&job->manifest);
}
