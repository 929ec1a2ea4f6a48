/* A description that comes out of a box: all of it, and nothing that no reader of files would say.
 */
#include "support/t.h"

#include <stdlib.h>

#include "core/text.h"
#include "dicom/desc_wire.h"

static wki_lut table(uint32_t n)
{
    wki_lut l = {.data = calloc(n, 2), .n = n, .first_mapped = -3, .bits = 12, .top = 9};

    CU_ASSERT_PTR_NOT_NULL_FATAL(l.data);
    l.data[n - 1] = 4095;
    return l;
}

static void values(wki_frame_values *v, double center)
{
    v->has_rescale = true;
    v->slope = 2;
    v->windows = calloc(1, sizeof *v->windows);
    CU_ASSERT_PTR_NOT_NULL_FATAL(v->windows);
    v->n_windows = 1;
    v->windows[0] = (wki_window){.center = center, .width = 100, .explanation = "BONE"};
    v->first_voi_lut = 1;
    v->n_voi_luts = 1;
}

/* Something in every member that has a size. */
static void make(wki_image_desc *d)
{
    memset(d, 0, sizeof *d);
    (void)wki_strcopy(d->sop_uid, sizeof d->sop_uid, "1.2.3");
    (void)wki_strcopy(d->warning, sizeof d->warning, "odd");
    d->pixels = WKI_PIXELS_INTEGER;
    d->photometric = WKI_PALETTE_COLOR;
    d->rows = 2;
    d->cols = 3;
    d->frames = 4;
    d->samples = 1;
    d->bits_allocated = 16;
    d->bits_stored = 12;
    d->high_bit = 11;
    d->aspect_rows = d->aspect_cols = 1;
    d->focal_planes = d->optical_paths = 1;
    d->modality_lut = table(5);
    d->voi_luts = calloc(2, sizeof *d->voi_luts);
    d->per_frame = calloc(2, sizeof *d->per_frame);
    d->overlays = calloc(1, sizeof *d->overlays);
    d->tiles = calloc(4, sizeof *d->tiles);
    d->icc = calloc(1, 7);
    CU_ASSERT_FATAL(d->voi_luts && d->per_frame && d->overlays && d->tiles && d->icc);
    d->n_voi_luts = 2;
    for (int i = 0; i < 2; i++)
        d->voi_luts[i] = table(4);
    for (int i = 0; i < 3; i++)
        d->palette[i] = table(3);
    values(&d->top, 1);
    d->n_per_frame = 2;
    for (int i = 0; i < 2; i++)
        values(&d->per_frame[i], i);
    d->n_overlays = 1;
    d->overlays[0] = (wki_overlay){.group = 0x6000,
                                   .rows = 2,
                                   .cols = 3,
                                   .row = 1,
                                   .col = 1,
                                   .frames = 1,
                                   .first_frame = 1,
                                   .data = calloc(1, 1),
                                   .size = 1};
    d->icc_size = 7;
    d->n_tiles = 4;
    d->tiles[3] = (wki_tile){5, -6};
}

static void write_it(wki_buf *out, wki_image_desc *d)
{
    wk_error err = {0};

    make(d);
    wki_buf_init(out, 1 << 20, "description");
    T_OK(wki_desc_write(d, out, &err), &err);
}

static void test_all_of_it_arrives(void)
{
    wki_image_desc d, back;
    wki_buf first, second;
    wk_error err = {0};

    write_it(&first, &d);
    T_OK(wki_desc_read(first.data, first.n, &back, &err), &err);
    wki_buf_init(&second, 1 << 20, "description");
    T_OK(wki_desc_write(&back, &second, &err), &err);
    CU_ASSERT_FATAL(first.n == second.n);
    CU_ASSERT(memcmp(first.data, second.data, first.n) == 0);
    CU_ASSERT_EQUAL(back.palette[2].data[2], 4095);
    CU_ASSERT_EQUAL(back.per_frame[1].windows[0].center, 1);
    CU_ASSERT_EQUAL(back.tiles[3].col, -6);
    T_STR(back.warning, "odd");
    wki_image_desc_clear(&d);
    wki_image_desc_clear(&back);
    wki_buf_clear(&first);
    wki_buf_clear(&second);
}

/* No byte of it is believed: what is taken could have been read from a file. */
static void test_lies_are_refused(void)
{
    static const uint8_t odd[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    wki_image_desc d, back;
    wki_buf b;

    write_it(&b, &d);
    for (size_t i = 0; i < b.n; i++) {
        wk_error err = {0};

        T_FAILS(wki_desc_read(b.data, i, &back, &err), WK_DATA, &err);
        wki_image_desc_clear(&back);
    }
    for (size_t i = 0; i < b.n; i++) {
        uint8_t was = ((uint8_t *)b.data)[i];

        for (size_t k = 0; k < sizeof odd; k++) {
            ((uint8_t *)b.data)[i] = odd[k];
            if (wki_desc_read(b.data, b.n, &back, NULL) == WK_OK) {
                CU_ASSERT(back.samples == 1 || back.samples == 3);
                CU_ASSERT(back.bits_stored >= 1 && back.bits_stored <= back.bits_allocated);
                CU_ASSERT(back.rows >= 1 && back.rows <= WK_MAX_ROWS);
                CU_ASSERT(back.top.first_voi_lut + back.top.n_voi_luts <= back.n_voi_luts);
                CU_ASSERT_PTR_NOT_NULL(memchr(back.warning, 0, sizeof back.warning));
            }
            wki_image_desc_clear(&back);
        }
        ((uint8_t *)b.data)[i] = was;
    }
    wki_image_desc_clear(&d);
    wki_buf_clear(&b);
}

static void test_shapes_that_contradict_themselves_are_refused(void)
{
    wki_image_desc back;

    for (int what = 0; what < 7; what++) {
        wki_image_desc d;
        wki_buf b;
        wk_error err = {0};

        make(&d);
        switch (what) {
        case 0:
            d.samples = 3;
            break;
        case 1:
            d.photometric = WKI_RGB;
            break;
        case 2:
            d.bits_allocated = 24;
            break;
        case 3:
            d.pixels = WKI_PIXELS_DOUBLE;
            break;
        case 4:
            d.high_bit = 5;
            break;
        case 5:
            d.top.n_voi_luts = 2;
            break;
        default:
            free(d.palette[1].data);
            d.palette[1].data = NULL;
            break;
        }
        wki_buf_init(&b, 1 << 20, "description");
        T_OK(wki_desc_write(&d, &b, &err), &err);
        T_FAILS(wki_desc_read(b.data, b.n, &back, &err), WK_DATA, &err);
        wki_image_desc_clear(&back);
        wki_image_desc_clear(&d);
        wki_buf_clear(&b);
    }
}

static CU_TestInfo tests[] = {
    {"all of it arrives", test_all_of_it_arrives},
    {"lies are refused", test_lies_are_refused},
    {"shapes that contradict themselves are refused",
     test_shapes_that_contradict_themselves_are_refused},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_desc_wire = {"desc_wire", NULL, NULL, NULL, NULL, tests};
