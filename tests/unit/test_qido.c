#include "support/t.h"

#include "dicomweb/dicom_json.h"
#include "dicomweb/qido.h"

static wki_json *parse(const char *text)
{
    wk_error err = {0};
    wki_json *doc = NULL;

    T_OK(wki_json_parse(text, strlen(text), "test", &doc, &err), &err);
    return doc;
}

static void test_values_are_read_in_every_form(void)
{
    static const struct {
        const char *json, *expected;
    } cases[] = {
        {"{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"1.2\"]}}", "1.2"},
        {"{\"0020000d\":{\"Value\":[\"1.2 \"]}}", "1.2"},
        {"{\"0020000D\":{\"vr\":\"UI\",\"Value\":\"1.2\"}}", "1.2"},
        {"{\"0020000D\":\"1.2\"}", "1.2"},
        {"{\"0020000D\":{\"Value\":[null,\"1.2\"]}}", "1.2"},
        {"{\"0020000D\":{\"Value\":[512]}}", "512"},
        {"{\"0020000D\":{\"Value\":[0.5]}}", "0.5"},
        {"{\"0020000D\":{\"Value\":[{\"Alphabetic\":\"A^B\"}]}}", "A^B"},
        {"{\"0020000D\":{\"Value\":[{\"Ideographic\":\"C\"}]}}", "C"},
        {"{\"0020000D\":{\"Value\":[\"A\\u001b[31m\"]}}", "A?[31m"},
        {"{\"0020000D\":{\"vr\":\"UI\"}}", ""},
        {"{\"0020000D\":{\"Value\":[null]}}", ""},
        {"{\"0020000D\":{\"Value\":[]}}", ""},
        {"{\"0020000D\":null}", ""},
        {"{}", ""},
        {"[]", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wki_json *doc = parse(cases[i].json);
        char out[64];
        bool found = wki_dicom_json_text(out, sizeof out, doc, 0x0020000D);

        T_STR(out, cases[i].expected);
        CU_ASSERT_EQUAL(found, cases[i].expected[0] != '\0');
        wki_json_free(doc);
    }
}

static void test_numbers_may_be_strings(void)
{
    wki_json *doc = parse("{\"00280010\":{\"Value\":[\" 512 \"]},\"00280011\":{\"Value\":[256]},"
                          "\"00280008\":{\"Value\":[\"x\"]}}");

    CU_ASSERT_EQUAL(wki_dicom_json_int(doc, 0x00280010, -1), 512);
    CU_ASSERT_EQUAL(wki_dicom_json_int(doc, 0x00280011, -1), 256);
    CU_ASSERT_EQUAL(wki_dicom_json_int(doc, 0x00280008, -1), -1);
    CU_ASSERT_EQUAL(wki_dicom_json_int(doc, 0x00280009, 7), 7);
    wki_json_free(doc);
}

static void test_a_study_record_is_read(void)
{
    wki_json *doc = parse(
        "{\"0020000D\":{\"Value\":[\"1.2.3\"]},\"00080020\":{\"Value\":[\"20150114\"]},"
        "\"00080030\":{\"Value\":[\"132242.5\"]},\"00080061\":{\"Value\":[\"CT\",null,\"SR\"]},"
        "\"00100020\":{\"Value\":[\"P1 \"]},\"00100010\":{\"Value\":[{\"Alphabetic\":\"A^B\"}]},"
        "\"00201206\":{\"Value\":[\"3\"]},\"00201208\":{\"Value\":[500]},"
        "\"00081030\":{\"Value\":[\"Chest\"]},\"00080050\":{\"Value\":[\"ACC\"]}}");
    wki_qido_study_row row;

    CU_ASSERT_TRUE(wki_qido_read_study(doc, &row));
    T_STR(row.uid, "1.2.3");
    T_STR(row.started, "2015-01-14T13:22:42");
    T_STR(row.modality, "CT\\SR");
    T_STR(row.patient_id, "P1");
    T_STR(row.patient_name, "A^B");
    T_STR(row.description, "Chest");
    T_STR(row.accession, "ACC");
    CU_ASSERT_EQUAL(row.n_series, 3);
    CU_ASSERT_EQUAL(row.n_instances, 500);
    wki_json_free(doc);
}

static void test_a_record_without_its_uid_is_passed_over(void)
{
    wki_json *doc = parse("{\"0020000E\":{\"Value\":[\"1.2.4\"]},"
                          "\"00080018\":{\"Value\":[\"../../etc\"]}}");
    wki_qido_study_row study;
    wki_qido_series_row series;
    wki_qido_instance_row instance;

    CU_ASSERT_FALSE(wki_qido_read_study(doc, &study));
    CU_ASSERT_TRUE(wki_qido_read_series(doc, "1.2.3", &series));
    T_STR(series.study, "1.2.3");
    T_STR(series.uid, "1.2.4");
    CU_ASSERT_EQUAL(series.n_instances, -1);
    CU_ASSERT_FALSE(wki_qido_read_instance(doc, "1.2.3", "1.2.4", &instance));
    wki_json_free(doc);
}

static void test_members_of_the_wrong_type_are_found(void)
{
    static const struct {
        const char *json, *first;
        unsigned values;
    } rows[] = {
        {"{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"P1\"]},\"00100010\":{\"vr\":\"PN\","
         "\"Value\":[{\"Alphabetic\":\"A\"},\"B\"]},\"00280010\":{\"vr\":\"US\",\"Value\":[1,\"2\"]"
         "},"
         "\"00081140\":{\"vr\":\"SQ\",\"Value\":[{}]},\"00080090\":null,\"00080080\":{\"vr\":"
         "\"LO\"},"
         "\"00080060\":\"CT\",\"00080050\":{\"Value\":[\"\",null]}}",
         "", 0},
        {"{\"00100020\":{\"vr\":\"LO\",\"Value\":[{\"x\":1}]}}", "[3].00100020.Value[0]: an object",
         1},
        {"{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"a\",[1],true]}}",
         "[3].00100020.Value[1]: a list in a list", 2},
        {"{\"0020000D\":{\"vr\":\"UI\",\"Value\":[1.2]}}", "[3].0020000D.Value[0]: a number", 1},
        {"{\"00100020\":{\"vr\":\"LO\",\"Value\":{\"x\":1}}}", "[3].00100020.Value: an object", 1},
        {"{\"00100020\":[\"P1\"]}", "[3].00100020: a list", 1},
        {"{\"00100020\":true}", "[3].00100020: neither text nor a number", 1},
        {"{\"00081140\":{\"vr\":\"SQ\",\"Value\":[\"x\"]}}", "[3].00081140.Value[0]: no item", 1},
        {"{\"other\":true}", "", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_json *doc = parse(rows[i].json);
        wki_json_faults faults = {0};

        wki_dicom_json_faults(doc, "[3]", &faults);
        T_STR(faults.first, rows[i].first);
        CU_ASSERT_EQUAL(faults.values, rows[i].values);
        wki_json_free(doc);
    }
}

static CU_TestInfo tests[] = {
    {"members of the wrong type are found", test_members_of_the_wrong_type_are_found},
    {"values are read in every form", test_values_are_read_in_every_form},
    {"numbers may be strings", test_numbers_may_be_strings},
    {"a study record is read", test_a_study_record_is_read},
    {"a record without its UID is passed over", test_a_record_without_its_uid_is_passed_over},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_qido = {"qido", NULL, NULL, NULL, NULL, tests};
