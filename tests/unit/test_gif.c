#include "support/t.h"

#include <gif_lib.h>
#include <stdlib.h>

#include "core/buf.h"
#include "decode/decode_photo.h"

static int collect(GifFileType *gif, const GifByteType *data, int n)
{
    wk_error err = {0};

    return wki_buf_add(gif->UserData, data, (size_t)n, &err) == WK_OK ? n : 0;
}

typedef struct shape {
    int width, height, left, top;
    bool interlaced;
    int transparent; /* a colour, or NO_TRANSPARENT_COLOR */
} shape;

enum {
    SCREEN_W = 9,
    SCREEN_H = 13
};

static int color_at(int x, int y)
{
    return (x + 3 * y) % 4;
}

static const GifColorType colors[4] = {{0, 0, 0}, {255, 0, 0}, {10, 20, 30}, {0, 0, 255}};

static void write_gif(const shape *s, wki_buf *out)
{
    ColorMapObject *map = GifMakeMapObject(4, colors);
    int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2}, code = 0;
    GifFileType *gif;
    GraphicsControlBlock control = {.TransparentColor = s->transparent};
    GifByteType block[4];

    wki_buf_init(out, 1 << 16, "gif");
    gif = EGifOpen(out, collect, &code);
    CU_ASSERT_PTR_NOT_NULL_FATAL(gif);
    EGifSetGifVersion(gif, true);
    CU_ASSERT_EQUAL(EGifPutScreenDesc(gif, SCREEN_W, SCREEN_H, 2, 0, map), GIF_OK);
    EGifGCBToExtension(&control, block);
    CU_ASSERT_EQUAL(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, block), GIF_OK);
    CU_ASSERT_EQUAL(
        EGifPutImageDesc(gif, s->left, s->top, s->width, s->height, s->interlaced, NULL), GIF_OK);
    for (int pass = 0; pass < (s->interlaced ? 4 : 1); pass++) {
        for (int y = s->interlaced ? first[pass] : 0; y < s->height;
             y += s->interlaced ? step[pass] : 1) {
            GifPixelType line[64];

            for (int x = 0; x < s->width; x++)
                line[x] = (GifPixelType)color_at(x, y);
            CU_ASSERT_EQUAL(EGifPutLine(gif, line, s->width), GIF_OK);
        }
    }
    CU_ASSERT_EQUAL(EGifCloseFile(gif, &code), GIF_OK);
    GifFreeMapObject(map);
}

static void check_pixel(const shape *s, const wki_pixels *p, int x, int y)
{
    const uint8_t *got = (const uint8_t *)p->data + 3 * (y * SCREEN_W + x);
    int px = x - s->left, py = y - s->top;
    GifColorType want = {255, 255, 255};

    if (px >= 0 && py >= 0 && px < s->width && py < s->height && color_at(px, py) != s->transparent)
        want = colors[color_at(px, py)];
    CU_ASSERT_EQUAL(got[0], want.Red);
    CU_ASSERT_EQUAL(got[1], want.Green);
    CU_ASSERT_EQUAL(got[2], want.Blue);
}

static void test_a_gif_is_its_first_picture_on_white(void)
{
    static const shape shapes[] = {
        {9, 13, 0, 0, false, NO_TRANSPARENT_COLOR},
        {9, 13, 0, 0, true, NO_TRANSPARENT_COLOR},
        {4, 5, 3, 2, false, 2},
        {9, 13, 5, 9, true, 1}, /* reaches over the canvas */
    };

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        wki_buf b;
        wki_pixels p = {0};
        wk_error err = {0};

        write_gif(&shapes[i], &b);
        T_OK(wki_decode_gif(b.data, b.n, 1000, &p, &err), &err);
        CU_ASSERT_EQUAL(p.rows, SCREEN_H);
        CU_ASSERT_EQUAL(p.cols, SCREEN_W);
        for (int y = 0; y < SCREEN_H; y++)
            for (int x = 0; x < SCREEN_W; x++)
                check_pixel(&shapes[i], &p, x, y);
        wki_pixels_clear(&p);
        wki_buf_clear(&b);
    }
}

static void test_a_gif_cut_short_or_too_large_is_refused(void)
{
    static const shape all = {9, 13, 0, 0, false, NO_TRANSPARENT_COLOR};
    wki_buf b;
    wki_pixels p = {0};
    wk_error err = {0};

    write_gif(&all, &b);
    CU_ASSERT_EQUAL(wki_decode_gif(b.data, b.n, 9 * 13 - 1, &p, &err), WK_LIMIT);
    /* The last bytes close the code stream and the file: the pixels are there without them. */
    for (size_t n = 0; n + 8 < b.n; n++)
        CU_ASSERT_EQUAL(wki_decode_gif(b.data, n, 1000, &p, &err), WK_DATA);
    CU_ASSERT_PTR_NULL(p.data);
    wki_buf_clear(&b);
}

static CU_TestInfo tests[] = {
    {"a gif is its first picture on white", test_a_gif_is_its_first_picture_on_white},
    {"a gif cut short or too large is refused", test_a_gif_cut_short_or_too_large_is_refused},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_gif = {"gif", NULL, NULL, NULL, NULL, tests};
