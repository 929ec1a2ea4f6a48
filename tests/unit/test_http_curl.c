#include "support/t.h"

#include <stdlib.h>

#include <wadokit/limits.h>
#include <wadokit/version.h>

#include "http/http.h"
#include "json/problem.h"
#include "support/tiny_server.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET "hush-hush"
/* "hello hello hello hello" in gzip */
#define GZIP                                                                                       \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01"             \
    "\xe3\x51\x3d\x8d\x17\x00\x00\x00"

static tiny_server server;
static char base[64];

static wk_code give_header(void *user, const char *origin, wki_buf *value, wk_error *err)
{
    (void)user;
    (void)origin;
    return wki_buf_add(value, "Bearer " SECRET, strlen("Bearer " SECRET), err);
}

/* A client without retries whose credentials go to the server. */
static wki_http *open_client(const tiny_reply *replies, size_t n)
{
    static const char *origins[1];
    wki_http_opts o = {.origins = origins,
                       .n_origins = 1,
                       .credential = {give_header, NULL, NULL},
                       .max_wait_ms = 1000,
                       .connect_timeout_s = 2,
                       .idle_timeout_s = 1,
                       .explain = wki_problem_text};
    wki_http *http = NULL;
    wk_error err = {0};

    tiny_start(&server, replies, n);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", server.port);
    origins[0] = base;
    T_OK(wki_http_new(&o, &http, &err), &err);
    return http;
}

static void close_client(wki_http *http)
{
    wki_http_free(http);
    tiny_stop(&server);
}

static wk_code get_with(wki_http *http, const wki_http_request *more, char *body, size_t size,
                        wki_http_result *result, wk_error *err)
{
    char url[128];
    wki_http_request r = *more;
    wki_buf buf;
    wk_code rc;

    snprintf(url, sizeof url, "%s%s", base, r.url ? r.url : "/x");
    r.url = url;
    wki_buf_init(&buf, size - 1, "body");
    rc = wki_http_fetch(http, &r, &buf, result, err);
    snprintf(body, size, "%s", wki_buf_text(&buf));
    wki_buf_clear(&buf);
    CU_ASSERT_PTR_NULL(strstr(err->message, SECRET));
    return rc;
}

/* One GET of one reply. */
static wk_code once(const tiny_reply *reply, char *body, size_t size, wk_error *err)
{
    wki_http *http = open_client(reply, 1);
    wk_code rc =
        get_with(http, &(wki_http_request){.accept = "application/json"}, body, size, NULL, err);

    close_client(http);
    return rc;
}

static void test_bodies_come_whole_in_every_framing(void)
{
    static const tiny_reply replies[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, TINY_KEEP},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n"
         "X-Trailer: 1\r\n\r\n",
         0, TINY_KEEP},
        {"HTTP/1.1 200 OK\r\n\r\nhello", 0, TINY_CLOSE},
        {"HTTP/1.0 200 OK\r\n\r\nhello", 0, TINY_CLOSE},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0,
         TINY_CLOSE},
    };
    char body[64];

    for (size_t i = 0; i < N(replies); i++) {
        wk_error err = {0};

        T_OK(once(&replies[i], body, sizeof body, &err), &err);
        T_STR(body, "hello");
    }
}

static void test_a_body_that_breaks_off_is_a_failure(void)
{
    static const tiny_reply replies[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 0, TINY_CLOSE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0, TINY_CLOSE},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", 0,
         TINY_CLOSE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 0, TINY_HANG},
    };
    char body[64];

    for (size_t i = 0; i < N(replies); i++) {
        wk_error err = {0};

        T_FAILS(once(&replies[i], body, sizeof body, &err), WK_NET, &err);
        T_STR(body, "hello");
        T_HAS(err.message, "broke off after 5");
    }
}

static void test_no_answer_is_a_failure(void)
{
    static const tiny_reply replies[] = {
        {"", 0, TINY_CLOSE},
        {"", 0, TINY_RESET},
        {"HTTP/1.1 200 OK\r\nContent-Le", 0, TINY_CLOSE},
        {"this is not HTTP\r\n\r\n", 0, TINY_CLOSE},
        {"", 0, TINY_HANG},
    };
    char body[64];

    for (size_t i = 0; i < N(replies); i++) {
        wk_error err = {0};

        T_FAILS(once(&replies[i], body, sizeof body, &err), WK_NET, &err);
        T_HAS(err.message, "GET http://127.0.0.1:");
    }
}

