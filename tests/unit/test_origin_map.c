#include "support/t.h"

#include <stdlib.h>

#include "http/origin_map.h"
#include "support/script_wire.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_whole_names_and_segments_are_mapped(void)
{
    static const char *const maps[] = {
        "http://orthanc:8042=https://pacs.example",
        "http://inner/fhir/=https://outer.example:8443/gateway/r4/",
        "HTTP://Inner=https://other.example",
        "http://q/a=b=http://eq",
    };
    static const char *const cases[][2] = {
        {"http://orthanc:8042/dicom-web/studies?x=1", "https://pacs.example/dicom-web/studies?x=1"},
        {"http://orthanc:8042", "https://pacs.example/"},
        {"http://ORTHANC:8042/", "https://pacs.example/"},
        {"http://orthanc:80421/", NULL},
        {"http://orthanc/", NULL},
        {"https://orthanc:8042/", NULL},
        {"http://orthanc:8042.example/", NULL},
        {"http://inner/fhir", "https://outer.example:8443/gateway/r4/"},
        {"http://inner/fhir?_getpages=1", "https://outer.example:8443/gateway/r4/?_getpages=1"},
        {"http://inner/fhir/Patient/1", "https://outer.example:8443/gateway/r4/Patient/1"},
        {"http://inner:80/fhirs", "https://other.example/fhirs"},
        {"http://q/a=b/c", "http://eq/c"},
        {"https://pacs.example/x", "https://pacs.example/x"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        char *out = NULL;
        wk_error err = {0};
        wk_code rc = wki_origin_map(maps, N(maps), cases[i][0], &out, &err);

        if (cases[i][1])
            T_STR(out, cases[i][1]);
        else
            CU_ASSERT(rc != WK_OK || strncmp(out, cases[i][0], 8) == 0);
        free(out);
    }
}

static void test_what_is_no_map_is_refused(void)
{
    static const char *const bad[] = {"",
                                      "https://a",
                                      "https://a=",
                                      "=https://a",
                                      "https://a=ftp://b",
                                      "https://a=https://b?x",
                                      "a=https://b",
                                      "https://u:p@a=https://b"};

    for (size_t i = 0; i < N(bad); i++) {
        wk_error err = {0};

        T_FAILS(wki_origin_map_check(bad[i], &err), WK_USAGE, &err);
    }
    T_OK(wki_origin_map_check("http://a=https://b/c", &(wk_error){0}), &(wk_error){0});
}

/* ---- the client ---- */

static script s;

static wk_code give_header(void *user, const char *origin, wki_buf *value, wk_error *err)
{
    (void)user;
    (void)origin;
    return wki_buf_addf(value, err, "Bearer x");
}

static wk_code ask(const script_reply *replies, size_t n, const wki_http_request *r, wk_error *err)
{
    static const char *const origins[] = {"https://a"};
    static const char *const maps[] = {"http://localhost:8080/fhir=https://a/r4"};
    wki_http_opts opts = {.origins = origins,
                          .n_origins = 1,
                          .maps = maps,
                          .n_maps = 1,
                          .credential = {give_header, NULL, NULL},
                          .retries = 0,
                          .max_wait_ms = -1,
                          .clock = &s.clock};
    wki_transport t;
    wki_http *http = NULL;
    wki_buf body;
    wk_code rc;

    script_init(&s, replies, n);
    t = script_transport(&s);
    T_OK(wki_http_new_on(&opts, &t, &http, err), err);
    wki_buf_init(&body, 100, "body");
    rc = wki_http_fetch(http, r, &body, NULL, err);
    wki_buf_clear(&body);
    wki_http_free(http);
    return rc;
}

/* A next link of a server that thinks it is on loopback: as it is, it would be refused. */
static void test_what_a_server_names_is_mapped_before_the_rules(void)
{
    static const script_reply replies[] = {
        {.status = 302, .headers = {"Location: http://localhost:8080/fhir/S?page=3"}},
        {.status = 200}};
    static const char *const own[] = {"Authorization: Basic own"};
    wki_http_request r = {.url = "http://localhost:8080/fhir?page=2", .named_by = "https://a/r4/S"};
    wk_error err = {0};

    T_OK(ask(replies, 2, &r, &err), &err);
    T_STR(s.seen[0].url, "https://a/r4/?page=2");
    T_STR(s.seen[1].url, "https://a/r4/S?page=3");
    T_HAS(s.seen[1].headers, "Authorization: Bearer x");
    /* Headers of the request's own belong to its mapped origin. */
    r.headers = own;
    r.n_headers = 1;
    T_OK(ask(replies, 2, &r, &err), &err);
    T_HAS(s.seen[0].headers, "Basic own");
}

static void test_errors_about_inner_names_point_to_the_setting(void)
{
    static const script_reply nobody[] = {{.end = WKI_WIRE_CONNECT}};
    static const script_reply away[] = {
        {.status = 302, .headers = {"Location: http://127.0.0.1/"}}};
    wki_http_request loopback = {.url = "http://localhost:1/", .named_by = "https://a/"};
    wki_http_request inner = {.url = "https://inner/", .named_by = "https://a/"};
    wki_http_request own = {.url = "https://a/"};
    wk_error err = {0};

    T_FAILS(ask(nobody, 1, &loopback, &err), WK_REFUSED, &err);
    T_HAS(err.setting, "map-origin");
    wk_error_clear(&err);
    T_FAILS(ask(nobody, 1, &inner, &err), WK_NET, &err);
    T_STR(err.setting, "map-origin");
    wk_error_clear(&err);
    T_FAILS(ask(away, 1, &own, &err), WK_REFUSED, &err);
    T_STR(err.setting, "map-origin");
    wk_error_clear(&err);
    T_FAILS(ask(nobody, 1, &own, &err), WK_NET, &err);
    T_STR(err.setting, "");
}

static CU_TestInfo tests[] = {
    {"whole names and segments are mapped", test_whole_names_and_segments_are_mapped},
    {"what is no map is refused", test_what_is_no_map_is_refused},
    {"what a server names is mapped before the rules",
     test_what_a_server_names_is_mapped_before_the_rules},
    {"errors about inner names point to the setting",
     test_errors_about_inner_names_point_to_the_setting},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_origin_map = {"origin_map", NULL, NULL, NULL, NULL, tests};
