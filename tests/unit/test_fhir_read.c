#include "support/record_kit.h"

#include "core/data_url.h"
#include "json/binary_xml.h"

#include <wadokit/fhir.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static wk_code binary(record_kit *kit, const script_reply *replies, size_t n, char *path,
                      size_t size, wk_error *err)
{
    wk_fhir_file file = {0};
    char folder[80];
    wk_code rc;

    snprintf(folder, sizeof folder, "%s/", kit->scratch.dir);
    wk_error_clear(err);
    record_next(kit, replies, n);
    rc = wk_fhir_binary(&kit->session, "b1", folder, &file, err);
    snprintf(path, size, "%s",
             file.path && strrchr(file.path, '/') ? strrchr(file.path, '/') + 1 : "");
    wk_fhir_file_clear(&file);
    return rc;
}

static void test_what_is_no_binary_is_saved_as_it_is(void)
{
    static const struct {
        const char *type, *body, *name, *saved; /* saved NULL: the body */
        size_t asked;
    } rows[] = {
        {"application/fhir+json",
         "{\"contentType\":\"text/plain\",\"data\":\"QUJD\",\"resourceType\":\"Binary\"}", "b1.txt",
         "ABC", 1},
        {"application/fhir+xml",
         "<?xml version=\"1.0\"?><!-- <data value=\"no\"/> --><Binary "
         "xmlns=\"http://hl7.org/fhir\">"
         "<id value=\"1\"/><contentType value=\"text/plain\"/><data value=\"QUJD\"/></Binary>",
         "b1.txt", "ABC", 1},
        {"application/json", "{\"data\":\"QUJD\"}", "b1.json", NULL, 2},
        {"application/json", "{\"data\":\"no base64!\"}", "b1.json", NULL, 2},
        {"application/json", "{\"content\":\"QUJD\"}", "b1.json", NULL, 2},
        {"application/json", "{\"data\":{\"data\":\"QUJD\"}}", "b1.json", NULL, 2},
        {"application/json", "[1,\"QUJD\"]", "b1.json", NULL, 2},
        {"application/fhir+json", "{\"data\":\"QUJD\",\"resourceType\":\"Parameters\"}", "b1.json",
         NULL, 2},
        {"application/fhir+json", "{\"resourceType\":\"QuestionnaireResponse\"}", "b1.json", NULL,
         2},
        {"application/rtf", "{\\rtf1 hello}", "b1.rtf", NULL, 1},
        {"text/csv", "\"a\",\"b\"\n", "b1.csv", NULL, 2},
        {"text/plain", "[see page 2]", "b1.txt", NULL, 1},
    };

    for (size_t i = 0; i < N(rows); i++) {
        char header[64], name[64];
        const script_reply reply = {200, {header}, rows[i].body, WKI_WIRE_OK, 0};
        record_kit kit;
        wk_error err = {0};

        snprintf(header, sizeof header, "Content-Type: %s", rows[i].type);
        record_open(&kit, &reply, 1);
        T_OK(binary(&kit, &reply, 1, name, sizeof name, &err), &err);
        T_STR(name, rows[i].name);
        T_STR(record_text(&kit, name), rows[i].saved ? rows[i].saved : rows[i].body);
        CU_ASSERT_EQUAL(kit.script.n_seen, rows[i].asked);
        record_close(&kit);
    }
}

static void test_what_holds_nothing_is_an_error(void)
{
    static const struct {
        int status;
        const char *type, *body, *words;
        wk_code rc;
    } rows[] = {
        {200, "application/fhir+json", "{\"resourceType\":\"Binary\",\"data\":\"\"}", "is empty",
         WK_DATA},
        {200, "application/fhir+json", "{\"resourceType\":\"Binary\"}", "without data", WK_DATA},
        {200, "application/fhir+json", "{\"data\":\"=?\",\"resourceType\":\"Binary\"}", "base64",
         WK_DATA},
        {200, "application/fhir+json", "{\"data\":\"QUJD\"", "cut short", WK_DATA},
        {200, "", "", "empty", WK_DATA},
        {204, "", "", "there is none (204)", WK_NOT_FOUND},
        {200, "application/fhir+json",
         "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"diagnostics\":\"sealed\"}]}",
         "sealed", WK_DATA},
        {200, "application/fhir+xml", "<Binary xmlns=\"http://hl7.org/fhir\"></Binary>",
         "without data", WK_DATA},
        {200, "application/fhir+xml", "<Binary xmlns=\"http://hl7.org/fhir\"><data value=\"QUJD",
         "cut short", WK_DATA},
        {200, "application/fhir+xml", "<Patient xmlns=\"http://hl7.org/fhir\"/>", "XML", WK_DATA},
    };

    for (size_t i = 0; i < N(rows); i++) {
        char header[64], name[64];
        const script_reply reply = {rows[i].status, {header}, rows[i].body, WKI_WIRE_OK, 0};
        record_kit kit;
        wk_error err = {0};

        snprintf(header, sizeof header, "Content-Type: %s", rows[i].type);
        record_open(&kit, &reply, 1);
        T_FAILS(binary(&kit, &reply, 1, name, sizeof name, &err), rows[i].rc, &err);
        T_HAS(err.message, rows[i].words);
        CU_ASSERT_EQUAL(scratch_count(&kit.scratch, "."), 0);
        record_close(&kit);
    }
}

