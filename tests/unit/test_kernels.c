#include "support/t.h"

#include <stdlib.h>

#include "core/range.h"
#include "decode/codec.h"
#include "decode/decode.h"
#include "render/kernels.h"
#include "render/shown_table.h"

enum {
    N = 1003 /* no multiple of any vector's width */
};

/* The same numbers every time. */
static uint32_t next(void)
{
    static uint32_t state = 12345;

    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static void fill(void *data, size_t n)
{
    uint8_t *p = data;

    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)next();
}

static void sums_are_the_same_bits_on_every_instruction_set(void)
{
    const wki_kernels *a = wki_kernels_plain(), *b = wki_kernels_best();
    static const float weights[] = {1.0F, 0.5F, 0.1953125F, 0.083333F};
    static float table[65536], x[N], y[N];
    static uint16_t row[N];

    for (size_t i = 0; i < 65536; i++)
        table[i] = (float)(next() % 1000) * 0.255F;
    for (size_t type = 0; type < WKI_KERNEL_TYPES; type++) {
        int32_t first = type == WKI_S16 ? -32768 : type == WKI_S8 ? -128 : 0;

        memset(x, 0, sizeof x);
        memset(y, 0, sizeof y);
        for (size_t k = 0; k < 4; k++) {
            fill(row, sizeof row);
            a->clamped[type](row, N, -12.5F, 399.0F, weights[k], x);
            b->clamped[type](row, N, -12.5F, 399.0F, weights[k], y);
            a->table[type](row, N, table, first, weights[k], x);
            b->table[type](row, N, table, first, weights[k], y);
            a->bytes((const uint8_t *)row, N, weights[k], x);
            b->bytes((const uint8_t *)row, N, weights[k], y);
        }
        CU_ASSERT(memcmp(x, y, sizeof x) == 0);
    }
}

static void halving_gives_the_same_bits_as_sums_of_clamped_values(void)
{
    const wki_kernels *sets[2] = {wki_kernels_plain(), wki_kernels_best()};
    static uint16_t upper[2 * N], lower[2 * N];
    static float sums[2 * N], means[N];

    fill(upper, sizeof upper);
    fill(lower, sizeof lower);
    for (size_t type = 0; type < WKI_KERNEL_TYPES; type++) {
        memset(sums, 0, sizeof sums);
        sets[0]->clamped[type](upper, 2 * N, 20.5F, 30001.0F, 0.5F, sums);
        sets[0]->clamped[type](lower, 2 * N, 20.5F, 30001.0F, 0.5F, sums);
        for (size_t s = 0; s < 2; s++) {
            unsigned wrong = 0;

            memset(means, 0, sizeof means);
            sets[s]->half[type](upper, lower, N, 20.5F, 30001.0F, means);
            for (size_t i = 0; i < N; i++) {
                float due = sums[2 * i] * 0.5F + sums[2 * i + 1] * 0.5F;

                wrong += memcmp(&means[i], &due, sizeof due) != 0;
            }
            CU_ASSERT_EQUAL(wrong, 0);
        }
    }
}

static int32_t at(size_t type, const void *row, size_t i)
{
    return type == WKI_U8    ? ((const uint8_t *)row)[i]
           : type == WKI_S8  ? ((const int8_t *)row)[i]
           : type == WKI_U16 ? ((const uint16_t *)row)[i]
                             : ((const int16_t *)row)[i];
}

static void straight_gives_the_same_bytes_on_every_instruction_set(void)
{
    const wki_kernels *a = wki_kernels_plain(), *b = wki_kernels_best();
    static const float lines[][2] = {
        {1, 0}, {0.639F, -500.25F}, {-0.01F, 280.5F}, {1000, -3e6F}, {0, 77.5F}};
    static uint16_t row[N];
    uint8_t x[N], y[N];

    fill(row, sizeof row);
    for (size_t type = 0; type < WKI_KERNEL_TYPES; type++) {
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
            a->straight[type](row, N, lines[i][0], lines[i][1], x);
            b->straight[type](row, N, lines[i][0], lines[i][1], y);
            CU_ASSERT(memcmp(x, y, sizeof x) == 0);
            for (size_t k = 0; k < N; k++) {
                float v = (float)at(type, row, k) * lines[i][0] + lines[i][1];

                v = v < 0 ? 0 : v > 255 ? 255 : v;
                if (x[k] != (int)v)
                    CU_FAIL("not the value of the line");
            }
        }
    }
}

static void whole_rounds_half_up_and_clamps_alike(void)
{
    const wki_kernels *sets[2] = {wki_kernels_plain(), wki_kernels_best()};
    float means[N];

    for (size_t i = 0; i < N; i++)
        means[i] = (float)i * 0.5F - 100;
    for (size_t s = 0; s < 2; s++) {
        uint8_t out[N];

        sets[s]->whole(means, N, 1, 0, out);
        for (size_t i = 0; i < N; i++) {
            double v = (double)means[i] < 0 ? 0 : (double)means[i] > 255 ? 255 : (double)means[i];

            CU_ASSERT_EQUAL(out[i], (int)(v + 0.5));
        }
    }
}

