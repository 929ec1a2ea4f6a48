#include <math.h>

#include "render/grey.h"
#include "render/render.h"

wki_modality wki_modality_of(const wki_image_desc *d, uint32_t frame)
{
    const wki_frame_values *values = wki_image_desc_values(d, frame);
    wki_modality m = {NULL, 1.0, 0.0};

    if (d->modality_lut.data && d->modality_lut.n > 0) {
        m.lut = &d->modality_lut;
    } else if (values->has_rescale && isfinite(values->slope) && isfinite(values->intercept)) {
        m.slope = values->slope;
        m.intercept = values->intercept;
    }
    return m;
}

double wki_modality_apply(const wki_modality *m, double stored)
{
    if (!m->lut)
        return stored * m->slope + m->intercept;
    if (!(stored > m->lut->first_mapped))
        return m->lut->data[0];
    if (stored - m->lut->first_mapped >= m->lut->n - 1)
        return m->lut->data[m->lut->n - 1];
    return m->lut->data[(uint32_t)(stored - m->lut->first_mapped)];
}

double wki_sample_at(const wki_pixels *p, size_t i)
{
    switch (p->type) {
    case WKI_U8:
        return ((const uint8_t *)p->data)[i];
    case WKI_S8:
        return ((const int8_t *)p->data)[i];
    case WKI_U16:
        return ((const uint16_t *)p->data)[i];
    case WKI_S16:
        return ((const int16_t *)p->data)[i];
    case WKI_U32:
        return ((const uint32_t *)p->data)[i];
    case WKI_S32:
        return ((const int32_t *)p->data)[i];
    case WKI_F32:
        return (double)((const float *)p->data)[i];
    case WKI_F64:
        return ((const double *)p->data)[i];
    }
    return 0;
}

void wki_modality_values(const wki_image_desc *d, uint32_t frame, const wki_pixels *p, double *out)
{
    wki_modality m = wki_modality_of(d, frame);
    size_t n = (size_t)p->rows * p->cols;

    for (size_t i = 0; i < n; i++)
        out[i] = wki_modality_apply(&m, wki_sample_at(p, i));
}
