#include "support/t.h"

#include <math.h>
#include <stdlib.h>

#include "render/color.h"
#include "render/render.h"

static int clamped(double v, int top)
{
    v = floor(v + 0.5);
    return v < 0 ? 0 : v > top ? top : (int)v;
}

/* All of 256^3 would take a while: every luma with every fifth chroma, and all of the corners. */
static void test_full_range_is_the_formula_rounded_half_up(void)
{
    unsigned wrong = 0;

    for (int y = 0; y < 256; y++) {
        for (int cb = 0; cb < 256; cb += 5) {
            for (int cr = 0; cr < 256; cr += 5) {
                int32_t rgb[3];

                wki_ybr_to_rgb(8, false, y, cb, cr, rgb);
                wrong += rgb[0] != clamped(y + 1.402 * (cr - 128), 255);
                wrong += rgb[1] != clamped(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), 255);
                wrong += rgb[2] != clamped(y + 1.772 * (cb - 128), 255);
            }
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Rows are drawn by other arithmetic than single pixels, whatever the processor: every chroma. */
static void test_rows_are_the_formula_too(void)
{
    static const int lumas[] = {0, 1, 16, 77, 128, 201, 235, 255};
    wki_pixels p = {0};
    unsigned wrong = 0;

    CU_ASSERT_FATAL(wki_pixels_alloc(&p, 256, 256, 3, WKI_U8));
    for (size_t i = 0; i < 16; i++) {
        wki_image_desc d = {.bits_stored = 8};
        bool partial = i >= 8;
        uint8_t *at = p.data, row[256 * 3];

        p.color = partial ? WKI_COLOR_YBR_PARTIAL : WKI_COLOR_YBR_FULL;
        for (int k = 0; k < 65536; k++, at += 3) {
            at[0] = (uint8_t)lumas[i % 8];
            at[1] = (uint8_t)(k >> 8);
            at[2] = (uint8_t)k;
        }
        for (uint32_t cb = 0; cb < 256; cb++) {
            wki_color_row(&d, &p, cb, row);
            for (int cr = 0; cr < 256; cr++) {
                int32_t rgb[3];

                wki_ybr_to_rgb(8, partial, lumas[i % 8], (int32_t)cb, cr, rgb);
                for (int c = 0; c < 3; c++)
                    wrong += row[3 * cr + c] != rgb[c];
            }
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    wki_pixels_clear(&p);
}

static void test_known_colours_come_out(void)
{
    static const struct {
        int bits;
        bool partial;
        int32_t in[3], out[3];
    } table[] = {
        {8, false, {128, 128, 128}, {128, 128, 128}},
        {8, false, {76, 85, 255}, {254, 0, 0}},
        {8, false, {0, 0, 0}, {0, 135, 0}},
        {8, true, {16, 128, 128}, {0, 0, 0}},
        {8, true, {235, 128, 128}, {255, 255, 255}},
        {8, true, {81, 90, 240}, {254, 0, 0}},
        {12, false, {2048, 2048, 2048}, {2048, 2048, 2048}},
        {16, false, {65535, 32768, 65535}, {65535, 42135, 65535}},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int32_t rgb[3];

        wki_ybr_to_rgb(table[i].bits, table[i].partial, table[i].in[0], table[i].in[1],
                       table[i].in[2], rgb);
        for (int c = 0; c < 3; c++) {
            if (rgb[c] != table[i].out[c])
                printf("\n  row %zu channel %d: %d, not %d\n", i, c, rgb[c], table[i].out[c]);
            CU_ASSERT_EQUAL(rgb[c], table[i].out[c]);
        }
    }
}

static void test_a_palette_holds_its_ends_and_gives_upper_bits(void)
{
    uint16_t red[] = {0x1234, 0xff00}, green[] = {0, 0x80ff}, blue[] = {0x0100, 0xffff};
    wki_image_desc d = {.palette = {{red, 2, 5, 16, 0}, {green, 2, 5, 16, 0}, {blue, 2, 5, 16, 0}}};
    wki_palette pal;
    wk_error err = {0};
    uint8_t rgb[3];

    T_OK(wki_palette_of(&d, &pal, &err), &err);
    wki_palette_rgb(&pal, 0, rgb);
    CU_ASSERT(rgb[0] == 0x12 && rgb[1] == 0 && rgb[2] == 1);
    wki_palette_rgb(&pal, 6, rgb);
    CU_ASSERT(rgb[0] == 0xff && rgb[1] == 0x80 && rgb[2] == 0xff);
    wki_palette_rgb(&pal, 70000, rgb);
    CU_ASSERT(rgb[0] == 0xff && rgb[1] == 0x80 && rgb[2] == 0xff);
}

static void test_a_palette_that_says_16_and_holds_8_bits_is_not_black(void)
{
    uint16_t t[] = {0, 255};
    wki_image_desc d = {.palette = {{t, 2, 0, 16, 0}, {t, 2, 0, 16, 0}, {t, 2, 0, 16, 0}}};
    wki_palette pal;
    wk_error err = {0};
    uint8_t rgb[3];

    T_OK(wki_palette_of(&d, &pal, &err), &err);
    wki_palette_rgb(&pal, 1, rgb);
    CU_ASSERT_EQUAL(rgb[0], 255);
    d.palette[1].data = NULL;
    T_FAILS(wki_palette_of(&d, &pal, &err), WK_DATA, &err);
    T_HAS(err.message, "green");
}

static void test_deep_colour_is_scaled_to_8_bits(void)
{
    uint16_t v16[] = {0, 32896, 65535};
    uint16_t v12[] = {0, 2048, 4095};
    uint32_t v32[] = {0, 0x80808080u, 0xffffffffu};
    uint8_t out[3];
    wki_image_desc d = {.bits_stored = 16};
    wki_pixels p = {
        .rows = 1, .cols = 1, .samples = 3, .type = WKI_U16, .color = WKI_COLOR_RGB, .data = v16};

    wki_color_row(&d, &p, 0, out);
    CU_ASSERT(out[0] == 0 && out[1] == 128 && out[2] == 255);
    d.bits_stored = 12;
    p.data = v12;
    wki_color_row(&d, &p, 0, out);
    CU_ASSERT(out[0] == 0 && out[1] == 128 && out[2] == 255);
    d.bits_stored = 32;
    p.type = WKI_U32;
    p.data = v32;
    wki_color_row(&d, &p, 0, out);
    CU_ASSERT(out[0] == 0 && out[1] == 128 && out[2] == 255);
}

static void test_ybr_pixels_become_rgb_in_place(void)
{
    uint8_t v[] = {76, 85, 255, 128, 128, 128};
    wki_image_desc d = {.bits_stored = 8};
    wki_pixels p = {
        .rows = 1, .cols = 2, .samples = 3, .type = WKI_U8, .color = WKI_COLOR_YBR_FULL, .data = v};

    wki_pixels_to_rgb(&d, &p);
    CU_ASSERT_EQUAL(p.color, WKI_COLOR_RGB);
    CU_ASSERT(v[0] == 254 && v[1] == 0 && v[2] == 0 && v[3] == 128);
    wki_pixels_to_rgb(&d, &p);
    CU_ASSERT(v[0] == 254 && v[1] == 0 && v[2] == 0 && v[3] == 128);
}

static CU_TestInfo tests[] = {
    {"full range is the formula rounded half up", test_full_range_is_the_formula_rounded_half_up},
    {"rows are the formula too", test_rows_are_the_formula_too},
    {"known colours come out", test_known_colours_come_out},
    {"a palette holds its ends and gives upper bits",
     test_a_palette_holds_its_ends_and_gives_upper_bits},
    {"a palette that says 16 and holds 8 bits is not black",
     test_a_palette_that_says_16_and_holds_8_bits_is_not_black},
    {"deep colour is scaled to 8 bits", test_deep_colour_is_scaled_to_8_bits},
    {"YBR pixels become RGB in place", test_ybr_pixels_become_rgb_in_place},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_color = {"color", NULL, NULL, NULL, NULL, tests};
