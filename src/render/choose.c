#include "render/choose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static void warn(wki_render_report *r, const char *text)
{
    size_t n = strlen(r->warning);

    snprintf(r->warning + n, sizeof r->warning - n, "%s%s", n ? "; " : "", text);
}

/* Whether [low, high] comes out with less contrast than one of 256 greys though the values differ.
 */
static bool shows_one_grey(const wki_voi *v, double low, double high)
{
    double first = wki_voi_apply(v, low);

    if (!(low < high))
        return false;
    if (!v->lut)
        return 255 * fabs(wki_voi_apply(v, high) - first) < 1;
    for (double x = low; x <= high && x - low < WK_MAX_LUT_ENTRIES; x++) {
        if (255 * fabs(wki_voi_apply(v, x) - first) >= 1)
            return false;
    }
    return true;
}

static void take_window(const wki_window *w, wki_voi *out, wki_render_report *r)
{
    out->lut = NULL;
    out->window = *w;
    r->has_window = true;
    r->center = w->center;
    r->width = w->width;
    r->function = w->function;
}

/* LINEAR is what people type and read, and says the same where the values are whole. */
static void take_range(double low, double high, bool whole, wki_voi *out, wki_render_report *r)
{
    wki_window w = {(low + high) / 2, high - low, WKI_VOI_LINEAR_EXACT, ""};

    if (!(low < high)) {
        warn(r, "all pixels have one value");
        w = (wki_window){low + 0.5, 1, WKI_VOI_LINEAR_EXACT, ""};
        if (!wki_window_is_valid(&w))
            w = (wki_window){0, 1, WKI_VOI_LINEAR_EXACT, ""};
    } else if (whole) {
        w = (wki_window){(low + high) / 2 + 0.5, high - low + 1, WKI_VOI_LINEAR, ""};
    }
    take_window(&w, out, r);
}

static bool is_whole(const wki_image_desc *d, const wki_modality *m)
{
    return d->pixels == WKI_PIXELS_INTEGER &&
           (m->lut || (m->slope == rint(m->slope) && m->intercept == rint(m->intercept)));
}

static bool is_full_range_kind(const wki_image_desc *d, const wki_modality *m)
{
    return d->pixels == WKI_PIXELS_INTEGER && d->bits_stored >= 1 && d->bits_stored <= 8 &&
           !m->lut && m->slope != 0 && strcmp(d->modality, "PT") != 0 &&
           strcmp(d->modality, "NM") != 0;
}

static void choose_full_range(const wki_image_desc *d, const wki_modality *m, wki_voi *out,
                              wki_render_report *r)
{
    double top = (double)((1u << d->bits_stored) - 1);
    double first = d->is_signed ? -(double)(1u << (d->bits_stored - 1)) : 0;
    double a = wki_modality_apply(m, first), b = wki_modality_apply(m, first + top);

    take_range(fmin(a, b), fmax(a, b), is_whole(d, m), out, r);
}

static wk_code choose_auto(const wki_image_desc *d, const wki_pixels *p, const wki_modality *m,
                           double low, double high, wki_voi *out, wki_render_report *r,
                           wk_error *err)
{
    double from = low, to = high;
    wk_code rc;

    snprintf(r->rule, sizeof r->rule, "auto");
    if (d->is_labels) {
        take_range(fmin(low, 0), fmax(high, d->label_top), is_whole(d, m), out, r);
        return WK_OK;
    }
    if (is_full_range_kind(d, m)) {
        choose_full_range(d, m, out, r);
        return WK_OK;
    }
    rc = wki_modality_percentiles(d, p, m, 0.005, 0.995, &from, &to, err);
    if (rc != WK_OK)
        return rc;
    if (!(from < to)) {
        from = low;
        to = high;
    }
    take_range(from, to, is_whole(d, m), out, r);
    return WK_OK;
}

/* The window that the options name; NULL where the frame has none. */
static const wki_window *find_window(const wki_frame_values *values, const wki_render_opts *opts,
                                     wki_render_report *r, size_t *index)
{
    *index = 0;
    if (values->n_windows == 0)
        return NULL;
    if (opts->explanation[0]) {
        for (size_t i = 0; i < values->n_windows; i++) {
            *index = i;
            if (wki_str_ieq(values->windows[i].explanation, opts->explanation))
                return &values->windows[i];
        }
        *index = 0;
        warn(r, "no window of that explanation, the first one used");
    } else if (opts->index >= values->n_windows) {
        warn(r, "no window of that number, the first one used");
    } else {
        *index = opts->index;
    }
    return &values->windows[*index];
}

