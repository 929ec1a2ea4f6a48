#include "support/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "decode/decode.h"

enum {
    COLS = 83,
    ROWS = 61,
    TRIES = 60
};

typedef struct coding {
    int samples, h, v;
    bool progressive;
} coding;

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* Noise, so that every neighbour counts. *out is the caller's. */
static unsigned long compress(const coding *c, unsigned char **out)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned long n = 0;
    uint32_t state = 7;

    *out = NULL;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, out, &n);
    jpeg.image_width = COLS;
    jpeg.image_height = ROWS;
    jpeg.input_components = c->samples;
    jpeg.in_color_space = c->samples == 3 ? JCS_YCbCr : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 95, TRUE);
    jpeg.comp_info[0].h_samp_factor = c->h;
    jpeg.comp_info[0].v_samp_factor = c->v;
    if (c->progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < ROWS) {
        JSAMPLE row[COLS * 3];
        JSAMPROW rows = row;

        for (int i = 0; i < COLS * c->samples; i++)
            row[i] = (JSAMPLE)next(&state);
        (void)jpeg_write_scanlines(&jpeg, &rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return n;
}

static bool same_part(const wki_pixels *whole, const wki_pixels *part, const wki_region *r)
{
    size_t pixel = whole->samples;

    if (!part->cut || part->rows != r->height || part->cols != r->width)
        return false;
    for (uint32_t y = 0; y < r->height; y++) {
        const uint8_t *from = (const uint8_t *)whole->data + ((r->y + y) * COLS + r->x) * pixel;

        if (memcmp((const uint8_t *)part->data + y * r->width * pixel, from, r->width * pixel))
            return false;
    }
    return true;
}

static wki_region any_region(uint32_t *state, int turn)
{
    wki_region r = {next(state) % COLS, next(state) % ROWS, 0, 0};

    if (turn == 0)
        return (wki_region){0, 0, COLS, ROWS};
    if (turn == 1)
        return (wki_region){COLS - 1, ROWS - 1, 1, 1};
    r.width = 1 + next(state) % (COLS - r.x);
    r.height = 1 + next(state) % (ROWS - r.y);
    return r;
}

static void check(const coding *c)
{
    wki_image_desc d = {.rows = ROWS,
                        .cols = COLS,
                        .frames = 1,
                        .samples = (uint16_t)c->samples,
                        .bits_allocated = 8,
                        .bits_stored = 8,
                        .high_bit = 7,
                        .encapsulated = true,
                        .pixels = WKI_PIXELS_INTEGER,
                        .photometric = c->samples == 3 ? WKI_YBR_FULL : WKI_MONOCHROME2,
                        .transfer_syntax = "1.2.840.10008.1.2.4.50"};
    unsigned char *stream;
    wki_frame_bytes bytes = {.n = compress(c, &stream)};
    wki_pixels whole = {0};
    uint32_t state = 1;
    wk_error err = {0};

    bytes.data = stream;
    T_OK(wki_decode(&d, &bytes, NULL, &whole, &err), &err);
    for (int i = 0; i < TRIES; i++) {
        wki_region r = any_region(&state, i);
        wki_decode_opts opts = {.region = &r};
        wki_pixels part = {0};

        T_OK(wki_decode(&d, &bytes, &opts, &part, &err), &err);
        CU_ASSERT_TRUE(same_part(&whole, &part, &r));
        wki_pixels_clear(&part);
    }
    wki_pixels_clear(&whole);
    free(stream);
}

static void test_a_region_is_the_same_part_of_the_whole(void)
{
    static const coding codings[] = {{1, 1, 1, false}, {1, 2, 2, false}, {3, 1, 1, false},
                                     {3, 2, 1, false}, {3, 1, 2, false}, {3, 2, 2, false},
                                     {3, 4, 1, false}, {3, 4, 2, false}, {1, 1, 1, true},
                                     {3, 2, 1, true},  {3, 2, 2, true}};

    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++)
        check(&codings[i]);
}

static CU_TestInfo tests[] = {
    {"a region is the same part of the whole", test_a_region_is_the_same_part_of_the_whole},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_jpeg_region = {"jpeg_region", NULL, NULL, NULL, NULL, tests};
