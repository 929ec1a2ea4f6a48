#include "support/t.h"

#include <stdlib.h>

#include <wadokit/limits.h>

#include "http/url.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_only_clean_http_urls_pass(void)
{
    static const char *const good[] = {
        "https://a.example",  "HTTP://A/b?c=d|e#f",       "https://[::1]:8042/x",
        "http://10.0.0.1:1/", "https://a_b.example.:443", "https://h:/x",
    };
    static const char *const bad[] = {
        "",
        "ftp://a/",
        "file:///etc/passwd",
        "https:/a",
        "https://",
        "https:///x",
        "https://a b/",
        "https://a/\r\nX: y",
        "https://a/\x7f",
        "https://u:p@a/",
        "https://@a/",
        "https://a/{{x}}",
        "https://a/%7b%7Bx%7D%7D",
        "https://a:0/",
        "https://a:65536/",
        "https://a:1a/",
        "https://a..b/",
        "https://.a/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://127.0.0.1./",
        "https://a%2eb/",
        "https://a\\@b/",
        "https://\xC3\xA9.example/",
    };

    for (size_t i = 0; i < N(good); i++) {
        wk_error err = {0};
        T_OK(wki_url_check(good[i], &err), &err);
    }
    for (size_t i = 0; i < N(bad); i++) {
        wk_error err = {0};
        T_FAILS(wki_url_check(bad[i], &err), WK_REFUSED, &err);
    }
}

static void test_a_url_of_more_than_the_maximum_is_refused(void)
{
    static char url[WK_MAX_URL_BYTES + 2];
    wk_error err = {0};

    memset(url, 'a', sizeof url - 1);
    memcpy(url, "https://a/", 10);
    T_FAILS(wki_url_check(url, &err), WK_REFUSED, &err);
    url[WK_MAX_URL_BYTES] = '\0';
    wk_error_clear(&err);
    T_OK(wki_url_check(url, &err), &err);
}