static void name_window(wki_render_report *r, const wki_window *w, size_t index)
{
    char label[sizeof r->rule];
    int n = (int)(index % WK_MAX_WINDOWS) + 1; /* the index is below it; so the name fits */

    wki_text_clean(label, sizeof label - 16, w->explanation, strlen(w->explanation));
    if (label[0])
        snprintf(r->rule, sizeof r->rule, "dicom %d (%.15s)", n, label);
    else
        snprintf(r->rule, sizeof r->rule, "dicom %d", n);
}

static bool use_stored_window(const wki_image_desc *d, uint32_t frame, const wki_render_opts *opts,
                              double low, double high, wki_voi *out, wki_render_report *r)
{
    size_t index = 0;
    const wki_window *w = find_window(wki_image_desc_values(d, frame), opts, r, &index);
    wki_voi voi = {0};
    char text[96];

    if (!w)
        return false;
    voi.window = *w;
    if (!wki_window_is_valid(w)) {
        snprintf(text, sizeof text, "window %zu of the file (%g, %g) is not valid", index + 1,
                 w->center, w->width);
        warn(r, text);
        return false;
    }
    if (shows_one_grey(&voi, low, high)) {
        snprintf(text, sizeof text, "window %zu of the file (%g, %g) shows all as one grey",
                 index + 1, w->center, w->width);
        warn(r, text);
        return false;
    }
    take_window(w, out, r);
    name_window(r, w, index);
    return true;
}

static bool use_voi_lut(const wki_image_desc *d, uint32_t frame, const wki_render_opts *opts,
                        double low, double high, wki_voi *out, wki_render_report *r)
{
    const wki_frame_values *v = wki_image_desc_values(d, frame);
    size_t i = v->first_voi_lut + (opts->index < v->n_voi_luts ? opts->index : 0);
    wki_voi voi = {0};

    if (v->n_voi_luts == 0 || !d->voi_luts[i].data || d->voi_luts[i].n == 0)
        return false;
    voi.lut = &d->voi_luts[i];
    if (shows_one_grey(&voi, low, high)) {
        warn(r, "the file's VOI LUT shows all as one grey");
        return false;
    }
    *out = voi;
    snprintf(r->rule, sizeof r->rule, "voi-lut");
    return true;
}

bool wki_choose_is_settled(const wki_image_desc *d, uint32_t frame, const wki_stored_range *range,
                           const wki_render_opts *opts)
{
    wki_modality m = wki_modality_of(d, frame);
    double low = 0, high = 0;
    wki_voi voi = {NULL, opts->window};
    wki_render_report r;

    memset(&r, 0, sizeof r);
    wki_modality_range(&m, range, &low, &high);
    if (!(low < high))
        return false;
    if (opts->rule == WKI_WINDOW_GIVEN)
        return wki_window_is_valid(&voi.window) && !shows_one_grey(&voi, low, high);
    return opts->rule == WKI_WINDOW_DICOM &&
           use_stored_window(d, frame, opts, low, high, &voi, &r) && !r.warning[0];
}

wk_code wki_choose_voi(const wki_image_desc *d, uint32_t frame, const wki_pixels *p,
                       const wki_stored_range *range, const wki_render_opts *opts, wki_voi *out,
                       wki_render_report *report, wk_error *err)
{
    wki_modality m = wki_modality_of(d, frame);
    double low = 0, high = 0;

    wki_modality_range(&m, range, &low, &high);
    if (opts->rule == WKI_WINDOW_GIVEN) {
        if (!wki_window_is_valid(&opts->window))
            return wk_fail(err, WK_USAGE, "window %g,%g has no valid width", opts->window.center,
                           opts->window.width);
        take_window(&opts->window, out, report);
        snprintf(report->rule, sizeof report->rule, "%s", opts->preset[0] ? opts->preset : "given");
        if (shows_one_grey(out, low, high))
            warn(report, "the window given shows all as one grey");
        return WK_OK;
    }
    if (opts->rule == WKI_WINDOW_MINMAX) {
        snprintf(report->rule, sizeof report->rule, "minmax");
        take_range(low, high, is_whole(d, &m), out, report);
        return WK_OK;
    }
    if (opts->rule == WKI_WINDOW_DICOM &&
        (use_stored_window(d, frame, opts, low, high, out, report) ||
         use_voi_lut(d, frame, opts, low, high, out, report)))
        return WK_OK;
    return choose_auto(d, p, &m, low, high, out, report, err);
}
