#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "encode/encode.h"

/* What libpng's callbacks share. An error inside libpng comes back by longjmp to write_all(), and
 * goes no further than this file. */
typedef struct writer {
    wki_sink *out;
    wk_error *err;
    wk_code rc;
} writer;

static void on_error(png_structp png, png_const_charp message)
{
    writer *w = png_get_error_ptr(png);

    if (w->rc == WK_OK)
        w->rc = wk_fail(w->err, WK_INTERNAL, "PNG: %s", message);
    longjmp(png_jmpbuf(png), 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_write(png_structp png, png_bytep data, size_t n)
{
    writer *w = png_get_io_ptr(png);

    w->rc = w->out->write(w->out->user, data, n, w->err);
    if (w->rc != WK_OK)
        png_error(png, "write");
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Measured on medical pictures: level 1 with run lengths only is the fastest for grey and smaller
 * than plain level 1; colour needs matches. "Up" costs nothing and helps both. */
static void set_compression(png_structp png, const wki_picture *p)
{
    png_set_compression_level(png, 1);
    png_set_compression_strategy(png, p->channels == 1 ? 3 /* Z_RLE */ : 0);
    png_set_compression_buffer_size(png, 65536);
    png_set_filter(png, 0, PNG_FILTER_UP);
}

static void set_texts(png_structp png, png_infop info, const wki_picture *p, const char *comment)
{
    png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE};
    char key[] = "Comment";

    /* A profile that libpng finds fault with is left out; the picture is not lost for it. */
    png_set_benign_errors(png, 1);
    if (p->icc && p->icc_size > 0 && p->icc_size <= UINT32_MAX)
        png_set_iCCP(png, info, "ICC", PNG_COMPRESSION_TYPE_BASE, p->icc, (png_uint_32)p->icc_size);
    if (comment) {
        union {
            const char *in;
            char *out;
        } borrowed = {comment};

        text.key = key;
        text.text = borrowed.out;
        png_set_text(png, info, &text, 1);
    }
}

static wk_code write_all(png_structp png, png_infop info, writer *w, const wki_picture *p,
                         const char *comment)
{
    size_t stride = (size_t)p->width * p->channels * (p->depth / 8);
    const png_byte *row = p->data;

    if (setjmp(png_jmpbuf(png)))
        return w->rc == WK_OK ? wk_fail(w->err, WK_INTERNAL, "PNG: failed") : w->rc;
    png_set_write_fn(png, w, on_write, on_flush);
    png_set_IHDR(png, info, p->width, p->height, p->depth,
                 p->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    set_compression(png, p);
    set_texts(png, info, p, comment);
    png_write_info(png, info);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (p->depth == 16)
        png_set_swap(png);
#endif
    for (uint32_t y = 0; y < p->height; y++)
        png_write_row(png, row + (size_t)y * stride);
    png_write_end(png, info);
    return WK_OK;
}

wk_code wki_png_write(const wki_picture *p, const char *comment, wki_sink *out, wk_error *err)
{
    writer w = {out, err, WK_OK};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    wk_code rc;

    if (info)
        rc = write_all(png, info, &w, p, comment);
    else
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    png_destroy_write_struct(&png, &info);
    return rc;
}

const char *wki_png_version(void)
{
    static char text[64];

    snprintf(text, sizeof text, "libpng %s: PNG, 8 and 16 bit", png_get_libpng_ver(NULL));
    return text;
}
