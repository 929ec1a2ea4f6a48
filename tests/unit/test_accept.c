#include "dicomweb/accept.h"
#include "dicomweb/wado.h"
#include "support/small_dicom.h"
#include "support/t.h"

static void test_ladder(void)
{
    static const struct {
        bool instance;
        const char *syntax;
        const char *steps[WKI_ACCEPT_STEPS];
    } rows[] = {
        {false,
         "*",
         {"multipart/related; type=\"application/dicom\"; transfer-syntax=*",
          "multipart/related; type=\"application/dicom\"",
          "multipart/related; type=application/dicom", NULL, "*/*"}},
        {true,
         "*",
         {"multipart/related; type=\"application/dicom\"; transfer-syntax=*",
          "multipart/related; type=\"application/dicom\"",
          "multipart/related; type=application/dicom", "application/dicom; transfer-syntax=*",
          "*/*"}},
        {false,
         "1.2.3",
         {"multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.3", NULL,
          "multipart/related; type=application/dicom; transfer-syntax=1.2.3", NULL, NULL}},
    };
    char out[WKI_ACCEPT_SIZE];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int step = 0; step < WKI_ACCEPT_STEPS; step++) {
            bool is = wki_accept_value(step, rows[i].instance, rows[i].syntax, out);

            CU_ASSERT_EQUAL(is, rows[i].steps[step] != NULL);
            if (is && rows[i].steps[step])
                T_STR(out, rows[i].steps[step]);
        }
    }
    CU_ASSERT_FALSE(wki_accept_value(WKI_ACCEPT_STEPS, true, "*", out));
    CU_ASSERT_TRUE(wki_accept_is_refusal(406));
    CU_ASSERT_FALSE(wki_accept_is_refusal(404));
}

static void test_syntaxes(void)
{
    char out[WK_UID_SIZE];

    CU_ASSERT_TRUE(wki_accept_syntax(NULL, out));
    T_STR(out, "*");
    CU_ASSERT_TRUE(wki_accept_syntax("J2K", out));
    T_STR(out, "1.2.840.10008.1.2.4.90");
    CU_ASSERT_TRUE(wki_accept_syntax("1.2.3", out));
    T_STR(out, "1.2.3");
    CU_ASSERT_FALSE(wki_accept_syntax("", out));
    CU_ASSERT_FALSE(wki_accept_syntax("7", out));
    CU_ASSERT_FALSE(wki_accept_syntax("1.2\r\nX: y", out));
    CU_ASSERT_FALSE(wki_accept_syntax("gif", out));
}

static char seen[4096];

static wk_code on_begin(void *user, const wki_part_head *head, wk_error *err)
{
    (void)user;
    (void)head;
    (void)err;
    strcat(seen, "<");
    return WK_OK;
}

static wk_code on_data(void *user, const void *data, size_t n, wk_error *err)
{
    (void)user;
    (void)data;
    (void)err;
    for (size_t i = 0; i < n && strlen(seen) < sizeof seen - 2; i++)
        strcat(seen, "x");
    return WK_OK;
}

static wk_code on_end(void *user, wki_part_end end, wk_error *err)
{
    (void)user;
    (void)err;
    strcat(seen, end == WKI_PART_WHOLE ? ">" : "!");
    return WK_OK;
}

static wk_code read_body(const char *type, const void *data, size_t n, bool whole, bool *complete,
                         wk_error *err)
{
    wki_multipart_events events = {on_begin, on_data, on_end, NULL};
    wki_wado_body *b = NULL;
    wk_code rc = wki_wado_body_new(type, &events, &b, err);

    seen[0] = '\0';
    for (size_t at = 0; at < n && rc == WK_OK; at += 50)
        rc = wki_wado_body_feed(b, (const char *)data + at, n - at < 50 ? n - at : 50, err);
    if (rc == WK_OK)
        rc = wki_wado_body_finish(b, whole, complete, err);
    wki_wado_body_free(b);
    return rc;
}

static void test_bodies(void)
{
    static const struct {
        const char *type, *body, *expected;
        bool complete;
    } rows[] = {
        {"multipart/related; boundary=b", "--b\r\n\r\nabc\r\n--b--", "<xxx>", true},
        {"multipart/related; boundary=b", "preamble\r\n--b\r\n\r\nabc\r\n--b--", "<xxx>", true},
        {"multipart/related; boundary=b", "--b\r\n\r\nabc", "<xxx!", false},
        {"application/octet-stream", "\r\n--b\r\n\r\nabc\r\n--b--", "<xxx>", true},
        {"", "--b\r\n\r\nabc\r\n--b--", "<xxx>", true},
        {"application/dicom", "unknown", "<xxxxxxx>", true},
        {"multipart/related; boundary=b", "", "", true},
    };
    char data[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    bool complete = false;
    wk_error err = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        T_OK(read_body(rows[i].type, rows[i].body, strlen(rows[i].body), true, &complete, &err),
             &err);
        T_STR(seen, rows[i].expected);
        CU_ASSERT_EQUAL(complete, rows[i].complete);
    }
    T_OK(read_body("multipart/related; boundary=b", data, n, true, &complete, &err), &err);
    CU_ASSERT_EQUAL(strlen(seen), n + 2);
    T_OK(read_body("", data + 132, n - 132, false, &complete, &err), &err);
    CU_ASSERT_EQUAL(strlen(seen), n - 132 + 2);
    CU_ASSERT_FALSE(complete);
}

static void test_foreign(void)
{
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"\n<!DOCTYPE html>\n<p>Login", "<!DOCTYPE html>"},
        {"{\"resourceType\":\"OperationOutcome\"}", "OperationOutcome"},
        {"PK\3\4zzz", "ZIP"},
        {"<?xml version='1.0'?>", "XML"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool complete;
        wk_error err = {0};

        T_FAILS(read_body("multipart/related; boundary=b", rows[i].body, strlen(rows[i].body), true,
                          &complete, &err),
                WK_DATA, &err);
        T_HAS(err.message, rows[i].word);
    }
}

static CU_TestInfo tests[] = {
    {"the ladder asks for one thing at a time", test_ladder},
    {"transfer syntaxes have names", test_syntaxes},
    {"bodies are judged by their bytes", test_bodies},
    {"what is not DICOM is named", test_foreign},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_accept = {"accept", NULL, NULL, NULL, NULL, tests};
