#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/wadokit.h>

#include "dicom/dicom_scan.h"
#include "dicomweb/multipart.h"
#include "fhir/imaging_study.h"
#include "json/json.h"
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
static scratch shown;  /* one with a picture, PICTURE, and a FHIR resource, STUDY */

#define PICTURE "picture.dcm"
#define STUDY "study.json"

static const char study_json[] =
    "{\"resourceType\": \"ImagingStudy\", \"id\": \"s\", \"status\": \"available\","
    " \"identifier\": [{\"system\": \"urn:dicom:uid\", \"value\": \"urn:oid:1.2\"}],"
    " \"contained\": [{\"resourceType\": \"Endpoint\", \"id\": \"e\", \"status\": \"active\","
    " \"connectionType\": {\"system\":"
    " \"http://terminology.hl7.org/CodeSystem/endpoint-connection-type\","
    " \"code\": \"dicom-wado-rs\"}, \"address\": \"https://pacs.example/dw\"}],"
    " \"endpoint\": [{\"reference\": \"#e\"}], \"numberOfSeries\": 1, \"numberOfInstances\": 1,"
    " \"series\": [{\"uid\": \"1.2.3\", \"numberOfInstances\": 1,"
    " \"instance\": [{\"uid\": \"1.2.3.4\"}]}]}";

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
    wki_multipart_events events = {ignore_begin, ignore_data, ignore_end, NULL, NULL};
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
        rc = wki_store_part_begin(p, NULL, err);
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

static wk_code get(const char *what, const tiny_reply *replies, size_t n, wk_error *err)
{
    char target[128];
    const char *targets[] = {target};
    wk_session_opts o = {.retries = 2, .max_wait_s = 0};
    wk_get_opts g = {.bulkdata = true};
    wk_session *session = NULL;
    wk_code rc = wk_session_new(&o, &session, err);
    scratch dir;

    tiny_start(&server, replies, n);
    scratch_make(&dir);
    g.dir = dir.dir;
    snprintf(target, sizeof target,
             "http://127.0.0.1:%d/dw/studies/1.2/series/1.2.3/instances/1.2.3.4%s", server.port,
             what);
    if (rc == WK_OK)
        rc = wk_get(session, targets, 1, &g, NULL, NULL, NULL, err);
    wk_session_free(session);
    scratch_remove(&dir);
    tiny_stop(&server);
    return rc;
}

static wk_code run_get(wk_error *err)
{
    return get("", &reply, 1, err);
}

static wk_code run_bulkdata(wk_error *err)
{
    static const tiny_reply replies[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: 59\r\n\r\n"
         "[{\"7FE00010\":{\"vr\":\"OB\",\"BulkDataURI\":\"bulkdata/7fe0001\"}}]",
         0, TINY_KEEP},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: "
         "4\r\n\r\nbulk",
         0, TINY_KEEP}};

    return get("/metadata", replies, 2, err);
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

static wk_code run_imaging_study(wk_error *err)
{
    wki_imaging_study study;
    wki_json *doc = NULL;
    wk_code rc = wki_json_parse(study_json, sizeof study_json - 1, "a test", &doc, err);

    if (rc == WK_OK)
        rc = wki_imaging_study_read(doc, "https://fhir.example/ImagingStudy/s", &study, err);
    if (rc == WK_OK)
        wki_imaging_study_clear(&study);
    wki_json_free(doc);
    return rc;
}

static wk_code take_item(void *user, const wk_plan_item *item, wk_error *err)
{
    wk_plan_item *copy = NULL;
    wk_code rc = wk_plan_item_copy(item, &copy, err);

    (void)user;
    wk_plan_item_free(copy);
    return rc;
}

static wk_code run_plan(wk_error *err)
{
    const char *targets[] = {scratch_path(&shown, STUDY)};
    wk_session_opts o = {.retries = 0, .max_wait_s = 0};
    wk_session *session = NULL;
    wk_code rc = wk_session_new(&o, &session, err);

    if (rc == WK_OK)
        rc = wk_resolve(session, targets, 1, take_item, NULL, NULL, err);
    wk_session_free(session);
    return rc;
}

/* With one job all is done by this thread, whose allocations are counted. */
static wk_code draw(bool thumb, wk_picture_format format, wk_error *err)
{
    const char *targets[] = {scratch_path(&shown, PICTURE)};
    wk_session_opts o = {.jobs = 1};
    wk_session *session = NULL;
    wk_code rc = wk_session_new(&o, &session, err);
    scratch out;

    scratch_make(&out);
    if (rc == WK_OK && thumb) {
        wk_thumb_opts opts = {.output = out.dir, .output_fd = -1, .format = format};

        rc = wk_thumbnail(session, targets, 1, &opts, NULL, NULL, NULL, err);
    } else if (rc == WK_OK) {
        wk_render_opts opts = {.output = out.dir, .output_fd = -1, .format = format};

        rc = wk_render(session, targets, 1, &opts, NULL, NULL, NULL, err);
    }
    wk_session_free(session);
    scratch_remove(&out);
    return rc;
}

static wk_code run_render(wk_error *err)
{
    return draw(false, WK_PICTURE_PNG, err);
}

static wk_code run_thumb(wk_error *err)
{
    return draw(true, WK_PICTURE_JPEG, err);
}

