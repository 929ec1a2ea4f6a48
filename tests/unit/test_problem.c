#include "support/t.h"

#include "json/problem.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_each_kind_of_error_body_gives_its_point(void)
{
    static const struct {
        const char *body, *type, *line;
    } cases[] = {
        {"{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"code\":\"x\",\"diagnostics\":\"d\","
         "\"details\":{\"text\":\"t\",\"coding\":[{\"display\":\"c\"}]}}]}",
         "application/fhir+json", "t"},
        {"{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"code\":\"x\",\"diagnostics\":\"d\"}]"
         "}",
         "", "d"},
        {"{\"resourceType\":\"OperationOutcome\",\"issue\":{\"code\":\"x\",\"details\":{\"coding\":"
         "{\"display\":\"c\"}}}}",
         "", "c"},
        {"{\"issue\":[{\"code\":\"throttled\"},{\"code\":\"timeout\"}],"
         "\"resourceType\":\"OperationOutcome\"}",
         "", "throttled; timeout"},
        {"\xEF\xBB\xBF <OperationOutcome xmlns=\"http://hl7.org/fhir\"><issue><code value=\"x\"/>"
         "<diagnostics value=\"a &lt;b&gt; &amp;\nc\"/></issue></OperationOutcome>",
         "application/xml", "a <b> & c"},
        {"<OperationOutcome><issue><details><text value='T'/></details><diagnostics value='d'/>"
         "</issue></OperationOutcome>",
         "", "T"},
        {"{\"Details\":\"no such study\",\"HttpStatus\":404,\"Message\":\"Unknown resource\"}", "",
         "Unknown resource; no such study"},
        {"{\"error\":\"invalid_client\",\"error_description\":\"bad key\"}", "",
         "invalid_client; bad key"},
        {"[{\"error\":{\"code\":403,\"message\":\"denied\"}}]", "", "denied"},
        {"{\"errorMessage\":\"bad: Bearer abcdef12\"}", "", "bad: Bearer ********"},
        {"{\"errorMessage\":\"dcm4chee says\"}", "", "dcm4chee says"},
        {"{\"title\":\"T\",\"detail\":\"D\"}", "application/problem+json", "T; D"},
        {"{\"errors\":[{\"message\":\"m\"}]}", "", "m"},
        {"<Error><Code>NoSuchKey</Code><Message>The key</Message></Error>", "", "The key"},
        {"<html><head><title>\n 502 Bad\n Gateway </title></head><body>x</body>", "text/html",
         "502 Bad Gateway"},
        {"<!DOCTYPE html><h1 class=\"a\">Oops</h1>", "", "Oops"},
        {"\r\n  slow down \r\nmore", "text/plain", "slow down"},
        {"{\"cut\":\"sho", "application/json", "{\"cut\":\"sho"},
        {"evil\x1b[2Jtext", "text/plain", "evil?[2Jtext"},
    };
    char out[200];

    for (size_t i = 0; i < N(cases); i++) {
        CU_ASSERT_TRUE(
            wki_problem_text(cases[i].body, strlen(cases[i].body), cases[i].type, out, sizeof out));
        T_STR(out, cases[i].line);
    }
}

static void test_a_body_that_says_nothing_gives_nothing(void)
{
    static const char *const bodies[] = {"",          "   ",
                                         "{}",        "[]",
                                         "{\"a\":1}", "<html></html>",
                                         "<x/>",      "<title",
                                         "<",         "\x01\x02\x03\x04"};
    char out[100];

    for (size_t i = 0; i < N(bodies); i++) {
        CU_ASSERT_FALSE(wki_problem_text(bodies[i], strlen(bodies[i]), "", out, sizeof out));
        T_STR(out, "");
    }
    CU_ASSERT_FALSE(wki_problem_text("a\0b", 3, "", out, sizeof out));
}

static void test_a_long_text_is_cut(void)
{
    static char body[70000];
    char out[64];

    memset(body, 'x', sizeof body);
    CU_ASSERT_TRUE(wki_problem_text(body, sizeof body, "", out, sizeof out));
    CU_ASSERT_EQUAL(strlen(out), 63);
    memcpy(body, "<title>", 7);
    CU_ASSERT_TRUE(wki_problem_text(body, sizeof body, "text/html", out, sizeof out));
}

static CU_TestInfo tests[] = {
    {"each kind of error body gives its point", test_each_kind_of_error_body_gives_its_point},
    {"a body that says nothing gives nothing", test_a_body_that_says_nothing_gives_nothing},
    {"a long text is cut", test_a_long_text_is_cut},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_problem = {"problem", NULL, NULL, NULL, NULL, tests};
