#include "support/t.h"

#include <math.h>
#include <stdlib.h>

#include "render/grey.h"
#include "render/render.h"

static wki_window soft = {40, 400, WKI_VOI_LINEAR, "SOFT"};

/* A CT-like 12-bit image: values 0 .. 4095 in order, 64 x 64. */
static wki_pixels ramp(void)
{
    wki_pixels p = {0};

    CU_ASSERT_TRUE_FATAL(wki_pixels_alloc(&p, 64, 64, 1, WKI_U16));
    for (int i = 0; i < 4096; i++)
        ((uint16_t *)p.data)[i] = (uint16_t)i;
    return p;
}

static wki_image_desc ct(void)
{
    wki_image_desc d = {.pixels = WKI_PIXELS_INTEGER,
                        .photometric = WKI_MONOCHROME2,
                        .rows = 64,
                        .cols = 64,
                        .frames = 1,
                        .samples = 1,
                        .bits_allocated = 16,
                        .bits_stored = 12,
                        .high_bit = 11,
                        .modality = "CT",
                        .top = {.has_rescale = true, .slope = 1, .intercept = -1024},
                        .aspect_rows = 1,
                        .aspect_cols = 1};

    return d;
}

/* What the standard's formulas give, in double precision. */
static double expected(const wki_image_desc *d, const wki_window *w, double stored, bool invert)
{
    wki_modality m = wki_modality_of(d, 0);
    wki_voi v = {NULL, *w};
    double y = wki_voi_apply(&v, wki_modality_apply(&m, stored));

    return invert ? 1 - y : y;
}

static int worst(const wki_image_desc *d, const wki_pixels *p, const wki_render_opts *o,
                 bool invert)
{
    wki_picture out = {0};
    wki_render_report r;
    wk_error err = {0};
    double top = o->depth == 16 ? 65535 : 255, most = 0;

    T_OK(wki_render(d, 0, p, o, &out, &r, &err), &err);
    CU_ASSERT_EQUAL(r.inverted, invert);
    for (size_t i = 0; i < (size_t)p->rows * p->cols; i++) {
        double e = floor(expected(d, &o->window, wki_sample_at(p, i), invert) * top + 0.5);
        double a = o->depth == 16 ? ((uint16_t *)out.data)[i] : ((uint8_t *)out.data)[i];

        most = fmax(most, fabs(e - a));
    }
    wki_picture_clear(&out);
    return (int)most;
}

static void test_full_size_is_the_formula_for_all_kinds_of_pixels(void)
{
    static const wki_window windows[] = {{40, 400, WKI_VOI_LINEAR, ""},
                                         {100, 1, WKI_VOI_LINEAR, ""},
                                         {0.5, 3000, WKI_VOI_LINEAR_EXACT, ""},
                                         {500, 700, WKI_VOI_SIGMOID, ""}};
    static const double slopes[] = {1, -1, 0.37, -2.5};
    static const wki_sample_type types[] = {WKI_U8,  WKI_S8,  WKI_U16, WKI_S16,
                                            WKI_U32, WKI_S32, WKI_F32, WKI_F64};

    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        wki_pixels p = {0};

        CU_ASSERT_TRUE_FATAL(wki_pixels_alloc(&p, 32, 37, 1, types[t]));
        for (size_t i = 0; i < p.size; i++)
            ((uint8_t *)p.data)[i] = (uint8_t)(i * 2654435761u >> 9);
        for (size_t i = 0; types[t] == WKI_F32 && i < p.size / 4; i++)
            ((float *)p.data)[i] = (float)i * 3.7f - 900;
        for (size_t i = 0; types[t] == WKI_F64 && i < p.size / 8; i++)
            ((double *)p.data)[i] = (double)i * 3.7 - 900;
        for (size_t k = 0; k < 64; k++) {
            wki_image_desc d = ct();
            wki_render_opts o = {
                .rule = WKI_WINDOW_GIVEN, .window = windows[k & 3], .depth = k & 16 ? 16 : 8};

            d.pixels = types[t] >= WKI_F32 ? WKI_PIXELS_FLOAT : WKI_PIXELS_INTEGER;
            d.top.slope = slopes[k >> 2 & 3];
            d.photometric = k & 32 ? WKI_MONOCHROME1 : WKI_MONOCHROME2;
            CU_ASSERT_EQUAL(worst(&d, &p, &o, (k & 32) != 0), 0);
        }
        wki_pixels_clear(&p);
    }
}