static wk_code ignore_hit(void *user, const wk_search_hit *hit, wk_error *err)
{
    (void)user, (void)hit, (void)err;
    return WK_OK;
}

static wk_code run_search(wk_error *err)
{
    static const char found[] = "HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
                                "Content-Length: 50\r\n\r\n"
                                "[{\"0020000D\": {\"vr\": \"UI\", \"Value\": [\"1.2.3.4\"]}}]";
    static const tiny_reply page = {.bytes = found, .then = TINY_KEEP};
    char root[64];
    wk_session_opts o = {.dicomweb = root};
    wk_search_opts search = {.via = WK_SEARCH_QIDO, .level = WK_LEVEL_STUDY, .limit = 1};
    wk_session *session = NULL;
    wk_code rc;

    tiny_start(&server, &page, 1);
    snprintf(root, sizeof root, "http://127.0.0.1:%d/dw", server.port);
    rc = wk_session_new(&o, &session, err);
    if (rc == WK_OK)
        rc = wk_search(session, &search, ignore_hit, NULL, NULL, err);
    wk_session_free(session);
    tiny_stop(&server);
    return rc;
}

/* A token by the client's own credentials, then an instance with it. */
static wk_code run_login(wk_error *err)
{
    static const char token[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
        "Content-Length: 42\r\n\r\n"
        "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}";
    tiny_reply replies[] = {{.bytes = token, .then = TINY_CLOSE}, reply};
    char target[128], root[64], token_url[64];
    const char *targets[] = {target};
    wk_session_opts o = {.retries = 2,
                         .auth = "client-credentials",
                         .client_id = "me",
                         .client_secret = "secret",
                         .token_url = token_url,
                         .dicomweb = root};
    wk_get_opts g = {.name = NULL};
    wk_session *session = NULL;
    scratch dir;
    wk_code rc;

    tiny_start(&server, replies, 2);
    scratch_make(&dir);
    o.state_dir = g.dir = dir.dir;
    snprintf(root, sizeof root, "http://127.0.0.1:%d/dw", server.port);
    snprintf(token_url, sizeof token_url, "http://127.0.0.1:%d/token", server.port);
    snprintf(target, sizeof target, "%s/studies/1.2/series/1.2.3/instances/1.2.3.4", root);
    rc = wk_session_new(&o, &session, err);
    if (rc == WK_OK)
        rc = wk_get(session, targets, 1, &g, NULL, NULL, NULL, err);
    wk_session_free(session);
    scratch_remove(&dir);
    tiny_stop(&server);
    /* Where origins cannot be compared for want of memory, a request goes out without credentials:
     * that is the safe side, and the server's to refuse. */
    return rc == WK_DATA && !strstr(server.requests[0], "POST /token") ? WK_NOMEM : rc;
}

static const struct stage {
    const char *name;
    wk_code (*run)(wk_error *err);
    unsigned most;
} stages[] = {
    {"multipart", run_multipart, MOST},
    {"dicom_scan", run_scan, MOST},
    {"json_stream", run_json, MOST},
    {"imaging_study", run_imaging_study, MOST},
    {"plan", run_plan, MOST},
    {"render", run_render, MOST},
    {"thumb", run_thumb, MOST},
    {"store", run_store, MOST},
    {"search", run_search, FEW},
    {"get", run_get, FEW},
    {"login", run_login, FEW},
    {"verify", run_verify, MOST},
    {"get --bulkdata", run_bulkdata, FEW},
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

static size_t put_number(char *at, unsigned element, unsigned n)
{
    char value[2] = {(char)(n & 255), (char)(n >> 8)};

    return small_dicom_element(at, 0x0028, element, "US", value, sizeof value);
}

/* 8 x 4 pixels of 16 bits. */
static size_t picture(char out[SMALL_DICOM_SIZE])
{
    char pixels[64];
    size_t n = small_dicom(out, "1.2", "1.2.3", "1.2.3.5", 1) - 86; /* without rows and pixels */

    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (char)(i % 2 ? i / 8 : 3 * i);
    n += put_number(out + n, 0x0002, 1);
    n += small_dicom_text(out + n, 0x0028, 0x0004, "CS", "MONOCHROME2");
    n += put_number(out + n, 0x0010, 8);
    n += put_number(out + n, 0x0011, 4);
    n += put_number(out + n, 0x0100, 16);
    n += put_number(out + n, 0x0101, 16);
    n += put_number(out + n, 0x0102, 15);
    n += put_number(out + n, 0x0103, 0);
    return n + small_dicom_element(out + n, 0x7fe0, 0x0010, "OW", pixels, sizeof pixels);
}

static void write_file(const char *name, const void *data, size_t n)
{
    FILE *f = fopen(scratch_path(&shown, name), "wb");

    if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
        abort();
}

static void make_shown(void)
{
    char bytes[SMALL_DICOM_SIZE];
    size_t n = picture(bytes);

    scratch_make(&shown);
    write_file(PICTURE, bytes, n);
    write_file(STUDY, study_json, sizeof study_json - 1);
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
    make_shown();
    scratch_make(&filled);
    if (wki_store_open(&opts, &store, NULL) != WK_OK || put(store, NULL) != WK_OK)
        wrong++;
    wki_store_close(store);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        wrong += check(&stages[i]);
    scratch_remove(&filled);
    scratch_remove(&shown);
    printf("%zu passed, %u failed\n", sizeof stages / sizeof stages[0], wrong);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
