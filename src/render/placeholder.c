#include <string.h>

#include "render/font.h"
#include "render/render.h"

enum {
    BOX_DEFAULT = 256,
    BOX_MIN = 16,
    BOX_MAX = 8192,
    GREY_PAPER = 48,
    GREY_FRAME = 112,
    GREY_TITLE = 232,
    GREY_LINES = 176,
    STEP_X = WKI_GLYPH_WIDTH + 1,  /* one dot between letters */
    STEP_Y = WKI_GLYPH_HEIGHT + 3, /* three between lines */
};

static void fill(wki_picture *p, uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint8_t grey)
{
    for (uint32_t row = y; row < y + h && row < p->height; row++) {
        uint32_t end = x + w < p->width ? x + w : p->width;

        if (x < end)
            memset((uint8_t *)p->data + (size_t)row * p->width + x, grey, end - x);
    }
}

static void draw_char(wki_picture *p, uint32_t x, uint32_t y, uint32_t dot, char c, uint8_t grey)
{
    const uint8_t *rows = wki_glyph(c);

    for (uint32_t row = 0; row < WKI_GLYPH_HEIGHT; row++) {
        for (uint32_t col = 0; col < WKI_GLYPH_WIDTH; col++) {
            if (rows[row] & (0x10u >> col))
                fill(p, x + col * dot, y + row * dot, dot, dot, grey);
        }
    }
}

/* Centred on one line; what does not fit ends in "..". */
static void draw_line(wki_picture *p, uint32_t y, uint32_t dot, const char *text, uint8_t grey)
{
    size_t room = (p->width - p->width / 8) / ((size_t)STEP_X * dot);
    size_t n = strlen(text), shown = n > room ? room : n;
    uint32_t x = (p->width - (uint32_t)shown * STEP_X * dot + dot) / 2;

    for (size_t i = 0; i < shown; i++) {
        char c = n > room && room > 4 && i + 2 >= shown ? '.' : text[i];

        draw_char(p, x + (uint32_t)i * STEP_X * dot, y, dot, c, grey);
    }
}

/* The largest dot with which the title takes at most two thirds of the width and a quarter of the
 * height. */
static uint32_t title_dot(uint32_t box, size_t letters)
{
    uint32_t by_width = (uint32_t)(box * 2 / 3 / (STEP_X * (letters ? letters : 1)));
    uint32_t by_height = box / 4 / WKI_GLYPH_HEIGHT;
    uint32_t dot = by_width < by_height ? by_width : by_height;

    return dot ? dot : 1;
}

wk_code wki_placeholder(uint32_t box, const char *title, const char *const *lines, size_t n_lines,
                        wki_picture *out, wk_error *err)
{
    uint32_t dot, small, y, edge;
    wki_picture p = {0};

    box = box == 0 ? BOX_DEFAULT : box < BOX_MIN ? BOX_MIN : box > BOX_MAX ? BOX_MAX : box;
    if (!wki_picture_alloc(&p, box, box, 1, 8))
        return wk_fail(err, WK_NOMEM, "out of memory");
    edge = box / 64 ? box / 64 : 1;
    fill(&p, 0, 0, box, box, GREY_FRAME);
    fill(&p, edge, edge, box - 2 * edge, box - 2 * edge, GREY_PAPER);
    dot = title_dot(box, strlen(title));
    small = box / 192 ? box / 192 : 1;
    y = (box - WKI_GLYPH_HEIGHT * dot) / 2;
    if (n_lines > 0)
        y = y > box / 8 ? y - box / 8 : 0;
    draw_line(&p, y, dot, title, GREY_TITLE);
    y += WKI_GLYPH_HEIGHT * dot + box / 12;
    for (size_t i = 0; i < n_lines; i++, y += STEP_Y * small) {
        if (lines[i])
            draw_line(&p, y, small, lines[i], GREY_LINES);
    }
    *out = p;
    return WK_OK;
}
