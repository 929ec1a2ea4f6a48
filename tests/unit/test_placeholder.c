#include "support/t.h"

#include <stdlib.h>

#include "render/font.h"
#include "render/render.h"

static unsigned greys(const wki_picture *p)
{
    bool seen[256] = {false};
    unsigned n = 0;

    for (size_t i = 0; i < (size_t)p->width * p->height; i++) {
        uint8_t v = ((const uint8_t *)p->data)[i];

        n += !seen[v];
        seen[v] = true;
    }
    return n;
}

static void test_any_size_and_text_gives_a_picture(void)
{
    static const uint32_t boxes[] = {0, 1, 16, 17, 64, 100, 256, 512, 1000, 100000};
    static const char *const lines[] = {"", "Comprehensive SR", NULL,
                                        "1.2.840.10008.5.1.4.1.1.88.33.1.2.840.10008.5.1.4.1.1.88",
                                        "\xC3\xA9\x01"};

    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
        wki_picture p = {0};
        wk_error err = {0};

        T_OK(wki_placeholder(boxes[i], "SR", lines, 5, &p, &err), &err);
        CU_ASSERT_EQUAL(p.width, p.height);
        CU_ASSERT(p.width >= 16 && p.width <= 8192);
        CU_ASSERT(p.width < 64 || greys(&p) == 4);
        wki_picture_clear(&p);
        T_OK(wki_placeholder(boxes[i], "", NULL, 0, &p, &err), &err);
        wki_picture_clear(&p);
        T_OK(wki_placeholder(boxes[i], "A TITLE THAT IS MUCH TOO LONG", lines, 1, &p, &err), &err);
        wki_picture_clear(&p);
    }
}

static void test_the_font_tells_letters_apart(void)
{
    static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ .,:;-_+=*/\\()[]<>!?'\"#%&@";

    for (size_t i = 0; i + 1 < sizeof all; i++) {
        for (size_t k = 0; k < i; k++)
            CU_ASSERT_NOT_EQUAL(memcmp(wki_glyph(all[i]), wki_glyph(all[k]), 7), 0);
    }
    CU_ASSERT_PTR_EQUAL(wki_glyph('a'), wki_glyph('A'));
    CU_ASSERT_PTR_EQUAL(wki_glyph('\x01'), wki_glyph('\xff'));
}

static CU_TestInfo tests[] = {
    {"any size and text gives a picture", test_any_size_and_text_gives_a_picture},
    {"the font tells letters apart", test_the_font_tells_letters_apart},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_placeholder = {"placeholder", NULL, NULL, NULL, NULL, tests};
