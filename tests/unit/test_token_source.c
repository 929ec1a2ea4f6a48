#include "support/t.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/token_source.h"
#include "core/text.h"
#include "support/keys.h"

/* A login server in memory that forked children share. Refresh tokens are good once. */
typedef struct login_server {
    int seen;    /* token requests */
    int asked;   /* token requests answered with a token */
    int refused; /* refresh tokens that were used up */
    int revoked;
    int rotation; /* the refresh token that is good now */
    int life_s;   /* expires_in, 0: not told */
    int status;   /* 0: answer as due */
    bool refresh; /* gives refresh tokens */
    const char *scope;
    int64_t now;
    char last_form[4096];
    char last_url[256];
} login_server;

static login_server *srv;
static char dir[64];
static int warnings;
static char last_warning[512];

static void answer(wki_reply *reply, int status, const char *fmt, ...)
{
    char text[2048];
    va_list args;
    wk_error err = {0};

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    reply->status = status;
    strcpy(reply->content_type, "application/json");
    T_OK(wki_buf_add(&reply->body, text, strlen(text), &err), &err);
}

static void give_token(wki_reply *reply)
{
    char more[256] = "";
    size_t n = 0;

    srv->asked++;
    if (srv->life_s)
        n += (size_t)snprintf(more, sizeof more, ",\"expires_in\":%d", srv->life_s);
    if (srv->scope)
        n += (size_t)snprintf(more + n, sizeof more - n, ",\"scope\":\"%s\"", srv->scope);
    if (srv->refresh)
        snprintf(more + n, sizeof more - n, ",\"refresh_token\":\"R%d\",\"patient\":\"p1\"",
                 ++srv->rotation);
    answer(reply, 200, "{\"access_token\":\"A%d\",\"token_type\":\"Bearer\"%s}", srv->asked, more);
}

static wk_code play(void *user, const wki_http_request *request, wki_reply *reply, wk_error *err)
{
    wki_buf body;
    const char *refresh;

    (void)user;
    CU_ASSERT_TRUE(wki_strcopy(srv->last_url, sizeof srv->last_url, request->url));
    if (strstr(request->url, "/.well-known/smart-configuration")) {
        answer(reply, 200, "{\"token_endpoint\":\"https://as.example/found\"}");
        return WK_OK;
    }
    wki_buf_init(&body, sizeof srv->last_form - 1, "form");
    if (request->new_body)
        T_OK(request->new_body(request->new_body_user, &body, err), err);
    else
        T_OK(wki_buf_add(&body, request->body, request->body_n, err), err);
    strcpy(srv->last_form, wki_buf_text(&body));
    wki_buf_clear(&body);
    refresh = strstr(srv->last_form, "refresh_token=R");
    srv->seen++;
    if (strstr(request->url, "revoke")) {
        srv->revoked++;
        answer(reply, 200, "{}");
    } else if (srv->status == -1) {
        return wk_fail(err, WK_NET, "no connection");
    } else if (srv->status) {
        answer(reply, srv->status, "{\"error\":\"invalid_client\"}");
    } else if (refresh && atoi(refresh + 15) != srv->rotation) {
        srv->refused++;
        answer(reply, 400, "{\"error\":\"invalid_grant\"}");
    } else {
        give_token(reply);
    }
    return WK_OK;
}

static int64_t server_now(void *user)
{
    (void)user;
    return srv->now;
}

static int64_t server_ms;

static int64_t server_monotonic(void *user)
{
    (void)user;
    return server_ms++; /* waiting for a lock ends */
}

static void on_log(void *user, wk_log_level level, const char *message)
{
    (void)user;
    if (level == WK_LOG_WARN) {
        warnings++;
        wki_strcopy(last_warning, sizeof last_warning, message);
    }
}

static wki_clock the_clock;
static const wk_log the_log = {.write = on_log, .level = WK_LOG_DEBUG};

