#include "store/layout.h"
#include "support/t.h"

static const wki_dicom_identity someone = {
    .study_uid = "1.2",
    .series_uid = "1.2.3",
    .sop_uid = "1.2.3.4",
    .patient_id = "../../etc/pw d",
    .modality = "CT",
    .instance_number = 7,
    .series_number = -1,
};

static void test_paths(void)
{
    static const struct {
        const char *pattern, *expected;
    } rows[] = {
        {NULL, "1.2/1.2.3/1.2.3.4"},
        {"{PatientID}/{Modality}/{InstanceNumber:04}", "%2E.%2F..%2Fetc%2Fpw%20d/CT/0007"},
        {"a b/{SOPInstanceUID}.dcm", "a b/1.2.3.4"},
        {"{SeriesNumber:03}-{InstanceNumber}-{PatientName}", "_-7-_"},
        {"x", "x"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_layout *l = NULL;
        wk_error err = {0};
        char path[512];

        T_OK(wki_layout_new(rows[i].pattern, &l, &err), &err);
        CU_ASSERT_PTR_NOT_NULL_FATAL(l);
        CU_ASSERT_EQUAL(wki_layout_is_default(l), i == 0);
        T_OK(wki_layout_path(l, &someone, path, sizeof path, &err), &err);
        T_STR(path, rows[i].expected);
        wk_error_clear(&err);
        T_FAILS(wki_layout_path(l, &someone, path, 1, &err), WK_IO, &err);
        wki_layout_free(l);
    }
}

static void test_refused(void)
{
    static const char *const patterns[] = {
        "",
        "/x",
        "-x",
        "a/-{InstanceNumber}",
        "a//b",
        "a/",
        "../x",
        "a/../b",
        ".",
        "a/.",
        "{Nobody}",
        "{PatientID",
        "a}b",
        "{PatientID:04}",
        "{InstanceNumber:}",
        "{InstanceNumber:99}",
        "{InstanceNumber:4x}",
        ".wadokit/{PatientID}",
        "a\nb",
        "{}",
    };

    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        wki_layout *l = NULL;
        wk_error err = {0};

        T_FAILS(wki_layout_new(patterns[i], &l, &err), WK_USAGE, &err);
        CU_ASSERT_PTR_NULL(l);
    }
}

static void test_long(void)
{
    wki_dicom_identity id = someone;
    wki_layout *l = NULL;
    wk_error err = {0};
    char path[4096];

    memset(id.patient_name, '/', sizeof id.patient_name - 1);
    T_OK(wki_layout_new("{PatientName}{PatientName}{PatientName}", &l, &err), &err);
    T_FAILS(wki_layout_path(l, &id, path, sizeof path, &err), WK_IO, &err);
    wki_layout_free(l);
}

static CU_TestInfo tests[] = {
    {"paths are made from checked and encoded values", test_paths},
    {"templates that could leave the folder are refused", test_refused},
    {"names that are too long are refused", test_long},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_layout = {"layout", NULL, NULL, NULL, NULL, tests};
