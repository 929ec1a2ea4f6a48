#include "support/t.h"

#include <stdlib.h>

#include <wadokit/json.h>
#include <wadokit/limits.h>

#include "json/json.h"

static wki_json *parse(const char *text)
{
    wk_error err = {0};
    wki_json *doc = NULL;

    T_OK(wki_json_parse(text, strlen(text), "test", &doc, &err), &err);
    return doc;
}

static void fails(const char *text, wk_code code, const char *part)
{
    wk_error err = {0};
    wki_json *doc = NULL;

    T_FAILS(wki_json_parse(text, strlen(text), "test", &doc, &err), code, &err);
    T_HAS(err.message, part);
    CU_ASSERT_PTR_NULL(doc);
}

static void test_what_is_not_json_is_named(void)
{
    fails("", WK_DATA, "empty");
    fails("  \n", WK_DATA, "empty");
    fails("<html>", WK_DATA, "XML or HTML");
    fails("{\"a\":", WK_DATA, "cut short");
    fails("hello", WK_DATA, "not JSON at byte 0: hello");
    fails("{} x", WK_DATA, "not JSON at byte 3");
}

static void test_depth_is_bounded(void)
{
    size_t n = 100000;
    char *deep = malloc(n + 1);

    memset(deep, '[', n);
    deep[n] = '\0';
    fails(deep, WK_LIMIT, "nested deeper");
    free(deep);
}

static void test_an_object_serves_where_an_array_is_due(void)
{
    wki_json *doc = parse("\xEF\xBB\xBF{\"one\":{\"x\":1},\"many\":[null,{\"x\":1},{\"x\":2}]}");
    const wki_json *one = wki_json_get(doc, "one"), *many = wki_json_get(doc, "many");
    int n = 0;

    for (const wki_json *e = wki_json_first(one); e; e = wki_json_next(one, e))
        n++;
    CU_ASSERT_EQUAL(n, 1);
    for (const wki_json *e = wki_json_first(many); e; e = wki_json_next(many, e))
        n++;
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_PTR_NULL(wki_json_first(NULL));
    wki_json_free(doc);
}

static void test_numbers_may_be_strings(void)
{
    wki_json *doc = parse("{\"a\":5,\"b\":\"6\",\"c\":\"x\",\"d\":1.5,\"t\":\"true\",\"u\":0}");
    int64_t v = -1;

    CU_ASSERT_TRUE(wki_json_int(doc, "a", &v) && v == 5);
    CU_ASSERT_TRUE(wki_json_int(doc, "b", &v) && v == 6);
    CU_ASSERT_FALSE(wki_json_int(doc, "c", &v));
    CU_ASSERT_FALSE(wki_json_int(doc, "d", &v));
    CU_ASSERT_EQUAL(v, 6);
    CU_ASSERT_TRUE(wki_json_bool(doc, "t", false));
    CU_ASSERT_FALSE(wki_json_bool(doc, "u", true));
    CU_ASSERT_TRUE(wki_json_bool(doc, "none", true));
    wki_json_free(doc);
}

static void test_a_line_is_built_in_order(void)
{
    wk_json_line *line = wk_json_line_new("instance");
    wk_json_line *inner = wk_json_line_new(NULL);
    char *text;

    wk_json_set_string(line, "sop", "1.2");
    wk_json_set_string(line, "error", NULL);
    wk_json_set_int(line, "bytes", 9007199254740993);
    wk_json_set_int(inner, "n", 1);
    wk_json_add_object(line, "list", inner);
    CU_ASSERT_TRUE(wk_json_set_raw(line, "raw", "{\"a\":[1]}"));
    CU_ASSERT_FALSE(wk_json_set_raw(line, "bad", "{"));
    text = wk_json_line_text(line);
    T_STR(text, "{\"type\":\"instance\",\"sop\":\"1.2\",\"error\":null,"
                "\"bytes\":9007199254740993,\"list\":[{\"n\":1}],\"raw\":{\"a\":[1]}}");
    free(text);
    wk_json_line_free(line);
}

static void test_a_value_that_cannot_be_used_costs_itself(void)
{
    static const struct {
        const char *text, *mended, *first;
        unsigned values;
    } rows[] = {
        {"{\"a\":[1,NaN,2]}", "{\"a\":[1,null,2]}", "[7].a[1]: NaN", 1},
        {"{\"a\":{\"b\":-Infinity},\"c\":Infinity}", "{\"a\":{\"b\":null},\"c\":null}",
         "[7].a.b: -Infinity", 2},
        {"[nan, inf]", "[null,null]", "[7][0]: nan", 2},
        {"{\"a\":\"x\\u0000y\",\"b\":\"NaN\"}", "{\"a\":null,\"b\":\"NaN\"}",
         "[7].a: a NUL in the text", 1},
        {"{\"a\":\"1.2\\u0000\"}", "{\"a\":\"1.2\"}", "", 0},
        {"{\"a\":\"1.2 \\u0000 \"}", "{\"a\":\"1.2\"}", "", 0},
        {"{\"a\":\"\\\\u0000\"}", "{\"a\":\"\\\\u0000\"}", "", 0},
        {"{\"a\":[{\"b\":[true,\"\\u0000z\"]}]}", "{\"a\":[{\"b\":[true,null]}]}",
         "[7].a[0].b[1]: a NUL in the text", 1},
        {"{\"a\":null}", "{\"a\":null}", "", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_json_faults faults = {0};
        wki_json *doc = NULL;
        wk_error err = {0};
        char *text;

        T_OK(wki_json_parse_mended(rows[i].text, strlen(rows[i].text), "test", "[7]", &faults, &doc,
                                   &err),
             &err);
        text = wki_json_print(doc);
        T_STR(text, rows[i].mended);
        T_STR(faults.first, rows[i].first);
        CU_ASSERT_EQUAL(faults.values, rows[i].values);
        free(text);
        wki_json_free(doc);
    }
}

static void test_what_is_no_json_stays_none(void)
{
    static const char *const rows[] = {"{\"a\":Nan1}", "[NaN",   "NaNNaN",
                                       "{NaN:1}",      "<html>", "[1,]"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_json_faults faults = {0};
        wki_json *doc = NULL;
        wk_error err = {0};

        T_FAILS(wki_json_parse_mended(rows[i], strlen(rows[i]), "test", "", &faults, &doc, &err),
                WK_DATA, &err);
        CU_ASSERT_EQUAL(faults.values, 0);
    }
}

static CU_TestInfo tests[] = {
    {"a value that cannot be used costs itself", test_a_value_that_cannot_be_used_costs_itself},
    {"what is no JSON stays none", test_what_is_no_json_stays_none},
    {"what is not JSON is named", test_what_is_not_json_is_named},
    {"depth is bounded", test_depth_is_bounded},
    {"an object serves where an array is due", test_an_object_serves_where_an_array_is_due},
    {"numbers may be strings", test_numbers_may_be_strings},
    {"a line is built in order", test_a_line_is_built_in_order},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_json = {"json", NULL, NULL, NULL, NULL, tests};
