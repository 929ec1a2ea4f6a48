#include <stdlib.h>
#include <string.h>

#include "core/stored.h"
#include "decode/decode.h"
#include "dicom/palette.h"
#include "support/t.h"

static wki_image_desc grey(const char *syntax, uint32_t rows, uint32_t cols, uint16_t allocated,
                           uint16_t stored)
{
    wki_image_desc d = {.rows = rows,
                        .cols = cols,
                        .frames = 1,
                        .samples = 1,
                        .bits_allocated = allocated,
                        .bits_stored = stored,
                        .high_bit = (uint16_t)(stored - 1),
                        .pixels = WKI_PIXELS_INTEGER,
                        .photometric = WKI_MONOCHROME2};

    strcpy(d.transfer_syntax, syntax);
    d.encapsulated = strcmp(syntax, "1.2.840.10008.1.2.1") != 0;
    return d;
}

static wk_code decode(const wki_image_desc *d, const void *data, size_t n, wki_pixels *out,
                      wk_error *err)
{
    wki_frame_bytes b = {.data = data, .n = n};

    return wki_decode(d, &b, NULL, out, err);
}

static void test_cells_become_stored_values(void)
{
    /* High Bit, Bits Stored, sign, cell, stored value */
    static const struct {
        uint16_t high, stored;
        bool is_signed;
        uint16_t cell;
        int32_t value;
    } table[] = {{15, 16, false, 0xFFFF, 65535},
                 {15, 16, true, 0xFFFF, -1},
                 {11, 12, false, 0xF123, 0x123},
                 {11, 12, true, 0x0FFF, -1},
                 {11, 12, true, 0x07FF, 2047},
                 {15, 12, false, 0xABCD, 0xABC},
                 {15, 12, true, 0xABCD, 0xABC - 4096},
                 {12, 10, true, 0x1008, -511},
                 {0, 1, false, 0xFFFF, 1}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_image_desc d = grey("1.2.840.10008.1.2.1", 1, 1, 16, table[i].stored);
        uint8_t cell[2] = {(uint8_t)table[i].cell, (uint8_t)(table[i].cell >> 8)};
        wki_pixels p = {0};
        wk_error err = {0};

        d.high_bit = table[i].high;
        d.is_signed = table[i].is_signed;
        T_OK(decode(&d, cell, 2, &p, &err), &err);
        if (p.data)
            CU_ASSERT_EQUAL(d.is_signed ? *(int16_t *)p.data : *(uint16_t *)p.data, table[i].value);
        wki_pixels_clear(&p);
    }
}

static void test_planes_and_pairs_become_pixels(void)
{
    wki_image_desc d = grey("1.2.840.10008.1.2.1", 1, 2, 8, 8);
    wki_pixels p = {0};
    wk_error err = {0};

    d.samples = 3;
    d.photometric = WKI_RGB;
    d.planar = true;
    T_OK(decode(&d, "rRgGbB", 6, &p, &err), &err);
    CU_ASSERT(p.data && memcmp(p.data, "rgbRGB", 6) == 0);
    wki_pixels_clear(&p);

    d.photometric = WKI_YBR_FULL_422;
    d.planar = false;
    T_OK(decode(&d, "yYbr", 4, &p, &err), &err);
    CU_ASSERT(p.data && memcmp(p.data, "ybrYbr", 6) == 0);
    CU_ASSERT_EQUAL(p.color, WKI_COLOR_YBR_FULL);
    wki_pixels_clear(&p);
}

static void test_bits_are_read_least_significant_first(void)
{
    wki_image_desc d = grey("1.2.840.10008.1.2.1", 1, 9, 1, 1);
    static const uint8_t data[2] = {0x14, 0x0F}; /* from bit 2: 1 0 1 0 0 0 | 1 1 1 */
    wki_frame_bytes b = {.data = data, .n = 2, .bit_offset = 2};
    wki_pixels p = {0};
    wk_error err = {0};

    T_OK(wki_decode(&d, &b, NULL, &p, &err), &err);
    CU_ASSERT(p.data && memcmp(p.data, "\1\0\1\0\0\0\1\1\1", 9) == 0);
    wki_pixels_clear(&p);
}

/* An RLE frame: a header of `n` segments, whose offsets are given, and the bytes behind it. */
static size_t rle(uint8_t *out, uint8_t n, const uint8_t *from, const void *data, size_t size)
{
    memset(out, 0, 64);
    out[0] = n;
    for (uint8_t i = 0; i < n; i++)
        out[4 + 4 * i] = from[i];
    memcpy(out + 64, data, size);
    return 64 + size;
}

static void test_rle_weaves_bytes_most_significant_first(void)
{
    wki_image_desc d = grey("1.2.840.10008.1.2.5", 1, 4, 16, 16);
    static const uint8_t from[2] = {64, 66};
    uint8_t frame[128];
    wki_pixels p = {0};
    wk_error err = {0};
    /* high bytes: 4 times 1; low bytes: literally 2 3 4 5, with a no-op and an extra byte */
    size_t n = rle(frame, 2, from, "\xFD\x01\x80\x03\x02\x03\x04\x05\x00", 9);
    static const uint16_t due[4] = {0x102, 0x103, 0x104, 0x105};

    T_OK(decode(&d, frame, n, &p, &err), &err);
    CU_ASSERT(p.data && memcmp(p.data, due, 8) == 0);
    wki_pixels_clear(&p);
}