static void test_silence_ends_after_the_idle_time(void)
{
    static const tiny_reply reply = {"", 0, TINY_HANG};
    wk_error err = {0};
    char body[8];

    T_FAILS(once(&reply, body, sizeof body, &err), WK_NET, &err);
    T_HAS(err.message, "no byte for 1 s");
    T_STR(err.setting, "idle-timeout");
}

static void test_nobody_there_is_a_network_failure(void)
{
    static const tiny_reply reply = {"", 0, TINY_CLOSE};
    wki_http *http = open_client(&reply, 1);
    wk_error err = {0};
    char body[8];

    tiny_stop(&server);
    T_FAILS(get_with(http, &(wki_http_request){0}, body, sizeof body, NULL, &err), WK_NET, &err);
    wki_http_free(http);
}

static void test_gzip_is_understood_asked_for_or_not(void)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 28\r\n\r\n" GZIP;
    static const char *const accepts[] = {"application/dicom+json", "application/dicom"};
    const tiny_reply reply = {answer, sizeof answer - 1, TINY_CLOSE};
    char body[64];

    for (size_t i = 0; i < N(accepts); i++) {
        wki_http *http = open_client(&reply, 1);
        wk_error err = {0};

        T_OK(get_with(http, &(wki_http_request){.accept = accepts[i]}, body, sizeof body, NULL,
                      &err),
             &err);
        T_STR(body, "hello hello hello hello");
        close_client(http);
        T_HAS(server.requests[0],
              i == 0 ? "Accept-Encoding: gzip\r\n" : "Accept-Encoding: identity\r\n");
    }
}

static void test_broken_gzip_is_bad_data(void)
{
    static const tiny_reply reply = {
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is not gzip. "
        "no.",
        0, TINY_CLOSE};
    wk_error err = {0};
    char body[64];

    T_FAILS(once(&reply, body, sizeof body, &err), WK_DATA, &err);
}

static void test_the_request_is_as_it_should_be(void)
{
    static const tiny_reply reply = {"HTTP/1.1 204 No Content\r\n\r\n", 0, TINY_CLOSE};
    static const char *const own[] = {"X-Own: 1", "X-Empty:"};
    wki_http *http = open_client(&reply, 1);
    wki_http_request r = {.url = "/a/../b?c=d|e",
                          .accept = "a/b",
                          .content_type = "text/plain",
                          .body = "some data",
                          .body_n = 9,
                          .headers = own,
                          .n_headers = 2};
    wki_http_result result;
    wk_error err = {0};
    char body[8], agent[64];

    T_OK(get_with(http, &r, body, sizeof body, &result, &err), &err);
    CU_ASSERT_EQUAL(result.status, 204);
    close_client(http);
    snprintf(agent, sizeof agent, "\r\nUser-Agent: wadokit/%s\r\n", wk_version());
    T_HAS(server.requests[0], "POST /b?c=d%7Ce HTTP/1.1\r\n");
    T_HAS(server.requests[0], agent);
    T_HAS(server.requests[0], "\r\nAccept: a/b\r\n");
    T_HAS(server.requests[0], "\r\nContent-Type: text/plain\r\n");
    T_HAS(server.requests[0], "\r\nX-Own: 1\r\n");
    T_HAS(server.requests[0], "\r\nX-Empty:\r\n");
    T_HAS(server.requests[0], "\r\nAuthorization: Bearer " SECRET "\r\n");
    T_HAS(server.requests[0], "\r\n\r\nsome data");
    CU_ASSERT_PTR_NULL(strstr(server.requests[0], "Expect"));
}

