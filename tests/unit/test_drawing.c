#include "flow/draw/drawing.h"

#include <math.h>
#include <stdlib.h>

#include "flow/draw/object_label.h"
#include "support/dicom_writer.h"
#include "support/scratch.h"
#include "support/t.h"

#define CT "1.2.840.10008.5.1.4.1.1.2"
#define SR "1.2.840.10008.5.1.4.1.1.88.11"

enum {
    WIDTH = 4,
    HEIGHT = 4
};

static scratch place;

static int set_up(void)
{
    scratch_make(&place);
    return 0;
}

static int tear_down(void)
{
    scratch_remove(&place);
    return 0;
}

/* `there` frames of the `said` ones; a pixel is its number times 20, plus its frame. */
static const char *write_image(const char *name, unsigned said, unsigned there)
{
    uint16_t pixels[4 * WIDTH * HEIGHT];
    const char *path = scratch_path(&place, name);
    dw_file f = {0};

    for (unsigned i = 0; i < there * WIDTH * HEIGHT; i++)
        pixels[i] = (uint16_t)(i % (WIDTH * HEIGHT) * 20 + i / (WIDTH * HEIGHT));
    dw_text(&f, 0x00080016, "UI", CT);
    dw_text(&f, 0x00080018, "UI", "1.2.3.4");
    dw_text(&f, 0x0020000D, "UI", "1.2");
    dw_text(&f, 0x0020000E, "UI", "1.2.3");
    dw_us(&f, 0x00280002, 1);
    dw_text(&f, 0x00280004, "CS", "MONOCHROME2");
    dw_format(&f, 0x00280008, "IS", "%u", said);
    dw_us(&f, 0x00280010, HEIGHT);
    dw_us(&f, 0x00280011, WIDTH);
    dw_us(&f, 0x00280100, 16);
    dw_us(&f, 0x00280101, 12);
    dw_us(&f, 0x00280102, 11);
    dw_us(&f, 0x00280103, 0);
    dw_text(&f, 0x00281050, "DS", "150");
    dw_text(&f, 0x00281051, "DS", "301");
    dw_bytes(&f, 0x7FE00010, "OW", pixels, (size_t)2 * there * WIDTH * HEIGHT);
    dw_save(&f, path, CT, "1.2.3.4");
    dw_clear(&f);
    return path;
}

static const char *write_report(void)
{
    const char *path = scratch_path(&place, "report.dcm");
    dw_file f = {0};

    dw_text(&f, 0x00080016, "UI", SR);
    dw_text(&f, 0x00080018, "UI", "1.2.3.5");
    dw_text(&f, 0x00080060, "CS", "SR");
    dw_text(&f, 0x0020000D, "UI", "1.2");
    dw_text(&f, 0x0020000E, "UI", "1.2.3");
    dw_save(&f, path, SR, "1.2.3.5");
    dw_clear(&f);
    return path;
}

/* PS3.3 C.11.2.1.2.1, LINEAR. */
static int shown(double x)
{
    double y = ((x - 149.5) / 300 + 0.5) * 255;

    return (int)lround(y < 0 ? 0 : y > 255 ? 255 : y);
}

static void test_one_decoding_gives_every_size(void)
{
    static const uint32_t boxes[] = {0, 2};
    wki_drawing_opts opts = {.format = WK_PICTURE_PNG, .render = {.depth = 8}};
    wki_picture pictures[2] = {{0}, {0}};
    wk_image_report report = {0};
    wki_drawing g;
    wk_error err = {0};

    T_OK(wki_drawing_open(&g, write_image("two.dcm", 2, 2), &err), &err);
    CU_ASSERT_EQUAL(wki_drawing_frames(&g), 2);
    CU_ASSERT_FALSE(wki_drawing_is_placeholder(&g));
    T_OK(wki_drawing_sizes(&g, 1, &opts, boxes, 2, pictures, &report, &err), &err);
    CU_ASSERT_EQUAL(pictures[0].width, WIDTH);
    CU_ASSERT_EQUAL(pictures[1].width, 2);
    CU_ASSERT_EQUAL(pictures[1].height, 2);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        CU_ASSERT_EQUAL(((const uint8_t *)pictures[0].data)[i], shown(i * 20 + 1));
    /* The mean of pixels 0, 1, 4 and 5. */
    CU_ASSERT(abs(((const uint8_t *)pictures[1].data)[0] - shown(51)) <= 1);
    T_STR(report.rule, "dicom 1");
    wki_picture_clear(&pictures[0]);
    wki_picture_clear(&pictures[1]);
    wki_drawing_close(&g);
}

