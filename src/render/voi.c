#include <math.h>

#include "render/grey.h"

bool wki_window_is_valid(const wki_window *w)
{
    if (!isfinite(w->center) || !isfinite(w->width))
        return false;
    return w->function == WKI_VOI_LINEAR ? w->width >= 1 : w->width > 0;
}

bool wki_voi_ends(const wki_voi *v, double *low, double *high)
{
    const wki_window *w = &v->window;

    if (v->lut || w->function == WKI_VOI_SIGMOID)
        return false;
    if (w->function == WKI_VOI_LINEAR) {
        *low = w->center - 0.5 - (w->width - 1) / 2;
        *high = w->center - 0.5 + (w->width - 1) / 2;
    } else {
        *low = w->center - w->width / 2;
        *high = w->center + w->width / 2;
    }
    return true;
}

static double apply_window(const wki_voi *v, double value)
{
    double low = 0, high = 0;

    if (!wki_voi_ends(v, &low, &high))
        return 1 / (1 + exp(-4 * (value - v->window.center) / v->window.width));
    if (value <= low)
        return 0;
    if (value > high)
        return 1;
    return (value - low) / (high - low);
}

static double apply_lut(const wki_lut *lut, double value)
{
    double top = lut->top ? lut->top : lut->bits >= 16 ? 65535 : (double)((1u << lut->bits) - 1);
    double at = floor(value + 0.5) - lut->first_mapped;
    double entry;

    if (at <= 0)
        entry = lut->data[0];
    else if (at >= lut->n - 1)
        entry = lut->data[lut->n - 1];
    else
        entry = lut->data[(uint32_t)at];
    /* An entry of more bits than declared is shown as the brightest. */
    return entry >= top ? 1 : entry / top;
}

double wki_voi_apply(const wki_voi *v, double value)
{
    if (isnan(value))
        return 0;
    return v->lut ? apply_lut(v->lut, value) : apply_window(v, value);
}