/* What curl does by itself where a kept connection turns out to be dead. */
static void test_a_body_goes_out_again_on_a_new_connection(void)
{
    static const tiny_reply replies[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, TINY_KEEP},
        {"", 0, TINY_CLOSE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, TINY_CLOSE},
    };
    wki_http *http = open_client(replies, N(replies));
    wki_memory_source memory;
    wki_source body = wki_source_of_memory(&memory, "the body", 8);
    wki_http_request r = {.url = "/x", .source = &body};
    wki_http_result result;
    wk_error err = {0};
    char answer[8];

    for (int i = 0; i < 2; i++) {
        T_OK(get_with(http, &r, answer, sizeof answer, &result, &err), &err);
        CU_ASSERT_EQUAL(result.attempts, 1);
    }
    close_client(http);
    CU_ASSERT_EQUAL(server.n_requests, 3);
    for (size_t i = 0; i < 3; i++) {
        T_HAS(server.requests[i], "\r\nContent-Length: 8\r\n");
        T_HAS(server.requests[i], "\r\n\r\nthe body");
    }
}

static void test_connections_are_used_again(void)
{
    static const tiny_reply reply = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0,
                                     TINY_KEEP};
    wki_http *http = open_client(&reply, 1);
    wk_error err = {0};
    char body[8];

    for (int i = 0; i < 5; i++)
        T_OK(get_with(http, &(wki_http_request){0}, body, sizeof body, NULL, &err), &err);
    close_client(http);
    CU_ASSERT_EQUAL(server.n_connections, 1);
    CU_ASSERT_EQUAL(server.n_requests, 5);
}

static void test_headers_without_end_are_cut_off(void)
{
    static char many[WK_MAX_HEADER_BYTES * 2], lines[WK_MAX_HEADERS * 16];
    static char one[200000];
    const tiny_reply replies[] = {
        {many, 0, TINY_CLOSE}, {lines, 0, TINY_CLOSE}, {one, 0, TINY_CLOSE}};
    char body[8];
    size_t used;

    used = (size_t)snprintf(many, sizeof many, "HTTP/1.1 200 OK\r\n");
    while (used + 1100 < sizeof many)
        used += (size_t)snprintf(many + used, sizeof many - used, "X: %01000d\r\n", 0);
    used = (size_t)snprintf(lines, sizeof lines, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i <= WK_MAX_HEADERS; i++)
        used += (size_t)snprintf(lines + used, sizeof lines - used, "X: 1\r\n");
    snprintf(lines + used, sizeof lines - used, "\r\n");
    snprintf(one, sizeof one, "HTTP/1.1 200 OK\r\nX: %0150000d\r\n\r\n", 0);
    for (size_t i = 0; i < N(replies); i++) {
        wk_error err = {0};

        T_FAILS(once(&replies[i], body, sizeof body, &err), WK_LIMIT, &err);
    }
}

static void test_an_error_body_without_end_is_cut_off(void)
{
    static char answer[WK_MAX_ERROR_BODY_BYTES * 2];
    const tiny_reply reply = {answer, sizeof answer, TINY_HANG};
    wk_error err = {0};
    char body[8];

    memset(answer, 'x', sizeof answer);
    memcpy(answer, "HTTP/1.1 404 No\r\n\r\nnot here\n", 28);
    T_FAILS(once(&reply, body, sizeof body, &err), WK_NOT_FOUND, &err);
    T_HAS(err.message, "404 Not Found: not here");
}

static void test_a_redirect_on_loopback_is_followed(void)
{
    static const tiny_reply replies[] = {
        {"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 4\r\n\r\ngone", 0, TINY_KEEP},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, TINY_KEEP},
    };
    wki_http *http = open_client(replies, 2);
    wk_error err = {0};
    char body[8];

    T_OK(get_with(http, &(wki_http_request){0}, body, sizeof body, NULL, &err), &err);
    T_STR(body, "ok");
    close_client(http);
    T_HAS(server.requests[1], "GET /y HTTP/1.1\r\n");
}

static void test_loopback_is_reached_without_the_proxy_of_the_environment(void)
{
    static const tiny_reply reply = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0,
                                     TINY_CLOSE};
    wk_error err = {0};
    char body[8];

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    T_OK(once(&reply, body, sizeof body, &err), &err);
    unsetenv("http_proxy");
}