static void test_polarity_is_inverted_once(void)
{
    static const struct {
        wki_photometric photometric;
        bool inverse, expected;
    } table[] = {{WKI_MONOCHROME2, false, false},
                 {WKI_MONOCHROME1, false, true},
                 {WKI_MONOCHROME1, true, true},
                 {WKI_MONOCHROME2, true, true}};
    wki_pixels p = ramp();

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_image_desc d = ct();
        wki_render_opts o = {.rule = WKI_WINDOW_GIVEN, .window = soft, .depth = 8};

        d.photometric = table[i].photometric;
        d.presentation_inverse = table[i].inverse;
        CU_ASSERT_EQUAL(worst(&d, &p, &o, table[i].expected), 0);
    }
    wki_pixels_clear(&p);
}

static void report_of(const wki_image_desc *d, const wki_pixels *p, const char *window,
                      wki_render_report *r, wki_picture *out)
{
    wki_render_opts o = {.depth = 8};
    wk_error err = {0};

    T_OK(wki_window_parse(window, &o, &err), &err);
    T_OK(wki_render(d, 0, p, &o, out, r, &err), &err);
}

static void test_the_file_s_window_is_chosen_and_named(void)
{
    wki_window windows[] = {{40, 400, WKI_VOI_LINEAR, "SOFT"}, {300, 1500, WKI_VOI_LINEAR, "Bone"}};
    static const struct {
        const char *ask, *rule;
        double center;
        const char *warning;
    } table[] = {
        {"dicom", "dicom 1 (SOFT)", 40, ""},
        {"dicom:2", "dicom 2 (Bone)", 300, ""},
        {"dicom:bone", "dicom 2 (Bone)", 300, ""},
        {"dicom:3", "dicom 1 (SOFT)", 40, "no window of that number"},
        {"dicom:lung", "dicom 1 (SOFT)", 40, "no window of that explanation"},
        {"lung", "lung", -600, ""},
        {"7,9", "given", 7, ""},
        {"minmax", "minmax", 1024, ""},
    };
    wki_image_desc d = ct();
    wki_pixels p = ramp();

    d.top.windows = windows;
    d.top.n_windows = 2;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_render_report r;
        wki_picture out = {0};

        report_of(&d, &p, table[i].ask, &r, &out);
        T_STR(r.rule, table[i].rule);
        CU_ASSERT_EQUAL(r.center, table[i].center);
        CU_ASSERT_TRUE(r.has_window);
        T_HAS(r.warning, table[i].warning);
        wki_picture_clear(&out);
    }
    wki_pixels_clear(&p);
}

static void test_a_window_that_shows_nothing_gives_way_and_says_so(void)
{
    static const struct {
        wki_window w;
        const char *warning;
    } table[] = {
        {{40, 0, WKI_VOI_LINEAR, ""}, "not valid"},
        {{40, -1, WKI_VOI_SIGMOID, ""}, "not valid"},
        {{NAN, 400, WKI_VOI_LINEAR, ""}, "not valid"},
        {{50000, 400, WKI_VOI_LINEAR, ""}, "one grey"},
        {{-50000, 400, WKI_VOI_LINEAR, ""}, "one grey"},
        {{0, 1e9, WKI_VOI_LINEAR, ""}, "one grey"},
    };
    wki_pixels p = ramp();

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_image_desc d = ct();
        wki_window w = table[i].w;
        wki_render_report r;
        wki_picture out = {0};

        d.top.windows = &w;
        d.top.n_windows = 1;
        report_of(&d, &p, "dicom", &r, &out);
        T_STR(r.rule, "auto");
        T_HAS(r.warning, table[i].warning);
        CU_ASSERT_EQUAL(((uint8_t *)out.data)[0], 0);
        CU_ASSERT_EQUAL(((uint8_t *)out.data)[4095], 255);
        wki_picture_clear(&out);
    }
    wki_pixels_clear(&p);
}