static void ranges_are_those_of_the_values_with_and_without_padding(void)
{
    const wki_kernels *sets[2] = {wki_kernels_plain(), wki_kernels_best()};
    static uint16_t row[N];

    fill(row, sizeof row);
    for (size_t type = 0; type < WKI_KERNEL_TYPES; type++) {
        int32_t low = INT32_MAX, high = INT32_MIN, kept_low = 127, kept_high = 0;

        for (size_t i = 0; i < N; i++) {
            int32_t v = at(type, row, i);

            low = v < low ? v : low;
            high = v > high ? v : high;
            if (v >= 3 && v <= 120)
                continue;
            kept_low = v < kept_low ? v : kept_low;
            kept_high = v > kept_high ? v : kept_high;
        }
        for (size_t s = 0; s < 2; s++) {
            int32_t all[2] = {0, 0}, kept[2] = {127, 0};

            (s ? wki_range_of : wki_range_of_plain)((wki_sample_type)type, row, N, all);
            sets[s]->kept[type](row, N, 3, 120, kept);
            CU_ASSERT(all[0] == low && all[1] == high);
            CU_ASSERT(kept[0] == kept_low && kept[1] == kept_high);
        }
    }
}

static void bits_are_those_that_any_value_has(void)
{
    static uint16_t row[N];

    for (size_t bit = 0; bit < 16; bit++) {
        row[(bit * 37) % N] = (uint16_t)(1u << bit);
        CU_ASSERT_EQUAL(wki_bits_of(WKI_U16, row, N), (2u << bit) - 1);
        CU_ASSERT_EQUAL(wki_bits_of_plain(WKI_U16, row, N), (2u << bit) - 1);
    }
    CU_ASSERT_EQUAL(wki_bits_of(WKI_U8, row, 2 * N), 255);
    CU_ASSERT_EQUAL(wki_bits_of_plain(WKI_U8, row, 2 * N), 255);
}

static void all_sets_give_the_same_colours(void)
{
    static const wki_ybr full = {1000000, 0, 1402000, {344136, 714136}, 1772000};
    const wki_kernels *best = wki_kernels_best(), *plain = wki_kernels_plain();
    uint8_t row[99 * 3], a[99 * 3], b[99 * 3];
    static const uint8_t tie[3] = {9, 253, 128}; /* 1.772 * 125 = 221.5 */

    for (int turn = 0; turn < 50; turn++) {
        fill(row, sizeof row);
        row[turn] = (uint8_t)turn;
        CU_ASSERT(best->ybr(row, 99, &full, a) == plain->ybr(row, 99, &full, b));
        CU_ASSERT(memcmp(a, b, sizeof a) == 0);
    }
    CU_ASSERT_FALSE(best->ybr(tie, 1, &full, a) || plain->ybr(tie, 1, &full, b));
}

static void what_is_padding_only_leaves_the_range_crossed(void)
{
    uint16_t row[3] = {7, 7, 7};
    int32_t kept[2] = {65535, 0};

    wki_kernels_best()->kept[WKI_U16](row, 3, 7, 7, kept);
    CU_ASSERT(kept[0] > kept[1]);
}

static void adopted_pixels_are_those_that_decoding_gives(void)
{
    static const uint16_t bits[][4] = {{8, 8, 7, 0},    {16, 12, 11, 0}, {16, 12, 11, 1},
                                       {16, 12, 15, 0}, {16, 16, 15, 1}, {32, 20, 19, 1}};

    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        wki_image_desc d = {.pixels = WKI_PIXELS_INTEGER,
                            .photometric = WKI_MONOCHROME2,
                            .rows = 5,
                            .cols = 7,
                            .samples = 1,
                            .bits_allocated = bits[i][0],
                            .bits_stored = bits[i][1],
                            .high_bit = bits[i][2],
                            .is_signed = bits[i][3] != 0};
        size_t n = 35u * bits[i][0] / 8;
        uint8_t *data = malloc(n);
        wki_frame_bytes bytes = {.data = data, .n = n, .owned = data};
        wki_pixels a = {0}, b = {0};
        wk_error err = {0};

        CU_ASSERT_FATAL(data != NULL);
        fill(data, n);
        T_OK(wki_decode_native(&d, &bytes, 0, &a, &err), &err);
        CU_ASSERT(wki_decode_adopt(&d, &bytes, &b));
        CU_ASSERT(bytes.owned == NULL && b.data == data);
        CU_ASSERT(a.type == b.type && a.color == b.color && a.size == b.size);
        CU_ASSERT(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
        wki_pixels_clear(&a);
        wki_pixels_clear(&b);
    }
}