static void test_a_proxy_on_loopback_that_was_named_is_used(void)
{
    static const tiny_reply reply = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0,
                                     TINY_CLOSE};
    wki_http_opts o = {.proxy = base, .max_wait_ms = 1000, .connect_timeout_s = 2};
    wki_http_request r = {.url = "http://127.0.0.1:1/x"};
    wki_http *http = NULL;
    wki_buf buf;
    wk_error err = {0};

    tiny_start(&server, &reply, 1);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", server.port);
    setenv("no_proxy", "127.0.0.1", 1);
    T_OK(wki_http_new(&o, &http, &err), &err);
    wki_buf_init(&buf, 100, "body");
    T_OK(wki_http_fetch(http, &r, &buf, NULL, &err), &err);
    T_STR(wki_buf_text(&buf), "ok");
    wki_buf_clear(&buf);
    unsetenv("no_proxy");
    close_client(http);
    T_HAS(server.requests[0], "GET http://127.0.0.1:1/x HTTP/1.1\r\n");
}

static void test_a_name_that_leads_to_this_machine_is_refused_where_a_server_named_it(void)
{
    /* "ip6-localhost" and the host's own name are in /etc/hosts of most machines; a name that does
     * not resolve gives a network failure, which is no connection either. */
    static const tiny_reply reply = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0,
                                     TINY_CLOSE};
    wki_http *http = open_client(&reply, 1);
    char url[64];
    wki_http_request r = {.url = url, .named_by = "http://elsewhere.example/"};
    wki_buf buf;
    wk_error err = {0};
    wk_code rc;

    snprintf(url, sizeof url, "http://ip6-localhost:%d/", server.port);
    wki_buf_init(&buf, 100, "body");
    rc = wki_http_fetch(http, &r, &buf, NULL, &err);
    CU_ASSERT(rc == WK_REFUSED || rc == WK_NET);
    close_client(http);
    CU_ASSERT_EQUAL(server.n_requests, 0);
    wki_buf_clear(&buf);
}

/* The proxy would look the name up by itself, out of sight. */
static void test_such_a_name_is_refused_through_a_proxy_too(void)
{
    static const tiny_reply reply = {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0,
                                     TINY_CLOSE};
    wki_http *http = open_client(&reply, 1);
    wki_http_request r = {.url = "http://ip6-localhost:1/",
                          .named_by = "http://elsewhere.example/"};
    wki_buf buf;
    wk_error err = {0};
    wk_code rc;
    size_t before;

    setenv("http_proxy", base, 1);
    wki_buf_init(&buf, 100, "body");
    rc = wki_http_fetch(http, &r, &buf, NULL, &err);
    before = server.n_requests;
    /* A name that this machine cannot resolve is left to the proxy, which is on loopback itself. */
    r.url = "http://name.invalid/x";
    wk_error_clear(&err);
    T_OK(wki_http_fetch(http, &r, &buf, NULL, &err), &err);
    unsetenv("http_proxy");
    close_client(http);
    CU_ASSERT(rc == WK_REFUSED ? before == 0 : rc == WK_OK); /* where /etc/hosts has no such name */
    T_HAS(server.requests[before], "GET http://name.invalid/x HTTP/1.1\r\n");
    wki_buf_clear(&buf);
}

static void test_cookies_are_kept_by_path_and_origin(void)
{
    static const char *const own[] = {"Cookie: mine=1"};
    static const tiny_reply replies[] = {
        {"HTTP/1.1 200 OK\r\nSet-Cookie: route=node7; Path=/\r\nSet-Cookie: deep=1; Path=/deep\r\n"
         "Set-Cookie: gone=1; Max-Age=0\r\nContent-Length: 0\r\n\r\n",
         0, TINY_CLOSE},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, TINY_CLOSE},
    };
    wki_http *http = open_client(replies, N(replies));
    char elsewhere[64], body[8];
    wki_http_request other = {.url = elsewhere};
    wki_buf buf;
    wk_error err = {0};

    wki_buf_init(&buf, 100, "body");
    snprintf(elsewhere, sizeof elsewhere, "http://localhost:%d/", server.port);
    T_OK(get_with(http, &(wki_http_request){.url = "/a"}, body, sizeof body, NULL, &err), &err);
    T_OK(get_with(http, &(wki_http_request){.url = "/b"}, body, sizeof body, NULL, &err), &err);
    T_OK(get_with(http, &(wki_http_request){.url = "/deep/b", .headers = own, .n_headers = 1}, body,
                  sizeof body, NULL, &err),
         &err);
    T_OK(wki_http_fetch(http, &other, &buf, NULL, &err), &err); /* the same server */
    close_client(http);
    CU_ASSERT_PTR_NULL(strstr(server.requests[0], "Cookie"));
    T_HAS(server.requests[1], "\r\nCookie: route=node7\r\n");
    T_HAS(server.requests[2], "\r\nCookie: deep=1; route=node7; mine=1\r\n");
    T_HAS(server.requests[3], "Host: localhost");
    CU_ASSERT_PTR_NULL(strstr(server.requests[3], "Cookie"));
    wki_buf_clear(&buf);
}

