#include "core/image.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/text.h"

static void lut_clear(wki_lut *lut)
{
    free(lut->data);
    lut->data = NULL;
}

void wki_image_desc_clear(wki_image_desc *d)
{
    lut_clear(&d->modality_lut);
    for (size_t i = 0; i < d->n_voi_luts; i++)
        lut_clear(&d->voi_luts[i]);
    free(d->voi_luts);
    for (int i = 0; i < 3; i++)
        lut_clear(&d->palette[i]);
    lut_clear(&d->palette_alpha);
    free(d->top.windows);
    for (uint32_t i = 0; i < d->n_per_frame; i++)
        free(d->per_frame[i].windows);
    free(d->per_frame);
    for (size_t i = 0; i < d->n_overlays; i++)
        free(d->overlays[i].data);
    free(d->overlays);
    free(d->tiles);
    free(d->icc);
    memset(d, 0, sizeof *d);
}

const wki_frame_values *wki_image_desc_values(const wki_image_desc *d, uint32_t frame)
{
    uint32_t i = frame - d->per_frame_first; /* wraps for those in front */

    return i < d->n_per_frame ? &d->per_frame[i] : &d->top;
}

wki_photometric wki_photometric_read(const char *term)
{
    static const struct {
        const char *term;
        wki_photometric value;
    } table[] = {
        {"MONOCHROME1", WKI_MONOCHROME1},
        {"MONOCHROME2", WKI_MONOCHROME2},
        {"PALETTE COLOR", WKI_PALETTE_COLOR},
        {"RGB", WKI_RGB},
        {"YBR_FULL", WKI_YBR_FULL},
        {"YBR_FULL_422", WKI_YBR_FULL_422},
        {"YBR_PARTIAL_422", WKI_YBR_PARTIAL_422},
        {"YBR_PARTIAL_420", WKI_YBR_PARTIAL_420},
        {"YBR_ICT", WKI_YBR_ICT},
        {"YBR_RCT", WKI_YBR_RCT},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(term, table[i].term) == 0)
            return table[i].value;
    }
    return WKI_PHOTOMETRIC_OTHER;
}

bool wki_voi_function_read(const char *term, wki_voi_function *out)
{
    static const char *const terms[] = {
        [WKI_VOI_LINEAR] = "LINEAR",
        [WKI_VOI_LINEAR_EXACT] = "LINEAR_EXACT",
        [WKI_VOI_SIGMOID] = "SIGMOID",
    };

    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        if (wki_str_ieq(*term ? term : terms[WKI_VOI_LINEAR], terms[i])) {
            *out = (wki_voi_function)i;
            return true;
        }
    }
    return false;
}

void wki_frame_bytes_clear(wki_frame_bytes *b)
{
    free(b->owned);
    memset(b, 0, sizeof *b);
}

size_t wki_sample_bytes(wki_sample_type type)
{
    static const size_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 8};

    return bytes[type];
}

bool wki_pixels_alloc(wki_pixels *p, uint32_t rows, uint32_t cols, uint16_t samples,
                      wki_sample_type type)
{
    size_t size = wki_sample_bytes(type);
    void *data;

    if (!wki_mul_size(size, rows, &size) || !wki_mul_size(size, cols, &size) ||
        !wki_mul_size(size, samples, &size) || size == 0 || size > WK_MAX_FRAME_BYTES)
        return false;
    data = calloc(1, size);
    if (!data)
        return false;
    p->rows = rows;
    p->cols = cols;
    p->samples = samples;
    p->type = type;
    p->data = data;
    p->size = size;
    return true;
}

void wki_pixels_clear(wki_pixels *p)
{
    free(p->data);
    memset(p, 0, sizeof *p);
}

bool wki_picture_alloc(wki_picture *p, uint32_t width, uint32_t height, uint8_t channels,
                       uint8_t depth)
{
    size_t size = (size_t)channels * (depth / 8);
    void *data;

    if (!wki_mul_size(size, width, &size) || !wki_mul_size(size, height, &size) || size == 0 ||
        size > WK_MAX_FRAME_BYTES)
        return false;
    data = malloc(size);
    if (!data)
        return false;
    memset(p, 0, sizeof *p);
    p->width = width;
    p->height = height;
    p->channels = channels;
    p->depth = depth;
    p->data = data;
    return true;
}

void wki_picture_clear(wki_picture *p)
{
    free(p->data);
    memset(p, 0, sizeof *p);
}

bool wki_slide_is_class(const char *sop_class)
{
    return strcmp(sop_class, "1.2.840.10008.5.1.4.1.1.77.1.6") == 0;
}
