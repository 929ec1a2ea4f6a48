#include "support/t.h"

#include <png.h>
#include <stdlib.h>

#include "core/buf.h"
#include "encode/encode.h"

static wk_code collect(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(user, data, n, err);
}

static wk_code refuse(void *user, const void *data, size_t n, wk_error *err)
{
    (void)user;
    (void)data;
    (void)n;
    return wk_fail(err, WK_IO, "disk full");
}

static wki_picture noise(uint32_t w, uint32_t h, uint8_t channels, uint8_t depth)
{
    wki_picture p = {0};
    size_t n = (size_t)w * h * channels * depth / 8;

    CU_ASSERT_TRUE_FATAL(wki_picture_alloc(&p, w, h, channels, depth));
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)p.data)[i] = (uint8_t)(i * 2654435761u >> 13);
    return p;
}

typedef struct reader {
    const char *data;
    size_t n, at;
} reader;

static void read_fn(png_structp png, png_bytep out, size_t n)
{
    reader *r = png_get_io_ptr(png);

    if (n > r->n - r->at)
        png_error(png, "short");
    memcpy(out, r->data + r->at, n);
    r->at += n;
}

/* Reads the file back, compares the values, and gives the comment and the profile's size. */
static void read_back(const wki_buf *b, const wki_picture *p, const char *comment, size_t icc_size)
{
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    reader r = {b->data, b->n, 0};
    size_t stride = (size_t)p->width * p->channels * p->depth / 8;
    unsigned char *row = malloc(stride);
    png_textp text = NULL;
    png_charp name;
    png_bytep icc;
    png_uint_32 size = 0;
    int n_texts = 0, kind;

    if (setjmp(png_jmpbuf(png))) {
        CU_FAIL("libpng cannot read the file");
        return;
    }
    png_set_read_fn(png, &r, read_fn);
    png_read_info(png, info);
    CU_ASSERT_EQUAL(png_get_image_width(png, info), p->width);
    CU_ASSERT_EQUAL(png_get_image_height(png, info), p->height);
    CU_ASSERT_EQUAL(png_get_bit_depth(png, info), p->depth);
    CU_ASSERT_EQUAL(png_get_channels(png, info), p->channels);
    if (p->depth == 16)
        png_set_swap(png);
    for (uint32_t y = 0; y < p->height; y++) {
        png_read_row(png, row, NULL);
        CU_ASSERT_EQUAL(memcmp(row, (const uint8_t *)p->data + y * stride, stride), 0);
    }
    png_read_end(png, info);
    png_get_text(png, info, &text, &n_texts);
    CU_ASSERT_EQUAL(n_texts, comment ? 1 : 0);
    if (comment && n_texts == 1) {
        T_STR(text[0].key, "Comment");
        T_STR(text[0].text, comment);
    }
    png_get_iCCP(png, info, &name, &kind, &icc, &size);
    CU_ASSERT_EQUAL(size, icc_size);
    png_destroy_read_struct(&png, &info, NULL);
    free(row);
}

static void test_pixels_come_back_as_they_were(void)
{
    static const uint8_t kinds[][2] = {{1, 8}, {1, 16}, {3, 8}, {3, 16}};
    static const uint32_t sizes[][2] = {{1, 1}, {17, 5}, {300, 200}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            wki_picture p = noise(sizes[k][0], sizes[k][1], kinds[i][0], kinds[i][1]);
            wki_buf b;
            wki_sink sink = {collect, &b};
            wk_error err = {0};

            wki_buf_init(&b, 1 << 20, "png");
            T_OK(wki_png_write(&p, 1, i ? "window 40,400" : NULL, &sink, &err), &err);
            read_back(&b, &p, i ? "window 40,400" : NULL, 0);
            wki_buf_clear(&b);
            wki_picture_clear(&p);
        }
    }
}

enum {
    ICC_BYTES = 512
};

/* An RGB profile that libpng lets pass: a header, no tags, and something that does not deflate. */
static void make_icc(uint8_t icc[ICC_BYTES])
{
    memset(icc, 0, 132);
    for (unsigned i = 132; i < ICC_BYTES; i++)
        icc[i] = (uint8_t)(i * 2654435761u >> 11);
    icc[2] = ICC_BYTES >> 8;
    icc[8] = 2;
    memcpy(icc + 12, "mntrRGB XYZ ", 12);
    memcpy(icc + 36, "acsp", 4);
    memcpy(icc + 68, "\x00\x00\xf6\xd6\x00\x01\x00\x00\x00\x00\xd3\x2d", 12);
}

static void test_a_colour_profile_goes_along_and_a_broken_one_does_no_harm(void)
{
    wki_picture p = noise(4, 4, 3, 8);
    wki_buf b;
    wki_sink sink = {collect, &b};
    uint8_t icc[ICC_BYTES];
    wk_error err = {0};

    make_icc(icc);
    p.icc = icc;
    p.icc_size = sizeof icc;
    wki_buf_init(&b, 1 << 20, "png");
    T_OK(wki_png_write(&p, 1, NULL, &sink, &err), &err);
    read_back(&b, &p, NULL, sizeof icc);
    wki_buf_reset(&b);
    icc[36] = 'x';
    T_OK(wki_png_write(&p, 1, NULL, &sink, &err), &err);
    read_back(&b, &p, NULL, 0);
    wki_buf_clear(&b);
    wki_picture_clear(&p);
}

static void test_an_error_of_the_sink_comes_out(void)
{
    wki_picture p = noise(300, 300, 1, 8);
    wki_sink sink = {refuse, NULL};
    wk_error err = {0};

    T_FAILS(wki_png_write(&p, 1, NULL, &sink, &err), WK_IO, &err);
    T_STR(err.message, "disk full");
    wki_picture_clear(&p);
}

static CU_TestInfo tests[] = {
    {"pixels come back as they were", test_pixels_come_back_as_they_were},
    {"a colour profile goes along and a broken one does no harm",
     test_a_colour_profile_goes_along_and_a_broken_one_does_no_harm},
    {"an error of the sink comes out", test_an_error_of_the_sink_comes_out},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_png = {"png", NULL, NULL, NULL, NULL, tests};