static void test_automatic_leaves_padding_and_outliers_out(void)
{
    wki_image_desc d = ct();
    wki_pixels p = {0};
    wki_render_report r;
    wki_picture out = {0};

    CU_ASSERT_TRUE_FATAL(wki_pixels_alloc(&p, 100, 100, 1, WKI_S16));
    d.top.has_rescale = false;
    d.is_signed = true;
    d.bits_stored = 16;
    d.has_padding = d.has_padding_range = true;
    d.padding = -2000;
    d.padding_limit = -1990;
    for (int i = 0; i < 10000; i++)
        ((int16_t *)p.data)[i] = (int16_t)(i < 5000 ? -1995 : 100 + i % 100);
    ((int16_t *)p.data)[9999] = 30000;
    report_of(&d, &p, "dicom", &r, &out);
    T_STR(r.rule, "auto");
    CU_ASSERT(fabs(r.center - r.width / 2 - 100) < 1.1);
    CU_ASSERT(fabs(r.center + r.width / 2 - 200) < 1.1);
    wki_picture_clear(&out);
    report_of(&d, &p, "minmax", &r, &out);
    CU_ASSERT_EQUAL(r.width, 30000 - 100 + 1);
    wki_picture_clear(&out);
    wki_pixels_clear(&p);
}

static void test_eight_bits_without_a_window_stay_as_they_are(void)
{
    wki_image_desc d = ct();
    wki_pixels p = {0};
    wki_render_report r;
    wki_picture out = {0};

    CU_ASSERT_TRUE_FATAL(wki_pixels_alloc(&p, 16, 16, 1, WKI_U8));
    for (int i = 0; i < 256; i++)
        ((uint8_t *)p.data)[i] = (uint8_t)(50 + i % 50);
    d.bits_allocated = d.bits_stored = 8;
    d.top.has_rescale = false;
    strcpy(d.modality, "OT");
    report_of(&d, &p, "dicom", &r, &out);
    T_STR(r.rule, "auto");
    CU_ASSERT(r.center == 128 && r.width == 256);
    CU_ASSERT_EQUAL(memcmp(out.data, p.data, 256), 0);
    wki_picture_clear(&out);
    strcpy(d.modality, "NM");
    report_of(&d, &p, "dicom", &r, &out);
    CU_ASSERT_EQUAL(((uint8_t *)out.data)[49], 255);
    wki_picture_clear(&out);
    wki_pixels_clear(&p);
}

static void test_frames_without_contrast_are_sane(void)
{
    static const double values[] = {0, 7, -1000, 1e30, NAN};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        wki_image_desc d = ct();
        wki_pixels p = {0};
        wki_render_report r;
        wki_picture out = {0};

        CU_ASSERT_TRUE_FATAL(wki_pixels_alloc(&p, 4, 4, 1, WKI_F64));
        for (int k = 0; k < 16; k++)
            ((double *)p.data)[k] = values[i];
        d.pixels = WKI_PIXELS_DOUBLE;
        d.top.has_rescale = false;
        report_of(&d, &p, "dicom", &r, &out);
        T_HAS(r.warning, "one value");
        CU_ASSERT_EQUAL(((uint8_t *)out.data)[0], 0);
        wki_picture_clear(&out);
        wki_pixels_clear(&p);
    }
}

static void test_a_voi_table_is_used_where_there_is_no_window(void)
{
    uint16_t data[256];
    wki_lut lut = {data, 256, -1024, 8, 0};
    wki_image_desc d = ct();
    wki_pixels p = ramp();
    wki_render_report r;
    wki_picture out = {0};

    for (int i = 0; i < 256; i++)
        data[i] = (uint16_t)(255 - i);
    d.voi_luts = &lut;
    d.n_voi_luts = d.top.n_voi_luts = 1;
    report_of(&d, &p, "dicom", &r, &out);
    T_STR(r.rule, "voi-lut");
    CU_ASSERT_FALSE(r.has_window);
    CU_ASSERT_EQUAL(((uint8_t *)out.data)[0], 255);
    CU_ASSERT_EQUAL(((uint8_t *)out.data)[100], 155);
    CU_ASSERT_EQUAL(((uint8_t *)out.data)[4000], 0);
    wki_picture_clear(&out);
    wki_pixels_clear(&p);
}

