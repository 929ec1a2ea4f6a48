#include "support/t.h"

#include <stdlib.h>

#include "dicomweb/dicom_json_encode.h"

#define CHARSET "\x08\0\x05\0CS\x0A\0ISO_IR 192"

static wk_code encode(const char *json, wki_buf *out, wk_error *err)
{
    wki_json *doc = NULL;
    wk_code rc;

    wki_buf_init(out, 4096, "data set");
    T_OK(wki_json_parse(json, strlen(json), "test", &doc, err), err);
    rc = wki_dicom_json_encode(doc, out, err);
    wki_json_free(doc);
    return rc;
}

/* What follows the character set. */
static void expect(const char *json, const char *bytes, size_t n)
{
    wki_buf out;
    wk_error err = {0};
    size_t skip = sizeof CHARSET - 1;

    T_OK(encode(json, &out, &err), &err);
    CU_ASSERT_EQUAL_FATAL(out.n, skip + n);
    CU_ASSERT_EQUAL(memcmp(out.data, CHARSET, skip), 0);
    CU_ASSERT_EQUAL(memcmp(out.data + skip, bytes, n), 0);
    wki_buf_clear(&out);
}

#define EXPECT(json, bytes) expect(json, bytes, sizeof bytes - 1)

static void test_values_of_every_form_are_written(void)
{
    EXPECT("{\"00080018\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]}}", "\x08\0\x18\0UI\x04\0"
                                                                 "1.2\0");
    EXPECT("{\"00280010\":{\"vr\":\"US\",\"Value\":[513]}}", "\x28\0\x10\0US\x02\0\x01\x02");
    EXPECT("{\"00281052\":{\"vr\":\"DS\",\"Value\":[-1024.5, \"2\"]}}", "\x28\0\x52\x10"
                                                                        "DS\x0A\0-1024.5\\2 ");
    EXPECT("{\"00281053\":{\"vr\":\"DS\",\"Value\":[0.1]}}", "\x28\0\x53\x10"
                                                             "DS\x04\0"
                                                             "0.1 ");
    EXPECT("{\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"A^B\",\"Phonetic\":\"C\"}]}}",
           "\x10\0\x10\0PN\x06\0A^B==C");
    EXPECT("{\"00280009\":{\"vr\":\"AT\",\"Value\":[\"00181063\"]}}",
           "\x28\0\x09\0AT\x04\0\x18\0\x63\x10");
    EXPECT("{\"00280106\":{\"vr\":\"SS\",\"Value\":[-2]}}", "\x28\0\x06\x01SS\x02\0\xFE\xFF");
    EXPECT("{\"00189306\":{\"vr\":\"FD\",\"Value\":[1]}}", "\x18\0\x06\x93"
                                                           "FD\x08\0\0\0\0\0\0\0\xF0\x3F");
    EXPECT("{\"00281201\":{\"vr\":\"OW\",\"InlineBinary\":\"AQID\"}}",
           "\x28\0\x01\x12OW\0\0\x04\0\0\0\x01\x02\x03\0");
    EXPECT("{\"00080005\":{\"vr\":\"CS\",\"Value\":[\"ISO_IR 100\"]},\"00020010\":{\"vr\":\"UI\"}}",
           "");
}

static void test_empty_values_keep_their_places(void)
{
    EXPECT("{\"00080008\":{\"vr\":\"CS\",\"Value\":[\"A\",null,\"B\"]}}",
           "\x08\0\x08\0CS\x04\0A\\\\B");
    EXPECT("{\"00080060\":{\"vr\":\"CS\"}}", "\x08\0\x60\0CS\0\0");
}

static void test_elements_are_put_in_order_and_sequences_have_lengths(void)
{
    EXPECT(
        "{\"00289145\":{\"vr\":\"SQ\",\"Value\":[{\"00281053\":{\"vr\":\"IS\",\"Value\":[2]}},{}]},"
        "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"CT\"]}}",
        "\x08\0\x60\0CS\x02\0CT"
        "\x28\0\x45\x91SQ\0\0\x1A\0\0\0\xFE\xFF\0\xE0\x0A\0\0\0\x28\0\x53\x10IS\x02\0"
        "2 \xFE\xFF\0\xE0\0\0\0\0");
}

static void test_what_lies_elsewhere_is_left_out_unless_it_says_how_pixels_look(void)
{
    wki_buf out;
    wk_error err = {0};

    EXPECT("{\"7FE00010\":{\"vr\":\"OW\",\"BulkDataURI\":\"x\"},"
           "\"00420011\":{\"vr\":\"OB\",\"BulkDataURI\":\"y\"}}",
           "");
    T_FAILS(encode("{\"00281201\":{\"vr\":\"OW\",\"BulkDataURI\":\"x\"}}", &out, &err),
            WK_UNSUPPORTED, &err);
    wki_buf_clear(&out);
}

static void test_what_cannot_be_written_is_refused(void)
{
    static const char *const bad[] = {
        "[]",
        "{\"00280010\":{\"Value\":[1]}}",
        "{\"00280010\":{\"vr\":\"XX\",\"Value\":[1]}}",
        "{\"00280010\":{\"vr\":\"US\",\"Value\":[70000]}}",
        "{\"00280010\":{\"vr\":\"US\",\"Value\":[1.5]}}",
        "{\"00280010\":{\"vr\":\"US\",\"Value\":[\"x\"]}}",
        "{\"00280010\":{\"vr\":\"US\",\"Value\":[null]}}",
        "{\"00280010\":3}",
        "{\"Rows\":{\"vr\":\"US\",\"Value\":[1]}}",
        "{\"00280009\":{\"vr\":\"AT\",\"Value\":[\"1\"]}}",
        "{\"00289145\":{\"vr\":\"SQ\",\"Value\":[1]}}",
        "{\"00280010\":{\"vr\":\"US\"},\"00280010\":{\"vr\":\"US\"}}",
        "{\"00281201\":{\"vr\":\"OW\",\"InlineBinary\":\"!\"}}",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wki_buf out;
        wk_error err = {0};
        wk_code rc = encode(bad[i], &out, &err);

        CU_ASSERT(rc == WK_UNSUPPORTED || rc == WK_DATA);
        wki_buf_clear(&out);
    }
}

static void test_the_maximum_is_kept(void)
{
    wki_json *doc = NULL;
    wki_buf out;
    wk_error err = {0};
    const char *json =
        "{\"00104000\":{\"vr\":\"LT\",\"Value\":[\"0123456789012345678901234567890\"]}}";

    T_OK(wki_json_parse(json, strlen(json), "test", &doc, &err), &err);
    wki_buf_init(&out, 32, "data set");
    T_FAILS(wki_dicom_json_encode(doc, &out, &err), WK_LIMIT, &err);
    wki_buf_clear(&out);
    wki_json_free(doc);
}

static CU_TestInfo tests[] = {
    {"values of every form are written", test_values_of_every_form_are_written},
    {"empty values keep their places", test_empty_values_keep_their_places},
    {"elements are put in order, and sequences have lengths",
     test_elements_are_put_in_order_and_sequences_have_lengths},
    {"what lies elsewhere is left out unless it says how pixels look",
     test_what_lies_elsewhere_is_left_out_unless_it_says_how_pixels_look},
    {"what cannot be written is refused", test_what_cannot_be_written_is_refused},
    {"the maximum is kept", test_the_maximum_is_kept},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_dicom_json_encode = {"dicom_json_encode", NULL, NULL, NULL, NULL, tests};
