#include "dicom/plain_values.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum {
    TEXT_MAX = 1024,
    DIGITS_MAX = 15 /* so many are exact in a double */
};

/* The text of value `i`; false where it is not there, or not plain ASCII. "" is a value. */
static bool text(const wki_plain_value *v, unsigned i, char out[TEXT_MAX])
{
    const char *p = (const char *)v->data, *end, *stop;
    size_t n = v->n;

    while (n > 0 && (p[n - 1] == '\0' || p[n - 1] == ' '))
        n--;
    for (size_t k = 0; k < n; k++) {
        if (p[k] < ' ' || p[k] > '~')
            return false;
    }
    for (end = p + n; i > 0; i--) {
        p = memchr(p, '\\', (size_t)(end - p));
        if (!p)
            return false;
        p++;
    }
    stop = memchr(p, '\\', (size_t)(end - p));
    stop = stop ? stop : end;
    while (p < stop && *p == ' ')
        p++;
    while (stop > p && stop[-1] == ' ')
        stop--;
    if (stop - p >= TEXT_MAX)
        return false;
    memcpy(out, p, (size_t)(stop - p));
    out[stop - p] = '\0';
    return true;
}

bool wki_plain_put(const wki_plain_value *v, unsigned i, char *out, size_t size)
{
    char all[TEXT_MAX], some[TEXT_MAX];

    *out = '\0';
    if (!v->data || v->n == 0)
        return true;
    if (!text(v, 0, all))
        return false;
    if (text(v, i, some))
        (void)wki_text_clean(out, size, some, strlen(some));
    return true;
}

/* [+-]digits[.digits], exactly rounded; false for anything else. */
static bool decimal(const char *s, double *out)
{
    bool negative = *s == '-';
    double value = 0, scale = 1;
    int digits = 0, point = 0;

    s += *s == '-' || *s == '+';
    for (; *s; s++) {
        if (*s == '.' && !point) {
            point = 1;
            continue;
        }
        if (*s < '0' || *s > '9' || ++digits > DIGITS_MAX)
            return false;
        value = value * 10 + (*s - '0');
        scale *= point ? 10 : 1;
    }
    value /= scale;
    *out = negative ? -value : value;
    return digits > 0;
}

int wki_plain_numbers(const wki_plain_value *v, double *out, int room)
{
    char s[TEXT_MAX];
    int n = 0;

    if (!v->data || v->n == 0)
        return 0;
    if (v->n >= TEXT_MAX || !text(v, 0, s) || (!*s && !memchr(v->data, '\\', v->n)))
        return *s || !text(v, 0, s) ? -1 : 0;
    for (unsigned i = 0; text(v, i, s); i++) {
        double value;

        if (!decimal(s, &value) || n == room)
            return -1;
        out[n++] = value;
    }
    return n;
}

int32_t wki_plain_word(const wki_plain_value *v, int32_t fallback)
{
    if (!v->data)
        return fallback;
    return v->n == 2 ? (int32_t)v->data[0] | (int32_t)v->data[1] << 8 : -1;
}

bool wki_plain_windows(const wki_plain_value *v, wki_frame_values *out)
{
    double centers[WK_MAX_WINDOWS], widths[WK_MAX_WINDOWS];
    int a = wki_plain_numbers(&v[WKI_PLAIN_CENTER], centers, WK_MAX_WINDOWS);
    int b = wki_plain_numbers(&v[WKI_PLAIN_WIDTH], widths, WK_MAX_WINDOWS);
    size_t n = (size_t)(a < b ? a : b);
    wki_voi_function function;
    char term[17];

    if (a < 0 || b < 0 || !wki_plain_put(&v[WKI_PLAIN_FUNCTION], 0, term, sizeof term) ||
        !wki_voi_function_read(term, &function))
        return false;
    if (n == 0)
        return true;
    free(out->windows);
    out->n_windows = 0;
    out->windows = calloc(n, sizeof *out->windows);
    if (!out->windows)
        return false;
    out->n_windows = n;
    for (size_t i = 0; i < n; i++) {
        wki_window *w = &out->windows[i];

        w->center = centers[i];
        w->width = widths[i];
        w->function = function;
        if (!wki_plain_put(&v[WKI_PLAIN_EXPLANATION], (unsigned)i, w->explanation,
                           sizeof w->explanation))
            return false;
    }
    return true;
}

bool wki_plain_rescale(const wki_plain_value *v, wki_frame_values *out)
{
    double slope = 1, intercept = 0;
    int a = wki_plain_numbers(&v[WKI_PLAIN_SLOPE], &slope, 1);
    int b = wki_plain_numbers(&v[WKI_PLAIN_INTERCEPT], &intercept, 1);

    if (a < 0 || b < 0)
        return false;
    if (a == 0 && b == 0)
        return true;
    if (slope == 0)
        return false;
    out->has_rescale = true;
    out->slope = slope;
    out->intercept = intercept;
    return true;
}

/* The elements of the first item of sequence `key` among those of `group`. *there tells whether
 * there is one. */
static bool find_in_group(const wki_plain_value *group, bool explicit_vr, wki_plain_key key,
                          wki_plain_value values[WKI_PLAIN_KEYS], bool *there)
{
    wki_plain_value item = {NULL, 0};

    *there = false;
    if (!group->data)
        return true;
    if (!wki_plain_find(group->data, group->n, explicit_vr, values) ||
        !wki_plain_first_item(&values[key], explicit_vr, &item))
        return false;
    *there = item.data != NULL;
    return !*there || wki_plain_find(item.data, item.n, explicit_vr, values);
}

bool wki_plain_group_values(const wki_plain_value *group, bool explicit_vr, wki_frame_values *out)
{
    wki_plain_value values[WKI_PLAIN_KEYS];
    bool there;

    if (!find_in_group(group, explicit_vr, WKI_PLAIN_TRANSFORMATION, values, &there) ||
        (there && !wki_plain_rescale(values, out)))
        return false;
    return find_in_group(group, explicit_vr, WKI_PLAIN_FRAME_VOI, values, &there) &&
           (!there || wki_plain_windows(values, out));
}

bool wki_plain_group_spacing(const wki_plain_value *group, bool explicit_vr, wki_plain_value *out)
{
    wki_plain_value values[WKI_PLAIN_KEYS];
    bool there;

    if (!find_in_group(group, explicit_vr, WKI_PLAIN_MEASURES, values, &there))
        return false;
    *out = there ? values[WKI_PLAIN_SPACING] : (wki_plain_value){NULL, 0};
    return true;
}
