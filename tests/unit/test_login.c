#include "support/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auth/login.h"
#include "auth/loopback.h"
#include "core/text.h"

static const wki_login_params params = {
    .authorize_url = "https://as.example/authorize?tenant=7",
    .client_id = "my app",
    .redirect_uri = "http://127.0.0.1:49152/callback",
    .scope = "launch/patient openid",
    .aud = "https://fhir.example/r4",
    .issuer = "https://as.example",
};

static void begin(wki_login *login, const wki_login_params *p)
{
    wk_error err = {0};

    memset(login, 0, sizeof *login);
    T_OK(wki_login_begin(login, p, wki_clock_system(), &err), &err);
}

static void test_the_request_has_what_smart_asks_for(void)
{
    wki_login_params p = params;
    wki_login a, b;
    char challenge[WKI_NONCE_SIZE], due[512];
    wk_error err = {0};

    p.launch = "xyz/1";
    begin(&a, &p);
    begin(&b, &params);
    T_OK(wki_pkce_challenge(a.verifier, challenge, &err), &err);
    snprintf(due, sizeof due,
             "https://as.example/authorize?tenant=7&response_type=code&client_id=my%%20app"
             "&redirect_uri=http%%3A%%2F%%2F127.0.0.1%%3A49152%%2Fcallback"
             "&scope=launch%%2Fpatient%%20openid&state=%s&aud=https%%3A%%2F%%2Ffhir.example%%2Fr4"
             "&launch=xyz%%2F1&code_challenge=%s&code_challenge_method=S256",
             a.state, challenge);
    T_STR(a.url, due);
    CU_ASSERT_PTR_NULL(strstr(b.url, "launch="));
    CU_ASSERT_PTR_NULL(strstr(a.url, a.verifier));
    CU_ASSERT_STRING_NOT_EQUAL(a.state, b.state);
    CU_ASSERT_STRING_NOT_EQUAL(a.verifier, b.verifier);
    CU_ASSERT(strlen(a.state) == 43 && strlen(a.verifier) == 43);
    wki_login_clear(&a);
    wki_login_clear(&b);
}

static void test_answers_are_taken_as_url_or_query(void)
{
    static const char *const forms[] = {
        "http://127.0.0.1:49152/callback?code=a%%2Fb+c&state=%s",
        "  https://app.example/cb?state=%s&code=a%%2Fb+c#_=_\r\n",
        "code=a%%2Fb%%20c&state=%s",
        "x=1&code=a%%2Fb+c&session_state=q&state=%s&iss=https%%3A%%2F%%2Fas.example",
        "code=a%%2Fb+c&state=%s&iss=https%%3A%%2F%%2Fas.example%%2F",
    };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        wki_login login;
        char answer[512];
        char *code = NULL;
        wk_error err = {0};

        begin(&login, &params);
        snprintf(answer, sizeof answer, forms[i], login.state);
        T_OK(wki_login_finish(&login, answer, &code, &err), &err);
        T_STR(code, "a/b c");
        free(code);
        code = NULL;
        T_FAILS(wki_login_finish(&login, answer, &code, &err), WK_REFUSED, &err);
        CU_ASSERT_PTR_NULL(code);
        wki_login_clear(&login);
    }
}

static void test_answers_that_are_not_ours_are_refused(void)
{
    static const struct {
        const char *form;
        wk_code rc;
        const char *says;
    } rows[] = {
        {"code=c", WK_REFUSED, "state differs"},
        {"code=c&state=", WK_REFUSED, "state differs"},
        {"code=c&state=wrong%.0s", WK_REFUSED, "state differs"},
        {"code=c&state=%sx", WK_REFUSED, "state differs"},
        {"code=c&state=x&state=%s", WK_REFUSED, "state differs"},
        {"code=c&state=%1$s&state=%1$s", WK_REFUSED, "state differs"},
        {"code=c&code=d&state=%s", WK_REFUSED, "two codes"},
        {"code=c&state=%s&iss=https://evil.example", WK_REFUSED, "https://evil.example"},
        {"code=c&state=%s&iss=", WK_REFUSED, "comes from"},
        {"code=&state=%s", WK_DATA, "no code"},
        {"state=%s", WK_DATA, "no code"},
        {"abcdef", WK_DATA, "code=... and state=..."},
        {"", WK_DATA, "code=... and state=..."},
        {"error=access_denied&state=%s", WK_AUTH, "declined"},
        {"error=invalid_scope&error_description=no%%0asuch+scope&state=%s", WK_AUTH,
         "(invalid_scope: no?such scope): set the scope"},
        {"error=access_denied&state=other", WK_REFUSED, "state differs"},
        {"code=a%%00b&state=%s", WK_DATA, "no code"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_login login;
        char answer[512];
        char *code = NULL;
        wk_error err = {0};

        begin(&login, &params);
        snprintf(answer, sizeof answer, rows[i].form, login.state);
        T_FAILS(wki_login_finish(&login, answer, &code, &err), rows[i].rc, &err);
        T_HAS(err.message, rows[i].says);
        CU_ASSERT_PTR_NULL(code);
        wki_login_clear(&login);
    }
}

/* ---- the listener ---- */

struct browser {
    int port;
    const char *state;
    char answers[5][512];
};

static void fetch(int port, const char *request, char *answer, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t used = 0;
    ssize_t n;

    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, request, strlen(request)) == (ssize_t)strlen(request)) {
        while (used + 1 < size && (n = read(fd, answer + used, size - used - 1)) > 0)
            used += (size_t)n;
    }
    answer[used] = '\0';
    close(fd);
}