static void test_bad_rle_is_refused(void)
{
    wki_image_desc d = grey("1.2.840.10008.1.2.5", 1, 4, 8, 8);
    static const struct {
        uint8_t n, from;
        const char *data;
        size_t size;
        const char *part;
    } table[] = {{1, 64, "\xFE\x01", 2, "ends early"},   {1, 64, "\x03\x01", 2, "ends early"},
                 {1, 63, "\xFD\x01", 2, "lies outside"}, {1, 99, "\xFD\x01", 2, "lies outside"},
                 {2, 64, "\xFD\x01", 2, "segments"},     {0, 64, "", 0, "segments"}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t frame[128], from[2] = {table[i].from, table[i].from};
        wki_pixels p = {0};
        wk_error err = {0};
        size_t n = rle(frame, table[i].n, from, table[i].data, table[i].size);

        T_FAILS(decode(&d, frame, n, &p, &err), WK_DATA, &err);
        T_HAS(err.message, table[i].part);
        CU_ASSERT_PTR_NULL(p.data);
    }
}

static void test_bad_streams_are_one_clear_line(void)
{
    static const char *const syntaxes[] = {"1.2.840.10008.1.2.8.1",   "1.2.840.10008.1.2.5",
                                           "1.2.840.10008.1.2.4.80",  "1.2.840.10008.1.2.4.90",
                                           "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.1"};
    static const char *const streams[] = {"", "x", "\xFF\xD8\xFF\xD9", "\xFF\x4F\xFF\x51",
                                          "0123456789"};

    for (size_t i = 0; i < sizeof syntaxes / sizeof syntaxes[0]; i++) {
        for (size_t k = 0; k < sizeof streams / sizeof streams[0]; k++) {
            wki_image_desc d = grey(syntaxes[i], 100, 100, 16, 12);
            wki_pixels p = {0};
            wk_error err = {0};

            T_FAILS(decode(&d, streams[k], strlen(streams[k]), &p, &err), WK_DATA, &err);
            CU_ASSERT(strlen(err.message) > 5 && !strchr(err.message, '\n'));
            CU_ASSERT_PTR_NULL(p.data);
        }
    }
}

static void test_every_transfer_syntax_has_its_way(void)
{
    static const struct {
        const char *uid;
        wki_decode_way way;
    } table[] = {{"1.2.840.10008.1.2", WKI_DECODE_HERE},
                 {"1.2.840.10008.1.2.4.50", WKI_DECODE_HERE},
                 {"1.2.840.10008.1.2.4.70", WKI_DECODE_HERE},
                 {"1.2.840.10008.1.2.4.203", WKI_DECODE_HERE},
                 {"1.2.840.10008.1.2.4.100", WKI_DECODE_VIDEO},
                 {"1.2.840.10008.1.2.4.106", WKI_DECODE_VIDEO},
                 {"1.2.3", WKI_DECODE_NONE},
                 {"", WKI_DECODE_NONE}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        CU_ASSERT_EQUAL(wki_decode_way_of(table[i].uid), table[i].way);
}

static void test_segmented_palettes_are_expanded(void)
{
    /* discrete 10 20; linear to 50 in 3; then the segment at byte 0 again */
    static const uint8_t data[] = {0, 2, 10, 20, 1, 3, 50, 2, 1, 0, 0, 0, 0};
    static const uint16_t due[] = {10, 20, 30, 40, 50, 10, 20, 20};
    uint16_t out[8];

    CU_ASSERT_FALSE(wki_palette_expand(data, sizeof data, true, out, 8));
    CU_ASSERT(memcmp(out, due, sizeof due) == 0);
    CU_ASSERT(wki_palette_expand(data, sizeof data, true, out, 7));
    CU_ASSERT_FALSE(wki_palette_expand((const uint8_t *)"\2\1\0\0\0\0", 6, true, out, 8));
}

/* Of every number of bits, also those that fill the cell and those of which nothing is clamped. */
static void test_lossy_values_end_at_the_largest_that_bits_stored_holds(void)
{
    for (unsigned bits = 1; bits <= 32; bits++) {
        unsigned width = bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
        wki_image_desc d = {.pixels = WKI_PIXELS_INTEGER,
                            .bits_allocated = (uint16_t)(8 * width),
                            .bits_stored = (uint16_t)bits,
                            .high_bit = (uint16_t)(bits - 1)};
        uint32_t value = width < 4 || bits == 32 ? UINT32_MAX : 1u << bits, expected = (uint32_t)((1ull << bits) - 1), got = 0;
        wki_pixels p = {.rows = 1,
                        .cols = 1,
                        .samples = 1,
                        .type = width == 1 ? WKI_U8 : width == 2 ? WKI_U16 : WKI_U32,
                        .data = &value,
                        .size = width};

        wki_lossy_cells_to_stored(&d, &p);
        memcpy(&got, &value, width);
        CU_ASSERT_EQUAL(got, expected);
    }
}

static CU_TestInfo tests[] = {
    {"lossy values end at the largest that Bits Stored holds",
     test_lossy_values_end_at_the_largest_that_bits_stored_holds},
    {"cells become stored values", test_cells_become_stored_values},
    {"planes and pairs become pixels", test_planes_and_pairs_become_pixels},
    {"bits are read least significant first", test_bits_are_read_least_significant_first},
    {"RLE weaves bytes most significant first", test_rle_weaves_bytes_most_significant_first},
    {"bad RLE is refused", test_bad_rle_is_refused},
    {"bad streams are one clear line", test_bad_streams_are_one_clear_line},
    {"every transfer syntax has its way", test_every_transfer_syntax_has_its_way},
    {"segmented palettes are expanded", test_segmented_palettes_are_expanded},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_decode = {"decode", NULL, NULL, NULL, NULL, tests};