static void test_the_report_says_what_was_drawn(void)
{
    wk_image_report report = {0};
    wki_drawing g;
    wk_error err = {0};

    T_OK(wki_drawing_open(&g, write_image("one.dcm", 1, 1), &err), &err);
    wki_drawing_describe(&g, &report);
    T_STR(report.study, "1.2");
    T_STR(report.series, "1.2.3");
    T_STR(report.sop, "1.2.3.4");
    wki_drawing_close(&g);
}

static void test_frames_that_are_not_there_are_not_promised(void)
{
    wki_drawing g;
    wk_error err = {0};

    T_OK(wki_drawing_open(&g, write_image("short.dcm", 4, 2), &err), &err);
    CU_ASSERT_EQUAL(wki_drawing_frames(&g), 2);
    T_FAILS(wki_drawing_frames_missing(&g, 2, &err), WK_DATA, &err);
    wki_drawing_close(&g);
}

static void test_what_has_no_pixels_is_a_placeholder_where_one_is_wanted(void)
{
    static const uint32_t box = 64;
    wki_drawing_opts opts = {.format = WK_PICTURE_PNG, .render = {.depth = 8}};
    wki_picture picture = {0};
    wk_image_report report = {0};
    wki_drawing g;
    wk_error err = {0};

    T_OK(wki_drawing_open(&g, write_report(), &err), &err);
    CU_ASSERT_TRUE(wki_drawing_is_placeholder(&g));
    T_FAILS(wki_drawing_sizes(&g, 0, &opts, &box, 1, &picture, &report, &err), WK_UNSUPPORTED,
            &err);
    wki_picture_clear(&picture);
    wk_error_clear(&err);
    opts.placeholders = true;
    T_OK(wki_drawing_sizes(&g, 0, &opts, &box, 1, &picture, &report, &err), &err);
    CU_ASSERT_TRUE(report.placeholder);
    CU_ASSERT(picture.width > 0 && picture.width <= box);
    wki_picture_clear(&picture);
    wki_drawing_close(&g);
}

static void test_labels_of_what_has_no_pixels(void)
{
    const char *title = NULL, *line = NULL;

    wki_object_label(SR, "SR", &title, &line);
    T_STR(title, "SR");
    CU_ASSERT(line[0] != '\0');
    wki_object_label("1.2.3", "XYZ", &title, &line);
    T_STR(title, "XYZ");
    T_STR(line, "");
    CU_ASSERT_TRUE(wki_object_is_without_pixels(SR));
    CU_ASSERT_FALSE(wki_object_is_without_pixels(CT));
    CU_ASSERT_FALSE(wki_object_is_without_pixels("1.2.3"));
}

static CU_TestInfo tests[] = {
    {"one decoding gives every size", test_one_decoding_gives_every_size},
    {"the report says what was drawn", test_the_report_says_what_was_drawn},
    {"frames that are not there are not promised", test_frames_that_are_not_there_are_not_promised},
    {"what has no pixels is a placeholder where one is wanted",
     test_what_has_no_pixels_is_a_placeholder_where_one_is_wanted},
    {"labels of what has no pixels", test_labels_of_what_has_no_pixels},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_drawing = {"drawing", set_up, tear_down, NULL, NULL, tests};
