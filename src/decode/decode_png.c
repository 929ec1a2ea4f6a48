#include "decode/decode_png.h"

#include <png.h>
#include <string.h>

#include "core/text.h"

wk_code wki_decode_png(const void *data, size_t n, uint64_t max_pixels, wki_pixels *out,
                       wk_error *err)
{
    static const png_color white = {255, 255, 255};
    png_image image = {.version = PNG_IMAGE_VERSION};
    wki_pixels p = {0};
    wk_code rc = WK_OK;

    if (!png_image_begin_read_from_memory(&image, data, n))
        return wk_fail(err, WK_DATA, "the PNG is corrupt: %s", image.message);
    image.format = PNG_FORMAT_RGB;
    if ((uint64_t)image.width * image.height > max_pixels)
        rc = wk_fail(err, WK_LIMIT, "a PNG of %u x %u", image.width, image.height);
    else if (!wki_pixels_alloc(&p, image.height, image.width, 3, WKI_U8))
        rc = wk_fail(err, WK_NOMEM, "no memory for a PNG of %u x %u", image.width, image.height);
    else if (!png_image_finish_read(&image, &white, p.data, 0, NULL))
        rc = wk_fail(err, WK_DATA, "the PNG is corrupt: %s", image.message);
    png_image_free(&image);
    if (rc != WK_OK) {
        wki_pixels_clear(&p);
        return rc;
    }
    p.color = WKI_COLOR_RGB;
    (void)wki_strcopy(p.decoder, sizeof p.decoder, "libpng");
    *out = p;
    return WK_OK;
}
