#include "support/t.h"

#include <stdlib.h>

#include <wadokit/limits.h>

#include "json/json_stream.h"

struct seen {
    int n;
    char text[512];
    int fail_at;
};

static wk_code keep(void *user, const wki_json *value, wk_error *err)
{
    struct seen *s = user;
    char *text = wki_json_print(value);

    strncat(s->text, text, sizeof s->text - strlen(s->text) - 1);
    strncat(s->text, ";", sizeof s->text - strlen(s->text) - 1);
    free(text);
    s->n++;
    if (s->fail_at == s->n)
        return wk_fail(err, WK_REFUSED, "stop");
    return WK_OK;
}

static wk_code read_cut(const char *text, size_t n, size_t cut, struct seen *s, wk_error *err)
{
    wki_json_stream *stream = NULL;
    wk_code rc = wki_json_stream_new("test", 1000, keep, s, &stream, err);

    if (rc == WK_OK)
        rc = wki_json_stream_feed(stream, text, cut, err);
    if (rc == WK_OK)
        rc = wki_json_stream_feed(stream, text + cut, n - cut, err);
    if (rc == WK_OK)
        rc = wki_json_stream_finish(stream, err);
    wki_json_stream_free(stream);
    return rc;
}

static void test_any_split_gives_the_same_elements(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {" \r\n", ""},
        {"[]", ""},
        {" [ ] ", ""},
        {"[{\"a\":1},{\"b\":[1,2]} , {}]", "{\"a\":1};{\"b\":[1,2]};{};"},
        {"\xEF\xBB\xBF[{\"a\":\"]},{\\\"\\\\\"}]", "{\"a\":\"]},{\\\"\\\\\"};"},
        {"[1, \"x\" ,null,true]", "1;\"x\";null;true;"},
        {"{\"one\":{\"x\":[{}]}}", "{\"one\":{\"x\":[{}]}};"},
        {"{\"l\":1}\n{\"l\":2}\r\n\n{\"l\":3}", "{\"l\":1};{\"l\":2};{\"l\":3};"},
        {"[{\"p\":1}][{\"p\":2}]", "{\"p\":1};{\"p\":2};"},
        {"[[1,[2]],[3]]", "[1,[2]];[3];"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].text);

        for (size_t cut = 0; cut <= n; cut++) {
            struct seen s = {0};
            wk_error err = {0};

            T_OK(read_cut(cases[i].text, n, cut, &s, &err), &err);
            T_STR(s.text, cases[i].expected);
        }
    }
}

static void test_what_is_not_json_is_refused_in_any_split(void)
{
    static const struct {
        const char *text;
        wk_code code;
        const char *part;
    } cases[] = {
        {"[{\"a\":1}", WK_DATA, "cut short"},       {"[{\"a\":1},", WK_DATA, "cut short"},
        {"[{\"a\":", WK_DATA, "cut short"},         {"[1", WK_DATA, "cut short"},
        {"<html></html>", WK_DATA, "XML or HTML"},  {"hello", WK_DATA, "not JSON at byte 0: h"},
        {"[{} {}]", WK_DATA, "not JSON at byte 4"}, {"[{x:1}]", WK_DATA, "not JSON"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].text);

        for (size_t cut = 0; cut <= n; cut++) {
            struct seen s = {0};
            wk_error err = {0};

            T_FAILS(read_cut(cases[i].text, n, cut, &s, &err), cases[i].code, &err);
            T_HAS(err.message, cases[i].part);
        }
    }
}

static void test_elements_before_a_cut_are_handed_over(void)
{
    struct seen s = {0};
    wk_error err = {0};

    T_FAILS(read_cut("[{\"a\":1},{\"b\":2},{\"c", 20, 5, &s, &err), WK_DATA, &err);
    T_STR(s.text, "{\"a\":1};{\"b\":2};");
}

static void test_depth_and_size_are_bounded(void)
{
    size_t n = 100000;
    char *text = malloc(n);
    struct seen s = {0};
    wk_error err = {0};

    memset(text, '[', n);
    T_FAILS(read_cut(text, n, 7, &s, &err), WK_LIMIT, &err);
    T_HAS(err.message, "nested deeper");
    memset(text, 'x', n);
    memcpy(text, "[\"", 2);
    wk_error_clear(&err);
    T_FAILS(read_cut(text, n, 7, &s, &err), WK_LIMIT, &err);
    T_HAS(err.message, "JSON element");
    CU_ASSERT_EQUAL(s.n, 0);
    free(text);
}

static void test_the_reader_may_stop(void)
{
    struct seen s = {.fail_at = 2};
    wk_error err = {0};

    T_FAILS(read_cut("[1,2,3]", 7, 0, &s, &err), WK_REFUSED, &err);
    CU_ASSERT_EQUAL(s.n, 2);
}

static void test_an_element_that_is_no_json_costs_itself(void)
{
    static const char text[] = "[{\"a\":1},{\"a\":\"\\q\"},NaN,{\"a\":[Infinity,2]},{\"a\":}]";

    for (size_t cut = 0; cut < sizeof text; cut++) {
        wki_json_faults faults = {0};
        wki_json_stream *stream = NULL;
        struct seen s = {0};
        wk_error err = {0};

        T_OK(wki_json_stream_new("test", 1000, keep, &s, &stream, &err), &err);
        wki_json_stream_mend(stream, &faults);
        T_OK(wki_json_stream_feed(stream, text, cut, &err), &err);
        T_OK(wki_json_stream_feed(stream, text + cut, sizeof text - 1 - cut, &err), &err);
        T_OK(wki_json_stream_finish(stream, &err), &err);
        T_STR(s.text, "{\"a\":1};null;{\"a\":[null,2]};");
        CU_ASSERT_EQUAL(faults.elements, 2);
        CU_ASSERT_EQUAL(faults.values, 2);
        T_HAS(faults.first, "[1]: ");
        wki_json_stream_free(stream);
    }
}

static CU_TestInfo tests[] = {
    {"an element that is no JSON costs itself", test_an_element_that_is_no_json_costs_itself},
    {"any split gives the same elements", test_any_split_gives_the_same_elements},
    {"what is not JSON is refused in any split", test_what_is_not_json_is_refused_in_any_split},
    {"elements before a cut are handed over", test_elements_before_a_cut_are_handed_over},
    {"depth and size are bounded", test_depth_and_size_are_bounded},
    {"the reader may stop", test_the_reader_may_stop},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_json_stream = {"json_stream", NULL, NULL, NULL, NULL, tests};
