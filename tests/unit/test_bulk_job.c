#include "support/record_kit.h"

#include "fhir/bulk_export.h"

#include <wadokit/fhir.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define STARTED                                                                                    \
    {                                                                                              \
        202, {"Content-Location: https://h/job/1"}, NULL, WKI_WIRE_OK, 0                           \
    }
#define JSON(text)                                                                                 \
    {                                                                                              \
        200, {"Content-Type: application/json"}, text, WKI_WIRE_OK, 0                              \
    }
#define LINES(text)                                                                                \
    {                                                                                              \
        200, {"Content-Type: application/fhir+ndjson"}, text, WKI_WIRE_OK, 0                       \
    }
#define FORBIDDEN                                                                                  \
    {                                                                                              \
        403, {NULL}, "expired", WKI_WIRE_OK, 0                                                     \
    }
#define P(id) "{\"resourceType\":\"Patient\",\"id\":\"" id "\"}\n"
#define FILE_OF(type, url) "{\"type\":\"" type "\",\"url\":\"" url "\"}"
#define MANIFEST(output) "{\"requiresAccessToken\":false,\"output\":[" output "],\"error\":[]}"

/* ---- requests and manifests ---- */

static void test_the_request_is_built_of_what_is_asked_for(void)
{
    static const char *const params[] = {"_typeFilter=Patient?active=true", "_elements=id,name",
                                         "includeAssociatedData="};
    static const char *const nameless[] = {"=x"}, *const worthless[] = {"_elements"};
    static const struct {
        wki_bulk_query query;
        const char *url; /* NULL: WK_USAGE */
    } rows[] = {
        {{.types = NULL}, "https://a/f/$export"},
        {{.group = "g/1", .since = "2026-01-01T00:00:00+01:00"},
         "https://a/f/Group/g%2F1/$export?_since=2026-01-01T00%3A00%3A00%2B01%3A00"},
        {{.patient = "p", .types = "Patient,Observation", .params = params, .n_params = 3},
         "https://a/f/Patient/p/$export?_type=Patient%2CObservation&_typeFilter=Patient%3Factive%3D"
         "true&_elements=id%2Cname&includeAssociatedData="},
        {{.params = nameless, .n_params = 1}, NULL},
        {{.params = worthless, .n_params = 1}, NULL},
        {{.group = "a", .patient = "b"}, NULL},
        {{.types = "Patient/.."}, NULL},
        {{.group = ".."}, NULL},
    };

    for (size_t i = 0; i < N(rows); i++) {
        char *url = NULL;
        wk_error err = {0};
        wk_code rc = wki_bulk_url("https://a/f", &rows[i].query, &url, &err);

        CU_ASSERT_EQUAL(rc, rows[i].url ? WK_OK : WK_USAGE);
        if (rows[i].url)
            T_STR(url, rows[i].url);
        free(url);
    }
}

static wk_code add_page(wki_bulk_manifest *m, const char *text, char **next, wk_error *err)
{
    wki_json *page = NULL;
    wk_code rc = wki_json_parse(text, strlen(text), "test", &page, err);

    if (rc == WK_OK)
        rc = wki_bulk_manifest_add(m, page, "https://a/job/1", next, err);
    wki_json_free(page);
    return rc;
}