static void test_window_none_gives_the_values_or_says_why_not(void)
{
    wki_image_desc d = ct();
    wki_pixels p = ramp();
    wki_render_opts o = {.rule = WKI_WINDOW_NONE, .depth = 16};
    wki_render_report r;
    wki_picture out = {0};
    wk_error err = {0};

    T_FAILS(wki_render(&d, 0, &p, &o, &out, &r, &err), WK_UNSUPPORTED, &err);
    T_HAS(err.message, "-1024 to 3071");
    wk_error_clear(&err);
    d.top.intercept = 10;
    d.photometric = WKI_MONOCHROME1;
    T_OK(wki_render(&d, 0, &p, &o, &out, &r, &err), &err);
    T_STR(r.rule, "none");
    CU_ASSERT_EQUAL(((uint16_t *)out.data)[0], 10);
    CU_ASSERT_EQUAL(((uint16_t *)out.data)[4095], 4105);
    wki_picture_clear(&out);
    o.depth = 8;
    T_FAILS(wki_render(&d, 0, &p, &o, &out, &r, &err), WK_UNSUPPORTED, &err);
    T_HAS(err.message, "depth 16");
    wk_error_clear(&err);
    o.depth = 16;
    d.top.slope = 0.5;
    T_FAILS(wki_render(&d, 0, &p, &o, &out, &r, &err), WK_UNSUPPORTED, &err);
    T_HAS(err.message, "whole numbers");
    wki_pixels_clear(&p);
}

/* Window first, then the mean: what the clamped sums have to equal. */
static void test_small_pictures_are_means_of_shown_values(void)
{
    static const wki_window windows[] = {{40, 80, WKI_VOI_LINEAR, ""},
                                         {40.3, 81.7, WKI_VOI_LINEAR_EXACT, ""},
                                         {40, 80, WKI_VOI_SIGMOID, ""},
                                         {40, 1, WKI_VOI_LINEAR, ""}};
    wki_pixels p = {0};

    CU_ASSERT_TRUE_FATAL(wki_pixels_alloc(&p, 64, 64, 1, WKI_S16));
    for (int i = 0; i < 4096; i++)
        ((int16_t *)p.data)[i] = (int16_t)((unsigned)i * 2654435761u >> 20 & 2047);
    for (size_t k = 0; k < 16; k++) {
        wki_image_desc d = ct();
        wki_render_opts o = {
            .rule = WKI_WINDOW_GIVEN, .window = windows[k & 3], .box = 16, .depth = 16};
        wki_render_report r;
        wki_picture out = {0};
        wk_error err = {0};
        double most = 0;

        d.top.slope = k & 4 ? -1.5 : 1;
        d.photometric = k & 8 ? WKI_MONOCHROME1 : WKI_MONOCHROME2;
        T_OK(wki_render(&d, 0, &p, &o, &out, &r, &err), &err);
        CU_ASSERT(out.width == 16 && out.height == 16);
        for (size_t i = 0; i < 256; i++) {
            double sum = 0;

            for (size_t j = 0; j < 16; j++)
                sum += expected(&d, &o.window,
                                wki_sample_at(&p, (i / 16 * 4 + j / 4) * 64 + i % 16 * 4 + j % 4),
                                k & 8);
            most = fmax(most, fabs(sum / 16 * 65535 - ((uint16_t *)out.data)[i]));
        }
        if (most > 1)
            printf("\n  case %zu: off by %g of 65535\n", k, most);
        CU_ASSERT(most <= 1);
        wki_picture_clear(&out);
    }
    wki_pixels_clear(&p);
}

static void test_the_size_keeps_the_aspect_and_never_grows_beyond_the_pixels(void)
{
    static const struct {
        uint32_t rows, cols;
        double aspect_rows, aspect_cols;
        uint32_t box, width, height;
    } table[] = {
        {512, 512, 1, 1, 256, 256, 256},       {3000, 2500, 1, 1, 256, 213, 256},
        {100, 50, 1, 1, 256, 50, 100},         {512, 512, 1, 1, 0, 512, 512},
        {100, 200, 2, 1, 0, 200, 200},         {100, 200, 1, 2, 0, 400, 100},
        {1, 5000, 1, 1, 100, 100, 1},          {100, 200, 0, 0, 0, 200, 100},
        {100, 200, 1, 1000, 0, 200, 100},      {480, 640, 0.9, 1, 256, 256, 173},
        {60000, 60000, 2, 1, 0, 32768, 65535},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_image_desc d = ct();
        uint32_t w = 0, h = 0;

        d.rows = table[i].rows;
        d.cols = table[i].cols;
        d.aspect_rows = table[i].aspect_rows;
        d.aspect_cols = table[i].aspect_cols;
        wki_render_size(&d, table[i].box, &w, &h);
        if (w != table[i].width || h != table[i].height)
            printf("\n  case %zu: %u x %u\n", i, w, h);
        CU_ASSERT(w == table[i].width && h == table[i].height);
    }
}

