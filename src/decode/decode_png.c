/* PNG by libpng. */
#include <png.h>
#include <string.h>

#include "core/text.h"
#include "decode/decode_module.h"

static wk_code decode(const wki_image_desc *d, const wki_frame_bytes *bytes,
                      const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    static const png_color white = {255, 255, 255};
    png_image image = {.version = PNG_IMAGE_VERSION};
    wki_pixels p = {0};
    wk_code rc;

    (void)opts;
    if (!png_image_begin_read_from_memory(&image, bytes->data, bytes->n))
        return wk_fail(err, WK_DATA, "the PNG is corrupt: %s", image.message);
    image.format = PNG_FORMAT_RGB;
    rc = wki_check_size(d, image.width, image.height, 3, err);
    if (rc == WK_OK)
        rc = wki_stored_alloc(d, "libpng", &p, err);
    if (rc == WK_OK && !png_image_finish_read(&image, &white, p.data, 0, NULL))
        rc = wk_fail(err, WK_DATA, "the PNG is corrupt: %s", image.message);
    png_image_free(&image);
    if (rc == WK_OK)
        *out = p;
    else
        wki_pixels_clear(&p);
    return rc;
}

static const char *about(void)
{
    return "libpng " PNG_LIBPNG_VER_STRING;
}

WKI_CODEC_MODULE(png) = {{WADOKIT_VERSION, about}, decode};
