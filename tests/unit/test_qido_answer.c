#include "support/t.h"

#include <stdlib.h>

#include "dicomweb/dicom_json.h"
#include "dicomweb/frame_type.h"
#include "dicomweb/qido_answer.h"

static const char dataset_text[] =
    "{\"00080020\":{\"vr\":\"DA\",\"Value\":[\"20240131\"]},"
    "\"00080060\":{\"vr\":\"CS\",\"Value\":[\"CT\"]},"
    "\"00100010\":{\"vr\":\"PN\",\"Value\":[{\"Alphabetic\":\"Roe^Jane \\\"J\\\"\"}]},"
    "\"00101010\":{\"vr\":\"AS\",\"Value\":[\"030Y\"]},"
    "\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]},"
    "\"0020000E\":{\"vr\":\"UI\",\"Value\":[\"1.2.3\"]},"
    "\"00200013\":{\"vr\":\"IS\",\"Value\":[7]}}";

static wki_json *parse(const char *text)
{
    wk_error err = {0};
    wki_json *doc = NULL;

    T_OK(wki_json_parse(text, strlen(text), "test", &doc, &err), &err);
    return doc;
}

/* A record of the data set, parsed again: what comes out must be JSON. */
static wki_json *record_of(unsigned levels, const wki_qido_facts *facts)
{
    wki_json *dataset = parse(dataset_text), *record;
    wk_error err = {0};
    wki_buf text;

    wki_buf_init(&text, 65536, "record");
    T_OK(wki_qido_record(dataset, levels, facts, &text, &err), &err);
    record = parse(wki_buf_text(&text));
    wki_buf_clear(&text);
    wki_json_free(dataset);
    return record;
}

static const wki_qido_facts facts = {"CT\\SR", 2, 30, 20, "http://h/studies/1.2", NULL};

static void has(const wki_json *record, uint32_t tag, const char *expected)
{
    char text[256];

    (void)wki_dicom_json_texts(text, sizeof text, record, tag);
    T_STR(text, expected);
}

static void test_a_study_has_what_stands_in_no_file(void)
{
    wki_json *r = record_of(WKI_QIDO_STUDY, &facts);

    has(r, 0x00080061, "CT\\SR");
    has(r, 0x00201206, "2");
    has(r, 0x00201208, "30");
    has(r, 0x00081190, "http://h/studies/1.2");
    has(r, 0x00100010, "Roe^Jane \"J\"");
    CU_ASSERT_PTR_NOT_NULL(wki_dicom_json_get(r, 0x00100020));
    CU_ASSERT_PTR_NULL(wki_dicom_json_get(r, 0x00080060));
    CU_ASSERT_PTR_NULL(wki_dicom_json_get(r, 0x00101010));
    wki_json_free(r);
}

static void test_levels_add_up(void)
{
    wki_json *r = record_of(WKI_QIDO_SERIES | WKI_QIDO_INSTANCE, &facts);

    has(r, 0x00080060, "CT");
    has(r, 0x00200013, "7");
    has(r, 0x00201209, "20");
    CU_ASSERT_PTR_NULL(wki_dicom_json_get(r, 0x00100010));
    wki_json_free(r);
}

static void test_hostile_modalities_stay_inside_their_quotes(void)
{
    wki_qido_facts hostile = {"\"}],\\C\"T", -1, -1, -1, NULL, NULL};
    wki_json *r = record_of(WKI_QIDO_STUDY, &hostile);

    CU_ASSERT_PTR_NULL(wki_dicom_json_get(r, 0x00081190));
    has(r, 0x00080061, "CT");
    wki_json_free(r);
}

static void test_keys_match_as_the_standard_says(void)
{
    static const struct {
        uint32_t tag;
        const char *value;
        bool matches;
    } cases[] = {
        {0x00080020, "20240131", true},   {0x00080020, "20240101-20240131", true},
        {0x00080020, "20240201-", false}, {0x00080020, "-20240130", false},
        {0x00080020, "-20240131", true},  {0x00080061, "SR", true},
        {0x00080061, "MR,SR", true},      {0x00080061, "MR\\US", false},
        {0x0020000D, "1.2", true},        {0x0020000D, "1.3,1.2", true},
        {0x0020000D, "1.", false},        {0x00100010, "roe*", true},
        {0x00100010, "*JANE*", true},     {0x00100010, "R?e^*", true},
        {0x00100010, "Roe", false},       {0x00100010, "*a*a*a*a*a*a*a*b", false},
        {0x00100010, "", true},           {0x00100010, "*", true},
        {0x00201206, "02", true},         {0x00201206, "2 or 3", false},
        {0x00100020, "P1", false}, /* not in the data set */
    };
    wki_json *r = record_of(WKI_QIDO_STUDY, &facts);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (wki_qido_matches(r, cases[i].tag, cases[i].value) != cases[i].matches)
            printf("\n  %08X=%s\n", (unsigned)cases[i].tag, cases[i].value);
        CU_ASSERT_EQUAL(wki_qido_matches(r, cases[i].tag, cases[i].value), cases[i].matches);
    }
    CU_ASSERT_TRUE(wki_qido_is_key(0x00100010, WKI_QIDO_STUDY));
    CU_ASSERT_FALSE(wki_qido_is_key(0x00100010, WKI_QIDO_SERIES));
    CU_ASSERT_FALSE(wki_qido_is_key(0x00101010, 7));
    wki_json_free(r);
}

static void test_frames_are_labelled_by_their_bytes(void)
{
    static const struct {
        const char *syntax, *type;
    } cases[] = {
        {"1.2.840.10008.1.2.4.50", "image/jpeg"},   {"1.2.840.10008.1.2.4.57", "image/jpeg"},
        {"1.2.840.10008.1.2.4.70", "image/jpeg"},   {"1.2.840.10008.1.2.4.80", "image/jls"},
        {"1.2.840.10008.1.2.4.90", "image/jp2"},    {"1.2.840.10008.1.2.4.93", "image/jpx"},
        {"1.2.840.10008.1.2.4.201", "image/jphc"},  {"1.2.840.10008.1.2.4.111", "image/jxl"},
        {"1.2.840.10008.1.2.5", "image/dicom-rle"}, {"1.2.840.10008.1.2.4.103", "video/mp4"},
        {"1.2.3", "application/octet-stream"},
    };
    char label[WKI_FRAME_LABEL_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        T_STR(wki_frame_media_type(cases[i].syntax, true), cases[i].type);
    wki_frame_label(label, "1.2.840.10008.1.2.2", false);
    T_STR(label, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1");
    wki_frame_label(label, "1.2.840.10008.1.2.4.80", true);
    T_STR(label, "image/jls; transfer-syntax=1.2.840.10008.1.2.4.80");
}

static CU_TestInfo tests[] = {
    {"a study has what stands in no file", test_a_study_has_what_stands_in_no_file},
    {"levels add up", test_levels_add_up},
    {"hostile modalities stay inside their quotes",
     test_hostile_modalities_stay_inside_their_quotes},
    {"keys match as the standard says", test_keys_match_as_the_standard_says},
    {"frames are labelled by their bytes", test_frames_are_labelled_by_their_bytes},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_qido_answer = {"qido_answer", NULL, NULL, NULL, NULL, tests};