static void *browse(void *user)
{
    static const char *const forms[] = {
        "GET /favicon.ico HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /callback?code=evil&state=guess HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        ("POST /callback?code=c&state=%s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
         "Connection: close\r\n\r\n"),
        "GET /callbackx?code=c&state=%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /callback?code=c&state=%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    };
    struct browser *b = user;

    for (size_t i = 0; i < 5; i++) {
        char request[512];

        snprintf(request, sizeof request, forms[i], b->state);
        fetch(b->port, request, b->answers[i], sizeof b->answers[i]);
    }
    return NULL;
}

static bool matches(void *user, const char *query)
{
    return wki_login_matches(user, query);
}

static void test_the_listener_takes_one_matching_request_alone(void)
{
    wki_login login;
    wki_loopback *l = NULL;
    struct browser b = {0};
    pthread_t thread;
    char *query = NULL;
    char after[64];
    wk_error err = {0};

    begin(&login, &params);
    T_OK(wki_loopback_open(0, "/callback", &l, &err), &err);
    b.port = wki_loopback_port(l);
    b.state = login.state;
    CU_ASSERT(b.port > 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, browse, &b), 0);
    T_OK(wki_loopback_wait(l, 20000, wki_clock_system(), NULL, matches, &login, &query, &err),
         &err);
    pthread_join(thread, NULL);
    T_HAS(query, "code=c&state=");
    for (int i = 0; i < 4; i++)
        T_HAS(b.answers[i], "HTTP/1.1 404");
    T_HAS(b.answers[4], "HTTP/1.1 200");
    T_HAS(b.answers[4], "close this window");
    T_HAS(b.answers[4], "no-store");
    wki_loopback_close(l);
    fetch(b.port, "GET / HTTP/1.0\r\n\r\n", after, sizeof after);
    T_STR(after, "");
    free(query);
    wki_login_clear(&login);
}

static void test_waiting_ends_with_time_or_when_asked(void)
{
    wki_login login;
    wki_loopback *l = NULL, *second = NULL;
    wk_cancel cancel = {.requested = 1};
    char *query = NULL;
    wk_error err = {0};

    begin(&login, &params);
    T_OK(wki_loopback_open(0, "/callback", &l, &err), &err);
    T_FAILS(wki_loopback_wait(l, 50, wki_clock_system(), NULL, matches, &login, &query, &err),
            WK_AUTH, &err);
    wk_error_clear(&err);
    T_FAILS(wki_loopback_wait(l, 9000, wki_clock_system(), &cancel, matches, &login, &query, &err),
            WK_CANCELLED, &err);
    wk_error_clear(&err);
    T_FAILS(wki_loopback_open(wki_loopback_port(l), "/callback", &second, &err), WK_IO, &err);
    T_STR(err.setting, "redirect-port no-browser");
    wki_loopback_close(l);
    wki_login_clear(&login);
}

static CU_TestInfo tests[] = {
    {"the request has what SMART asks for", test_the_request_has_what_smart_asks_for},
    {"answers are taken as URL or query", test_answers_are_taken_as_url_or_query},
    {"answers that are not ours are refused", test_answers_that_are_not_ours_are_refused},
    {"the listener takes one matching request alone",
     test_the_listener_takes_one_matching_request_alone},
    {"waiting ends with time, or when asked", test_waiting_ends_with_time_or_when_asked},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_login = {"login", NULL, NULL, NULL, NULL, tests};
