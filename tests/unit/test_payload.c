#include "support/t.h"

#include <stdlib.h>

#include "core/base64.h"
#include "core/media.h"
#include "json/payload.h"

static char got[4096];
static size_t got_n;

static wk_code take(void *user, const void *data, size_t n, wk_error *err)
{
    (void)user;
    (void)err;
    memcpy(got + got_n, data, n);
    got_n += n;
    return WK_OK;
}

static char type[128];

static wk_code read_cut(wki_payload_mode mode, const char *label, const char *text, size_t n,
                        size_t cut, wk_error *err)
{
    wki_sink sink = {take, NULL};
    wki_payload *p = NULL;
    wk_code rc = wki_payload_new(mode, "test", label, sink, &p, err);

    got_n = 0;
    if (rc == WK_OK)
        rc = wki_payload_feed(p, text, cut, err);
    if (rc == WK_OK)
        rc = wki_payload_feed(p, text + cut, n - cut, err);
    if (rc == WK_OK)
        rc = wki_payload_finish(p, err);
    snprintf(type, sizeof type, "%s", p ? wki_payload_type(p) : "");
    wki_payload_free(p);
    return rc;
}

/* 40 bytes that begin as a PNG. */
#define PNG "\x89PNG\r\n\x1A\nabcdefghijklmnopqrstuvwxyz012345"
#define B64 "iVBORw0KGgphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NQ=="
#define UNPADDED "iVBORw0KGgphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NQ"

static void test_every_shape_gives_the_same_bytes(void)
{
    static const struct {
        wki_payload_mode mode;
        const char *text, *type;
    } cases[] = {
        {WKI_PAYLOAD_PICTURE, PNG, "x/y"},
        {WKI_PAYLOAD_PICTURE, "{\"base64_content\":\"" B64 "\",\"mime_type\":\"image/pngx\"}",
         "image/pngx"},
        {WKI_PAYLOAD_PICTURE, "[{\"id\":1,\"x\":{\"y\":\"" UNPADDED "\"}}]", ""},
        {WKI_PAYLOAD_PICTURE, "\"" B64 "\"", ""},
        {WKI_PAYLOAD_PICTURE, "{\"content\":\"data:image/png;base64," B64 "\"}", ""},
        {WKI_PAYLOAD_PICTURE,
         "{\"data\":\"iVBORw0KGgph\\r\\n  YmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx"
         "MjM0NQ=\\n=\\n\"}",
         ""},
        {WKI_PAYLOAD_DOCUMENT,
         "\xEF\xBB\xBF{\"data\":\"" B64 "\",\"contentType\":\"image\\/png\",\"id\":\"1\","
         "\"resourceType\":\"Binary\"}",
         "image/png"},
        {WKI_PAYLOAD_DOCUMENT, "{\"resourceType\":\"Binary\",\"content\":\"" B64 "\"}", ""},
        {WKI_PAYLOAD_AS_IS, PNG, "x/y"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = i == 0 || i == 8 ? sizeof PNG - 1 : strlen(cases[i].text);

        for (size_t cut = 0; cut <= n; cut++) {
            wk_error err = {0};

            T_OK(read_cut(cases[i].mode, "x/y", cases[i].text, n, cut, &err), &err);
            CU_ASSERT_EQUAL(got_n, sizeof PNG - 1);
            CU_ASSERT(memcmp(got, PNG, sizeof PNG - 1) == 0);
            T_STR(type, cases[i].type);
        }
    }
}

static void test_what_holds_no_payload_is_said(void)
{
    static const struct {
        wki_payload_mode mode;
        const char *text, *words;
    } cases[] = {
        {WKI_PAYLOAD_PICTURE, "", "empty"},
        {WKI_PAYLOAD_PICTURE, "<html><title>Please log in</title></html>", "Please log in"},
        {WKI_PAYLOAD_DOCUMENT, "<!DOCTYPE html><title>Please log in</title>", "Please log in"},
        {WKI_PAYLOAD_PICTURE,
         "<OperationOutcome xmlns=\"http://hl7.org/fhir\"><issue><details><text value=\"shut\"/>"
         "</details></issue></OperationOutcome>",
         "shut"},
        {WKI_PAYLOAD_DOCUMENT,
         "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"diagnostics\":\"closed\"}]}",
         "closed"},
        {WKI_PAYLOAD_DOCUMENT, "{\"resourceType\":\"Binary\"}", "without data"},
        {WKI_PAYLOAD_PICTURE, "{\"id\":1,\"name\":\"a name that is longer than the sample is\"}",
         "no picture"},
        {WKI_PAYLOAD_DOCUMENT, "{\"resourceType\":\"Binary\",\"data\":\"a?b\"}", "base64"},
        {WKI_PAYLOAD_DOCUMENT, "{\"resourceType\":\"Binary\",\"data\":\"abcde\"}", "base64"},
        {WKI_PAYLOAD_DOCUMENT, "{\"resourceType\":\"Binary\",\"data\":\"" B64, "cut short"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wk_error err = {0};
        size_t n = strlen(cases[i].text);

        T_FAILS(read_cut(cases[i].mode, "", cases[i].text, n, n / 2, &err), WK_DATA, &err);
        T_HAS(err.message, cases[i].words);
    }
}

static void test_documents_of_text_pass_as_they_are(void)
{
    static const char cda[] = "<?xml version=\"1.0\"?><ClinicalDocument/>";
    wk_error err = {0};

    T_OK(read_cut(WKI_PAYLOAD_DOCUMENT, "text/xml", cda, sizeof cda - 1, 7, &err), &err);
    CU_ASSERT_EQUAL(got_n, sizeof cda - 1);
}

static void test_kinds_are_told_by_magic_and_suffixes_by_type(void)
{
    CU_ASSERT_EQUAL(wki_media_of("\xFF\xD8\xFF\xE0", 4), WKI_MEDIA_JPEG);
    CU_ASSERT_EQUAL(wki_media_of("\xFF\xD8\xFF\xF7", 4), WKI_MEDIA_JPEGLS);
    CU_ASSERT_EQUAL(wki_media_of("RIFF....WEBPVP8 ", 16), WKI_MEDIA_WEBP);
    CU_ASSERT_EQUAL(wki_media_of("II*\0", 4), WKI_MEDIA_TIFF);
    CU_ASSERT_EQUAL(wki_media_of("", 0), WKI_MEDIA_UNKNOWN);
    CU_ASSERT_EQUAL(wki_media_of("hello", 5), WKI_MEDIA_UNKNOWN);
    T_STR(wki_media_suffix_of_type("Application/PDF; charset=x"), ".pdf");
    T_STR(wki_media_suffix_of_type("image/jpg"), ".jpg");
    CU_ASSERT_PTR_NULL(wki_media_suffix_of_type("application/../../x"));
    CU_ASSERT_PTR_NULL(wki_media_suffix_of_type(""));
}

static CU_TestInfo tests[] = {
    {"every shape gives the same bytes, in any split", test_every_shape_gives_the_same_bytes},
    {"what holds no payload is said", test_what_holds_no_payload_is_said},
    {"documents of text pass as they are", test_documents_of_text_pass_as_they_are},
    {"kinds are told by magic, suffixes by type",
     test_kinds_are_told_by_magic_and_suffixes_by_type},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_payload = {"payload", NULL, NULL, NULL, NULL, tests};
