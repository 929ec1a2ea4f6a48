#include "support/t.h"

#include <stdlib.h>

#include "render/render.h"

static void test_every_form_is_read(void)
{
    static const struct {
        const char *text;
        wki_window_rule rule;
        unsigned index;
        double center, width;
        wki_voi_function function;
    } table[] = {
        {"auto", WKI_WINDOW_AUTO, 0, 0, 0, WKI_VOI_LINEAR},
        {"dicom", WKI_WINDOW_DICOM, 0, 0, 0, WKI_VOI_LINEAR},
        {"dicom:2", WKI_WINDOW_DICOM, 1, 0, 0, WKI_VOI_LINEAR},
        {"dicom:BONE", WKI_WINDOW_DICOM, 0, 0, 0, WKI_VOI_LINEAR},
        {"minmax", WKI_WINDOW_MINMAX, 0, 0, 0, WKI_VOI_LINEAR},
        {"none", WKI_WINDOW_NONE, 0, 0, 0, WKI_VOI_LINEAR},
        {"lung", WKI_WINDOW_GIVEN, 0, -600, 1500, WKI_VOI_LINEAR},
        {"Bone", WKI_WINDOW_GIVEN, 0, 300, 1500, WKI_VOI_LINEAR},
        {"brain", WKI_WINDOW_GIVEN, 0, 40, 80, WKI_VOI_LINEAR},
        {"abdomen", WKI_WINDOW_GIVEN, 0, 60, 400, WKI_VOI_LINEAR},
        {"mediastinum", WKI_WINDOW_GIVEN, 0, 40, 400, WKI_VOI_LINEAR},
        {"-600,1500", WKI_WINDOW_GIVEN, 0, -600, 1500, WKI_VOI_LINEAR},
        {"0.5,1e-3,LINEAR_EXACT", WKI_WINDOW_GIVEN, 0, 0.5, 1e-3, WKI_VOI_LINEAR_EXACT},
        {"40,80,sigmoid", WKI_WINDOW_GIVEN, 0, 40, 80, WKI_VOI_SIGMOID},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_render_opts o = {0};
        wk_error err = {0};

        T_OK(wki_window_parse(table[i].text, &o, &err), &err);
        CU_ASSERT_EQUAL(o.rule, table[i].rule);
        CU_ASSERT_EQUAL(o.index, table[i].index);
        CU_ASSERT_EQUAL(o.window.center, table[i].center);
        CU_ASSERT_EQUAL(o.window.width, table[i].width);
        CU_ASSERT_EQUAL(o.window.function, table[i].function);
    }
}

static void test_what_is_no_window_is_refused_with_the_list(void)
{
    static const char *const bad[] = {
        "",       "lungs",   "40",          "40,",     ",400",     "40,400,", "40;400",
        "nan,4",  "inf,400", "0x10,4",      "40,0",    "40,0.5",   "40,-400", "40,0,sigmoid",
        "dicom:", "dicom:0", "dicom:99999", "40 ,400", "1,2,cubic"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wki_render_opts o = {.box = 7};
        wk_error err = {0};

        T_FAILS(wki_window_parse(bad[i], &o, &err), WK_USAGE, &err);
        CU_ASSERT_EQUAL(o.rule, WKI_WINDOW_DICOM);
        CU_ASSERT_EQUAL(o.box, 7);
    }
}

static void test_every_preset_is_named_in_the_error(void)
{
    const char *name;
    double center, width;
    wki_render_opts o = {0};
    wk_error err = {0};

    T_FAILS(wki_window_parse("?", &o, &err), WK_USAGE, &err);
    for (size_t i = 0; wki_window_preset(i, &name, &center, &width); i++) {
        T_HAS(err.message, name);
        CU_ASSERT(width >= 1);
    }
}

static CU_TestInfo tests[] = {
    {"every form is read", test_every_form_is_read},
    {"what is no window is refused with the list", test_what_is_no_window_is_refused_with_the_list},
    {"every preset is named in the error", test_every_preset_is_named_in_the_error},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_window_parse = {"window_parse", NULL, NULL, NULL, NULL, tests};
