#include "support/t.h"

#include <stdlib.h>

#include "render/grey.h"
#include "render/render.h"

static void test_slope_and_intercept_of_the_frame_are_used(void)
{
    wki_frame_values frames[2] = {{.has_rescale = true, .slope = 2, .intercept = -10},
                                  {.has_rescale = true, .slope = -1, .intercept = 5}};
    wki_image_desc d = {.frames = 2, .per_frame = frames, .n_per_frame = 2};
    int16_t data[] = {-3, 7};
    wki_pixels p = {.rows = 1, .cols = 2, .samples = 1, .type = WKI_S16, .data = data};
    double out[2];

    wki_modality_values(&d, 0, &p, out);
    CU_ASSERT_EQUAL(out[0], -16);
    CU_ASSERT_EQUAL(out[1], 4);
    wki_modality_values(&d, 1, &p, out);
    CU_ASSERT_EQUAL(out[0], 8);
    CU_ASSERT_EQUAL(out[1], -2);
}

static void test_a_table_wins_over_the_rescale_and_holds_its_ends(void)
{
    uint16_t data[] = {100, 200, 65535};
    wki_image_desc d = {.frames = 1,
                        .modality_lut = {.data = data, .n = 3, .first_mapped = 10, .bits = 16},
                        .top = {.has_rescale = true, .slope = 2, .intercept = 3}};
    wki_modality m = wki_modality_of(&d, 0);

    CU_ASSERT_EQUAL(wki_modality_apply(&m, -5), 100);
    CU_ASSERT_EQUAL(wki_modality_apply(&m, 10), 100);
    CU_ASSERT_EQUAL(wki_modality_apply(&m, 11), 200);
    CU_ASSERT_EQUAL(wki_modality_apply(&m, 12), 65535);
    CU_ASSERT_EQUAL(wki_modality_apply(&m, 4e9), 65535);
}

static void test_every_sample_type_is_read_as_a_number(void)
{
    uint8_t u8 = 200;
    int8_t s8 = -100;
    uint16_t u16 = 60000;
    int16_t s16 = -30000;
    uint32_t u32 = 4000000000u;
    int32_t s32 = -2000000000;
    float f32 = 0.5f;
    double f64 = -0.25;
    const struct {
        wki_sample_type type;
        void *data;
        double value;
    } table[] = {
        {WKI_U8, &u8, 200},      {WKI_S8, &s8, -100},           {WKI_U16, &u16, 60000},
        {WKI_S16, &s16, -30000}, {WKI_U32, &u32, 4000000000.0}, {WKI_S32, &s32, -2000000000},
        {WKI_F32, &f32, 0.5},    {WKI_F64, &f64, -0.25}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_pixels p = {.type = table[i].type, .data = table[i].data};

        CU_ASSERT_EQUAL(wki_sample_at(&p, 0), table[i].value);
    }
}

static CU_TestInfo tests[] = {
    {"slope and intercept of the frame are used", test_slope_and_intercept_of_the_frame_are_used},
    {"a table wins over the rescale and holds its ends",
     test_a_table_wins_over_the_rescale_and_holds_its_ends},
    {"every sample type is read as a number", test_every_sample_type_is_read_as_a_number},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_modality = {"modality", NULL, NULL, NULL, NULL, tests};