static void what_is_short_or_in_another_order_is_not_adopted(void)
{
    wki_image_desc d = {.pixels = WKI_PIXELS_INTEGER,
                        .photometric = WKI_RGB,
                        .rows = 2,
                        .cols = 2,
                        .samples = 3,
                        .bits_allocated = 8,
                        .bits_stored = 8,
                        .high_bit = 7};
    uint8_t *data = calloc(1, 12);
    wki_frame_bytes bytes = {.data = data, .n = 11, .owned = data};
    wki_pixels p = {0};

    CU_ASSERT_FALSE(wki_decode_adopt(&d, &bytes, &p));
    bytes.n = 12;
    d.planar = true;
    CU_ASSERT_FALSE(wki_decode_adopt(&d, &bytes, &p));
    d.planar = false;
    d.photometric = WKI_YBR_FULL_422;
    CU_ASSERT_FALSE(wki_decode_adopt(&d, &bytes, &p));
    CU_ASSERT(bytes.owned == data && p.data == NULL);
    wki_frame_bytes_clear(&bytes);
}

static void pixels_are_decoded_smaller_only_where_twice_the_picture_is_left(void)
{
    static const struct {
        const char *syntax;
        wki_photometric photometric;
        uint32_t side, picture;
        unsigned reduction;
    } table[] = {{"1.2.840.10008.1.2.4.90", WKI_MONOCHROME2, 4096, 256, 3},
                 {"1.2.840.10008.1.2.4.90", WKI_MONOCHROME2, 4095, 256, 2},
                 {"1.2.840.10008.1.2.4.202", WKI_MONOCHROME2, 512, 256, 0},
                 {"1.2.840.10008.1.2.4.50", WKI_MONOCHROME2, 65535, 256, 3},
                 {"1.2.840.10008.1.2.4.90", WKI_PALETTE_COLOR, 4096, 256, 0},
                 {"1.2.840.10008.1.2.4.70", WKI_MONOCHROME2, 4096, 256, 0},
                 {"1.2.840.10008.1.2.5", WKI_MONOCHROME2, 4096, 256, 0}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_image_desc d = {.encapsulated = true,
                            .samples = 1,
                            .photometric = table[i].photometric,
                            .rows = table[i].side,
                            .cols = table[i].side};

        memcpy(d.transfer_syntax, table[i].syntax, strlen(table[i].syntax));
        CU_ASSERT_EQUAL(wki_decode_reduction(&d, table[i].picture, table[i].picture),
                        table[i].reduction);
    }
}

static void a_table_that_is_kept_serves_all_ranges_inside_of_it(void)
{
    wki_table_key key;
    int32_t low = -1000, high = 100, wide_high = 3000, odd_low = -5;
    wki_table *made, *again;

    memset(&key, 0, sizeof key);
    key.slope = 0.123;
    key.entry = 1;
    CU_ASSERT_PTR_NULL(wki_table_find(&key, &low, &high));
    CU_ASSERT(low <= -1000 && high >= 100);
    made = wki_table_new(&key, low, high);
    CU_ASSERT_FATAL(made != NULL);
    wki_table_keep(made);
    low = -1000;
    high = 100;
    again = wki_table_find(&key, &low, &high);
    CU_ASSERT_PTR_EQUAL(again, made);
    CU_ASSERT(low == -1000 && high == 100);
    wki_table_release(again);
    wki_table_release(made);
    /* One that does not reach far enough says how far a new one should, both together. */
    CU_ASSERT_PTR_NULL(wki_table_find(&key, &odd_low, &wide_high));
    CU_ASSERT(odd_low <= -1000 && wide_high >= 3000);
    key.slope = 0.124;
    low = -1000;
    high = 100;
    CU_ASSERT_PTR_NULL(wki_table_find(&key, &low, &high));
}

static CU_TestInfo tests[] = {
    {"sums are the same bits on every instruction set",
     sums_are_the_same_bits_on_every_instruction_set},
    {"halving gives the same bits as sums of clamped values",
     halving_gives_the_same_bits_as_sums_of_clamped_values},
    {"straight gives the same bytes on every instruction set",
     straight_gives_the_same_bytes_on_every_instruction_set},
    {"whole rounds half up and clamps alike", whole_rounds_half_up_and_clamps_alike},
    {"ranges are those of the values, with and without padding",
     ranges_are_those_of_the_values_with_and_without_padding},
    {"bits are those that any value has", bits_are_those_that_any_value_has},
    {"all sets give the same colours", all_sets_give_the_same_colours},
    {"what is padding only leaves the range crossed",
     what_is_padding_only_leaves_the_range_crossed},
    {"adopted pixels are those that decoding gives", adopted_pixels_are_those_that_decoding_gives},
    {"what is short or in another order is not adopted",
     what_is_short_or_in_another_order_is_not_adopted},
    {"pixels are decoded smaller only where twice the picture is left",
     pixels_are_decoded_smaller_only_where_twice_the_picture_is_left},
    {"a table that is kept serves all ranges inside of it",
     a_table_that_is_kept_serves_all_ranges_inside_of_it},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_kernels = {"kernels", NULL, NULL, NULL, NULL, tests};