static void test_a_server_without_json_is_asked_for_anything(void)
{
    static const script_reply replies[] = {
        {406, {NULL}, NULL, WKI_WIRE_OK, 0},
        {200, {"Content-Type: application/json"}, "{\"data\":\"QUJD\"}", WKI_WIRE_OK, 0}};
    char name[64];
    record_kit kit;
    wk_error err = {0};

    record_open(&kit, replies, 2);
    T_OK(binary(&kit, replies, 2, name, sizeof name, &err), &err);
    T_STR(record_text(&kit, "b1.json"), "{\"data\":\"QUJD\"}");
    CU_ASSERT_EQUAL_FATAL(kit.script.n_seen, 3);
    T_HAS(kit.script.seen[0].headers, "Accept: application/fhir+json");
    T_HAS(kit.script.seen[1].headers, "Accept: */*");
    T_HAS(kit.script.seen[2].headers, "Accept: */*");
    record_close(&kit);
}

/* ---- parts ---- */

static char got[256];

static wk_code take(void *user, const void *data, size_t n, wk_error *err)
{
    size_t used = strlen(got);

    (void)user;
    (void)err;
    memcpy(got + used, data, n);
    got[used + n] = '\0';
    return WK_OK;
}

static void test_data_urls_follow_rfc_2397(void)
{
    static const struct {
        const char *url, *type, *bytes; /* bytes NULL: WK_DATA */
    } rows[] = {
        {"data:,A%20brief%20note", "text/plain;charset=US-ASCII", "A brief note"},
        {"data:;charset=utf-8,x", "text/plain;charset=utf-8", "x"},
        {"DATA:image/gif;BASE64,QUJD", "image/gif", "ABC"},
        {"data:image/gif;base64,QU%4aD", "image/gif", "ABC"},
        {"data:image/gif;base64,QUI%3D", "image/gif", "AB"},
        {"data:text/html;charset=\"a,b\",<p>", "text/html;charset=\"a,b\"", "<p>"},
        {"data:base64,QUJD", "base64", "QUJD"},
        {"data:image/svg+xml,%3Csvg/%3E#part", "image/svg+xml", "<svg/>"},
        {"data:,100%", "text/plain;charset=US-ASCII", "100%"},
        {"data:text/plain;base64,", "text/plain", ""},
        {"data:text/plain;base64,Q?", "text/plain", NULL},
        {"data:text/plain", "", NULL},
        {"http://x/,", "", NULL},
    };

    for (size_t i = 0; i < N(rows); i++) {
        char type[64] = "";
        wk_error err = {0};
        wk_code rc;

        got[0] = '\0';
        rc = wki_data_url_read(rows[i].url, (wki_sink){take, NULL}, type, sizeof type, &err);
        CU_ASSERT_EQUAL(rc, rows[i].bytes ? WK_OK : WK_DATA);
        T_STR(type, rows[i].type);
        if (rows[i].bytes)
            T_STR(got, rows[i].bytes);
    }
}

static void test_a_binary_in_xml_is_read_in_any_split(void)
{
    static const char text[] =
        "\n<?xml version='1.0'?>\n<!-- a > b --><f:Binary xmlns:f='http://hl7.org/fhir' x=\"data\">"
        "<f:meta><f:tag><f:display value=\"data\"/></f:tag></f:meta>"
        "<f:contentType value='a/b'/><f:data\n id=\"1\" value = 'QU\nJD' /></f:Binary>";

    CU_ASSERT_TRUE(wki_binary_xml_is(text, sizeof text - 1));
    CU_ASSERT_FALSE(wki_binary_xml_is("<Binary>", 8));
    CU_ASSERT_FALSE(wki_binary_xml_is("<html xmlns=\"http://hl7.org/fhir\"><Binary ", 41));
    CU_ASSERT_FALSE(wki_binary_xml_is("no XML", 6));
    for (size_t cut = 0; cut < sizeof text; cut++) {
        wki_binary_xml x = {.data = {take, NULL}};
        wk_error err = {0};

        got[0] = '\0';
        T_OK(wki_binary_xml_feed(&x, text, cut, &err), &err);
        T_OK(wki_binary_xml_feed(&x, text + cut, sizeof text - 1 - cut, &err), &err);
        CU_ASSERT_TRUE(x.found && x.ended);
        T_STR(x.type, "a/b");
        T_STR(got, "QU\nJD");
    }
}

static CU_TestInfo tests[] = {
    {"what is no Binary is saved as it is", test_what_is_no_binary_is_saved_as_it_is},
    {"what holds nothing is an error, and leaves no file", test_what_holds_nothing_is_an_error},
    {"a server without JSON is asked for anything",
     test_a_server_without_json_is_asked_for_anything},
    {"data: URLs follow RFC 2397", test_data_urls_follow_rfc_2397},
    {"a Binary in XML is read in any split", test_a_binary_in_xml_is_read_in_any_split},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_fhir_read = {"fhir_read", NULL, NULL, NULL, NULL, tests};