static void test_pages_of_a_manifest_become_one(void)
{
    wki_bulk_manifest m = {0};
    wki_buf out;
    char *next = NULL;
    wk_error err = {0};

    wki_buf_init(&out, 4096, "test");
    T_OK(add_page(&m,
                  "{\"transactionTime\":\"t\",\"requiresAccessToken\":false,\"output\":["
                  "{\"type\":\"Patient\",\"url\":\"https://b/1\",\"count\":3},"
                  "{\"type\":\"../x\",\"url\":\"3\"}],\"error\":{\"type\":\"OperationOutcome\","
                  "\"url\":\"4\"},\"link\":[{\"relation\":\"next\",\"url\":\"?p=2\"}]}",
                  &next, &err),
         &err);
    T_STR(next, "https://a/job/1?p=2");
    free(next);
    T_OK(add_page(&m,
                  "{\"output\":[{\"type\":\"Patient\",\"url\":\"2\"},{\"type\":\"Patient\","
                  "\"url\":\"https://b/1\"}],\"deleted\":[{\"url\":\"5\"}]}",
                  &next, &err),
         &err);
    CU_ASSERT_PTR_NULL(next);
    CU_ASSERT_EQUAL_FATAL(m.n, 5);
    CU_ASSERT_EQUAL(m.repeated, 1);
    CU_ASSERT_EQUAL(m.files[0].count, 3);
    CU_ASSERT_FALSE(m.needs_token);
    T_STR(m.files[1].type, "");
    T_STR(m.files[1].url, "https://a/job/3");
    T_STR(m.files[2].kind, "error");
    T_STR(m.files[4].kind, "deleted");
    T_OK(wki_bulk_manifest_print(&m, &out, &err), &err);
    T_STR(wki_buf_text(&out),
          "{\"transactionTime\":\"t\",\"requiresAccessToken\":false,\"output\":["
          "{\"type\":\"Patient\",\"url\":\"https://b/1\",\"count\":3},{\"type\":\"../x\","
          "\"url\":\"3\"},{\"type\":\"Patient\",\"url\":\"2\"},{\"type\":\"Patient\","
          "\"url\":\"https://b/1\"}],\"error\":[{\"type\":\"OperationOutcome\",\"url\":\"4\"}],"
          "\"deleted\":[{\"url\":\"5\"}]}\n");
    wki_buf_clear(&out);
    wki_bulk_manifest_clear(&m);
}

static void test_what_is_no_manifest_is_refused(void)
{
    static const char *const rows[] = {
        "{\"transactionTime\":\"t\"}", "[]", "{\"output\":[{\"type\":\"Patient\"}]}",
        "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"diagnostics\":\"too old\"}]}"};

    for (size_t i = 0; i < N(rows); i++) {
        wki_bulk_manifest m = {0};
        char *next = NULL;
        wk_error err = {0};

        T_FAILS(add_page(&m, rows[i], &next, &err), WK_DATA, &err);
        wki_bulk_manifest_clear(&m);
    }
}

static void ids_of(const char *first, const char *second, wki_bulk_id ids[2])
{
    wki_bulk_manifest m = {0};
    char text[1024], *next = NULL;
    wk_error err = {0};

    snprintf(text, sizeof text, MANIFEST(FILE_OF("%s", "%s") "," FILE_OF("%s", "%s")), "Patient",
             first, "Patient", second);
    T_OK(add_page(&m, text, &next, &err), &err);
    T_OK(wki_bulk_manifest_end(&m, &err), &err);
    CU_ASSERT_EQUAL_FATAL(m.n, 2);
    ids[0] = m.files[0].id;
    ids[1] = m.files[1].id;
    wki_bulk_manifest_clear(&m);
}

static void test_what_signs_a_url_is_no_part_of_it(void)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"https://s/x?sig=1", "https://s/x?sig=2", true},
        {"https://s/x?id=7&X-Amz-Date=1&x-amz-signature=2", "https://s/x?X-Amz-Date=3&id=7", true},
        {"https://s/x?sv=1&sr=b&sig=2&se=3", "https://s/x", true},
        {"https://s/x?Expires=1&Signature=2&Key-Pair-Id=3", "https://s/x?Expires=9&Signature=8",
         true},
        {"https://s/x?X-Goog-Expires=1", "https://s/x?X-Goog-Expires=2", true},
        {"https://s/x?id=1&sig=1", "https://s/x?id=2&sig=1", false},
        {"https://s/x?se=1", "https://s/x?se=2", false}, /* nothing is signed */
        {"https://s/x?Expires=1", "https://s/x?Expires=2", false},
        {"https://s/x?sig=1", "https://t/x?sig=1", false},
        {"https://s/x?sig=1", "https://s/X?sig=1", false},
        {"https://s/x?=&&a", "https://s/x?a", false},
    };

    for (size_t i = 0; i < N(rows); i++) {
        wki_bulk_id ids[2];
        bool same;

        ids_of(rows[i].a, rows[i].b, ids);
        same = memcmp(ids[0].lasting, ids[1].lasting, WKI_SHA256_BYTES) == 0;
        if (same != rows[i].same)
            printf("\n  %s %s\n", rows[i].a, rows[i].b);
        CU_ASSERT_EQUAL(same, rows[i].same);
        CU_ASSERT_EQUAL(ids[0].distinct, !rows[i].same);
        CU_ASSERT_EQUAL(ids[1].distinct, !rows[i].same);
        CU_ASSERT_NOT_EQUAL(memcmp(ids[0].whole, ids[1].whole, WKI_SHA256_BYTES), 0);
    }
}

