/* JPEG with 8 bits a sample, by libjpeg-turbo. Samples are given as coded, with sub-sampled chroma
 * brought to full size, but never converted to another colour. */
#include <stddef.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "core/jpeg_header.h"
#include "core/text.h"
#include "decode/decode_module.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* libjpeg ends by calling error_exit, which must not return. */
typedef struct job {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf back;
    char message[JMSG_LENGTH_MAX];
    bool damaged; /* samples were made up */
    uint8_t *row; /* of a region and what is beside it */
    int most_scans;
} job;

static void on_error(j_common_ptr jpeg)
{
    job *j = jpeg->client_data;

    jpeg->err->format_message(jpeg, j->message);
    longjmp(j->back, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    job *j = jpeg->client_data;
    int code = jpeg->err->msg_code;

    if (level >= 0)
        return;
    if (!*j->message)
        jpeg->err->format_message(jpeg, j->message);
    if (code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_MUST_RESYNC ||
        code == JWRN_BOGUS_PROGRESSION || code == JWRN_ARITH_BAD_CODE)
        j->damaged = true;
    jpeg->err->num_warnings++;
}

static void on_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* A small progressive stream may ask for any number of passes over a large picture. */
static void on_progress(j_common_ptr jpeg)
{
    job *j = jpeg->client_data;

    if (jpeg->is_decompressor && j->jpeg.input_scan_number > j->most_scans) {
        (void)wki_strcopy(j->message, sizeof j->message, "too many scans");
        longjmp(j->back, 1);
    }
}

static void set_up(job *j)
{
    j->jpeg.err = jpeg_std_error(&j->errors);
    j->jpeg.client_data = j;
    j->errors.error_exit = on_error;
    j->errors.emit_message = on_message;
    j->errors.output_message = on_output;
}

static J_COLOR_SPACE space_of(const wki_jpeg_header *h, wki_color color)
{
    if (h->components == 1)
        return JCS_GRAYSCALE;
    return color == WKI_COLOR_RGB ? JCS_RGB : JCS_YCbCr;
}

static void start(job *j, const wki_frame_bytes *in, const wki_jpeg_header *h, wki_color color,
                  unsigned reduce)
{
    jpeg_create_decompress(&j->jpeg);
    j->progress.progress_monitor = on_progress;
    j->jpeg.progress = &j->progress;
    jpeg_mem_src(&j->jpeg, in->data + h->start, (unsigned long)(in->n - h->start));
    (void)jpeg_read_header(&j->jpeg, TRUE);
    j->jpeg.jpeg_color_space = space_of(h, color);
    j->jpeg.out_color_space = j->jpeg.jpeg_color_space;
    j->jpeg.dct_method = JDCT_ISLOW;
    j->jpeg.scale_num = 1;
    j->jpeg.scale_denom = 1u << (reduce < 3 ? reduce : 3);
    (void)jpeg_start_decompress(&j->jpeg);
}

static void read_whole(job *j, wki_pixels *cells)
{
    size_t row = (size_t)cells->cols * cells->samples;

    while (j->jpeg.output_scanline < j->jpeg.output_height) {
        JSAMPROW to = (JSAMPROW)cells->data + j->jpeg.output_scanline * row;

        (void)jpeg_read_scanlines(&j->jpeg, &to, 1);
    }
}

/* The columns and rows of a region. One unit of blocks more on each side: sub-sampled chroma is
 * brought to full size from its neighbours. False where memory ends. */
static bool read_region(job *j, const wki_region *r, wki_pixels *cells)
{
    struct jpeg_decompress_struct *c = &j->jpeg;
    JDIMENSION side = (JDIMENSION)c->max_h_samp_factor * DCTSIZE;
    JDIMENSION above = (JDIMENSION)c->max_v_samp_factor * DCTSIZE;
    JDIMENSION x = r->x > side ? r->x - side : 0;
    JDIMENSION end =
        c->output_width - r->x - r->width > side ? r->x + r->width + side : c->output_width;
    JDIMENSION width = end - x;
    size_t pixel = cells->samples;

    jpeg_crop_scanline(c, &x, &width);
    j->row = malloc((size_t)width * pixel);
    if (!j->row)
        return false;
    if (r->y > above)
        (void)jpeg_skip_scanlines(c, r->y - above);
    while (c->output_scanline < r->y + r->height) {
        JDIMENSION y = c->output_scanline;

        (void)jpeg_read_scanlines(c, &j->row, 1);
        if (y >= r->y)
            memcpy((uint8_t *)cells->data + (y - r->y) * r->width * pixel,
                   j->row + (r->x - x) * pixel, r->width * pixel);
    }
    return true;
}

/* The bytes of the picture in `cells`. Everything that longjmp() may clobber is in `j`. */
static wk_code run(job *j, const wki_frame_bytes *in, const wki_jpeg_header *h, wki_color color,
                   const wki_decode_opts *o, wki_pixels *cells, wk_error *err)
{
    const wki_region *r = o->region;

    if (setjmp(j->back))
        return wk_fail(err, WK_DATA, "the JPEG stream is corrupt: %s", j->message);
    start(j, in, h, color, o->reduce);
    if (j->jpeg.image_width != h->cols || j->jpeg.image_height != h->rows ||
        j->jpeg.num_components != h->components)
        return wk_fail(err, WK_DATA, "the JPEG stream has two headers that differ");
    if (!wki_pixels_alloc(cells, r ? r->height : j->jpeg.output_height,
                          r ? r->width : j->jpeg.output_width, h->components, WKI_U8))
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (!r)
        read_whole(j, cells);
    else if (!read_region(j, r, cells))
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (j->damaged)
        return wk_fail(err, WK_DATA, "the JPEG stream is damaged: %s", j->message);
    return WK_OK;
}

/* The cells in the type that Bits Allocated asks for. */
static wk_code finish(const wki_image_desc *d, wki_pixels *cells, wki_pixels *out, wk_error *err)
{
    size_t n = cells->size;
    const uint8_t *from = cells->data;
    wki_pixels p = {0};

    if (wki_sample_bytes(wki_stored_type(d)) == 1) {
        p = *cells;
        p.type = wki_stored_type(d);
        memset(cells, 0, sizeof *cells);
    } else {
        if (!wki_pixels_alloc(&p, cells->rows, cells->cols, cells->samples, wki_stored_type(d)))
            return wk_fail(err, WK_NOMEM, "out of memory");
        for (size_t i = 0; i < n; i++) {
            if (wki_sample_bytes(p.type) == 2)
                ((uint16_t *)p.data)[i] = from[i];
            else
                ((uint32_t *)p.data)[i] = from[i];
        }
    }
    /* Signed values are coded as the bits that they have, of which the range is not known. */
    if (d->is_signed)
        wki_cells_to_stored(d, &p);
    else
        wki_lossy_cells_to_stored(d, &p);
    *out = p;
    return WK_OK;
}

static void note_color(const wki_image_desc *d, wki_color color, wki_pixels *p)
{
    p->color = color;
    (void)wki_strcopy(p->decoder, sizeof p->decoder, "libjpeg-turbo");
    if (p->samples == 3 && color != wki_color_of(d->photometric) &&
        !(color == WKI_COLOR_YBR_FULL && wki_color_of(d->photometric) == WKI_COLOR_YBR_PARTIAL))
        wki_pixels_warn(p, "the code stream holds %s, the header says %s; the stream is believed",
                        color == WKI_COLOR_RGB ? "RGB" : "YBR_FULL", d->photometric_text);
}

static wk_code decode(const wki_image_desc *d, const wki_frame_bytes *bytes,
                      const wki_decode_opts *o, wki_pixels *out, wk_error *err)
{
    wki_pixels cells = {0}, p = {0};
    wki_jpeg_header h;
    wki_color color;
    wk_code rc;
    job *j;

    if (!wki_jpeg_header_read(bytes->data, bytes->n, &h))
        return wk_fail(err, WK_DATA, "no JPEG stream");
    rc = wki_check_size(d, h.cols, h.rows, h.components, err);
    if (rc != WK_OK)
        return rc;
    j = calloc(1, sizeof *j);
    if (!j)
        return wk_fail(err, WK_NOMEM, "out of memory");
    set_up(j);
    j->most_scans = (int)wki_jpeg_most_scans(&h);
    color = wki_jpeg_header_color(&h, d->photometric);
    rc = run(j, bytes, &h, color, o, &cells, err);
    if (rc == WK_OK)
        rc = finish(d, &cells, &p, err);
    if (rc == WK_OK) {
        note_color(d, color, &p);
        p.reduced = (uint8_t)(o->reduce < 3 ? o->reduce : 3);
        p.cut = o->region != NULL;
        if (*j->message)
            wki_pixels_warn(&p, "JPEG: %.120s", j->message);
        *out = p;
    }
    jpeg_destroy_decompress(&j->jpeg);
    free(j->row);
    free(j);
    wki_pixels_clear(&cells);
    return rc;
}

static const char *about(void)
{
    return "libjpeg-turbo " TEXT(LIBJPEG_TURBO_VERSION);
}

WKI_CODEC_MODULE(jpeg) = {{WADOKIT_VERSION, about}, decode};
