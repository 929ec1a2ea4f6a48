/* JPEG XL (ISO 18181), by libjxl; optional at build. */
#include <jxl/decode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/text.h"
#include "decode/decode_module.h"

typedef struct cells {
    uint8_t *data;
    size_t size;
    unsigned width; /* bytes a sample */
    JxlBasicInfo info;
} cells;

static wk_code check(const wki_image_desc *d, const JxlBasicInfo *info, wk_error *err)
{
    wk_code rc = wki_check_size(d, info->xsize, info->ysize, info->num_color_channels, err);

    if (rc == WK_OK && (info->exponent_bits_per_sample || info->bits_per_sample > 16 ||
                        info->bits_per_sample > d->bits_allocated))
        rc = wk_fail(err, WK_DATA,
                     "the JPEG XL stream has %u bits a sample, the header allocates %u",
                     info->bits_per_sample, d->bits_allocated);
    return rc;
}

static wk_code give_buffer(JxlDecoder *x, cells *c, wk_error *err)
{
    JxlPixelFormat format = {.num_channels = c->info.num_color_channels,
                             .data_type =
                                 c->info.bits_per_sample > 8 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
                             .endianness = JXL_NATIVE_ENDIAN};

    c->width = c->info.bits_per_sample > 8 ? 2 : 1;
    if (c->data || JxlDecoderImageOutBufferSize(x, &format, &c->size) != JXL_DEC_SUCCESS)
        return wk_fail(err, WK_DATA, "the JPEG XL stream is corrupt");
    c->data = malloc(c->size);
    if (!c->data)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (JxlDecoderSetImageOutBuffer(x, &format, c->data, c->size) != JXL_DEC_SUCCESS)
        return wk_fail(err, WK_DATA, "the JPEG XL stream is corrupt");
    return WK_OK;
}

static wk_code run(JxlDecoder *x, const wki_image_desc *d, const wki_frame_bytes *in, cells *c,
                   wk_error *err)
{
    wk_code rc = WK_OK;

    if (JxlDecoderSubscribeEvents(x, JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE) != JXL_DEC_SUCCESS ||
        JxlDecoderSetKeepOrientation(x, JXL_TRUE) != JXL_DEC_SUCCESS ||
        JxlDecoderSetInput(x, in->data, in->n) != JXL_DEC_SUCCESS)
        return wk_fail(err, WK_NOMEM, "out of memory");
    JxlDecoderCloseInput(x);
    while (rc == WK_OK) {
        switch (JxlDecoderProcessInput(x)) {
        case JXL_DEC_BASIC_INFO:
            if (JxlDecoderGetBasicInfo(x, &c->info) != JXL_DEC_SUCCESS)
                return wk_fail(err, WK_DATA, "the JPEG XL stream is corrupt");
            rc = check(d, &c->info, err);
            break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
            rc = give_buffer(x, c, err);
            break;
        case JXL_DEC_FULL_IMAGE:
        case JXL_DEC_SUCCESS:
            return c->data ? WK_OK : wk_fail(err, WK_DATA, "the JPEG XL stream has no picture");
        case JXL_DEC_NEED_MORE_INPUT:
            return wk_fail(err, WK_DATA, "the JPEG XL stream is cut short");
        default:
            return wk_fail(err, WK_DATA, "the JPEG XL stream is corrupt");
        }
    }
    return rc;
}

/* libjxl stretches values to the full range of its output type; this takes it back, exactly. */
static void place(const cells *c, wki_pixels *p)
{
    size_t n = (size_t)p->rows * p->cols * p->samples, width = wki_sample_bytes(p->type);
    uint64_t full = c->width == 2 ? 65535 : 255, top = (1ull << c->info.bits_per_sample) - 1;

    for (size_t i = 0; i < n; i++) {
        uint16_t v = c->data[i * c->width];

        if (c->width == 2)
            memcpy(&v, c->data + 2 * i, 2);
        if (top != full)
            v = (uint16_t)((v * top + full / 2) / full);
        if (width == 1)
            ((uint8_t *)p->data)[i] = (uint8_t)v;
        else if (width == 2)
            ((uint16_t *)p->data)[i] = v;
        else
            ((uint32_t *)p->data)[i] = v;
    }
}

static wk_code decode(const wki_image_desc *d, const wki_frame_bytes *bytes,
                      const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    JxlDecoder *x = JxlDecoderCreate(NULL);
    wki_pixels p = {0};
    cells c = {0};
    wk_code rc;

    (void)opts;
    if (!x)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = run(x, d, bytes, &c, err);
    if (rc == WK_OK)
        rc = wki_stored_alloc(d, "libjxl", &p, err);
    if (rc == WK_OK) {
        place(&c, &p);
        if (!d->is_signed && (!c.info.uses_original_profile || d->lossy))
            wki_lossy_cells_to_stored(d, &p);
        else
            wki_cells_to_stored(d, &p);
        /* The decoder gives RGB whatever the stream's inner colour space is. */
        if (p.samples == 3)
            p.color = WKI_COLOR_RGB;
        *out = p;
    }
    free(c.data);
    JxlDecoderDestroy(x);
    return rc;
}

static const char *about(void)
{
    static char text[32]; /* the same from any thread */
    unsigned v = JxlDecoderVersion();

    snprintf(text, sizeof text, "libjxl %u.%u.%u", v / 1000000, v / 1000 % 1000, v % 1000);
    return text;
}

WKI_CODEC_MODULE(jxl) = {{WADOKIT_VERSION, about}, decode};
