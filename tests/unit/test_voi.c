#include "support/t.h"

#include <math.h>
#include <stdlib.h>

#include "render/grey.h"
#include "render/render.h"

static double apply(double center, double width, wki_voi_function f, double x)
{
    wki_voi v = {NULL, {center, width, f, ""}};

    return wki_voi_apply(&v, x);
}

static void near(double actual, double expected)
{
    if (!(fabs(actual - expected) < 1e-12))
        printf("\n  %.17g, not %.17g\n", actual, expected);
    CU_ASSERT(fabs(actual - expected) < 1e-12);
}

/* The standard's own examples: c=2048 w=4096, c=2048 w=1, c=0 w=100, c=0 w=1. */
static void test_linear_is_the_formula_of_the_standard(void)
{
    static const struct {
        double c, w, x, y;
    } table[] = {
        {2048, 4096, 0, 0},
        {2048, 4096, 4095, 1},
        {2048, 4096, 2047.5, 0.5},
        {2048, 1, 2047, 0},
        {2048, 1, 2047.5, 0},
        {2048, 1, 2048, 1},
        {0, 100, -50, 0},
        {0, 100, 49, 1},
        {0, 100, -49, 1.0 / 99},
        {0, 1, -0.5, 0},
        {0, 1, 0, 1},
        {40, 400, -161, 0},
        {40, 400, 239, 1},
        {40, 400, 40, 0.5 / 399 + 0.5},
        {40, 400, 1e300, 1},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        near(apply(table[i].c, table[i].w, WKI_VOI_LINEAR, table[i].x), table[i].y);
}

static void test_linear_exact_has_no_half_and_no_minus_one(void)
{
    near(apply(0, 100, WKI_VOI_LINEAR_EXACT, -50), 0);
    near(apply(0, 100, WKI_VOI_LINEAR_EXACT, 50), 1);
    near(apply(0, 100, WKI_VOI_LINEAR_EXACT, 0), 0.5);
    near(apply(0, 100, WKI_VOI_LINEAR_EXACT, 25), 0.75);
    near(apply(0.5, 0.001, WKI_VOI_LINEAR_EXACT, 0.5), 0.5);
}

static void test_sigmoid_is_the_formula_of_the_standard(void)
{
    near(apply(100, 40, WKI_VOI_SIGMOID, 100), 0.5);
    near(apply(100, 40, WKI_VOI_SIGMOID, 120), 1 / (1 + exp(-2)));
    near(apply(100, 40, WKI_VOI_SIGMOID, 80), 1 / (1 + exp(2)));
}

static void test_a_value_that_is_no_number_is_black(void)
{
    near(apply(100, 40, WKI_VOI_SIGMOID, NAN), 0);
    near(apply(100, 40, WKI_VOI_LINEAR, NAN), 0);
    near(apply(100, 40, WKI_VOI_LINEAR, INFINITY), 1);
}

static void test_a_voi_table_holds_its_ends_and_scales_by_its_bits(void)
{
    uint16_t data[] = {0, 1023, 4095, 5000};
    wki_lut lut = {data, 4, -1, 12, 0};
    wki_voi v = {&lut, {0, 0, WKI_VOI_LINEAR, ""}};

    near(wki_voi_apply(&v, -100), 0);
    near(wki_voi_apply(&v, -1), 0);
    near(wki_voi_apply(&v, 0), 1023.0 / 4095);
    near(wki_voi_apply(&v, 0.6), 1);
    near(wki_voi_apply(&v, 2), 1);
    near(wki_voi_apply(&v, 1e9), 1);
}

static void test_windows_without_a_meaning_are_known(void)
{
    static const struct {
        wki_window w;
        bool valid;
    } table[] = {
        {{40, 400, WKI_VOI_LINEAR, ""}, true},       {{40, 1, WKI_VOI_LINEAR, ""}, true},
        {{40, 0.5, WKI_VOI_LINEAR, ""}, false},      {{40, 0, WKI_VOI_LINEAR, ""}, false},
        {{40, -5, WKI_VOI_LINEAR_EXACT, ""}, false}, {{40, 0.5, WKI_VOI_LINEAR_EXACT, ""}, true},
        {{40, 0, WKI_VOI_SIGMOID, ""}, false},       {{NAN, 4, WKI_VOI_LINEAR, ""}, false},
        {{1, INFINITY, WKI_VOI_LINEAR, ""}, false},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        CU_ASSERT_EQUAL(wki_window_is_valid(&table[i].w), table[i].valid);
}

static void test_functions_go_by_their_terms_in_any_case(void)
{
    wki_voi_function f = WKI_VOI_SIGMOID;

    CU_ASSERT(wki_voi_function_read("", &f) && f == WKI_VOI_LINEAR);
    CU_ASSERT(wki_voi_function_read("linear_exact", &f) && f == WKI_VOI_LINEAR_EXACT);
    CU_ASSERT(wki_voi_function_read("Sigmoid", &f) && f == WKI_VOI_SIGMOID);
    CU_ASSERT(!wki_voi_function_read("CUBIC", &f) && f == WKI_VOI_SIGMOID);
}

static CU_TestInfo tests[] = {
    {"LINEAR is the formula of the standard", test_linear_is_the_formula_of_the_standard},
    {"LINEAR_EXACT has no half and no minus one", test_linear_exact_has_no_half_and_no_minus_one},
    {"functions go by their terms in any case", test_functions_go_by_their_terms_in_any_case},
    {"SIGMOID is the formula of the standard", test_sigmoid_is_the_formula_of_the_standard},
    {"a value that is no number is black", test_a_value_that_is_no_number_is_black},
    {"a VOI table holds its ends and scales by its bits",
     test_a_voi_table_holds_its_ends_and_scales_by_its_bits},
    {"windows without a meaning are known", test_windows_without_a_meaning_are_known},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_voi = {"voi", NULL, NULL, NULL, NULL, tests};