static void test_origins_have_one_spelling(void)
{
    static const char *const cases[][2] = {
        {"HTTPS://Host.Example:443/a/b?c", "https://host.example"},
        {"http://h:80", "http://h"},
        {"https://h:80/", "https://h:80"},
        {"https://[0:0::1]:8443/", "https://[::1]:8443"},
        {"https://user:pass@h/x", "https://h"},
        {"https://h?x=//other", "https://h"},
        {"https://h#@other", "https://h"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        wk_error err = {0};
        char *out = NULL;

        T_OK(wki_url_origin(cases[i][0], &out, &err), &err);
        T_STR(out, cases[i][1]);
        free(out);
    }
}

static void test_same_origin_means_scheme_host_and_port(void)
{
    CU_ASSERT_TRUE(wki_url_same_origin("https://a/x", "https://A:443/y?z"));
    CU_ASSERT_FALSE(wki_url_same_origin("https://a", "http://a"));
    CU_ASSERT_FALSE(wki_url_same_origin("https://a", "https://a:444"));
    CU_ASSERT_FALSE(wki_url_same_origin("https://a", "https://a.b"));
    CU_ASSERT_FALSE(wki_url_same_origin("https://a", "https://a."));
    CU_ASSERT_FALSE(wki_url_same_origin("nonsense", "nonsense"));
}

static void test_hosts_are_classed(void)
{
    static const struct {
        const char *url;
        wki_host_class class_;
    } cases[] = {
        {"http://localhost:8042/", WKI_HOST_LOOPBACK},
        {"http://x.LocalHost/", WKI_HOST_LOOPBACK},
        {"http://localhost./", WKI_HOST_LOOPBACK},
        {"http://127.9.9.9/", WKI_HOST_LOOPBACK},
        {"http://[::1]/", WKI_HOST_LOOPBACK},
        {"http://[::ffff:127.0.0.1]/", WKI_HOST_LOOPBACK},
        {"http://localhost.example/", WKI_HOST_OTHER},
        {"http://127.0.0.1.example/", WKI_HOST_OTHER},
        {"http://128.0.0.1/", WKI_HOST_OTHER},
        {"http://192.168.1.1/", WKI_HOST_OTHER},
        {"http://169.254.169.254/", WKI_HOST_LOCAL},
        {"http://[::ffff:169.254.169.254]/", WKI_HOST_LOCAL},
        {"http://[64:ff9b::169.254.169.254]/", WKI_HOST_LOCAL},
        {"http://[fe80::1]/", WKI_HOST_LOCAL},
        {"http://[febf::1]/", WKI_HOST_LOCAL},
        {"http://[fec0::1]/", WKI_HOST_OTHER},
        {"http://[fd00:ec2::254]/", WKI_HOST_LOCAL},
        {"http://[fd00:ec2::255]/", WKI_HOST_OTHER},
        {"http://0.0.0.0/", WKI_HOST_LOCAL},
        {"http://[::]/", WKI_HOST_LOCAL},
        {"http://metadata.google.internal/", WKI_HOST_LOCAL},
        {"http://Metadata.Google.Internal./", WKI_HOST_LOCAL},
        {"http://[fd20:ce::254]/", WKI_HOST_LOCAL},
        {"http://168.63.129.16/", WKI_HOST_LOCAL},
        {"http://168.63.129.17/", WKI_HOST_OTHER},
        {"http://192.0.0.192/", WKI_HOST_LOCAL},
        {"http://100.100.100.200/", WKI_HOST_LOCAL},
        {"http://[::ffff:168.63.129.16]/", WKI_HOST_LOCAL},
        {"http://224.0.0.1/", WKI_HOST_LOCAL},
    };

    for (size_t i = 0; i < N(cases); i++) {
        if (wki_url_host_class(cases[i].url) != cases[i].class_)
            printf("\n  %s\n", cases[i].url);
        CU_ASSERT_EQUAL(wki_url_host_class(cases[i].url), cases[i].class_);
    }
}

/* The examples of RFC 3986 section 5.4, without their fragments. */
static void test_references_resolve_as_in_rfc_3986(void)
{
    static const char *const cases[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g?y#s", "http://a/b/c/g?y"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"https://B:443/x/../y", "https://b/y"},
        {"1.2:3/x", NULL},
    };

    for (size_t i = 0; i < N(cases) - 1; i++) {
        wk_error err = {0};
        char *out = NULL;

        T_OK(wki_url_resolve("http://a/b/c/d;p?q", cases[i][0], &out, &err), &err);
        T_STR(out, cases[i][1]);
        free(out);
    }
}

static void test_a_base_without_a_path_resolves_too(void)
{
    wk_error err = {0};
    char *out = NULL;

    T_OK(wki_url_resolve("https://a?x", "b", &out, &err), &err);
    T_STR(out, "https://a/b");
    free(out);
}

static void test_bad_references_are_refused(void)
{
    static const char *const bad[] = {
        "file:///etc/passwd", "javascript:1", "//u:p@h/", "a b", "http:x", "//",
        "ftp://x/",           "a\nb"};

    for (size_t i = 0; i < N(bad); i++) {
        wk_error err = {0};
        char *out = NULL;

        T_FAILS(wki_url_resolve("https://a/", bad[i], &out, &err), WK_REFUSED, &err);
        CU_ASSERT_PTR_NULL(out);
    }
}

static void test_paths_are_appended_with_one_slash(void)
{
    static const char *const cases[][3] = {
        {"https://a/x//", "studies", "https://a/x/studies"},
        {"https://a", "/studies", "https://a/studies"},
        {"https://a/x/?k=v", "studies", "https://a/x/studies?k=v"},
        {"https://a/x?k=v", "studies?l=1", "https://a/x/studies?l=1&k=v"},
        {"https://a/x?", "s", "https://a/x/s"},
        {"https://a/x#f", "s", "https://a/x/s"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        wk_error err = {0};
        char *out = NULL;

        T_OK(wki_url_append(cases[i][0], cases[i][1], &out, &err), &err);
        T_STR(out, cases[i][2]);
        free(out);
    }
}

static void test_what_is_sent_is_normal(void)
{
    static const char *const cases[][2] = {
        {"HTTPS://A:443", "https://a/"},
        {"https://a/b/../c?x=y|z#f", "https://a/c?x=y%7Cz"},
        {"https://a/\xC3\xA9?\"{}", "https://a/%C3%A9?%22%7B%7D"},
        {"https://a/%2e%2e./%zz", "https://a/%2e%2e./%zz"},
        {"https://a/b/%2E%2e/c/.%2e/d/%2e", "https://a/d/"},
        {"https://a/b\\c", "https://a/b%5Cc"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        wk_error err = {0};
        char *out = NULL;

        T_OK(wki_url_normalize(cases[i][0], &out, &err), &err);
        T_STR(out, cases[i][1]);
        free(out);
    }
}

static void test_user_information_comes_out_decoded(void)
{
    wk_error err = {0};
    char *out = NULL, *user = NULL, *password = NULL;

    T_OK(wki_url_take_userinfo("https://a%40b:p%3Aq:r@h/x?y", &out, &user, &password, &err), &err);
    T_STR(out, "https://h/x?y");
    T_STR(user, "a@b");
    T_STR(password, "p:q:r");
    free(out);
    free(user);
    free(password);
    T_OK(wki_url_take_userinfo("https://h/x", &out, &user, &password, &err), &err);
    T_STR(out, "https://h/x");
    CU_ASSERT_PTR_NULL(user);
    CU_ASSERT_PTR_NULL(password);
    free(out);
}

static void test_a_redacted_url_tells_no_secret(void)
{
    static const char *const cases[][2] = {
        {"https://user:secret@h/p?patient=secret&x#secret", "https://***@h/p?patient=***&x"},
        {"https://h/p?a=secret&b=secret", "https://h/p?a=***&b=***"},
        {"https://user:sec/ret@h/p", "https://***@h/p"},
        {"user:secret@h/p", "***@h/p"},
        {"https://u:p@u:secret@h/", "https://***@h/"},
        {"https://h/a@b", "https://h/a@b"},
        {"https://h/\x1b[2J", "https://h/?[2J"},
        {"", ""},
    };

    for (size_t i = 0; i < N(cases); i++) {
        char out[256];

        wki_url_redact(out, sizeof out, cases[i][0]);
        T_STR(out, cases[i][1]);
    }
}

static void test_errors_about_urls_tell_no_secret(void)
{
    wk_error err = {0};

    T_FAILS(wki_url_check("https://user:hush@h/?token=hush", &err), WK_REFUSED, &err);
    CU_ASSERT_PTR_NULL(strstr(err.message, "hush"));
}

static void test_forms_and_encoding(void)
{
    wk_error err = {0};
    wki_buf b;

    wki_buf_init(&b, 1000, "form");
    T_OK(wki_form_add(&b, "a b", "c&d=\xC3\xA9", &err), &err);
    T_OK(wki_form_add(&b, "e", "~-._", &err), &err);
    T_OK(wki_url_encode(&b, "/", &err), &err);
    T_STR(wki_buf_text(&b), "a%20b=c%26d%3D%C3%A9&e=~-._%2F");
    wki_buf_reset(&b);
    T_OK(wki_buf_add(&b, "https://h/?", 11, &err), &err);
    T_OK(wki_form_add(&b, "a", "", &err), &err);
    T_STR(wki_buf_text(&b), "https://h/?a=");
    wki_buf_clear(&b);
}

static void test_what_stands_for_itself_in_a_query_stays(void)
{
    wk_error err = {0};
    wki_buf b;

    wki_buf_init(&b, 1000, "query");
    T_OK(wki_query_add(&b, "StudyDescription", "*a?*", &err), &err);
    T_OK(wki_query_add(&b, "x", "1.2,3:4/5&6=7#8 9+\\", &err), &err);
    T_STR(wki_buf_text(&b), "StudyDescription=*a?*&x=1.2,3:4/5%266%3D7%238%209%2B%5C");
    wki_buf_clear(&b);
}

static CU_TestInfo tests[] = {
    {"what stands for itself in a query stays", test_what_stands_for_itself_in_a_query_stays},
    {"only clean http urls pass", test_only_clean_http_urls_pass},
    {"a url over the maximum is refused", test_a_url_of_more_than_the_maximum_is_refused},
    {"origins have one spelling", test_origins_have_one_spelling},
    {"same origin means scheme, host and port", test_same_origin_means_scheme_host_and_port},
    {"hosts are classed", test_hosts_are_classed},
    {"references resolve as in RFC 3986", test_references_resolve_as_in_rfc_3986},
    {"a base without a path resolves too", test_a_base_without_a_path_resolves_too},
    {"bad references are refused", test_bad_references_are_refused},
    {"paths are appended with one slash", test_paths_are_appended_with_one_slash},
    {"what is sent is normal", test_what_is_sent_is_normal},
    {"user information comes out decoded", test_user_information_comes_out_decoded},
    {"a redacted url tells no secret", test_a_redacted_url_tells_no_secret},
    {"errors about urls tell no secret", test_errors_about_urls_tell_no_secret},
    {"forms and encoding", test_forms_and_encoding},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_url = {"url", NULL, NULL, NULL, NULL, tests};