/* ---- runs ---- */

static int waits;

static void on_wait(void *user, const char *progress, int64_t seconds)
{
    (void)user;
    (void)progress;
    (void)seconds;
    waits++;
}

static wk_code export(record_kit *kit, const script_reply *replies, size_t n,
                      wk_fhir_export_summary *sum, wk_error *err)
{
    wk_fhir_export_opts opts = {.dir = kit->scratch.dir};
    wk_fhir_export_events events = {.on_wait = on_wait};

    waits = 0;
    memset(sum, 0, sizeof *sum);
    wk_error_clear(err);
    record_next(kit, replies, n);
    return wk_fhir_export(&kit->session, &opts, &events, sum, err);
}

static bool asked(const record_kit *kit, const char *method, const char *url)
{
    for (size_t i = 0; i < kit->script.n_seen; i++) {
        if (strcmp(kit->script.seen[i].method, method) == 0 &&
            strcmp(kit->script.seen[i].url, url) == 0)
            return true;
    }
    return false;
}

static void test_what_is_kept_is_known_by_its_url(void)
{
    static const script_reply first[] = {
        STARTED,
        JSON(MANIFEST(FILE_OF("Patient", "https://s/a?sig=1") "," FILE_OF(
            "Patient", "https://s/b?sig=1") "," FILE_OF("Patient", "https://s/c?sig=1"))),
        LINES(P("a")), FORBIDDEN, LINES(P("c"))};
    static const script_reply second[] = {
        JSON(MANIFEST(FILE_OF("Patient", "https://s/b?sig=2") "," FILE_OF(
            "Patient", "https://s/a?sig=2") "," FILE_OF("Patient", "https://s/c?sig=2"))),
        LINES(P("b")),
        {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, first, N(first));
    T_FAILS(export(&kit, first, N(first), &sum, &err), WK_PARTIAL, &err);
    CU_ASSERT_EQUAL(sum.failed, 1);
    CU_ASSERT_FALSE(asked(&kit, "DELETE", "https://h/job/1"));
    T_OK(export(&kit, second, N(second), &sum, &err), &err);
    CU_ASSERT_EQUAL(sum.kept, 2);
    CU_ASSERT_EQUAL(sum.saved, 1);
    CU_ASSERT_EQUAL(sum.lines, 3);
    T_STR(record_text(&kit, "Patient.ndjson"), P("a"));
    T_STR(record_text(&kit, "Patient-2.ndjson"), P("b"));
    T_STR(record_text(&kit, "Patient-3.ndjson"), P("c"));
    CU_ASSERT_TRUE(asked(&kit, "DELETE", "https://h/job/1"));
    CU_ASSERT_EQUAL(scratch_size(&kit.scratch, ".wadokit"), -1);
    record_close(&kit);
}

/* Two files whose URLs differ by their signatures alone are never taken for each other. */
static void test_in_doubt_a_file_is_fetched_again(void)
{
    static const script_reply first[] = {
        STARTED,
        JSON(MANIFEST(FILE_OF("Patient", "https://s/x?sig=1") "," FILE_OF(
            "Patient", "https://s/x?sig=2") "," FILE_OF("Patient", "https://s/y"))),
        LINES(P("1")), LINES(P("2")), FORBIDDEN};
    static const script_reply second[] = {
        JSON(MANIFEST(FILE_OF("Patient", "https://s/x?sig=2") "," FILE_OF(
            "Patient", "https://s/x?sig=3") "," FILE_OF("Observation", "https://s/y"))),
        LINES(P("3")),
        LINES(P("y")),
        {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, first, N(first));
    T_FAILS(export(&kit, first, N(first), &sum, &err), WK_PARTIAL, &err);
    T_OK(export(&kit, second, N(second), &sum, &err), &err);
    CU_ASSERT_EQUAL(sum.kept, 1); /* the very same URL */
    T_STR(record_text(&kit, "Patient.ndjson"), P("3"));
    T_STR(record_text(&kit, "Patient-2.ndjson"), P("2"));
    T_STR(record_text(&kit, "Observation.ndjson"), P("y"));
    CU_ASSERT_EQUAL(scratch_size(&kit.scratch, "Patient-3.ndjson"), -1);
    record_close(&kit);
}

static void test_what_the_manifest_no_longer_names_goes(void)
{
    static const script_reply first[] = {
        STARTED,
        JSON(MANIFEST(FILE_OF("Patient", "https://s/1") "," FILE_OF(
            "Patient", "https://s/2") "," FILE_OF("Patient", "https://s/3"))),
        LINES(P("1")), LINES(P("2")), FORBIDDEN};
    static const script_reply second[] = {JSON(MANIFEST(FILE_OF("patient", "https://t/9"))),
                                          LINES(P("9")),
                                          {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, first, N(first));
    T_FAILS(export(&kit, first, N(first), &sum, &err), WK_PARTIAL, &err);
    T_OK(export(&kit, second, N(second), &sum, &err), &err);
    T_STR(record_text(&kit, "patient.ndjson"), P("9"));
    CU_ASSERT_EQUAL(scratch_size(&kit.scratch, "Patient-2.ndjson"), -1);
    record_close(&kit);
}

static void test_names_differ_by_more_than_their_case(void)
{
    static const script_reply replies[] = {
        STARTED,
        JSON(MANIFEST(FILE_OF("Patient", "https://s/1") "," FILE_OF(
            "patient", "https://s/2") "," FILE_OF("errors", "https://s/3"))
            ),
        LINES(P("1")),
        LINES(P("2")),
        LINES(P("3")),
        {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, replies, N(replies));
    T_OK(export(&kit, replies, N(replies), &sum, &err), &err);
    T_STR(record_text(&kit, "Patient.ndjson"), P("1"));
    T_STR(record_text(&kit, "patient-2.ndjson"), P("2"));
    record_close(&kit);
}

#define OUTCOME(severity)                                                                          \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"" severity                  \
    "\",\"diagnostics\":\"lost two\"}]}\n"

static void test_what_the_server_reports_is_exit_1(void)
{
    static const struct {
        const char *manifest, *data, *words;
        wk_code rc;
    } rows[] = {
        {MANIFEST(FILE_OF("Patient", "https://s/1")), P("1") OUTCOME("error"), "Patient.ndjson",
         WK_PARTIAL},
        {MANIFEST(FILE_OF("Patient", "https://s/1")), OUTCOME("warning"), "lost two", WK_PARTIAL},
        {MANIFEST(FILE_OF("Patient", "https://s/1")), OUTCOME("information"), "", WK_OK},
        {"{\"output\":[],\"error\":[" FILE_OF("OperationOutcome", "https://s/1") "]}",
         OUTCOME("fatal"), "errors.ndjson: lost two", WK_PARTIAL},
        {"{\"output\":[],\"outcome\":[" FILE_OF("OperationOutcome", "https://s/1") "]}",
         OUTCOME("error"), "errors.ndjson", WK_PARTIAL},
        {"{\"output\":[],\"error\":[" FILE_OF("OperationOutcome", "https://s/1") "]}",
         OUTCOME("warning"), "", WK_OK},
    };

    for (size_t i = 0; i < N(rows); i++) {
        const script_reply replies[] = {STARTED,
                                        JSON(rows[i].manifest),
                                        LINES(rows[i].data),
                                        {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
        record_kit kit;
        wk_fhir_export_summary sum;
        wk_error err = {0};

        record_open(&kit, replies, N(replies));
        CU_ASSERT_EQUAL(export(&kit, replies, N(replies), &sum, &err), rows[i].rc);
        T_HAS(err.message, rows[i].words);
        if (i == 5)
            T_HAS(kit.log, "errors.ndjson: the server warns 1 times, the first: lost two");
        record_close(&kit);
    }
}

/* What an earlier run saved counts as if it were saved now. */
static void test_errors_of_a_kept_file_are_not_forgotten(void)
{
    static const char manifest[] =
        MANIFEST(FILE_OF("Patient", "https://s/1") "," FILE_OF("Observation", "https://s/2"));
    static const script_reply first[] = {STARTED, JSON(manifest), LINES(OUTCOME("error")),
                                         FORBIDDEN};
    static const script_reply second[] = {
        JSON(manifest), LINES(P("2")), {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, first, N(first));
    T_FAILS(export(&kit, first, N(first), &sum, &err), WK_PARTIAL, &err);
    T_FAILS(export(&kit, second, N(second), &sum, &err), WK_PARTIAL, &err);
    T_HAS(err.message, "the server reports 1 errors, the first in Patient.ndjson");
    CU_ASSERT_EQUAL(sum.kept, 1);
    record_close(&kit);
}

static void test_fewer_lines_than_the_manifest_says_are_exit_1(void)
{
    static const char manifest[] =
        "{\"output\":[{\"type\":\"Patient\",\"url\":\"https://s/1\",\"count\":2}]}";
    static const script_reply first[] = {STARTED, JSON(manifest), LINES(P("1"))};
    static const script_reply second[] = {
        JSON(manifest), LINES(P("1") P("2") P("3")), {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, first, N(first));
    T_FAILS(export(&kit, first, N(first), &sum, &err), WK_PARTIAL, &err);
    CU_ASSERT_EQUAL(sum.shorter, 1);
    T_HAS(err.message, "fewer lines");
    T_OK(export(&kit, second, N(second), &sum, &err), &err);
    CU_ASSERT_EQUAL(sum.saved, 1);
    T_HAS(kit.log, "3 lines, the server said 2");
    record_close(&kit);
}

static void test_pages_that_turn_in_a_circle_end(void)
{
    static const char page[] = "{\"output\":[" FILE_OF(
        "Patient", "https://s/1") "],\"link\":[{\"relation\":\"next\",\"url\":\"?p=2\"}]}";
    static const script_reply replies[] = {
        STARTED, JSON(page), JSON(page), LINES(P("1")), {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, replies, N(replies));
    T_FAILS(export(&kit, replies, N(replies), &sum, &err), WK_PARTIAL, &err);
    T_HAS(err.message, "the list may be incomplete");
    T_HAS(kit.log, "names 1 files more than once");
    T_STR(record_text(&kit, "Patient.ndjson"), P("1"));
    record_close(&kit);
}

static void test_an_export_of_nothing_is_said(void)
{
    static const script_reply replies[] = {
        STARTED, JSON(MANIFEST("")), {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, replies, N(replies));
    T_OK(export(&kit, replies, N(replies), &sum, &err), &err);
    T_HAS(kit.log, "the export is empty");
    T_STR(record_text(&kit, "manifest.json"), MANIFEST(""));
    record_close(&kit);
}

static void test_waiting_ends_where_the_user_says(void)
{
    static const script_reply replies[] = {STARTED,
                                           {202, {"Retry-After: 30"}, NULL, WKI_WIRE_OK, 0}};
    static const script_reply busy[] = {
        {429, {"Retry-After: 5"}, "{}", WKI_WIRE_OK, 0},
        {500,
         {"Content-Type: application/fhir+json"},
         "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":"
         "\"transient\"}]}",
         WKI_WIRE_OK,
         0},
        {202, {NULL}, NULL, WKI_WIRE_OK, 0},
        JSON(MANIFEST("")),
        {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};
    int64_t began;

    record_open(&kit, replies, N(replies));
    kit.session.opts.max_wait_s = 100;
    began = kit.script.now_ms;
    T_FAILS(export(&kit, replies, N(replies), &sum, &err), WK_NET, &err);
    T_HAS(err.message, "the server still works on the export");
    CU_ASSERT_EQUAL(kit.script.now_ms - began, 90000);
    CU_ASSERT_EQUAL(waits, 3);
    kit.session.opts.max_wait_s = -1;
    T_OK(export(&kit, busy, N(busy), &sum, &err), &err);
    CU_ASSERT_FALSE(asked(&kit, "GET", "https://h/f/$export"));
    record_close(&kit);
}

static void test_a_status_that_is_no_manifest_is_said(void)
{
    static const script_reply html[] = {
        STARTED, {200, {"Content-Type: text/html"}, "<html>log in", WKI_WIRE_OK, 0}};
    static const script_reply again[] = {{200, {NULL}, NULL, WKI_WIRE_OK, 0}};
    static const script_reply gone[] = {{404, {NULL}, NULL, WKI_WIRE_OK, 0},
                                        {202, {"Content-Location: https://h/job/2"}, NULL, 0, 0},
                                        JSON(MANIFEST(FILE_OF("Patient", "https://s/1"))),
                                        LINES(P("1")),
                                        {202, {NULL}, NULL, WKI_WIRE_OK, 0}};
    record_kit kit;
    wk_fhir_export_summary sum;
    wk_error err = {0};

    record_open(&kit, html, N(html));
    T_FAILS(export(&kit, html, N(html), &sum, &err), WK_DATA, &err);
    T_HAS(err.message, "XML or HTML");
    T_FAILS(export(&kit, again, N(again), &sum, &err), WK_DATA, &err);
    T_HAS(err.message, "without .wadokit/export.json a new one is asked for");
    T_OK(export(&kit, gone, N(gone), &sum, &err), &err);
    T_HAS(kit.log, "no longer knows the export");
    CU_ASSERT_TRUE(asked(&kit, "DELETE", "https://h/job/2"));
    record_close(&kit);
}

static CU_TestInfo tests[] = {
    {"the request is built of what is asked for", test_the_request_is_built_of_what_is_asked_for},
    {"the pages of a manifest become one", test_pages_of_a_manifest_become_one},
    {"what is no manifest is refused", test_what_is_no_manifest_is_refused},
    {"what signs a URL is no part of a file's identity", test_what_signs_a_url_is_no_part_of_it},
    {"what is kept is known by its URL", test_what_is_kept_is_known_by_its_url},
    {"in doubt a file is fetched again", test_in_doubt_a_file_is_fetched_again},
    {"what the manifest no longer names goes", test_what_the_manifest_no_longer_names_goes},
    {"names differ by more than their case", test_names_differ_by_more_than_their_case},
    {"what the server reports is exit status 1", test_what_the_server_reports_is_exit_1},
    {"errors of a kept file are not forgotten", test_errors_of_a_kept_file_are_not_forgotten},
    {"fewer lines than the manifest says are exit status 1",
     test_fewer_lines_than_the_manifest_says_are_exit_1},
    {"pages that turn in a circle end", test_pages_that_turn_in_a_circle_end},
    {"an export of nothing is said", test_an_export_of_nothing_is_said},
    {"waiting ends where the user says", test_waiting_ends_where_the_user_says},
    {"a status that is no manifest is said", test_a_status_that_is_no_manifest_is_said},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_bulk_job = {"bulk_job", NULL, NULL, NULL, NULL, tests};
