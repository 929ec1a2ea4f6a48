#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/wadokit.h>

#include "dicom/dicom_scan.h"
#include "dicomweb/multipart.h"
#include "json/json_stream.h"
#include "store/store.h"
#include "support/scratch.h"
#include "support/small_dicom.h"
#include "support/tiny_server.h"

enum {
    MOST = 5000,
    FEW = 400 /* for runs that make connections */
};

/* --- allocations that fail --- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

/* The countdown is this thread's: servers of a test are not touched. 0: nothing fails. */
static _Thread_local unsigned left;
static _Thread_local bool failed;

static bool fails(void)
{
    if (left == 0 || --left > 0)
        return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

/* --- the stages --- */

static char instance[SMALL_DICOM_SIZE];
static size_t instance_n;
static tiny_server server;
static char answer[SMALL_DICOM_SIZE + 256];
static tiny_reply reply = {.bytes = answer, .then = TINY_KEEP};
static scratch filled; /* a folder with an instance */

static wk_code ignore_begin(void *user, const wki_part_head *head, wk_error *err)
{
    (void)user, (void)head, (void)err;
    return WK_OK;
}

static wk_code ignore_data(void *user, const void *data, size_t n, wk_error *err)
{
    (void)user, (void)data, (void)n, (void)err;
    return WK_OK;
}

static wk_code ignore_end(void *user, wki_part_end end, wk_error *err)
{
    (void)user, (void)end, (void)err;
    return WK_OK;
}

static wk_code run_multipart(wk_error *err)
{
    static const char body[] = "--b\r\nContent-Type: a/b\r\n\r\nbytes\r\n--b--\r\n";
    wki_multipart_events events = {ignore_begin, ignore_data, ignore_end, NULL};
    wki_multipart *m = NULL;
    wk_code rc = wki_multipart_new("b", &events, &m, err);

    if (rc == WK_OK)
        rc = wki_multipart_feed(m, body, sizeof body - 1, err);
    if (rc == WK_OK)
        rc = wki_multipart_finish(m, NULL, err);
    wki_multipart_free(m);
    return rc;
}

static wk_code run_scan(wk_error *err)
{
    wki_dicom_scan *s = NULL;
    wk_code rc = wki_dicom_scan_new(&s, err);

    if (rc == WK_OK)
        rc = wki_dicom_feed(s, instance, instance_n, err);
    if (rc == WK_OK)
        rc = wki_dicom_finish(s, err);
    wki_dicom_scan_free(s);
    return rc;
}

static wk_code ignore_value(void *user, const wki_json *value, wk_error *err)
{
    (void)user, (void)value, (void)err;
    return WK_OK;
}

static wk_code run_json(wk_error *err)
{
    static const char text[] = "[{\"00080018\": {\"vr\": \"UI\", \"Value\": [\"1.2\"]}}, {}]";
    wki_json_stream *s = NULL;
    wk_code rc = wki_json_stream_new("a test", 1000, ignore_value, NULL, &s, err);

    if (rc == WK_OK)
        rc = wki_json_stream_feed(s, text, sizeof text - 1, err);
    if (rc == WK_OK)
        rc = wki_json_stream_finish(s, err);
    wki_json_stream_free(s);
    return rc;
}

static wk_code put(wki_store *s, wk_error *err)
{
    wki_store_expect any = {.study = "", .series = "", .sop = ""};
    wki_journal_entry entry;
    wki_store_outcome how;
    wki_store_part *p = NULL;
    wki_store_state found = WKI_STORE_ABSENT;
    wk_code rc = wki_store_part_new(s, &p, err);

    if (rc == WK_OK)
        rc = wki_store_part_begin(p, err);
    if (rc == WK_OK)
        rc = wki_store_part_write(p, instance, instance_n, err);
    if (rc == WK_OK)
        rc = wki_store_part_finish(p, &any, &how, &entry, err);
    if (rc == WK_OK)
        rc = wki_store_find(s, "1.2", "1.2.3", "1.2.3.4", &entry, &found, err);
    wki_store_part_free(p);
    return rc;
}

static wk_code run_store(wk_error *err)
{
    scratch dir;
    wki_store_opts opts = {.dir = dir.dir,
                           .name_template = "{PatientID}/{Modality}/{InstanceNumber:04}"};
    wki_store *s = NULL;
    wk_code rc;

    scratch_make(&dir);
    rc = wki_store_open(&opts, &s, err);
    if (rc == WK_OK)
        rc = put(s, err);
    wki_store_close(s);
    scratch_remove(&dir);
    return rc;
}

static wk_code run_get(wk_error *err)
{
    char target[128];
    const char *targets[] = {target};
    wk_session_opts o = {.retries = 2, .max_wait_s = 0};
    wk_get_opts g = {.name = NULL};
    wk_session *session = NULL;
    wk_code rc = wk_session_new(&o, &session, err);
    scratch dir;

    tiny_start(&server, &reply, 1);
    scratch_make(&dir);
    g.dir = dir.dir;
    snprintf(target, sizeof target,
             "http://127.0.0.1:%d/dw/studies/1.2/series/1.2.3/instances/1.2.3.4", server.port);
    if (rc == WK_OK)
        rc = wk_get(session, targets, 1, &g, NULL, NULL, NULL, err);
    wk_session_free(session);
    scratch_remove(&dir);
    tiny_stop(&server);
    return rc;
}

static wk_code run_verify(wk_error *err)
{
    wk_session_opts o = {.retries = 0, .max_wait_s = 0};
    wk_session *session = NULL;
    wk_code rc = wk_session_new(&o, &session, err);

    if (rc == WK_OK)
        rc = wk_verify(session, filled.dir, NULL, NULL, NULL, NULL, err);
    wk_session_free(session);
    return rc;
}

static const struct stage {
    const char *name;
    wk_code (*run)(wk_error *err);
    unsigned most;
} stages[] = {
    {"multipart", run_multipart, MOST},
    {"dicom_scan", run_scan, MOST},
    {"json_stream", run_json, MOST},
    {"store", run_store, MOST},
    {"get", run_get, FEW},
    {"verify", run_verify, MOST},
};

/* Lets each allocation fail; the number of those that were told as something else. */
static unsigned check(const struct stage *s)
{
    unsigned n = 0, wrong = 0, borne = 0;

    for (failed = true; failed && n < s->most;) {
        wk_error err = {0};
        wk_code rc;

        failed = false;
        left = ++n;
        rc = s->run(&err);
        left = 0;
        borne += failed && rc == WK_OK;
        if (failed ? rc != WK_OK && rc != WK_NOMEM : rc != WK_OK) {
            printf("%s, allocation %u: %s: %s\n", s->name, n, wk_code_name(rc), err.message);
            wrong++;
        }
    }
    printf("%s: %u allocations failed, %u of them borne, %u told wrongly\n", s->name, n - 1, borne,
           wrong);
    return wrong;
}

int main(void)
{
    unsigned wrong = 0;
    wki_store_opts opts = {.dir = filled.dir};
    wki_store *store = NULL;

    instance_n = small_dicom(instance, "1.2", "1.2.3", "1.2.3.4", 1);
    reply.n = (size_t)snprintf(answer, sizeof answer,
                               "HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\n"
                               "Content-Length: %zu\r\n\r\n",
                               instance_n);
    memcpy(answer + reply.n, instance, instance_n);
    reply.n += instance_n;
    scratch_make(&filled);
    if (wki_store_open(&opts, &store, NULL) != WK_OK || put(store, NULL) != WK_OK)
        wrong++;
    wki_store_close(store);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        wrong += check(&stages[i]);
    scratch_remove(&filled);
    printf("%zu passed, %u failed\n", sizeof stages / sizeof stages[0], wrong);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
