#include "flow/draw/slide.h"

#include <stdlib.h>

#include "support/t.h"

#define N(a) (sizeof(a) / sizeof(a)[0])

/* Tiles of 2 x 2 in a matrix of 3 x 5; what is decoded of frame f is f + 1 everywhere. */
static wki_image_desc slide_of(wki_tiling tiling, uint32_t frames)
{
    return (wki_image_desc){.pixels = WKI_PIXELS_INTEGER,
                            .rows = 2,
                            .cols = 2,
                            .frames = frames,
                            .samples = 1,
                            .bits_allocated = 8,
                            .bits_stored = 8,
                            .photometric = WKI_MONOCHROME2,
                            .tiling = tiling,
                            .total_rows = 3,
                            .total_cols = 5,
                            .focal_planes = 1,
                            .optical_paths = 1};
}

typedef struct decoder {
    uint32_t broken; /* bits: these frames cannot be decoded */
    uint16_t samples;
} decoder;

static wk_code decode(void *user, uint32_t frame, wki_pixels *out, wk_error *err)
{
    const decoder *d = user;

    if (d->broken >> frame & 1)
        return wk_fail(err, WK_DATA, "frame %u is broken", (unsigned)frame);
    if (!wki_pixels_alloc(out, 2, 2, d->samples, WKI_U8))
        return wk_fail(err, WK_NOMEM, "out of memory");
    memset(out->data, (int)frame + 1, out->size);
    out->color = d->samples == 3 ? WKI_COLOR_RGB : WKI_COLOR_GREY;
    return WK_OK;
}

/* The picture as digits, a row after the other; NULL where it fails. */
static const char *assemble(const wki_image_desc *d, decoder how, uint32_t *tiles,
                            uint32_t *missing, wk_error *err)
{
    static char text[64];
    wki_image_desc whole;
    wki_pixels out = {0};

    if (wki_slide_assemble(d, decode, &how, &whole, &out, tiles, missing, err) != WK_OK)
        return NULL;
    CU_ASSERT_EQUAL(whole.rows, d->total_rows);
    CU_ASSERT_EQUAL(whole.cols, d->total_cols);
    CU_ASSERT_EQUAL(whole.frames, 1);
    for (size_t i = 0; i < (size_t)out.rows * out.cols; i++) {
        uint8_t v = ((const uint8_t *)out.data)[i * out.samples];

        text[i] = (char)(v == 255 ? 'w' : '0' + v);
    }
    text[(size_t)out.rows * out.cols] = '\0';
    wki_pixels_clear(&out);
    return text;
}

static void test_tiles_lie_row_by_row(void)
{
    wki_image_desc d = slide_of(WKI_TILED_FULL, 12); /* the last six are of another focal plane */
    uint32_t tiles = 0, missing = 0;
    wk_error err = {0};

    T_STR(assemble(&d, (decoder){.samples = 1}, &tiles, &missing, &err), "112231122344556");
    CU_ASSERT_EQUAL(tiles, 6);
    CU_ASSERT_EQUAL(missing, 0);
}

static void test_tiles_lie_where_they_say(void)
{
    wki_tile places[] = {{2, 4}, {0, 0}, {2, 4}, {9, 9}}; /* over an edge, again, outside */
    wki_image_desc d = slide_of(WKI_TILED_SPARSE, 4);
    uint32_t tiles = 0, missing = 0;
    wk_error err = {0};

    d.tiles = places;
    d.n_tiles = N(places);
    T_STR(assemble(&d, (decoder){.samples = 1}, &tiles, &missing, &err), "200000001100011");
    CU_ASSERT_EQUAL(tiles, 2);
}

static void test_what_is_missing_is_counted_and_left_empty(void)
{
    wki_image_desc d = slide_of(WKI_TILED_FULL, 6);
    uint32_t tiles = 0, missing = 0;
    wk_error err = {0};

    T_STR(assemble(&d, (decoder){1 << 1, 1}, &tiles, &missing, &err), "110031100344556");
    CU_ASSERT_EQUAL(tiles, 5);
    CU_ASSERT_EQUAL(missing, 1);
    d.samples = 3;
    d.photometric = WKI_RGB;
    T_STR(assemble(&d, (decoder){1 << 1, 3}, &tiles, &missing, &err), "11ww311ww344556");
}

static void test_nothing_to_show_is_an_error(void)
{
    wki_image_desc d = slide_of(WKI_TILED_FULL, 6);
    uint32_t tiles, missing;
    wk_error err = {0};

    CU_ASSERT_PTR_NULL(assemble(&d, (decoder){63, 1}, &tiles, &missing, &err));
    CU_ASSERT_EQUAL(err.code, WK_DATA);
    T_HAS(err.message, "frame 0 is broken");
    wk_error_clear(&err);
    d.total_rows = d.total_cols = 1 << 15;
    CU_ASSERT_PTR_NULL(assemble(&d, (decoder){.samples = 1}, &tiles, &missing, &err));
    CU_ASSERT_EQUAL(err.code, WK_LIMIT);
}

static void test_which_instance_stands_for_a_slide(void)
{
    static const struct {
        const char *kind;
        int preference;
    } rows[] = {{"THUMBNAIL", 3}, {"OVERVIEW", 2}, {"VOLUME", 1}, {"LABEL", 0}};
    wki_image_desc d = slide_of(WKI_TILED_FULL, 6);

    for (size_t i = 0; i < N(rows); i++) {
        snprintf(d.image_type[2], sizeof d.image_type[2], "%s", rows[i].kind);
        CU_ASSERT_EQUAL(wki_slide_preference(&d), rows[i].preference);
    }
    CU_ASSERT_EQUAL(wki_slide_extent(&d), 15);
    CU_ASSERT_TRUE(wki_slide_is_tiled(&d));
    d.frames = 1;
    CU_ASSERT_FALSE(wki_slide_is_tiled(&d));
    d.total_rows = 0;
    CU_ASSERT_EQUAL(wki_slide_extent(&d), 4);
}

static CU_TestInfo tests[] = {
    {"tiles lie row by row", test_tiles_lie_row_by_row},
    {"tiles lie where they say", test_tiles_lie_where_they_say},
    {"what is missing is counted and left empty", test_what_is_missing_is_counted_and_left_empty},
    {"nothing to show is an error", test_nothing_to_show_is_an_error},
    {"which instance stands for a slide", test_which_instance_stands_for_a_slide},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_slide = {"slide", NULL, NULL, NULL, NULL, tests};