static void test_colour_is_drawn_in_full_and_small(void)
{
    wki_image_desc d = {.pixels = WKI_PIXELS_INTEGER,
                        .photometric = WKI_RGB,
                        .rows = 8,
                        .cols = 8,
                        .frames = 1,
                        .samples = 3,
                        .bits_allocated = 8,
                        .bits_stored = 8,
                        .high_bit = 7};
    wki_pixels p = {0};
    wki_render_report r;
    wki_picture out = {0};
    wki_render_opts o = {.box = 2, .depth = 16};
    wk_error err = {0};

    CU_ASSERT_TRUE_FATAL(wki_pixels_alloc(&p, 8, 8, 3, WKI_U8));
    p.color = WKI_COLOR_RGB;
    for (size_t i = 0; i < 64; i++)
        ((uint8_t *)p.data)[i * 3 + 1] = (uint8_t)(i % 8 < 4 ? 10 : 200);
    report_of(&d, &p, "dicom", &r, &out);
    T_STR(r.rule, "colour");
    CU_ASSERT_EQUAL(out.channels, 3);
    CU_ASSERT_EQUAL(memcmp(out.data, p.data, 192), 0);
    wki_picture_clear(&out);
    T_OK(wki_render(&d, 0, &p, &o, &out, &r, &err), &err);
    CU_ASSERT_EQUAL(out.depth, 8);
    CU_ASSERT_EQUAL(memcmp(out.data, "\0\x0a\0\0\xc8\0\0\x0a\0\0\xc8\0", 12), 0);
    wki_picture_clear(&out);
    wki_pixels_clear(&p);
}

static void test_a_supplemental_palette_colours_only_its_values(void)
{
    uint16_t red[] = {0xff00}, other[] = {0};
    wki_image_desc d = ct();
    wki_pixels p = ramp();
    wki_render_report r;
    wki_picture out = {0};
    const uint8_t *v;

    d.supplemental_palette = true;
    d.palette[0] = (wki_lut){red, 1, 4000, 16, 0};
    d.palette[1] = d.palette[2] = (wki_lut){other, 1, 4000, 16, 0};
    report_of(&d, &p, "0,4096", &r, &out);
    v = out.data;
    CU_ASSERT_EQUAL(out.channels, 3);
    CU_ASSERT(v[4095 * 3] == 255 && v[4095 * 3 + 1] == 0);
    CU_ASSERT(v[2000 * 3] > 0 && v[2000 * 3] == v[2000 * 3 + 1]);
    wki_picture_clear(&out);
    wki_pixels_clear(&p);
}

static void test_pixels_that_contradict_themselves_are_refused(void)
{
    uint8_t data[4] = {0};
    wki_pixels p = {
        .rows = 100, .cols = 100, .samples = 1, .type = WKI_U8, .data = data, .size = 4};
    wki_image_desc d = ct();
    wki_render_opts o = {.depth = 8};
    wki_render_report r;
    wki_picture out = {0};
    wk_error err = {0};

    T_FAILS(wki_render(&d, 0, &p, &o, &out, &r, &err), WK_INTERNAL, &err);
    CU_ASSERT_PTR_NULL(out.data);
}

static CU_TestInfo tests[] = {
    {"full size is the formula for all kinds of pixels",
     test_full_size_is_the_formula_for_all_kinds_of_pixels},
    {"polarity is inverted once", test_polarity_is_inverted_once},
    {"the file's window is chosen and named", test_the_file_s_window_is_chosen_and_named},
    {"a window that shows nothing gives way and says so",
     test_a_window_that_shows_nothing_gives_way_and_says_so},
    {"automatic leaves padding and outliers out", test_automatic_leaves_padding_and_outliers_out},
    {"eight bits without a window stay as they are",
     test_eight_bits_without_a_window_stay_as_they_are},
    {"frames without contrast are sane", test_frames_without_contrast_are_sane},
    {"a VOI table is used where there is no window",
     test_a_voi_table_is_used_where_there_is_no_window},
    {"window none gives the values or says why not",
     test_window_none_gives_the_values_or_says_why_not},
    {"small pictures are means of shown values", test_small_pictures_are_means_of_shown_values},
    {"the size keeps the aspect and never grows beyond the pixels",
     test_the_size_keeps_the_aspect_and_never_grows_beyond_the_pixels},
    {"colour is drawn in full and small", test_colour_is_drawn_in_full_and_small},
    {"a supplemental palette colours only its values",
     test_a_supplemental_palette_colours_only_its_values},
    {"pixels that contradict themselves are refused",
     test_pixels_that_contradict_themselves_are_refused},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_render = {"render", NULL, NULL, NULL, NULL, tests};
