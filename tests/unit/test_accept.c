#include "dicomweb/accept.h"
#include "dicomweb/server.h"
#include "dicomweb/wado.h"
#include "support/small_dicom.h"
#include "support/t.h"

#define QUOTED "multipart/related; type=\"application/dicom\""
#define BARE "multipart/related; type=application/dicom"
#define OCTETS "multipart/related; type=\"application/octet-stream\""

/* What a ladder asks for, in order. */
static const struct {
    wki_form form;
    const char *syntax;
    const char *values[WKI_ACCEPT_RUNGS];
} ladders[] = {
    {WKI_FORM_INSTANCES, "*", {QUOTED "; transfer-syntax=*", QUOTED, BARE, "*/*"}},
    {WKI_FORM_INSTANCE,
     "*",
     {QUOTED "; transfer-syntax=*", QUOTED, BARE, "application/dicom; transfer-syntax=*", "*/*"}},
    {WKI_FORM_INSTANCES,
     "1.2.3",
     {QUOTED "; transfer-syntax=1.2.3", BARE "; transfer-syntax=1.2.3"}},
    {WKI_FORM_INSTANCE,
     "1.2.3",
     {QUOTED "; transfer-syntax=1.2.3", BARE "; transfer-syntax=1.2.3",
      "application/dicom; transfer-syntax=1.2.3"}},
    {WKI_FORM_JSON, "*", {"application/dicom+json", "application/json", "*/*"}},
    {WKI_FORM_FRAMES, "*", {OCTETS "; transfer-syntax=*", OCTETS, "*/*"}},
    {WKI_FORM_FRAMES, "1.2.3", {OCTETS "; transfer-syntax=1.2.3"}},
    {WKI_FORM_BULKDATA, "*", {OCTETS, "application/octet-stream", "*/*"}},
    {WKI_FORM_JPEG, "*", {"image/jpeg", "image/png", "*/*"}},
    {WKI_FORM_PNG, "*", {"image/png", "image/jpeg", "*/*"}},
};

static void test_ladder(void)
{
    char out[WKI_ACCEPT_SIZE];

    for (size_t i = 0; i < sizeof ladders / sizeof ladders[0]; i++) {
        size_t n = 0;

        for (int rung = 0; rung < WKI_ACCEPT_RUNGS; rung++) {
            if (wki_accept_value(ladders[i].form, rung, ladders[i].syntax, out))
                T_STR(out, ladders[i].values[n] ? ladders[i].values[n++] : "nothing more");
        }
        CU_ASSERT(n == WKI_ACCEPT_RUNGS || !ladders[i].values[n]);
    }
    CU_ASSERT_FALSE(wki_accept_value(WKI_FORM_INSTANCE, WKI_ACCEPT_RUNGS, "*", out));
    CU_ASSERT_FALSE(wki_accept_value(WKI_FORM_INSTANCE, -1, "*", out));
}

static void test_refusals(void)
{
    CU_ASSERT_TRUE(wki_accept_is_refusal("*/*", 406));
    CU_ASSERT_TRUE(wki_accept_is_refusal("*/*", 400));
    CU_ASSERT_TRUE(wki_accept_is_refusal("*/*", 415));
    CU_ASSERT_FALSE(wki_accept_is_refusal("*/*", 404));
    CU_ASSERT_FALSE(wki_accept_is_refusal(QUOTED "; transfer-syntax=*", 503));
    CU_ASSERT_FALSE(wki_accept_is_refusal(QUOTED, 500));
    CU_ASSERT_TRUE(wki_accept_is_refusal(QUOTED "; transfer-syntax=*", 500));
    CU_ASSERT_TRUE(wki_accept_is_refusal(QUOTED "; transfer-syntax=*", 501));
    CU_ASSERT_FALSE(wki_accept_is_refusal(QUOTED "; transfer-syntax=1.2.3", 500));
}

/* The rungs that are tried of one form, as digits. */
static const char *climb(const wki_server *server, wki_form form)
{
    static char text[WKI_ACCEPT_RUNGS + 1];
    char accept[WKI_ACCEPT_SIZE];
    unsigned tried = 0, n = 0;
    int rung = -1;

    while (wki_server_rung(server, form, "*", &tried, &rung, accept))
        text[n++] = (char)('0' + rung);
    text[n] = '\0';
    return text;
}