static int begin(void)
{
    srv = mmap(NULL, sizeof *srv, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return srv == MAP_FAILED;
}

static int end(void)
{
    return munmap(srv, sizeof *srv);
}

static void fresh(void)
{
    memset(srv, 0, sizeof *srv);
    srv->now = 1790000000;
    srv->life_s = 300;
    warnings = 0;
    the_clock = *wki_clock_system();
    the_clock.unix_s = server_now;
    the_clock.monotonic_ms = server_monotonic;
    strcpy(dir, "/tmp/wadokit-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

static void clean(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

static wki_token_source_opts client_opts(void)
{
    return (wki_token_source_opts){.method = WKI_METHOD_CLIENT,
                                   .token_url = "https://as.example/token",
                                   .client_id = "app",
                                   .client_secret = "very secret",
                                   .scope = "CCD",
                                   .profile = "site",
                                   .state_dir = dir,
                                   .exchange = {.send = play},
                                   .clock = &the_clock,
                                   .log = &the_log};
}

static wki_token_source_opts smart_opts(void)
{
    wki_token_source_opts o = client_opts();

    o.method = WKI_METHOD_SMART;
    o.fhir = "https://fhir.example/r4";
    o.client_secret = NULL;
    o.scope = "launch/patient patient/Patient.rs offline_access";
    return o;
}

static wki_token_source *make(const wki_token_source_opts *o)
{
    wki_token_source *s = NULL;
    wk_error err = {0};

    T_OK(wki_token_source_new(o, &s, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

static void expect(wki_token_source *s, const char *header_due)
{
    wki_credential c = wki_token_source_face(s);
    wki_buf value;
    wk_error err = {0};

    wki_buf_init(&value, 1000, "header");
    T_OK(c.header(c.user, "https://fhir.example", &value, &err), &err);
    T_STR(wki_buf_text(&value), header_due);
    wki_buf_clear(&value);
}

static void renew(wki_token_source *s)
{
    wki_credential c = wki_token_source_face(s);
    wk_error err = {0};

    T_OK(c.renew(c.user, "https://fhir.example", &err), &err);
}

static void test_a_token_is_asked_for_once_and_again_before_its_end(void)
{
    wki_token_source_opts o = client_opts();
    wki_token_source *s;

    fresh();
    s = make(&o);
    expect(s, "Bearer A1");
    expect(s, "Bearer A1");
    T_HAS(srv->last_form, "grant_type=client_credentials&client_id=app&client_secret=very%20secret"
                          "&scope=CCD");
    srv->now += 239;
    expect(s, "Bearer A1");
    srv->now += 1;
    expect(s, "Bearer A2");
    wki_token_source_free(s);
    clean();
}

static void test_runs_share_what_is_kept(void)
{
    wki_token_source_opts o = client_opts();
    wki_token_source *a, *b, *c;

    fresh();
    a = make(&o);
    b = make(&o);
    expect(a, "Bearer A1");
    expect(b, "Bearer A1");
    renew(a);
    expect(a, "Bearer A2");
    renew(b); /* refused too, but there is a newer one already */
    expect(b, "Bearer A2");
    CU_ASSERT_EQUAL(srv->asked, 2);
    o.scope = "other";
    c = make(&o);
    expect(c, "Bearer A3");
    wki_token_source_free(a);
    wki_token_source_free(b);
    wki_token_source_free(c);
    clean();
}

static void test_tokens_without_an_end_are_taken_for_short(void)
{
    wki_token_source_opts o = client_opts();
    wki_token_source *s;

    fresh();
    srv->life_s = 0;
    s = make(&o);
    expect(s, "Bearer A1");
    srv->now += 299;
    expect(s, "Bearer A1");
    srv->now += 1;
    expect(s, "Bearer A2");
    wki_token_source_free(s);
    clean();
}

static void test_the_first_token_is_renewed_from_the_client(void)
{
    wki_token_source_opts o = client_opts();
    wki_token_source *s;

    fresh();
    o.first_token = "FIRST";
    s = make(&o);
    expect(s, "Bearer FIRST");
    srv->now += 1000;
    expect(s, "Bearer FIRST");
    renew(s);
    expect(s, "Bearer A1");
    wki_token_source_free(s);
    o.first_token = "e30.eyJleHAiOjE3OTAwMDIwMDB9.x"; /* exp 1790002000 */
    s = make(&o);
    expect(s, "Bearer e30.eyJleHAiOjE3OTAwMDIwMDB9.x");
    srv->now = 1790001990;
    expect(s, "Bearer A2");
    wki_token_source_free(s);
    clean();
}

static void log_in(const wki_token_source_opts *o)
{
    wki_token_source *s = make(o);
    wk_error err = {0};

    srv->refresh = true;
    T_OK(wki_token_source_redeem(s, "code", "http://127.0.0.1:1/callback", "verifier", &err), &err);
    wki_token_source_free(s);
}

static void test_a_login_is_refreshed_and_keeps_its_patient(void)
{
    wki_token_source_opts o = smart_opts();
    wki_token_source *s;
    const wki_token_record *r = NULL;
    wk_error err = {0};

    fresh();
    log_in(&o);
    T_HAS(srv->last_form, "grant_type=authorization_code&code=code&redirect_uri=http%3A%2F%2F127."
                          "0.0.1%3A1%2Fcallback&code_verifier=verifier&client_id=app");
    s = make(&o);
    expect(s, "Bearer A1");
    srv->now += 1000;
    expect(s, "Bearer A2");
    T_HAS(srv->last_form, "grant_type=refresh_token&refresh_token=R1&client_id=app");
    srv->now += 1000;
    expect(s, "Bearer A3");
    T_HAS(srv->last_form, "refresh_token=R2");
    T_OK(wki_token_source_record(s, &r, &err), &err);
    T_STR(r->token.patient, "p1");
    T_STR(r->issuer, "https://fhir.example/r4");
    wki_token_source_free(s);
    clean();
}

static void test_without_a_login_it_says_what_to_run(void)
{
    wki_token_source_opts o = smart_opts();
    wki_token_source *s;
    const char *token = NULL;
    wk_error err = {0};

    fresh();
    s = make(&o);
    T_FAILS(wki_token_source_get(s, &token, &err), WK_AUTH, &err);
    T_HAS(err.message, "no login");
    T_HAS(err.message, "wadokit auth login");
    wki_token_source_free(s);
    clean();
}

static void test_a_refused_refresh_token_is_not_used_again(void)
{
    wki_token_source_opts o = smart_opts();
    wki_token_source *s;
    const char *token = NULL;

    fresh();
    log_in(&o);
    srv->rotation = 99;
    srv->now += 1000;
    for (int i = 0; i < 2; i++) {
        static const char *const says[] = {"has ended", "has expired"};
        wk_error err = {0};

        s = make(&o);
        T_FAILS(wki_token_source_get(s, &token, &err), WK_AUTH, &err);
        T_HAS(err.message, says[i]);
        T_HAS(err.message, "wadokit auth login");
        wki_token_source_free(s);
    }
    CU_ASSERT_EQUAL(srv->refused, 1);
    clean();
}

static void test_a_refresh_that_found_no_server_can_be_tried_again(void)
{
    wki_token_source_opts o = smart_opts();
    wki_token_source *s;
    const char *token = NULL;
    wk_error err = {0};

    fresh();
    log_in(&o);
    srv->now += 1000;
    srv->status = -1;
    s = make(&o);
    T_FAILS(wki_token_source_get(s, &token, &err), WK_NET, &err);
    srv->status = 0;
    server_ms += 30000;
    expect(s, "Bearer A2");
    wki_token_source_free(s);
    clean();
}

static void test_a_failure_is_not_repeated_at_once(void)
{
    static const struct {
        int status;
        wk_code rc;
        bool again; /* after a while */
    } rows[] = {{-1, WK_NET, true}, {503, WK_NET, true}, {401, WK_AUTH, false}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_token_source_opts o = client_opts();
        wki_token_source *s;
        const char *token = NULL;

        fresh();
        srv->status = rows[i].status;
        s = make(&o);
        for (int k = 0; k < 100; k++) {
            wk_error err = {0};

            T_FAILS(wki_token_source_get(s, &token, &err), rows[i].rc, &err);
        }
        CU_ASSERT_EQUAL(srv->seen, 1);
        srv->status = 0;
        server_ms += 30000;
        CU_ASSERT_EQUAL(wki_token_source_get(s, &token, NULL) == WK_OK, rows[i].again);
        wki_token_source_free(s);
        clean();
    }
}

static void test_processes_that_refresh_at_once_lose_no_rotation(void)
{
    enum {
        CHILDREN = 3,
        TIMES = 15
    };
    wki_token_source_opts o = smart_opts();
    pid_t children[CHILDREN];

    fresh();
    log_in(&o);
    fflush(stdout);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            wki_token_source *s = make(&o);
            const char *token;
            int bad = 0;

            for (int k = 0; k < TIMES && !bad; k++) {
                wki_credential c = wki_token_source_face(s);

                bad = wki_token_source_get(s, &token, NULL) != WK_OK ||
                      c.renew(c.user, "", NULL) != WK_OK;
                usleep(500);
            }
            wki_token_source_free(s);
            _exit(bad);
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status = -1;

        CU_ASSERT_EQUAL(waitpid(children[i], &status, 0), children[i]);
        CU_ASSERT_EQUAL(status, 0);
    }
    CU_ASSERT_EQUAL(srv->refused, 0);
    CU_ASSERT(srv->asked > TIMES);
    clean();
}

static void test_refusals_come_through(void)
{
    wki_token_source_opts o = client_opts();
    wki_token_source *s;
    const char *token = NULL;
    wk_error err = {0};

    fresh();
    srv->status = 401;
    s = make(&o);
    T_FAILS(wki_token_source_get(s, &token, &err), WK_AUTH, &err);
    T_HAS(err.message, "check client-id and the client secret");
    CU_ASSERT_PTR_NULL(strstr(err.message, "very secret"));
    wki_token_source_free(s);
    clean();
}

static void test_a_smaller_scope_is_told_once(void)
{
    static const struct {
        const char *asked, *granted, *missing;
    } rows[] = {
        {"CCD", "CCD", NULL},
        {"CCD", NULL, NULL},
        {"a b c", "c a", " b"},
        {"openid launch/patient patient/Patient.rs", "patient/Patient.read", NULL},
        {"patient/Patient.rs patient/Media.rs", "patient/Patient.rs", " patient/Media.rs"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_token_source_opts o = client_opts();
        wki_token_source *s;

        fresh();
        srv->scope = rows[i].granted;
        o.scope = rows[i].asked;
        s = make(&o);
        expect(s, "Bearer A1");
        renew(s);
        CU_ASSERT_EQUAL(warnings, rows[i].missing ? 1 : 0);
        if (rows[i].missing)
            T_HAS(last_warning, rows[i].missing);
        wki_token_source_free(s);
        clean();
    }
}

static void test_a_store_that_cannot_be_had_is_a_warning(void)
{
    wki_token_source_opts o = client_opts();
    wki_token_source *s;

    fresh();
    o.state_dir = "/proc/nowhere";
    s = make(&o);
    CU_ASSERT_EQUAL(warnings, 1);
    expect(s, "Bearer A1");
    expect(s, "Bearer A1");
    wki_token_source_free(s);
    clean();
}

static void test_backend_services_ask_the_server_where_tokens_are(void)
{
    wki_token_source_opts o = client_opts();
    wki_jwt_key *key = NULL;
    wki_token_source *s;
    wk_error err = {0};

    fresh();
    T_OK(wki_jwt_key_read(RFC7515_JWK(""), strlen(RFC7515_JWK("")), "key", NULL, "k", &key, &err),
         &err);
    o.method = WKI_METHOD_BACKEND;
    o.token_url = NULL;
    o.client_secret = NULL;
    o.fhir = "https://fhir.example/r4";
    o.key = key;
    s = make(&o);
    expect(s, "Bearer A1");
    T_STR(srv->last_url, "https://as.example/found");
    T_HAS(srv->last_form, "client_assertion=eyJ");
    wki_token_source_free(s);
    wki_jwt_key_free(key);
    clean();
}

static void test_logout_leaves_nothing(void)
{
    wki_token_source_opts o = client_opts();
    wki_token_source *s;
    const wki_token_record *r = NULL;
    bool existed = false;
    wk_error err = {0};

    fresh();
    s = make(&o);
    expect(s, "Bearer A1");
    T_OK(wki_token_source_forget(s, &existed, &err), &err);
    CU_ASSERT_TRUE(existed);
    T_OK(wki_token_source_record(s, &r, &err), &err);
    CU_ASSERT_PTR_NULL(r);
    T_OK(wki_token_source_forget(s, &existed, &err), &err);
    CU_ASSERT_FALSE(existed);
    wki_token_source_free(s);
    clean();
}

static void test_options_that_cannot_work_are_refused(void)
{
    struct {
        wki_token_source_opts o;
        wk_code rc;
        const char *says;
    } rows[7];

    for (size_t i = 0; i < 7; i++)
        rows[i].o = client_opts();
    rows[0].o.client_id = NULL, rows[0].rc = WK_USAGE, rows[0].says = "a client id";
    rows[1].o.client_secret = NULL, rows[1].rc = WK_USAGE, rows[1].says = "secret";
    rows[2].o.token_url = NULL, rows[2].rc = WK_USAGE, rows[2].says = "a token endpoint";
    rows[3].o.token_url = "http://as.example/t", rows[3].rc = WK_REFUSED, rows[3].says = "https";
    rows[4].o.client_auth = "form", rows[4].rc = WK_USAGE, rows[4].says = "basic-raw";
    rows[5].o.method = WKI_METHOD_BACKEND, rows[5].rc = WK_USAGE, rows[5].says = "a private key";
    rows[6].o.method = WKI_METHOD_SMART, rows[6].rc = WK_USAGE, rows[6].says = "a FHIR server";
    for (size_t i = 0; i < 7; i++) {
        wki_token_source *s = NULL;
        wk_error err = {0};

        T_FAILS(wki_token_source_new(&rows[i].o, &s, &err), rows[i].rc, &err);
        T_HAS(err.message, rows[i].says);
    }
}

static CU_TestInfo tests[] = {
    {"a token is asked for once, and again before its end",
     test_a_token_is_asked_for_once_and_again_before_its_end},
    {"runs share what is kept", test_runs_share_what_is_kept},
    {"tokens without an end are taken for short", test_tokens_without_an_end_are_taken_for_short},
    {"the first token is renewed from the client", test_the_first_token_is_renewed_from_the_client},
    {"a login is refreshed and keeps its patient", test_a_login_is_refreshed_and_keeps_its_patient},
    {"without a login it says what to run", test_without_a_login_it_says_what_to_run},
    {"a refused refresh token is not used again", test_a_refused_refresh_token_is_not_used_again},
    {"a refresh that found no server can be tried again",
     test_a_refresh_that_found_no_server_can_be_tried_again},
    {"a failure is not repeated at once", test_a_failure_is_not_repeated_at_once},
    {"processes that refresh at once lose no rotation",
     test_processes_that_refresh_at_once_lose_no_rotation},
    {"refusals come through", test_refusals_come_through},
    {"a smaller scope is told once", test_a_smaller_scope_is_told_once},
    {"a store that cannot be had is a warning", test_a_store_that_cannot_be_had_is_a_warning},
    {"backend services ask the server where tokens are",
     test_backend_services_ask_the_server_where_tokens_are},
    {"logout leaves nothing", test_logout_leaves_nothing},
    {"options that cannot work are refused", test_options_that_cannot_work_are_refused},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_token_source = {"token_source", begin, end, NULL, NULL, tests};
