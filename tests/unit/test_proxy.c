#include "support/t.h"

#include <stdlib.h>

#include "http/proxy.h"
#include "support/script_wire.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const char *const variables[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static void clear_environment(void)
{
    for (size_t i = 0; i < N(variables); i++)
        unsetenv(variables[i]);
}

static void check(const char *named, const char *url, const char *expected)
{
    const char *proxy = wki_proxy_for(named, url);

    T_STR(proxy ? proxy : "none", expected);
}

static void test_an_option_beats_the_environment(void)
{
    clear_environment();
    check(NULL, "https://a/", "none");
    setenv("all_proxy", "socks5://s:1", 1);
    check(NULL, "https://a/", "socks5://s:1");
    check(NULL, "http://a/", "socks5://s:1");
    setenv("http_proxy", "http://p:1", 1);
    setenv("HTTPS_PROXY", "http://q:1", 1);
    check(NULL, "http://a/", "http://p:1");
    check(NULL, "https://a/", "http://q:1");
    setenv("https_proxy", "http://r:1", 1);
    check(NULL, "https://a/", "http://r:1");
    check("http://named:1", "https://a/", "http://named:1");
    check("", "https://a/", "none");
    setenv("no_proxy", "a", 1);
    check("http://named:1", "https://a/", "none");
    check(NULL, "https://b/", "http://r:1");
    clear_environment();
}

static void test_this_machine_is_asked_directly(void)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    check(NULL, "http://localhost:8042/", "none");
    check("http://elsewhere:1", "http://127.0.0.1/", "none");
    check("http://127.0.0.1:2", "http://127.0.0.1/", "http://127.0.0.1:2");
    setenv("no_proxy", "127.0.0.1", 1); /* as a rule it is there */
    check("http://127.0.0.1:2", "http://127.0.0.1/", "http://127.0.0.1:2");
    clear_environment();
}

/* As curl's manual has it for --noproxy. */
static void test_names_and_addresses_go_without(void)
{
    static const struct {
        const char *list, *url;
        bool without;
    } cases[] = {
        {"*", "https://any/", true},
        {"a.example", "https://a.example/", true},
        {"a.example", "https://A.Example:8443/x", true},
        {"a.example", "https://b.a.example/", true},
        {".a.example", "https://b.a.example/", true},
        {".a.example", "https://a.example/", true},
        {"a.example.", "https://a.example/", true},
        {"a.example", "https://a.example./", true},
        {"a.example", "https://ba.example/", false},
        {"a.example", "https://a.example.org/", false},
        {"x, a.example ,y", "https://a.example/", true},
        {"x a.example", "https://a.example/", true},
        {"", "https://a/", false},
        {",", "https://a/", false},
        {".", "https://a/", false},
        {"10.1.2.3", "https://10.1.2.3/", true},
        {"0.1.2.3", "https://10.1.2.3/", false},
        {"10.0.0.0/8", "https://10.1.2.3/", true},
        {"10.0.0.0/8", "https://11.1.2.3/", false},
        {"192.168.1.128/25", "https://192.168.1.127/", false},
        {"192.168.1.128/25", "https://192.168.1.200/", true},
        {"10.0.0.0/33", "https://10.0.0.0/", false},
        {"10.0.0.0/x", "https://10.0.0.0/", false},
        {"0.0.0.0/0", "https://8.8.8.8/", true},
        {"fd00::/8", "https://[fd12::1]:1/", true},
        {"[fd12::1]", "https://[fd12::1]/", true},
        {"fd00::/8", "https://[fe12::1]/", false},
        {"10.0.0.0/8", "https://[fd12::1]/", false},
    };

    for (size_t i = 0; i < N(cases); i++) {
        if (wki_proxy_is_passed_by(cases[i].list, cases[i].url) != cases[i].without)
            printf("\n  %s, %s\n", cases[i].list, cases[i].url);
        CU_ASSERT_EQUAL(wki_proxy_is_passed_by(cases[i].list, cases[i].url), cases[i].without);
    }
}

static void test_a_login_is_seen_and_not_shown(void)
{
    static const struct {
        const char *proxy, *shown;
        bool login;
    } cases[] = {
        {"http://p:3128", "http://p:3128", false},
        {"http://p:3128/", "http://p:3128", false},
        {"p:3128", "p:3128", false},
        {"http://u:hush@p:3128", "http://p:3128", true},
        {"u:hush@p:3128", "p:3128", true},
        {"http://u:hu/s?h#@p:1/x", "http://p:1", true},
        {"http://u:hu@sh@p:1", "http://p:1", true},
    };
    char shown[64];

    for (size_t i = 0; i < N(cases); i++) {
        wki_proxy_show(shown, sizeof shown, cases[i].proxy);
        T_STR(shown, cases[i].shown);
        CU_ASSERT_EQUAL(wki_proxy_has_login(cases[i].proxy), cases[i].login);
    }
}

/* ---- the client ---- */

static script s;

typedef struct counted {
    int failed, fine;
    wk_error last;
} counted;

