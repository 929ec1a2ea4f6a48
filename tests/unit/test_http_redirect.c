/* Redirects: what chooses the answer goes along, or nothing goes. */
#include "support/t.h"

#include <stdlib.h>

#include "support/script_wire.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const char form_type[] = "application/x-www-form-urlencoded";
static const char *const origins[] = {"https://a", "https://friend"};

/* One request over `replies`; the answer's body is not looked at. */
static wk_code ask(script *s, const script_reply *replies, size_t n, const wki_http_request *r,
                   wk_error *err)
{
    wki_http_opts opts = {
        .origins = origins, .n_origins = 2, .retries = 0, .max_wait_ms = -1, .clock = &s->clock};
    wki_transport t;
    wki_http *http = NULL;
    wki_buf body;
    wk_code rc;

    script_init(s, replies, n);
    t = script_transport(s);
    T_OK(wki_http_new_on(&opts, &t, &http, err), err);
    wki_buf_init(&body, 100, "body");
    rc = wki_http_fetch(http, r, &body, NULL, err);
    wki_buf_clear(&body);
    wki_http_free(http);
    return rc;
}

static wk_code new_body(void *user, wki_buf *body, wk_error *err)
{
    (void)user;
    return wki_buf_addf(body, err, "client_secret=x");
}

static script s;

