#include <png.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/deflate.h"
#include "encode/encode.h"

enum {
    BAND_BYTES = 1 << 18,
    SMALL_BYTES = 1024
};

/* What libpng's callbacks share. An error inside libpng comes back by longjmp to write_all(), and
 * goes no further than this file. */
typedef struct writer {
    wki_sink *out;
    wk_error *err;
    wk_code rc;
    size_t n;                   /* of ... */
    uint8_t small[SMALL_BYTES]; /* ... chunks that are gathered: libpng writes a few bytes a time */
} writer;

static bool flush_small(writer *w)
{
    size_t n = w->n;

    w->n = 0;
    if (n > 0 && w->rc == WK_OK)
        w->rc = w->out->write(w->out->user, w->small, n, w->err);
    return w->rc == WK_OK;
}

static bool write_out(writer *w, const uint8_t *data, size_t n)
{
    if (n > SMALL_BYTES - w->n && !flush_small(w))
        return false;
    if (n > SMALL_BYTES) {
        w->rc = w->out->write(w->out->user, data, n, w->err);
        return w->rc == WK_OK;
    }
    memcpy(w->small + w->n, data, n);
    w->n += n;
    return true;
}

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

    if (!write_out(w, data, n))
        png_error(png, "write");
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Measured on medical pictures, where there is no ISA-L: level 1 with run lengths only is the
 * fastest for grey and smaller than plain level 1; colour needs matches. "Up" costs nothing and
 * helps both. More effort: 8 % smaller at ten times the time, and little less at a hundred. */
