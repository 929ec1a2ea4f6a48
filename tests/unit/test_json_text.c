#include "support/t.h"

#include <stdlib.h>

#include "json/json_text.h"
#include "json/ndjson.h"

static char collected[4096];

static wk_code collect(void *user, const wki_json_piece *p, wk_error *err)
{
    size_t n = strlen(collected);

    (void)user;
    (void)err;
    if (p->begin)
        n += (size_t)snprintf(collected + n, sizeof collected - n, "%u:%s=", p->depth, p->name);
    n += (size_t)snprintf(collected + n, sizeof collected - n, "%.*s", (int)p->n, p->data);
    if (p->end)
        snprintf(collected + n, sizeof collected - n, ";");
    return WK_OK;
}

static wk_code check(const char *text, size_t n, size_t cut, wk_error *err)
{
    wki_json_reader t;
    wk_code rc;

    collected[0] = '\0';
    wki_json_reader_init(&t, collect, NULL);
    rc = wki_json_reader_feed(&t, text, cut, err);
    if (rc == WK_OK)
        rc = wki_json_reader_feed(&t, text + cut, n - cut, err);
    return rc == WK_OK ? wki_json_reader_finish(&t, err) : rc;
}

static void test_any_split_gives_the_same_strings(void)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"{}", ""},
        {" [ ] ", ""},
        {"\"abc\"", "0:=abc;"},
        {"-0.5e+7", ""},
        {"\xEF\xBB\xBF{\"a\":\"x\"}", "1:a=x;"},
        {"{\"a\":\"x\",\"b\":{\"c\":\"\"},\"d\":[\"y\",1,null,true,false,\"z\"]}",
         "1:a=x;2:c=;2:=y;2:=z;"},
        {"{\"a\":\"1\\/2\\n\\\"\\\\\\u00e9\\u20AC\\uD83D\\uDE00\"}",
         "1:a=1/2\n\"\\\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80;"},
        {"[10,0,-1.25,1E5,{\"k\":[{\"j\":\"v\"}]}]", "4:j=v;"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t cut = 0; cut <= strlen(cases[i].text); cut++) {
            wk_error err = {0};

            T_OK(check(cases[i].text, strlen(cases[i].text), cut, &err), &err);
            T_STR(collected, cases[i].expected);
        }
    }
}

static void test_what_is_no_json_is_refused(void)
{
    static const char *const cases[] = {
        "",   "{",     "[1,]",        "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "01",     "1.",
        "-",  "1e",    "tru",         "truex",   "\"a",      "\"\\x\"",    "\"\n\"", "[1}",
        "{]", "{} {}", "\"\\u12g4\"", "<html>",  "nulll",    "[1 2]",      "+1",     "{1:2}",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wk_error err = {0};
        size_t n = strlen(cases[i]);

        if (check(cases[i], n, n / 2, &err) != WK_DATA)
            printf("\n  %s was taken\n", cases[i]);
        CU_ASSERT_EQUAL(err.code, WK_DATA);
    }
}

static void test_depth_has_a_limit(void)
{
    char text[2 * WK_MAX_JSON_DEPTH + 4];
    wk_error err = {0};

    memset(text, '[', sizeof text);
    T_FAILS(check(text, WK_MAX_JSON_DEPTH + 1, 1, &err), WK_LIMIT, &err);
    memset(text + WK_MAX_JSON_DEPTH, ']', WK_MAX_JSON_DEPTH);
    wk_error_clear(&err);
    T_OK(check(text, 2 * WK_MAX_JSON_DEPTH, 1, &err), &err);
}

static uint64_t bad_lines[8];
static size_t n_bad;

static void on_bad(void *user, uint64_t line, const char *why)
{
    (void)user;
    (void)why;
    if (n_bad < 8)
        bad_lines[n_bad++] = line;
}

static void test_lines_are_counted_and_bad_ones_found_in_any_split(void)
{
    static const char text[] = "\xEF\xBB\xBF{\"resourceType\":\"Patient\"}\r\n\n"
                               "{\"resourceType\":\"Patient\",\n[1]\n  \n{}\n"
                               "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":"
                               "\"error\",\"diagnostics\":\"no such group\"}]}\n"
                               "{\"resourceType\":\"Last\"}";

    for (size_t cut = 0; cut < sizeof text; cut++) {
        wki_ndjson d;

        n_bad = 0;
        wki_ndjson_init(&d, on_bad, NULL);
        wki_ndjson_feed(&d, text, cut);
        wki_ndjson_feed(&d, text + cut, sizeof text - 1 - cut);
        wki_ndjson_finish(&d);
        CU_ASSERT_EQUAL(d.lines, 6);
        CU_ASSERT_EQUAL(d.bad, 3);
        CU_ASSERT_EQUAL(n_bad, 3);
        CU_ASSERT_EQUAL(bad_lines[0], 3);
        CU_ASSERT_EQUAL(bad_lines[1], 4);
        CU_ASSERT_EQUAL(bad_lines[2], 6);
        CU_ASSERT_EQUAL(d.errors, 1);
        T_STR(d.message, "no such group");
        T_STR(d.type, "Last");
    }
}

static CU_TestInfo tests[] = {
    {"any split gives the same strings", test_any_split_gives_the_same_strings},
    {"what is no JSON is refused", test_what_is_no_json_is_refused},
    {"depth has a limit", test_depth_has_a_limit},
    {"lines are counted and bad ones found, in any split",
     test_lines_are_counted_and_bad_ones_found_in_any_split},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_json_text = {"json_text", NULL, NULL, NULL, NULL, tests};
