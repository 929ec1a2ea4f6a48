#include "decode/decode_photo.h"

#include <string.h>

#include "core/bytes.h"
#include "decode/codec.h"

/* The picture that it has to become. */
static wk_code decode(const char *codec, const char *name, uint32_t cols, uint32_t rows,
                      const wki_frame_bytes *bytes, uint64_t max_pixels, wki_pixels *out,
                      wk_error *err)
{
    wki_image_desc d = {.pixels = WKI_PIXELS_INTEGER,
                        .photometric = WKI_RGB,
                        .rows = rows,
                        .cols = cols,
                        .frames = 1,
                        .samples = 3,
                        .bits_allocated = 8,
                        .bits_stored = 8,
                        .high_bit = 7,
                        .encapsulated = true};
    wki_decode_opts none = {0};

    if (rows == 0 || cols == 0)
        return wk_fail(err, WK_DATA, "the %s is %u x %u", name, cols, rows);
    if ((uint64_t)rows * cols > max_pixels)
        return wk_fail(err, WK_LIMIT, "a %s of %u x %u", name, cols, rows);
    return wki_decode_apart(codec, &d, bytes, &none, out, err);
}

wk_code wki_decode_png(const void *data, size_t n, uint64_t max_pixels, wki_pixels *out,
                       wk_error *err)
{
    wki_frame_bytes bytes = {.data = data, .n = n};
    enum {
        WIDTH = 16, /* behind the signature and the head of IHDR */
        END = 24
    };

    if (n < END || memcmp(bytes.data, "\x89PNG\r\n\x1A\n", 8) != 0)
        return wk_fail(err, WK_DATA, "the PNG is cut short");
    return decode("png", "PNG", wki_be32(bytes.data + WIDTH), wki_be32(bytes.data + WIDTH + 4),
                  &bytes, max_pixels, out, err);
}

wk_code wki_decode_gif(const void *data, size_t n, uint64_t max_pixels, wki_pixels *out,
                       wk_error *err)
{
    wki_frame_bytes bytes = {.data = data, .n = n};
    const uint8_t *p = data;
    enum {
        WIDTH = 6, /* of the logical screen */
        END = 10
    };

    if (n < END || memcmp(p, "GIF8", 4) != 0)
        return wk_fail(err, WK_DATA, "the GIF is cut short");
    return decode("gif", "GIF", p[WIDTH] | (uint32_t)p[WIDTH + 1] << 8,
                  p[WIDTH + 2] | (uint32_t)p[WIDTH + 3] << 8, &bytes, max_pixels, out, err);
}
