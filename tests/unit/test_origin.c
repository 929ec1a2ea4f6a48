#include "support/t.h"

#include "http/origin.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_credentials_go_to_configured_origins_only_and_say_why(void)
{
    static const char *const origins[] = {"https://a", "https://c:444", "http://plain",
                                          "http://127.0.0.1:8042"};
    static const struct {
        const char *url, *reason;
        bool sent;
    } cases[] = {
        {"https://A:443/x?y", "sent: https://a is the configured server", true},
        {"https://c:444/x", "sent: https://c:444 is an allowed origin", true},
        {"http://127.0.0.1:8042/x", "sent: http://127.0.0.1:8042 is an allowed origin", true},
        {"https://b/x",
         "not sent: https://b is not the configured origin https://a; add it to allow-origin",
         false},
        {"http://plain/x", "not sent: http is not encrypted", false},
        {"http://a/x",
         "not sent: http://a is not the configured origin https://a; add it to allow-origin",
         false},
        {"https://a.evil/", NULL, false},
        {"https://a@evil/", NULL, false},
        {"https://evil/https://a", NULL, false},
        {"file:///x", "not sent: not a URL of http or https", false},
    };
    char reason[256];

    for (size_t i = 0; i < N(cases); i++) {
        CU_ASSERT_EQUAL(
            wki_origin_may_see(origins, N(origins), cases[i].url, reason, sizeof reason),
            cases[i].sent);
        if (cases[i].reason)
            T_STR(reason, cases[i].reason);
    }
    CU_ASSERT_FALSE(wki_origin_may_see(NULL, 0, "https://a", reason, sizeof reason));
    T_STR(reason, "not sent: no server is configured");
}

static void test_what_a_server_may_name(void)
{
    static const struct {
        const char *from, *to;
        bool may;
    } cases[] = {
        {"https://a/", "https://b/", true},
        {"http://a/", "http://b/", true},
        {"http://a/", "https://b/", true},
        {"https://a/", "http://a/", false},
        {"https://a/", "https://127.0.0.1/", false},
        {"https://a/", "https://localhost:8080/", false},
        {"http://a/", "http://[::1]/", false},
        {"http://127.0.0.1:1/", "http://localhost:2/", true},
        {"https://127.0.0.1:1/", "http://localhost:2/", true},
        {"http://127.0.0.1:1/", "https://b/", true},
        {"https://127.0.0.1:1/", "http://b/", false},
        {"http://127.0.0.1:1/", "http://b/", false},
        {"https://a/", "https://169.254.169.254/latest", false},
        {"http://127.0.0.1/", "http://169.254.169.254/latest", false},
        {"https://a/", "https://[fe80::1]/", false},
        {"https://a/", "https://[fd00:ec2::254]/", false},
        {"http://127.0.0.1/", "http://0.0.0.0/", false},
    };
    char reason[256];

    for (size_t i = 0; i < N(cases); i++) {
        bool may = wki_origin_may_name(cases[i].from, cases[i].to, reason, sizeof reason);

        if (may != cases[i].may)
            printf("\n  %s -> %s\n", cases[i].from, cases[i].to);
        CU_ASSERT_EQUAL(may, cases[i].may);
    }
}

static void test_an_address_in_a_resource_may_be_plain_http_but_not_here(void)
{
    char reason[256];

    CU_ASSERT_TRUE(wki_origin_may_reach("https://a/", "http://b/", reason, sizeof reason));
    CU_ASSERT_TRUE(wki_origin_may_reach(NULL, "http://127.0.0.1/", reason, sizeof reason));
    CU_ASSERT_FALSE(wki_origin_may_reach("https://a/", "http://127.0.0.1/", reason, sizeof reason));
    CU_ASSERT_FALSE(wki_origin_may_reach(NULL, "http://169.254.169.254/", reason, sizeof reason));
}

static CU_TestInfo tests[] = {
    {"credentials go to configured origins",
     test_credentials_go_to_configured_origins_only_and_say_why},
    {"what a server may name", test_what_a_server_may_name},
    {"an address in a resource may be plain http",
     test_an_address_in_a_resource_may_be_plain_http_but_not_here},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_origin = {"origin", NULL, NULL, NULL, NULL, tests};