static void test_the_form_of_a_search_goes_along_as_a_query(void)
{
    static const struct {
        int status;
        const char *url, *form, *location, *after;
    } cases[] = {
        {301, "https://a/old/S/_search", "patient=1&x=%C3%A9", "Location: /r4/S/_search",
         "https://a/r4/S?patient=1&x=%C3%A9"},
        {302, "https://a/old/S/_search", "patient=1", "Location: https://a/r4/S",
         "https://a/r4/S?patient=1"},
        {303, "https://a/old/S/_search", "patient=1", "Location: https://friend/r4/S/_search?t=1",
         "https://friend/r4/S?t=1&patient=1"},
        /* What the server put there stays, and is not doubled. */
        {302, "https://a/S/_search", "patient=1&_count=50", "Location: /S?_count=10&p%61tient=1",
         "https://a/S?_count=10&p%61tient=1"},
        /* A query of the search's own is a filter too. */
        {302, "https://a/S/_search?status=available", "patient=1", "Location: /r4/S/_search",
         "https://a/r4/S?status=available&patient=1"},
        /* None of many dates is lost. */
        {302, "https://a/S/_search", "date=ge2020&date=le2021", "Location: /r4/S/_search",
         "https://a/r4/S?date=ge2020&date=le2021"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        const script_reply replies[] = {{.status = cases[i].status, .headers = {cases[i].location}},
                                        {.status = 200}};
        wki_http_request r = {.url = cases[i].url,
                              .content_type = form_type,
                              .body = cases[i].form,
                              .body_n = strlen(cases[i].form)};
        wk_error err = {0};

        T_OK(ask(&s, replies, 2, &r, &err), &err);
        T_STR(s.seen[1].method, "GET");
        T_STR(s.seen[1].url, cases[i].after);
        T_STR(s.seen[1].body, "");
    }
}

static void test_it_goes_along_over_several_hops(void)
{
    static const script_reply replies[] = {
        {.status = 307, .headers = {"Location: /b/_search"}},
        {.status = 302, .headers = {"Location: /c/_search"}},
        {.status = 301, .headers = {"Location: /d"}},
        {.status = 200},
    };
    wki_http_request r = {
        .url = "https://a/S/_search", .content_type = form_type, .body = "patient=1", .body_n = 9};
    wk_error err = {0};

    T_OK(ask(&s, replies, N(replies), &r, &err), &err);
    T_STR(s.seen[1].method, "POST");
    T_STR(s.seen[1].body, "patient=1");
    T_STR(s.seen[2].url, "https://a/c?patient=1");
    T_STR(s.seen[3].url, "https://a/d?patient=1");
}

static void test_a_form_follows_to_no_strange_origin(void)
{
    static const int statuses[] = {301, 302, 303, 307, 308};

    for (size_t i = 0; i < N(statuses); i++) {
        const script_reply replies[] = {
            {.status = statuses[i], .headers = {"Location: https://b/S/_search"}}, {.status = 200}};
        wki_http_request r = {.url = "https://a/S/_search",
                              .content_type = form_type,
                              .body = "patient=4711",
                              .body_n = 12};
        wk_error err = {0};

        T_FAILS(ask(&s, replies, 2, &r, &err), WK_REFUSED, &err);
        CU_ASSERT_EQUAL(s.n_seen, 1);
        T_HAS(err.message, "https://b/S");
        CU_ASSERT_PTR_NULL(strstr(err.message, "4711"));
    }
}

static void test_every_other_body_is_refused_rather_than_lost(void)
{
    static const wki_http_request requests[] = {
        /* an export of one patient */
        {.url = "https://a/Patient/$export",
         .content_type = "application/fhir+json",
         .body = "{\"resourceType\":\"Parameters\"}",
         .body_n = 29,
         .selects = true},
        /* a photo */
        {.url = "https://a/photo", .content_type = "application/json", .body = "{}", .body_n = 2},
        /* logins: secrets stand in no URL, whatever the path is called */
        {.url = "https://a/token",
         .content_type = form_type,
         .body = "client_secret=hush",
         .body_n = 18},
        {.url = "https://a/token/_search", .content_type = form_type, .new_body = new_body},
        {.url = "https://a/token/_search",
         .content_type = form_type,
         .body = "client_secret=hush",
         .body_n = 18,
         .auth = WKI_AUTH_NEVER},
        /* a search that is no form */
        {.url = "https://a/S/_search",
         .content_type = "application/json",
         .body = "{\"patient\":1}",
         .body_n = 13},
        {.url = "https://a/S/_search", .body = "patient=1", .body_n = 9},
    };
    static const int statuses[] = {301, 302, 303};

    for (size_t i = 0; i < N(requests) * N(statuses); i++) {
        const script_reply replies[] = {
            {.status = statuses[i % 3], .headers = {"Location: /elsewhere"}}, {.status = 200}};
        wk_error err = {0};

        T_FAILS(ask(&s, replies, 2, &requests[i / 3], &err), WK_REFUSED, &err);
        CU_ASSERT_EQUAL(s.n_seen, 1);
        T_HAS(err.message, "https://a/elsewhere");
        CU_ASSERT_PTR_NULL(strstr(err.message, "hush"));
    }
}

/* A GET of what lies at a storage host, by an address that is good for a while. */
static wk_code get(const script_reply *replies, size_t n, int retries, wk_error *err)
{
    wki_http_opts opts = {
        .origins = origins, .n_origins = 2, .retries = retries, .max_wait_ms = 99000};
    wki_http_request r = {.url = "https://a/1"};
    wki_transport t;
    wki_http *http = NULL;
    wki_buf body;
    wk_code rc;

    script_init(&s, replies, n);
    opts.clock = &s.clock;
    t = script_transport(&s);
    T_OK(wki_http_new_on(&opts, &t, &http, err), err);
    wki_buf_init(&body, 100, "body");
    rc = wki_http_fetch(http, &r, &body, NULL, err);
    wki_buf_clear(&body);
    wki_http_free(http);
    return rc;
}

#define TO_STORE(i)                                                                                \
    {                                                                                              \
        .status = 302, .headers = { "Location: https://store/1?sig=" i }                           \
    }

static void test_a_signed_address_that_died_is_asked_for_anew(void)
{
    static const int dead[] = {400, 401, 403, 410};

    for (size_t i = 0; i < N(dead); i++) {
        const script_reply replies[] = {
            TO_STORE("1"), {.status = dead[i]}, TO_STORE("2"), {.status = 200, .body = "x"}};
        wk_error err = {0};

        T_OK(get(replies, N(replies), 0, &err), &err);
        T_STR(s.seen[2].url, "https://a/1");
        T_STR(s.seen[3].url, "https://store/1?sig=2");
    }
}

static void test_it_is_asked_for_anew_once(void)
{
    static const script_reply replies[] = {
        TO_STORE("1"), {.status = 403, .body = "expired"}, TO_STORE("2"), {.status = 403}};
    wk_error err = {0};

    T_FAILS(get(replies, N(replies), 5, &err), WK_AUTH, &err);
    CU_ASSERT_EQUAL(s.n_seen, 4);
    T_HAS(err.message, "https://store/1");
    T_HAS(err.message, "a redirect led there");
    CU_ASSERT_STRING_NOT_EQUAL(err.setting, "allow-origin");
}

static void test_a_retry_begins_where_the_redirect_did(void)
{
    static const script_reply replies[] = {TO_STORE("1"),   {.status = 503}, TO_STORE("2"),
                                           {.status = 503}, TO_STORE("3"),   {.status = 503}};
    wk_error err = {0};

    T_FAILS(get(replies, N(replies), 2, &err), WK_NET, &err);
    CU_ASSERT_EQUAL(s.n_seen, 6);
    T_STR(s.seen[4].url, "https://a/1");
}

static void test_a_303_takes_the_body_from_no_put(void)
{
    static const script_reply replies[] = {{.status = 303, .headers = {"Location: /y"}},
                                           {.status = 200}};
    wki_http_request r = {.url = "https://a/x", .method = "PUT", .body = "data", .body_n = 4};
    wk_error err = {0};

    T_FAILS(ask(&s, replies, 2, &r, &err), WK_REFUSED, &err);
    CU_ASSERT_EQUAL(s.n_seen, 1);
}

static void test_the_query_of_a_search_goes_along_too(void)
{
    static const struct {
        const char *location, *after; /* NULL: refused */
    } cases[] = {
        {"Location: /new/studies", "https://a/new/studies?PatientID=1&limit=5"},
        {"Location: /new/studies?limit=3", "https://a/new/studies?limit=3&PatientID=1"},
        {"Location: https://friend/studies", "https://friend/studies?PatientID=1&limit=5"},
        {"Location: https://b/studies?limit=5&PatientID=1",
         "https://b/studies?limit=5&PatientID=1"},
        {"Location: https://b/studies", NULL},
    };

    for (size_t i = 0; i < N(cases); i++) {
        const script_reply replies[] = {{.status = 301, .headers = {cases[i].location}},
                                        {.status = 200}};
        wki_http_request r = {.url = "https://a/studies?PatientID=1&limit=5", .selects = true};
        wk_error err = {0};
        wk_code rc = ask(&s, replies, 2, &r, &err);

        CU_ASSERT_EQUAL(rc, cases[i].after ? WK_OK : WK_REFUSED);
        CU_ASSERT_EQUAL(s.n_seen, cases[i].after ? 2 : 1);
        if (cases[i].after)
            T_STR(s.seen[1].url, cases[i].after);
    }
}

static void test_other_queries_are_the_servers(void)
{
    static const script_reply replies[] = {{.status = 302, .headers = {"Location: https://b/blob"}},
                                           {.status = 200}};
    wki_http_request r = {.url = "https://a/bulk?key=1"};
    wk_error err = {0};

    T_OK(ask(&s, replies, 2, &r, &err), &err);
    T_STR(s.seen[1].url, "https://b/blob");
}

static CU_TestInfo tests[] = {
    {"the form of a search goes along as a query", test_the_form_of_a_search_goes_along_as_a_query},
    {"it goes along over several hops", test_it_goes_along_over_several_hops},
    {"a form follows to no strange origin", test_a_form_follows_to_no_strange_origin},
    {"every other body is refused rather than lost",
     test_every_other_body_is_refused_rather_than_lost},
    {"a signed address that died is asked for anew",
     test_a_signed_address_that_died_is_asked_for_anew},
    {"it is asked for anew once", test_it_is_asked_for_anew_once},
    {"a retry begins where the redirect did", test_a_retry_begins_where_the_redirect_did},
    {"a 303 takes the body from no PUT", test_a_303_takes_the_body_from_no_put},
    {"the query of a search goes along too", test_the_query_of_a_search_goes_along_too},
    {"other queries are the server's", test_other_queries_are_the_servers},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_http_redirect = {"http_redirect", NULL, NULL, NULL, NULL, tests};
