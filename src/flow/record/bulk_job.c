#include "flow/record/bulk_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/json.h>
#include <wadokit/limits.h>

#include "core/text.h"
#include "http/retry.h"
#include "http/url.h"
#include "store/tmpfile.h"

enum {
    MAX_STATE = 1 << 20,
    MAX_DONE = 1 << 20,
    FIRST_WAIT_MS = 1000,
    MOST_WAIT_MS = 60000,
    LEAST_WAIT_MS = 100,
    STEP_MS = 200
};

static const char folder[] = ".wadokit";
static const char state_name[] = ".wadokit/export.json";
static const char done_name[] = ".wadokit/export.done";

/* ---- what is kept ---- */

/* The text of a small file below the folder, on the heap; NULL where it is not there. */
static char *read_small(int dir_fd, const char *name)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char buffer[4096];
    wki_buf b;
    ssize_t n;
    char *text = NULL;

    if (fd < 0)
        return NULL;
    wki_buf_init(&b, (size_t)MAX_DONE * 64, "state");
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        if (wki_buf_add(&b, buffer, (size_t)n, NULL) != WK_OK)
            break;
    }
    close(fd);
    text = b.n ? wki_buf_take(&b) : NULL;
    wki_buf_clear(&b);
    return text;
}

static wk_code write_file(int dir_fd, const char *name, const char *text, size_t n, wk_error *err)
{
    wki_tmpfile t = {0};
    bool existed;
    wk_code rc = wki_tmpfile_open(&t, dir_fd, err);

    if (rc == WK_OK)
        rc = wki_tmpfile_write(&t, text, n, err);
    if (rc == WK_OK)
        rc = wki_tmpfile_commit(&t, name, false, &existed, err);
    wki_tmpfile_clear(&t);
    return rc;
}

static wk_code save_state(wki_bulk_job *job, wk_error *err)
{
    wk_json_line *line = wk_json_line_new(NULL);
    char *text;
    int fd = -1;
    wk_code rc;

    wk_json_set_string(line, "request", job->request);
    wk_json_set_string(line, "status", job->status);
    text = wk_json_line_text(line);
    wk_json_line_free(line);
    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    (void)mkdirat(job->dir_fd, folder, 0777);
    fd = openat(job->dir_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        rc = wk_fail_errno(err, WK_IO, errno, "%s", folder);
    } else {
        (void)unlinkat(job->dir_fd, done_name, 0);
        rc = write_file(fd, "export.json", text, strlen(text), err);
        close(fd);
    }
    free(text);
    return rc;
}

static void load_done(wki_bulk_job *job)
{
    char *text = read_small(job->dir_fd, done_name), *at = text;

    while (at && *at) {
        char *end = strchr(at, '\n');

        if (!end)
            break; /* torn by the end of a process */
        *end = '\0';
        (void)wki_seen_before(&job->done, at);
        at = end + 1;
    }
    free(text);
}

static bool load_state(wki_bulk_job *job)
{
    char *text = read_small(job->dir_fd, state_name);
    wki_json *state = NULL;
    const char *request, *status;

    if (text && wki_json_parse(text, strlen(text), state_name, &state, NULL) == WK_OK) {
        request = wki_json_str(state, "request");
        status = wki_json_str(state, "status");
        if (request && status && strcmp(request, job->request) == 0 &&
            wki_url_check(status, NULL) == WK_OK)
            job->status = wki_strdup(status);
    }
    wki_json_free(state);
    free(text);
    if (job->status)
        load_done(job);
    job->resumed = job->status != NULL;
    return job->resumed;
}

wk_code wki_bulk_job_note(wki_bulk_job *job, const char *name, uint64_t bytes, wk_error *err)
{
    int fd = openat(job->dir_fd, done_name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                    0666);
    char line[160];
    int n = snprintf(line, sizeof line, "%s %llu\n", name, (unsigned long long)bytes);
    wk_code rc = WK_OK;

    if (fd < 0 || write(fd, line, (size_t)n) != n)
        rc = wk_fail_errno(err, WK_IO, errno, "%s", done_name);
    if (fd >= 0)
        close(fd);
    return rc;
}

