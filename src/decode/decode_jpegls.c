/* JPEG-LS, lossless and near-lossless, by CharLS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <charls/charls.h>

#include "core/buf.h"
#include "core/jpeg_header.h"
#include "core/text.h"
#include "decode/decode_module.h"

static wk_code failed(charls_jpegls_errc code, wk_error *err)
{
    if (code == CHARLS_JPEGLS_ERRC_NOT_ENOUGH_MEMORY)
        return wk_fail(err, WK_NOMEM, "out of memory");
    return wk_fail(err, WK_DATA, "JPEG-LS: %s", charls_get_error_message(code));
}

/* Cells of one or two bytes, by plane or by pixel, into stored values by pixel. */
static void place(const uint8_t *cells, size_t cell_width, bool by_plane, wki_pixels *p)
{
    size_t n = (size_t)p->rows * p->cols, width = wki_sample_bytes(p->type);

    for (size_t s = 0; s < p->samples; s++) {
        for (size_t i = 0; i < n; i++) {
            size_t from = by_plane ? s * n + i : i * p->samples + s, to = i * p->samples + s;
            uint16_t v = cells[from * cell_width];

            if (cell_width == 2)
                memcpy(&v, cells + 2 * from, 2);
            if (width == 1)
                ((uint8_t *)p->data)[to] = (uint8_t)v;
            else if (width == 2)
                ((uint16_t *)p->data)[to] = v;
            else
                ((uint32_t *)p->data)[to] = v;
        }
    }
}

static wk_code decode(charls_jpegls_decoder *c, const wki_image_desc *d, const wki_frame_bytes *in,
                      wki_pixels *out, wk_error *err)
{
    charls_frame_info info = {0};
    charls_interleave_mode mode = CHARLS_INTERLEAVE_MODE_NONE;
    charls_jpegls_errc code;
    wki_pixels p = {0};
    uint8_t *cells;
    size_t size;
    wk_code rc;

    code = charls_jpegls_decoder_set_source_buffer(c, in->data, in->n);
    if (!code)
        code = charls_jpegls_decoder_read_header(c);
    if (!code)
        code = charls_jpegls_decoder_get_frame_info(c, &info);
    if (!code)
        code = charls_jpegls_decoder_get_interleave_mode(c, &mode);
    if (code)
        return failed(code, err);
    rc = wki_check_size(d, info.width, info.height, (uint64_t)info.component_count, err);
    if (rc == WK_OK && info.bits_per_sample > d->bits_allocated)
        rc = wk_fail(err, WK_DATA,
                     "the JPEG-LS stream has %d bits a sample, the header allocates %u",
                     info.bits_per_sample, d->bits_allocated);
    if (rc != WK_OK)
        return rc;
    code = charls_jpegls_decoder_get_destination_size(c, 0, &size);
    if (code)
        return failed(code, err);
    cells = malloc(size);
    if (!cells)
        return wk_fail(err, WK_NOMEM, "out of memory");
    code = charls_jpegls_decoder_decode_to_buffer(c, cells, size, 0);
    rc = code ? failed(code, err) : wki_stored_alloc(d, "charls", &p, err);
    if (rc == WK_OK) {
        place(cells, info.bits_per_sample > 8 ? 2 : 1, mode == CHARLS_INTERLEAVE_MODE_NONE, &p);
        wki_cells_to_stored(d, &p);
        *out = p;
    }
    free(cells);
    return rc;
}

static wk_code decode_stream(const wki_image_desc *d, const wki_frame_bytes *in, wki_pixels *out,
                             wk_error *err)
{
    charls_jpegls_decoder *c = charls_jpegls_decoder_create();
    wk_code rc;

    if (!c)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = decode(c, d, in, out, err);
    charls_jpegls_decoder_destroy(c);
    return rc;
}

/* Some coders put a zero byte too many between the scan and the end marker; CharLS refuses that.
 * A copy without it, or nothing where there is no such byte. */
static uint8_t *without_zero(const wki_frame_bytes *in, size_t *n)
{
    size_t end = in->n;
    uint8_t *copy;

    while (end > 2 && in->data[end - 1] == 0)
        end--;
    if (end < 4 || memcmp(in->data + end - 3, "\x00\xFF\xD9", 3) != 0)
        return NULL;
    copy = malloc(end);
    if (!copy)
        return NULL;
    memcpy(copy, in->data, end - 3);
    memcpy(copy + end - 3, "\xFF\xD9", 2);
    *n = end - 1;
    return copy;
}

static wk_code decode_any(const wki_image_desc *d, const wki_frame_bytes *bytes,
                          const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    wki_frame_bytes in = *bytes;
    wk_error first = {0};
    wki_jpeg_header h;
    uint8_t *copy;
    wk_code rc;

    (void)opts;
    if (!wki_jpeg_header_read(in.data, in.n, &h) || h.sof != 0xF7)
        return wk_fail(err, WK_DATA, "no JPEG-LS stream");
    rc = wki_check_size(d, h.cols, h.rows, h.components, err);
    if (rc != WK_OK)
        return rc;
    in.data += h.start;
    in.n -= h.start;
    rc = decode_stream(d, &in, out, &first);
    copy = rc == WK_DATA ? without_zero(&in, &in.n) : NULL;
    if (copy) {
        in.data = copy;
        rc = decode_stream(d, &in, out, NULL);
        free(copy);
    }
    return rc == WK_OK ? rc : wk_fail_from(err, rc, &first);
}

static const char *about(void)
{
    static char text[32]; /* the same from any thread */

    snprintf(text, sizeof text, "CharLS %s", charls_get_version_string());
    return text;
}

WKI_CODEC_MODULE(charls) = {{WADOKIT_VERSION, about}, decode_any};
