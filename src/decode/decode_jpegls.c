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
    int32_t near = 0;
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
    if (!code)
        code = charls_jpegls_decoder_get_near_lossless(c, 0, &near);
    rc = code ? failed(code, err) : wki_stored_alloc(d, "charls", &p, err);
    if (rc == WK_OK) {
        place(cells, info.bits_per_sample > 8 ? 2 : 1, mode == CHARLS_INTERLEAVE_MODE_NONE, &p);
        if (near > 0 && !d->is_signed)
            wki_lossy_cells_to_stored(d, &p);
        else
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

/* What CharLS refuses, and writers leave: a zero byte too many between the scan and the end marker,
 * or no end marker, maybe with zeros in its place. A copy that is as it should be; NULL where it
 * would be the same. *no_end: the marker was missing. */
static uint8_t *mend(const wki_frame_bytes *in, size_t *n, bool *no_end)
{
    size_t end = in->n;
    uint8_t *copy;

    while (end > 2 && in->data[end - 1] == 0)
        end--;
    *no_end = end < 4 || memcmp(in->data + end - 2, "\xFF\xD9", 2) != 0;
    if (!*no_end && in->data[end - 3] != 0)
        return NULL;
    end -= *no_end ? 0 : 3;
    copy = malloc(in->n + 2);
    if (!copy)
        return NULL;
    memcpy(copy, in->data, end);
    memcpy(copy + end, "\xFF\xD9", 2);
    *n = end + 2;
    return copy;
}

/* A scan may end by zeros, which are not told from those in place of its end marker. */
static wk_code decode_mended(const wki_image_desc *d, const wki_frame_bytes *in, wki_pixels *out)
{
    wki_frame_bytes again = *in;
    bool no_end;
    uint8_t *copy = mend(in, &again.n, &no_end);
    wk_code rc = WK_DATA;

    again.data = copy;
    for (size_t zeros = 0; copy && rc != WK_OK && zeros <= 2; zeros++) {
        rc = decode_stream(d, &again, out, NULL);
        if (rc == WK_OK || !no_end || again.n >= in->n + 2)
            break;
        memcpy(copy + again.n - 2, "\0\xFF\xD9", 3);
        again.n++;
    }
    if (rc == WK_OK && no_end)
        wki_pixels_warn(out, "the JPEG-LS stream has no end marker");
    free(copy);
    return rc;
}

static wk_code decode_any(const wki_image_desc *d, const wki_frame_bytes *bytes,
                          const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    wki_frame_bytes in = *bytes;
    wk_error first = {0};
    wki_jpeg_header h;
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
    if (rc == WK_DATA && decode_mended(d, &in, out) == WK_OK)
        rc = WK_OK;
    return rc == WK_OK ? rc : wk_fail_from(err, rc, &first);
}

static const char *about(void)
{
    static char text[32]; /* the same from any thread */

    snprintf(text, sizeof text, "CharLS %s", charls_get_version_string());
    return text;
}

WKI_CODEC_MODULE(charls) = {{WADOKIT_VERSION, about}, decode_any};
