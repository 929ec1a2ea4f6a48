#include "support/t.h"

#include <stdlib.h>

#include "decode/codec.h"

enum {
    ROWS = 9,
    COLS = 13,
    ROOM = 4096
};

/* A stream as it is written. */
typedef struct writer {
    uint8_t data[ROOM];
    size_t n;
    uint32_t bits;
    unsigned held;
} writer;

static void put_bits(writer *w, uint32_t value, unsigned n)
{
    while (n-- > 0) {
        w->bits = w->bits << 1 | (value >> n & 1);
        if (++w->held < 8)
            continue;
        w->data[w->n++] = (uint8_t)w->bits;
        if ((w->bits & 0xFF) == 0xFF)
            w->data[w->n++] = 0;
        w->bits = w->held = 0;
    }
}

static void put_bytes(writer *w, const void *p, size_t n)
{
    memcpy(w->data + w->n, p, n);
    w->n += n;
}

/* All 17 sizes have codes of 5 bits. */
static void put_difference(writer *w, uint16_t difference)
{
    int32_t d = (int16_t)difference;
    uint32_t size = 0, magnitude = (uint32_t)(d < 0 ? -d : d);

    while (magnitude >> size)
        size++;
    put_bits(w, d == -32768 ? 16 : size, 5);
    if (size < 16)
        put_bits(w, (uint32_t)(d < 0 ? d - 1 : d) & ((1u << size) - 1), size);
}

static int32_t guess(const uint16_t *v, unsigned predictor, size_t y, size_t x, size_t step,
                     unsigned precision)
{
    size_t row = COLS * step;
    int32_t a = x >= step ? v[y * row + x - step] : 0, b = y ? v[(y - 1) * row + x] : 0;
    int32_t c = y && x >= step ? v[(y - 1) * row + x - step] : 0;

    if (y == 0)
        return x < step ? 1 << (precision - 1) : a;
    if (x < step)
        return b;
    return predictor == 1   ? a
           : predictor == 2 ? b
           : predictor == 3 ? c
           : predictor == 4 ? a + b - c
           : predictor == 5 ? a + ((b - c) >> 1)
           : predictor == 6 ? b + ((a - c) >> 1)
                            : (a + b) >> 1;
}

static void write_stream(writer *w, const uint16_t *v, unsigned components, unsigned precision,
                         unsigned predictor)
{
    static const uint8_t counts[17] = {0, 0, 0, 0, 0, 17};
    const uint8_t sof[] = {0xFF,
                           0xC3,
                           0,
                           (uint8_t)(8 + 3 * components),
                           (uint8_t)precision,
                           0,
                           ROWS,
                           0,
                           COLS,
                           (uint8_t)components};
    const uint8_t sos[] = {0xFF, 0xDA, 0, (uint8_t)(6 + 2 * components), (uint8_t)components};

    memset(w, 0, sizeof *w);
    put_bytes(w, "\xFF\xD8\xFF\xC4\0\x24", 6);
    put_bytes(w, counts, 17);
    for (uint8_t i = 0; i < 17; i++)
        put_bytes(w, &i, 1);
    put_bytes(w, sof, sizeof sof);
    for (uint8_t i = 1; i <= components; i++)
        put_bytes(w, (uint8_t[]){i, 0x11, 0}, 3);
    put_bytes(w, sos, sizeof sos);
    for (uint8_t i = 1; i <= components; i++)
        put_bytes(w, (uint8_t[]){i, 0}, 2);
    put_bytes(w, (uint8_t[]){(uint8_t)predictor, 0, 0}, 3);
    for (size_t y = 0; y < ROWS; y++) {
        for (size_t x = 0; x < (size_t)COLS * components; x++)
            put_difference(w, (uint16_t)(v[y * COLS * components + x] -
                                         guess(v, predictor, y, x, components, precision)));
    }
    put_bits(w, 0x7F, 7);
    put_bytes(w, "\xFF\xD9", 2);
}

static wki_image_desc describe(unsigned components, unsigned precision)
{
    wki_image_desc d = {.encapsulated = true,
                        .pixels = WKI_PIXELS_INTEGER,
                        .photometric = components == 3 ? WKI_RGB : WKI_MONOCHROME2,
                        .rows = ROWS,
                        .cols = COLS,
                        .frames = 1,
                        .samples = (uint16_t)components,
                        .bits_allocated = precision > 8 ? 16 : 8,
                        .bits_stored = (uint16_t)precision,
                        .high_bit = (uint16_t)(precision - 1)};

    memcpy(d.transfer_syntax, "1.2.840.10008.1.2.4.57", 23);
    return d;
}

static void fill(uint16_t *v, size_t n, unsigned precision)
{
    static uint32_t state = 1;

    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        /* Smooth and rough parts, for differences of every size. */
        v[i] = (uint16_t)(i % 3 ? (i * 5 + (state >> 30)) & ((1u << precision) - 1)
                                : state >> (32 - precision));
    }
}

static void all_predictors_and_depths_give_back_what_was_coded(void)
{
    static const unsigned precisions[] = {2, 8, 9, 12, 15, 16};
    static uint16_t v[ROWS * COLS * 3];
    static writer w;

    for (unsigned k = 0; k < 6 * 2 * 7; k++) {
        unsigned precision = precisions[k % 6], components = k / 6 % 2 ? 3 : 1;
        wki_image_desc d = describe(components, precision);
        size_t n = (size_t)ROWS * COLS * components;
        wki_frame_bytes bytes = {.data = w.data};
        wki_decode_opts whole = {0};
        wki_pixels a = {0}, b = {0};
        wk_error err = {0};

        fill(v, n, precision);
        write_stream(&w, v, components, precision, k / 12 + 1);
        bytes.n = w.n;
        T_OK(wki_decode_jpegll(&d, &bytes, 0, &a, &err), &err);
        for (size_t i = 0; i < n && a.data; i++)
            CU_ASSERT_EQUAL(precision > 8 ? ((uint16_t *)a.data)[i] : ((uint8_t *)a.data)[i], v[i]);
        T_OK(wki_decode_apart("ijg", &d, &bytes, &whole, &b, &err), &err);
        CU_ASSERT(a.size == b.size && a.type == b.type && a.color == b.color);
        CU_ASSERT(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
        wki_pixels_clear(&a);
        wki_pixels_clear(&b);
    }
}

static void what_is_cut_or_damaged_is_left_to_dcmtk(void)
{
    static uint16_t v[ROWS * COLS];
    static writer w;
    wki_image_desc d = describe(1, 12);

    fill(v, ROWS * COLS, 12);
    write_stream(&w, v, 1, 12, 1);
    for (size_t n = 0; n < w.n - 4; n++) {
        uint8_t *cut = malloc(n + 1);
        wki_frame_bytes bytes = {.data = cut, .n = n};
        wki_pixels p = {0};
        wk_error err = {0};

        CU_ASSERT_FATAL(cut != NULL);
        memcpy(cut, w.data, n);
        T_FAILS(wki_decode_jpegll(&d, &bytes, 0, &p, &err), WK_UNSUPPORTED, &err);
        CU_ASSERT(p.data == NULL);
        free(cut);
    }
}

static CU_TestInfo tests[] = {
    {"all predictors and depths give back what was coded",
     all_predictors_and_depths_give_back_what_was_coded},
    {"what is cut or damaged is left to DCMTK", what_is_cut_or_damaged_is_left_to_dcmtk},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_jpegll = {"jpegll", NULL, NULL, NULL, NULL, tests};