static void test_servers(void)
{
    wki_servers all = {.first = NULL};
    wki_server *a = wki_servers_get(&all, "https://a/web"), *b = wki_servers_get(&all, "https://b");
    char accept[WKI_ACCEPT_SIZE];
    unsigned tried = 0;
    int rung = -1;

    CU_ASSERT_PTR_EQUAL(wki_servers_get(&all, "https://a/web"), a);
    CU_ASSERT_PTR_NOT_EQUAL(a, b);
    T_STR(climb(a, WKI_FORM_INSTANCE), "01245");
    T_STR(climb(a, WKI_FORM_INSTANCES), "0125");
    /* What worked comes first, and the others after it, each once. */
    wki_server_took(a, WKI_FORM_INSTANCE, 4, false);
    T_STR(climb(a, WKI_FORM_INSTANCE), "45012");
    T_STR(climb(a, WKI_FORM_INSTANCES), "0125");
    T_STR(climb(b, WKI_FORM_INSTANCE), "01245");
    /* What another request learns while one climbs makes that one leave nothing out. */
    CU_ASSERT_TRUE(wki_server_rung(b, WKI_FORM_JSON, "*", &tried, &rung, accept));
    wki_server_took(b, WKI_FORM_JSON, 2, false);
    CU_ASSERT_TRUE(wki_server_rung(b, WKI_FORM_JSON, "*", &tried, &rung, accept));
    T_STR(accept, "application/json");
    CU_ASSERT_TRUE(wki_server_rung(b, WKI_FORM_JSON, "*", &tried, &rung, accept));
    T_STR(accept, "*/*");
    CU_ASSERT_FALSE(wki_server_rung(b, WKI_FORM_JSON, "*", &tried, &rung, accept));
    /* Of nobody nothing is remembered. */
    wki_server_took(wki_servers_get(&all, NULL), WKI_FORM_JSON, 1, false);
    T_STR(climb(wki_servers_get(&all, NULL), WKI_FORM_JSON), "012");
    wki_servers_clear(&all);
}

static void test_doubts(void)
{
    static const char stored[] = QUOTED "; transfer-syntax=*";
    wki_servers all = {.first = NULL};
    wki_server *s = wki_servers_get(&all, "https://a");

    /* One file that cannot be read is no reason to ask for all others otherwise; two are. */
    CU_ASSERT_TRUE(wki_server_refuses(s, WKI_FORM_INSTANCE, stored, 500));
    wki_server_took(s, WKI_FORM_INSTANCE, 1, true);
    T_STR(climb(s, WKI_FORM_INSTANCE), "01245");
    wki_server_took(s, WKI_FORM_INSTANCE, 1, true);
    T_STR(climb(s, WKI_FORM_INSTANCE), "12450");
    /* Nor is a 500 where the form has worked. */
    wki_server_took(s, WKI_FORM_INSTANCES, 0, false);
    CU_ASSERT_FALSE(wki_server_refuses(s, WKI_FORM_INSTANCES, stored, 500));
    CU_ASSERT_TRUE(wki_server_refuses(s, WKI_FORM_INSTANCES, stored, 501));
    wki_servers_clear(&all);
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

static wk_code read_form(wki_form form, const char *type, const void *data, size_t n, bool whole,
                         bool *complete, wk_error *err)
{
    wki_multipart_events events = {on_begin, on_data, on_end, NULL, NULL};
    wki_wado_body *b = NULL;
    wk_code rc = wki_wado_body_new(form, type, &events, &b, err);

    seen[0] = '\0';
    for (size_t at = 0; at < n && rc == WK_OK; at += 50)
        rc = wki_wado_body_feed(b, (const char *)data + at, n - at < 50 ? n - at : 50, err);
    if (rc == WK_OK)
        rc = wki_wado_body_finish(b, whole, complete, err);
    wki_wado_body_free(b);
    return rc;
}

static wk_code read_body(const char *type, const void *data, size_t n, bool whole, bool *complete,
                         wk_error *err)
{
    return read_form(WKI_FORM_INSTANCE, type, data, n, whole, complete, err);
}

/* Pixels may begin like a delimiter, or like HTML: of them the label tells. JSON tells itself. */
static void test_labels(void)
{
    static const struct {
        wki_form form;
        const char *type, *body, *expected;
    } rows[] = {
        {WKI_FORM_FRAMES, "multipart/related; boundary=b", "--b\r\n\r\nabc\r\n--b--", "<xxx>"},
        {WKI_FORM_FRAMES, "application/octet-stream", "--b\r\n", "<xxxxx>"},
        {WKI_FORM_FRAMES, "", "--b\r\n\r\nabc\r\n--b--", "<xxx>"},
        {WKI_FORM_FRAMES, "image/jpeg", "<html>", "<xxxxxx>"},
        {WKI_FORM_JSON, "multipart/related; boundary=b", "\xef\xbb\xbf [{}]", "<xxxxxxxx>"},
        {WKI_FORM_JSON, "application/json", "\r\n--b\r\n\r\n{}\r\n--b--", "<xx>"},
        {WKI_FORM_JSON, "multipart/related; boundary=b", "ignore this\r\n--b\r\n\r\n{}\r\n--b--",
         "<xx>"},
        {WKI_FORM_JSON, "application/json", "", ""},
    };
    bool complete = false;
    wk_error err = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        T_OK(read_form(rows[i].form, rows[i].type, rows[i].body, strlen(rows[i].body), true,
                       &complete, &err),
             &err);
        T_STR(seen, rows[i].expected);
    }
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
    {"each ladder asks for one thing at a time", test_ladder},
    {"some answers say that another rung may do better", test_refusals},
    {"what a server took is asked for first, and of that server only", test_servers},
    {"an error that may have another cause teaches nothing at once", test_doubts},
    {"what may begin with any bytes is judged by its label", test_labels},
    {"transfer syntaxes have names", test_syntaxes},
    {"bodies are judged by their bytes", test_bodies},
    {"what is not DICOM is named", test_foreign},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_accept = {"accept", NULL, NULL, NULL, NULL, tests};