static void test_a_proxy_that_refuses_a_tunnel_is_heard(void)
{
    static const tiny_reply replies[] = {
        {"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n", 0,
         TINY_CLOSE},
        {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", 0, TINY_CLOSE},
        {"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", 0, TINY_CLOSE}};
    static const wk_code codes[] = {WK_AUTH, WK_AUTH, WK_NET};
    static const int statuses[] = {407, 403, 502};

    for (size_t i = 0; i < N(replies); i++) {
        wki_http_request r = {.url = "https://elsewhere.example/x"};
        wki_http_opts o = {.proxy = base, .max_wait_ms = 1000, .connect_timeout_s = 2};
        wki_http *http = NULL;
        wki_buf buf;
        wk_error err = {0};

        tiny_start(&server, &replies[i], 1);
        snprintf(base, sizeof base, "http://127.0.0.1:%d", server.port);
        T_OK(wki_http_new(&o, &http, &err), &err);
        wki_buf_init(&buf, 100, "body");
        T_FAILS(wki_http_fetch(http, &r, &buf, NULL, &err), codes[i], &err);
        wki_buf_clear(&buf);
        close_client(http);
        CU_ASSERT_EQUAL(err.http_status, statuses[i]);
        T_HAS(err.message, base);
        T_HAS(server.requests[0], "CONNECT elsewhere.example:443 HTTP/1.1\r\n");
        CU_ASSERT_EQUAL(server.n_requests, 1);
    }
}

static CU_TestInfo tests[] = {
    {"bodies come whole in every framing", test_bodies_come_whole_in_every_framing},
    {"a body that breaks off is a failure", test_a_body_that_breaks_off_is_a_failure},
    {"no answer is a failure", test_no_answer_is_a_failure},
    {"silence ends after the idle time", test_silence_ends_after_the_idle_time},
    {"nobody there is a network failure", test_nobody_there_is_a_network_failure},
    {"gzip is understood, asked for or not", test_gzip_is_understood_asked_for_or_not},
    {"broken gzip is bad data", test_broken_gzip_is_bad_data},
    {"the request is as it should be", test_the_request_is_as_it_should_be},
    {"a body goes out again on a new connection", test_a_body_goes_out_again_on_a_new_connection},
    {"connections are used again", test_connections_are_used_again},
    {"headers without end are cut off", test_headers_without_end_are_cut_off},
    {"an error body without end is cut off", test_an_error_body_without_end_is_cut_off},
    {"a redirect on loopback is followed", test_a_redirect_on_loopback_is_followed},
    {"loopback is reached without a proxy",
     test_loopback_is_reached_without_the_proxy_of_the_environment},
    {"a proxy on loopback that was named is used", test_a_proxy_on_loopback_that_was_named_is_used},
    {"a name that leads to this machine is refused",
     test_a_name_that_leads_to_this_machine_is_refused_where_a_server_named_it},
    {"such a name is refused through a proxy too", test_such_a_name_is_refused_through_a_proxy_too},
    {"cookies are kept by path and origin", test_cookies_are_kept_by_path_and_origin},
    {"a proxy that refuses a tunnel is heard", test_a_proxy_that_refuses_a_tunnel_is_heard},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_http_curl = {"http_curl", NULL, NULL, NULL, NULL, tests};
