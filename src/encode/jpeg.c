#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "encode/encode.h"

enum {
    OUT_BYTES = 65536,
    COMMENT_MAX = 65533,
    QUALITY_FULL_CHROMA = 90
};

/* An error inside libjpeg comes back by longjmp to wki_jpeg_write(), and goes no further. */
typedef struct writer {
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr dest;
    jmp_buf back;
    wki_sink *out;
    wk_error *err;
    wk_code rc;
    JOCTET buffer[OUT_BYTES];
} writer;

static void on_error(j_common_ptr c)
{
    writer *w = c->client_data;
    char message[JMSG_LENGTH_MAX];

    if (w->rc == WK_OK) {
        c->err->format_message(c, message);
        w->rc = wk_fail(w->err, WK_INTERNAL, "JPEG: %s", message);
    }
    longjmp(w->back, 1);
}

static void on_message(j_common_ptr c)
{
    (void)c;
}

static void push(writer *w, size_t n)
{
    w->rc = w->out->write(w->out->user, w->buffer, n, w->err);
    if (w->rc != WK_OK)
        longjmp(w->back, 1);
    w->dest.next_output_byte = w->buffer;
    w->dest.free_in_buffer = OUT_BYTES;
}

static void on_start(j_compress_ptr c)
{
    writer *w = c->client_data;

    w->dest.next_output_byte = w->buffer;
    w->dest.free_in_buffer = OUT_BYTES;
}

static boolean on_full(j_compress_ptr c)
{
    push(c->client_data, OUT_BYTES);
    return TRUE;
}

static void on_end(j_compress_ptr c)
{
    writer *w = c->client_data;

    push(w, OUT_BYTES - w->dest.free_in_buffer);
}

/* Below quality 90 the eye does not miss half of the chroma; from there on it is asked for. */
static void set_parameters(writer *w, const wki_picture *p, int quality, int effort)
{
    int chroma = quality >= QUALITY_FULL_CHROMA ? 1 : 2;

    w->c.image_width = p->width;
    w->c.image_height = p->height;
    w->c.input_components = p->channels;
    w->c.in_color_space = p->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&w->c);
    jpeg_set_quality(&w->c, quality, TRUE);
    w->c.optimize_coding = effort >= 2;
    if (p->channels == 3) {
        w->c.comp_info[0].h_samp_factor = chroma;
        w->c.comp_info[0].v_samp_factor = chroma;
    }
    if (effort >= 3)
        jpeg_simple_progression(&w->c);
}

static void write_markers(writer *w, const wki_picture *p, const char *comment)
{
    if (p->icc && p->icc_size > 0 && p->icc_size < UINT_MAX)
        jpeg_write_icc_profile(&w->c, p->icc, (unsigned)p->icc_size);
    if (comment) {
        size_t n = strlen(comment);

        jpeg_write_marker(&w->c, JPEG_COM, (const JOCTET *)comment,
                          (unsigned)(n > COMMENT_MAX ? COMMENT_MAX : n));
    }
}

static void write_rows(writer *w, const wki_picture *p)
{
    size_t stride = (size_t)p->width * p->channels;

    while (w->c.next_scanline < w->c.image_height) {
        union {
            const uint8_t *in;
            JSAMPROW out;
        } row = {(const uint8_t *)p->data + w->c.next_scanline * stride};

        jpeg_write_scanlines(&w->c, &row.out, 1);
    }
}

static wk_code write_all(writer *w, const wki_picture *p, int quality, int effort,
                         const char *comment)
{
    w->c.err = jpeg_std_error(&w->errors);
    w->errors.error_exit = on_error;
    w->errors.output_message = on_message;
    w->c.client_data = w;
    if (setjmp(w->back)) {
        jpeg_destroy_compress(&w->c);
        return w->rc;
    }
    jpeg_create_compress(&w->c);
    w->dest.init_destination = on_start;
    w->dest.empty_output_buffer = on_full;
    w->dest.term_destination = on_end;
    w->c.dest = &w->dest;
    set_parameters(w, p, quality, effort);
    jpeg_start_compress(&w->c, TRUE);
    write_markers(w, p, comment);
    write_rows(w, p);
    jpeg_finish_compress(&w->c);
    jpeg_destroy_compress(&w->c);
    return WK_OK;
}

wk_code wki_jpeg_write(const wki_picture *p, int quality, int effort, const char *comment,
                       wki_sink *out, wk_error *err)
{
    writer w;

    if (p->depth != 8)
        return wk_fail(err, WK_UNSUPPORTED, "JPEG has 8 bits: use PNG for depth 16");
    if (p->width > JPEG_MAX_DIMENSION || p->height > JPEG_MAX_DIMENSION)
        return wk_fail(err, WK_UNSUPPORTED, "JPEG holds at most %ld x %ld pixels: use PNG",
                       JPEG_MAX_DIMENSION, JPEG_MAX_DIMENSION);
    memset(&w.c, 0, sizeof w.c);
    w.out = out;
    w.err = err;
    w.rc = WK_OK;
    return write_all(&w, p, quality < 1 ? 1 : quality > 100 ? 100 : quality, effort, comment);
}