static void set_compression(png_structp png, const wki_picture *p, int effort)
{
    png_set_compression_buffer_size(png, 65536);
    if (effort >= 2) {
        png_set_compression_level(png, effort == 2 ? 6 : 9);
        png_set_filter(png, 0, PNG_ALL_FILTERS);
        return;
    }
    png_set_compression_level(png, 1);
    png_set_compression_strategy(png, p->channels == 1 ? 3 /* Z_RLE */ : 0);
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

/* Rows on their way into a fast compressor: filtered a band at a time. "Average" is the best filter
 * for grey, "up" for colour; either needs only rows as they are, and so vectorises. */
typedef struct band {
    size_t stride, step; /* bytes of a row and of a pixel */
    bool average, swap;
    uint8_t *rows; /* filtered, with their filter bytes */
    size_t n, room;
    uint8_t *swapped[2];
} band;

static void put_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* A chunk around the bytes, where there is room for that, as libpng's own CRC is slow. */
static bool write_idat(void *user, uint8_t *data, size_t n)
{
    uint8_t *chunk = data - WKI_DEFLATE_BEFORE;

    put_be32(chunk, (uint32_t)n);
    memcpy(chunk + 4, "IDAT", 4);
    put_be32(data + n, wki_deflate_crc(0, chunk + 4, n + 4));
    return write_out(user, chunk, n + 12);
}

static void filter_average(const uint8_t *restrict row, const uint8_t *restrict above, size_t n,
                           size_t step, uint8_t *restrict to)
{
    for (size_t i = 0; i < step; i++)
        to[i] = (uint8_t)(row[i] - above[i] / 2);
    for (size_t i = step; i < n; i++)
        to[i] = (uint8_t)(row[i] - (row[i - step] + above[i]) / 2);
}

static void filter_up(const uint8_t *restrict row, const uint8_t *restrict above, size_t n,
                      uint8_t *restrict to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(row[i] - above[i]);
}

/* 16-bit values are big-endian in the file. */
static const uint8_t *in_file_order(const band *b, const uint8_t *row, size_t y)
{
    uint8_t *to = b->swapped[y % 2];

    if (!b->swap)
        return row;
    for (size_t i = 0; i + 1 < b->stride; i += 2) {
        to[i] = row[i + 1];
        to[i + 1] = row[i];
    }
    return to;
}

static void add_row(band *b, const uint8_t *row, const uint8_t *above)
{
    uint8_t *to = b->rows + b->n;

    to[0] = !above       ? PNG_FILTER_VALUE_NONE
            : b->average ? PNG_FILTER_VALUE_AVG
                         : PNG_FILTER_VALUE_UP;
    if (!above)
        memcpy(to + 1, row, b->stride);
    else if (b->average)
        filter_average(row, above, b->stride, b->step, to + 1);
    else
        filter_up(row, above, b->stride, to + 1);
    b->n += b->stride + 1;
}

static bool write_bands(band *b, const wki_picture *p, wki_deflate *d)
{
    const uint8_t *above = NULL;

    for (uint32_t y = 0; y < p->height; y++) {
        const uint8_t *row = in_file_order(b, (const uint8_t *)p->data + (size_t)y * b->stride, y);
        bool last = y + 1 == p->height;

        add_row(b, row, above);
        above = row;
        if (!last && b->room - b->n > b->stride)
            continue;
        if (!wki_deflate_add(d, b->rows, b->n, last))
            return false;
        b->n = 0;
    }
    return true;
}

static bool band_init(band *b, const wki_picture *p)
{
    size_t rows;

    memset(b, 0, sizeof *b);
    b->step = (size_t)p->channels * (p->depth / 8);
    b->stride = b->step * p->width;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    b->swap = p->depth == 16;
#endif
    b->average = p->channels == 1;
    rows = BAND_BYTES / (b->stride + 1) + 1;
    b->room = rows * (b->stride + 1);
    b->rows = malloc(b->room + (b->swap ? 2 * b->stride : 0));
    b->swapped[0] = b->rows + b->room;
    b->swapped[1] = b->swapped[0] + b->stride;
    return b->rows != NULL;
}

/* All that has to be freed after a jump out of libpng. */
typedef struct resources {
    band band;
    wki_deflate *deflate;
} resources;

static wk_code write_all(png_structp png, png_infop info, writer *w, const wki_picture *p,
                         int effort, const char *comment, resources *r)
{
    size_t stride = (size_t)p->width * p->channels * (p->depth / 8);
    const png_byte *row = p->data;

    if (setjmp(png_jmpbuf(png)))
        return w->rc == WK_OK ? wk_fail(w->err, WK_INTERNAL, "PNG: failed") : w->rc;
    png_set_write_fn(png, w, on_write, on_flush);
    png_set_IHDR(png, info, p->width, p->height, p->depth,
                 p->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
    set_compression(png, p, effort);
    set_texts(png, info, p, comment);
    png_write_info(png, info);
    if (effort < 2)
        r->deflate = wki_deflate_new(write_idat, w);
    if (r->deflate) {
        if (!band_init(&r->band, p))
            return wk_fail(w->err, WK_NOMEM, "out of memory");
        if (!write_bands(&r->band, p, r->deflate))
            return w->rc == WK_OK ? wk_fail(w->err, WK_INTERNAL, "PNG: deflate failed") : w->rc;
        png_write_chunk(png, (png_const_bytep) "IEND", NULL, 0);
        return flush_small(w) ? WK_OK : w->rc;
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (p->depth == 16)
        png_set_swap(png);
#endif
    for (uint32_t y = 0; y < p->height; y++)
        png_write_row(png, row + (size_t)y * stride);
    png_write_end(png, info);
    return flush_small(w) ? WK_OK : w->rc;
}

wk_code wki_png_write(const wki_picture *p, int effort, const char *comment, wki_sink *out,
                      wk_error *err)
{
    resources r = {.deflate = NULL};
    png_infop info = NULL;
    png_structp png;
    wk_code rc;
    writer w;

    w.out = out;
    w.err = err;
    w.rc = WK_OK;
    w.n = 0;
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    if (png)
        info = png_create_info_struct(png);
    if (info)
        rc = write_all(png, info, &w, p, effort, comment, &r);
    else
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    png_destroy_write_struct(&png, &info);
    wki_deflate_free(r.deflate);
    free(r.band.rows);
    return rc;
}

const char *wki_png_version(void)
{
    static char text[96];
    const char *fast = wki_deflate_version();

    snprintf(text, sizeof text, "libpng %s%s%s: PNG, 8 and 16 bit", png_get_libpng_ver(NULL),
             fast ? " with " : "", fast ? fast : "");
    return text;
}