bool wki_bulk_job_has(wki_bulk_job *job, const char *name, uint64_t *bytes)
{
    struct stat st;
    char line[160];

    if (!job->resumed || fstatat(job->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return false;
    snprintf(line, sizeof line, "%s %llu", name, (unsigned long long)st.st_size);
    *bytes = (uint64_t)st.st_size;
    return wki_seen_before(&job->done, line);
}

/* ---- requests ---- */

/* The head of one answer. */
typedef struct answer {
    int status;
    char *location;
    char progress[128];
    int64_t retry_ms; /* -1: not said */
    const wk_session *session;
    wki_buf body;
} answer;

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    answer *a = user;
    const char *location = wki_http_header(head, "Content-Location");
    const char *progress = wki_http_header(head, "X-Progress");
    const char *retry = wki_http_header(head, "Retry-After");
    const wki_clock *clock = a->session->clock;

    a->status = head->status;
    a->retry_ms = -1;
    wki_buf_reset(&a->body);
    if (retry)
        (void)wki_retry_after_read(retry, wki_http_header(head, "Date"), clock->unix_s(clock->user),
                                   &a->retry_ms);
    wki_text_clean(a->progress, sizeof a->progress, progress ? progress : "",
                   progress ? strlen(progress) : 0);
    free(a->location);
    a->location = NULL;
    return location ? wki_url_resolve(head->url, location, &a->location, err) : WK_OK;
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(&((answer *)user)->body, data, n, err);
}

static wk_code ask(wki_bulk_job *job, const wki_http_request *request, answer *a, wk_error *err)
{
    wki_http_handler handler = {.head = on_head, .body = on_body, .user = a};

    memset(a, 0, sizeof *a);
    a->session = job->session;
    wki_buf_init(&a->body, WK_MAX_JSON_BYTES, "answer");
    return wki_http_perform(job->session->http, request, &handler, NULL, err);
}

static void answer_clear(answer *a)
{
    free(a->location);
    wki_buf_clear(&a->body);
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
    return rc == WK_OK ? save_state(job, err) : rc;
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

/* Asks until the answer is the manifest, which is left in `a`. */
static wk_code poll(wki_bulk_job *job, answer *a, wk_error *err)
{
    wki_http_request request = {
        .url = job->status, .accept = "application/json", .named_by = job->request};
    int64_t wait = FIRST_WAIT_MS, ms;
    wk_code rc;

    for (;;) {
        rc = ask(job, &request, a, err);
        if (rc != WK_OK || a->status != 202)
            return rc;
        ms = a->retry_ms >= 0 ? a->retry_ms : wait;
        ms = ms < LEAST_WAIT_MS ? LEAST_WAIT_MS : ms;
        wait = wait * 2 < MOST_WAIT_MS ? wait * 2 : MOST_WAIT_MS;
        if (job->events && job->events->on_wait)
            job->events->on_wait(job->events->user, a->progress, (ms + 999) / 1000);
        answer_clear(a);
        memset(a, 0, sizeof *a);
        rc = pause_ms(job, ms, err);
        if (rc != WK_OK)
            return rc;
    }
}

/* The pages of the manifest behind the first. */
static wk_code more_pages(wki_bulk_job *job, char *next, wk_error *err)
{
    wk_code rc = WK_OK;

    for (int page = 0; next && rc == WK_OK; page++) {
        wki_http_request request = {
            .url = next, .accept = "application/json", .named_by = job->status};
        wki_json *json = NULL;
        char *following = NULL;
        answer a;

        if (page == WK_MAX_PAGES) {
            rc = wk_fail(err, WK_LIMIT, "a manifest of more than %d pages", WK_MAX_PAGES);
            break;
        }
        rc = ask(job, &request, &a, err);
        if (rc == WK_OK)
            rc = wki_json_parse(wki_buf_text(&a.body), a.body.n, "manifest", &json, err);
        if (rc == WK_OK)
            rc = wki_bulk_manifest_add(&job->manifest, json, next, &following, err);
        wki_json_free(json);
        answer_clear(&a);
        free(next);
        next = following;
    }
    free(next);
    return rc;
}

static wk_code read_manifest(wki_bulk_job *job, const answer *a, wk_error *err)
{
    wki_json *json = NULL;
    char *next = NULL;
    wk_code rc = wki_json_parse(wki_buf_text(&a->body), a->body.n, "manifest", &json, err);

    if (rc == WK_OK)
        rc = wki_bulk_manifest_add(&job->manifest, json, job->status, &next, err);
    if (rc == WK_OK)
        rc = write_file(job->dir_fd, "manifest.json", a->body.data, a->body.n, err);
    wki_json_free(json);
    return rc == WK_OK ? more_pages(job, next, err) : rc;
}

wk_code wki_bulk_job_run(wki_bulk_job *job, wk_error *err)
{
    wk_error own = {0};
    answer a = {0};
    wk_code rc;

    wki_seen_init(&job->done, MAX_DONE);
    rc = load_state(job) ? WK_OK : kick_off(job, &own);
    if (rc == WK_OK)
        rc = poll(job, &a, &own);
    if (rc == WK_NOT_FOUND && job->resumed) {
        /* The server has forgotten it; what was saved belongs to another point in time. */
        wk_log_write(&job->session->log, WK_LOG_WARN,
                     "the server no longer knows the export of the earlier run: a new one is "
                     "asked for");
        answer_clear(&a);
        memset(&a, 0, sizeof a);
        wk_error_clear(&own);
        free(job->status);
        job->status = NULL;
        job->resumed = false;
        rc = kick_off(job, &own);
        if (rc == WK_OK)
            rc = poll(job, &a, &own);
    }
    if (rc == WK_OK)
        rc = read_manifest(job, &a, &own);
    answer_clear(&a);
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
    (void)unlinkat(job->dir_fd, state_name, 0);
    (void)unlinkat(job->dir_fd, done_name, 0);
    (void)unlinkat(job->dir_fd, folder, AT_REMOVEDIR);
}

void wki_bulk_job_clear(wki_bulk_job *job)
{
    free(job->request);
    free(job->status);
    wki_seen_clear(&job->done);
    wki_bulk_manifest_clear(&job->manifest);
}