static void on_done(void *user, const wki_http_result *result)
{
    counted *c = user;

    c->failed += result->error.code != WK_OK;
    c->fine += result->error.code == WK_OK;
    if (result->error.code != WK_OK)
        c->last = result->error;
}

/* `n` requests at once through `proxy`. */
static counted ask(const script_reply *replies, size_t n_replies, const char *proxy, int n)
{
    wki_http_opts opts = {
        .proxy = proxy, .retries = 2, .max_wait_ms = -1, .max_transfers = 6, .clock = &s.clock};
    wki_http *http = NULL;
    counted c = {0};
    wk_error err = {0};
    wki_transport t;

    script_init(&s, replies, n_replies);
    t = script_transport(&s);
    T_OK(wki_http_new_on(&opts, &t, &http, &err), &err);
    for (int i = 0; i < n; i++) {
        wki_http_request r = {.url = "https://a/x"};
        wki_http_handler h = {.done = on_done, .user = &c};

        T_OK(wki_http_start(http, &r, &h, &err), &err);
    }
    T_OK(wki_http_run(http, NULL, NULL, &err), &err);
    wki_http_free(http);
    return c;
}

/* Accounts are locked after a few wrong passwords. */
static void test_a_wrong_password_is_tried_once_for_all(void)
{
    static const script_reply tunnel[] = {{.status = 407, .end = WKI_WIRE_PROXY, .delay_ms = 50}};
    static const script_reply plain[] = {{.status = 407, .delay_ms = 50}};

    for (int i = 0; i < 2; i++) {
        counted c = ask(i ? plain : tunnel, 1, "http://ann:hush@p:3128", 10);

        CU_ASSERT_EQUAL(c.failed, 10);
        CU_ASSERT_EQUAL(s.n_seen, 1);
        CU_ASSERT_EQUAL(c.last.code, WK_AUTH);
        CU_ASSERT_EQUAL(c.last.http_status, 407);
        T_STR(c.last.setting, "proxy");
        T_HAS(c.last.message, "the proxy http://p:3128");
        CU_ASSERT_PTR_NULL(strstr(c.last.message, "hush"));
    }
}

static void test_a_login_that_was_taken_holds_nothing_up(void)
{
    static const script_reply replies[] = {{.status = 200, .delay_ms = 50}};
    counted c = ask(replies, 1, "http://ann:hush@p:3128", 10);

    CU_ASSERT_EQUAL(c.fine, 10);
    CU_ASSERT_EQUAL(s.most_open, 6);
    T_STR(s.seen[0].proxy, "http://ann:hush@p:3128");
    c = ask(replies, 1, "http://p:3128", 10);
    CU_ASSERT_EQUAL(c.fine, 10);
}

/* The first transfer found nobody: the next one may try. */
static void test_a_proxy_that_was_not_reached_is_tried_again(void)
{
    static const script_reply replies[] = {{.end = WKI_WIRE_CONNECT}, {.status = 200}};
    counted c = ask(replies, 2, "http://ann:hush@p:3128", 3);

    CU_ASSERT_EQUAL(c.fine, 3);
    CU_ASSERT_EQUAL(s.n_seen, 4);
}

static void test_what_a_proxy_says_is_no_answer_of_the_server(void)
{
    static const struct {
        script_reply reply;
        wk_code code;
        size_t attempts;
    } cases[] = {
        {{.status = 403, .end = WKI_WIRE_PROXY}, WK_AUTH, 1},
        {{.status = 401, .end = WKI_WIRE_PROXY}, WK_AUTH, 1},
        {{.status = 404, .end = WKI_WIRE_PROXY}, WK_NET, 1},
        {{.status = 503, .end = WKI_WIRE_PROXY}, WK_NET, 3},
    };

    for (size_t i = 0; i < N(cases); i++) {
        counted c = ask(&cases[i].reply, 1, "http://p:3128", 1);

        CU_ASSERT_EQUAL(c.last.code, cases[i].code);
        CU_ASSERT_EQUAL(c.last.http_status, cases[i].reply.status);
        CU_ASSERT_EQUAL(s.n_seen, cases[i].attempts);
        T_HAS(c.last.message, "refused by the proxy http://p:3128");
    }
}

static CU_TestInfo tests[] = {
    {"an option beats the environment", test_an_option_beats_the_environment},
    {"this machine is asked directly", test_this_machine_is_asked_directly},
    {"names and addresses go without", test_names_and_addresses_go_without},
    {"a login is seen and not shown", test_a_login_is_seen_and_not_shown},
    {"a wrong password is tried once for all", test_a_wrong_password_is_tried_once_for_all},
    {"a login that was taken holds nothing up", test_a_login_that_was_taken_holds_nothing_up},
    {"a proxy that was not reached is tried again",
     test_a_proxy_that_was_not_reached_is_tried_again},
    {"what a proxy says is no answer of the server",
     test_what_a_proxy_says_is_no_answer_of_the_server},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_proxy = {"proxy", NULL, NULL, NULL, NULL, tests};
