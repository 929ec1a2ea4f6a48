#include "support/t.h"

#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

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

/* Smooth, so that a good JPEG stays close to it. */
static wki_picture slope(uint32_t w, uint32_t h, uint8_t channels)
{
    wki_picture p = {0};

    CU_ASSERT_TRUE_FATAL(wki_picture_alloc(&p, w, h, channels, 8));
    for (uint32_t y = 0; y < h; y++) {
        for (uint32_t x = 0; x < w * channels; x++)
            ((uint8_t *)p.data)[(size_t)y * w * channels + x] =
                (uint8_t)((x / channels + 2 * y + 40 * (x % channels)) * 200 / (w + 2 * h + 80));
    }
    return p;
}

static void read_back(const wki_buf *b, const wki_picture *p, int chroma, bool comment,
                      size_t icc_size)
{
    struct jpeg_decompress_struct c;
    struct jpeg_error_mgr errors;
    size_t stride = (size_t)p->width * p->channels;
    uint8_t *row = malloc(stride);
    int worst = 0;
    JOCTET *icc = NULL;
    unsigned size = 0;

    c.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&c);
    jpeg_mem_src(&c, (const unsigned char *)b->data, b->n);
    jpeg_save_markers(&c, JPEG_COM, 0xffff);
    jpeg_save_markers(&c, JPEG_APP0 + 2, 0xffff);
    jpeg_read_header(&c, TRUE);
    CU_ASSERT_EQUAL(c.image_width, p->width);
    CU_ASSERT_EQUAL(c.image_height, p->height);
    CU_ASSERT_EQUAL(c.num_components, p->channels);
    CU_ASSERT_EQUAL(c.comp_info[0].h_samp_factor, chroma);
    CU_ASSERT_EQUAL(c.comp_info[0].v_samp_factor, chroma);
    CU_ASSERT_EQUAL(jpeg_read_icc_profile(&c, &icc, &size) ? size : 0, icc_size);
    free(icc);
    if (comment) {
        jpeg_saved_marker_ptr m = c.marker_list;

        while (m && m->marker != JPEG_COM)
            m = m->next;
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        CU_ASSERT_EQUAL(memcmp(m->data, "rule dicom 1", 12), 0);
    }
    jpeg_start_decompress(&c);
    while (c.output_scanline < c.output_height) {
        uint32_t y = c.output_scanline;

        jpeg_read_scanlines(&c, &row, 1);
        for (size_t i = 0; i < stride; i++) {
            int diff = abs(row[i] - ((const uint8_t *)p->data)[y * stride + i]);

            worst = diff > worst ? diff : worst;
        }
    }
    CU_ASSERT(worst <= 8);
    jpeg_finish_decompress(&c);
    jpeg_destroy_decompress(&c);
    free(row);
}

static void test_pictures_come_back_nearly_as_they_were(void)
{
    static const struct {
        uint8_t channels;
        int quality, chroma;
        uint32_t w, h;
    } table[] = {{1, 90, 1, 64, 48},
                 {1, 85, 1, 1, 1},
                 {3, 90, 1, 64, 48},
                 {3, 85, 2, 65, 47},
                 {3, 1000, 1, 640, 480}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_picture p = slope(table[i].w, table[i].h, table[i].channels);
        wki_buf b;
        wki_sink sink = {collect, &b};
        wk_error err = {0};

        wki_buf_init(&b, 8 << 20, "jpeg");
        T_OK(wki_jpeg_write(&p, table[i].quality, 1, i ? "rule dicom 1" : NULL, &sink, &err), &err);
        read_back(&b, &p, table[i].chroma, i > 0, 0);
        wki_buf_clear(&b);
        wki_picture_clear(&p);
    }
}

static void test_a_profile_larger_than_a_segment_goes_along(void)
{
    enum {
        SIZE = 200000
    };
    wki_picture p = slope(16, 16, 3);
    uint8_t *icc = calloc(1, SIZE);
    wki_buf b;
    wki_sink sink = {collect, &b};
    wk_error err = {0};

    p.icc = icc;
    p.icc_size = SIZE;
    wki_buf_init(&b, 8 << 20, "jpeg");
    T_OK(wki_jpeg_write(&p, 90, 1, NULL, &sink, &err), &err);
    read_back(&b, &p, 1, false, SIZE);
    wki_buf_clear(&b);
    wki_picture_clear(&p);
    free(icc);
}

static void test_what_jpeg_cannot_hold_is_refused(void)
{
    wki_picture deep = {.width = 4, .height = 4, .channels = 1, .depth = 16};
    wki_picture wide = {.width = 65535, .height = 1, .channels = 1, .depth = 8};
    wki_sink sink = {refuse, NULL};
    wk_error err = {0};

    T_FAILS(wki_jpeg_write(&deep, 90, 1, NULL, &sink, &err), WK_UNSUPPORTED, &err);
    wk_error_clear(&err);
    T_FAILS(wki_jpeg_write(&wide, 90, 1, NULL, &sink, &err), WK_UNSUPPORTED, &err);
}

static void test_an_error_of_the_sink_comes_out(void)
{
    wki_picture p = slope(300, 300, 3);
    wki_sink sink = {refuse, NULL};
    wk_error err = {0};

    T_FAILS(wki_jpeg_write(&p, 90, 1, NULL, &sink, &err), WK_IO, &err);
    T_STR(err.message, "disk full");
    wki_picture_clear(&p);
}

static CU_TestInfo tests[] = {
    {"pictures come back nearly as they were", test_pictures_come_back_nearly_as_they_were},
    {"a profile larger than a segment goes along", test_a_profile_larger_than_a_segment_goes_along},
    {"what JPEG cannot hold is refused", test_what_jpeg_cannot_hold_is_refused},
    {"an error of the sink comes out", test_an_error_of_the_sink_comes_out},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_jpeg = {"jpeg", NULL, NULL, NULL, NULL, tests};
