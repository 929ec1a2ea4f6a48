#include "dicom/plain.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "dicom/frames.h"

enum {
    DATA_SET_MAX = 1 << 18, /* ordinary ones have a few KiB */
    TEXT_MAX = 1024,
    DIGITS_MAX = 15 /* so many are exact in a double */
};

struct wki_plain {
    wki_source source;
    wki_layout layout;
    wki_frames *frames;
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

/* The same into a field; an absent one leaves "". False where the text is not plain. */
static bool put(const wki_plain_value *v, unsigned i, char *out, size_t size)
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

/* Up to `room` numbers; -1 where one of them is no plain number. */
static int numbers(const wki_plain_value *v, double *out, int room)
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

/* A 16-bit number; `fallback` where it is absent, -1 where it is more or less than one. */
static int32_t word(const wki_plain_value *v, int32_t fallback)
{
    if (!v->data)
        return fallback;
    return v->n == 2 ? (int32_t)v->data[0] | (int32_t)v->data[1] << 8 : -1;
}

static bool identify(const wki_plain_value *v, wki_image_desc *d)
{
    char lossy[8];
    bool ok = put(&v[WKI_PLAIN_STUDY], 0, d->study_uid, sizeof d->study_uid) &&
              put(&v[WKI_PLAIN_SERIES], 0, d->series_uid, sizeof d->series_uid) &&
              put(&v[WKI_PLAIN_SOP], 0, d->sop_uid, sizeof d->sop_uid) &&
              put(&v[WKI_PLAIN_SOP_CLASS], 0, d->sop_class, sizeof d->sop_class) &&
              put(&v[WKI_PLAIN_MODALITY], 0, d->modality, sizeof d->modality) &&
              put(&v[WKI_PLAIN_LOSSY], 0, lossy, sizeof lossy);

    for (unsigned i = 0; i < 4 && ok; i++)
        ok = put(&v[WKI_PLAIN_IMAGE_TYPE], i, d->image_type[i], sizeof d->image_type[i]);
    d->lossy = ok && strcmp(lossy, "01") == 0;
    return ok;
}

static bool read_size(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t rows = word(&v[WKI_PLAIN_ROWS], -1), cols = word(&v[WKI_PLAIN_COLUMNS], -1);
    double frames = 1;

    if (numbers(&v[WKI_PLAIN_FRAMES], &frames, 1) < 0 || rows < 1 || cols < 1 ||
        rows > WK_MAX_ROWS || cols > WK_MAX_COLUMNS || frames < 1 || frames > WK_MAX_FRAMES)
        return false;
    d->rows = (uint32_t)rows;
    d->cols = (uint32_t)cols;
    d->frames = (uint32_t)frames;
    return true;
}

static bool read_bits(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t bits = word(&v[WKI_PLAIN_ALLOCATED], -1), stored = word(&v[WKI_PLAIN_STORED], -1);
    int32_t high = word(&v[WKI_PLAIN_HIGH_BIT], stored - 1);
    int32_t is_signed = word(&v[WKI_PLAIN_SIGNED], 0);

    if ((bits != 8 && bits != 16) || stored < 1 || stored > bits || high < stored - 1 ||
        high >= bits || is_signed < 0)
        return false;
    d->bits_allocated = (uint16_t)bits;
    d->bits_stored = (uint16_t)stored;
    d->high_bit = (uint16_t)high;
    d->is_signed = is_signed == 1;
    return true;
}

static bool read_color(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t samples = word(&v[WKI_PLAIN_SAMPLES], -1), planar = word(&v[WKI_PLAIN_PLANAR], 0);
    bool color;

    if (!v[WKI_PLAIN_PHOTOMETRIC].data ||
        !put(&v[WKI_PLAIN_PHOTOMETRIC], 0, d->photometric_text, sizeof d->photometric_text))
        return false;
    d->photometric = wki_photometric_read(d->photometric_text);
    color = d->photometric >= WKI_RGB;
    if (d->photometric == WKI_PHOTOMETRIC_OTHER || d->photometric == WKI_PALETTE_COLOR ||
        samples != (color ? 3 : 1) || planar < 0)
        return false;
    /* 4:2:2 that is not compressed needs a second look. */
    if (!d->encapsulated && color && d->photometric != WKI_RGB && d->photometric != WKI_YBR_FULL)
        return false;
    d->samples = (uint16_t)samples;
    d->planar = color && planar == 1;
    return true;
}

static bool read_padding(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t padding = word(&v[WKI_PLAIN_PADDING], 0);
    int32_t limit = word(&v[WKI_PLAIN_PADDING_LIMIT], 0);

    if (padding < 0 || limit < 0)
        return false;
    d->has_padding = v[WKI_PLAIN_PADDING].data != NULL;
    d->has_padding_range = d->has_padding && v[WKI_PLAIN_PADDING_LIMIT].data != NULL;
    if (d->has_padding)
        d->padding = d->is_signed ? (int16_t)padding : padding;
    if (d->has_padding_range)
        d->padding_limit = d->is_signed ? (int16_t)limit : limit;
    return true;
}

static bool read_windows(const wki_plain_value *v, wki_frame_values *out)
{
    double centers[WK_MAX_WINDOWS], widths[WK_MAX_WINDOWS];
    int a = numbers(&v[WKI_PLAIN_CENTER], centers, WK_MAX_WINDOWS);
    int b = numbers(&v[WKI_PLAIN_WIDTH], widths, WK_MAX_WINDOWS);
    size_t n = (size_t)(a < b ? a : b);
    char function[17];

    if (a < 0 || b < 0 || !put(&v[WKI_PLAIN_FUNCTION], 0, function, sizeof function))
        return false;
    if (n == 0)
        return true;
    out->windows = calloc(n, sizeof *out->windows);
    if (!out->windows)
        return false;
    out->n_windows = n;
    for (size_t i = 0; i < n; i++) {
        wki_window *w = &out->windows[i];

        w->center = centers[i];
        w->width = widths[i];
        w->function = strcmp(function, "LINEAR_EXACT") == 0 ? WKI_VOI_LINEAR_EXACT
                      : strcmp(function, "SIGMOID") == 0    ? WKI_VOI_SIGMOID
                                                            : WKI_VOI_LINEAR;
        if (!put(&v[WKI_PLAIN_EXPLANATION], (unsigned)i, w->explanation, sizeof w->explanation))
            return false;
    }
    return true;
}

static bool read_values(const wki_plain_value *v, wki_image_desc *d)
{
    double slope = 1, intercept = 0;
    int a = numbers(&v[WKI_PLAIN_SLOPE], &slope, 1);
    int b = numbers(&v[WKI_PLAIN_INTERCEPT], &intercept, 1);
    char shape[17];

    if (a < 0 || b < 0 || !put(&v[WKI_PLAIN_SHAPE], 0, shape, sizeof shape))
        return false;
    d->top.has_rescale = a > 0 || b > 0;
    d->top.slope = slope;
    d->top.intercept = intercept;
    d->presentation_inverse = strcmp(shape, "INVERSE") == 0;
    return read_windows(v, &d->top);
}

/* False where the numbers are no plain ones; an odd ratio is passed over. */
static bool read_aspect(const wki_plain_value *v, wki_image_desc *d)
{
    static const wki_plain_key order[] = {WKI_PLAIN_ASPECT, WKI_PLAIN_SPACING,
                                          WKI_PLAIN_IMAGER_SPACING, WKI_PLAIN_SCANNED_SPACING};
    bool found = false;

    d->aspect_rows = d->aspect_cols = 1;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        double pair[2];
        int n = numbers(&v[order[i]], pair, 2);

        if (n < 0)
            return false;
        if (found || n < 2 || pair[0] <= 0 || pair[1] <= 0 || pair[0] / pair[1] > 1e3 ||
            pair[1] / pair[0] > 1e3)
            continue;
        d->aspect_rows = pair[0];
        d->aspect_cols = pair[1];
        found = true;
    }
    return true;
}

static bool is_native(const char *syntax)
{
    return strcmp(syntax, "1.2.840.10008.1.2") == 0 || strcmp(syntax, "1.2.840.10008.1.2.1") == 0;
}

static bool describe(const wki_plain_value *v, wki_image_desc *d)
{
    d->pixels = WKI_PIXELS_INTEGER;
    d->focal_planes = d->optical_paths = 1;
    return identify(v, d) && read_size(v, d) && read_bits(v, d) && read_color(v, d) &&
           read_padding(v, d) && read_values(v, d) && read_aspect(v, d);
}

bool wki_plain_describe(const wki_source *s, wki_layout *layout, wki_image_desc *out)
{
    wki_plain_value values[WKI_PLAIN_KEYS];
    wki_image_desc d;
    wki_layout l;
    uint8_t *data;
    size_t n;
    bool ok;

    memset(&d, 0, sizeof d);
    if (wki_layout_read(s, &l, NULL) != WK_OK || l.deflated || l.big_endian || l.mismatch ||
        l.pixel_element != 0x0010 || l.pixel_bytes == 0 ||
        l.encapsulated == is_native(l.transfer_syntax) || !*l.transfer_syntax ||
        l.data_set_end - l.data_set > DATA_SET_MAX)
        return false;
    n = (size_t)(l.data_set_end - l.data_set);
    data = malloc(n + 1);
    if (!data)
        return false;
    d.encapsulated = l.encapsulated;
    memcpy(d.transfer_syntax, l.transfer_syntax, sizeof d.transfer_syntax);
    ok = wki_source_read(s, l.data_set, data, n) &&
         wki_plain_find(data, n, l.explicit_vr, values) && describe(values, &d);
    free(data);
    if (!ok) {
        wki_image_desc_clear(&d);
        return false;
    }
    *layout = l;
    *out = d;
    return true;
}

bool wki_plain_open(const char *path, wki_plain **out, wki_image_desc *desc)
{
    wki_plain *f = calloc(1, sizeof *f);
    struct stat st;

    if (!f)
        return false;
    f->source.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->source.fd >= 0 && fstat(f->source.fd, &st) == 0 && S_ISREG(st.st_mode)) {
        f->source.size = (uint64_t)st.st_size;
        if (wki_plain_describe(&f->source, &f->layout, desc)) {
            *out = f;
            return true;
        }
    }
    wki_plain_close(f);
    return false;
}

void wki_plain_close(wki_plain *f)
{
    if (!f)
        return;
    if (f->source.fd >= 0)
        close(f->source.fd);
    wki_frames_free(f->frames);
    free(f);
}

static wk_code index_frames(wki_plain *f, const wki_image_desc *d, wk_error *err)
{
    return f->frames ? WK_OK : wki_frames_new(&f->source, &f->layout, d->frames, &f->frames, err);
}

uint32_t wki_plain_frames_there(wki_plain *f, const wki_image_desc *d)
{
    uint32_t there = d->frames;

    if (!d->encapsulated)
        there = wki_native_frames_there(&f->layout, d);
    else if (index_frames(f, d, NULL) == WK_OK)
        there = wki_frames_there(f->frames);
    return there ? there : 1;
}

wk_code wki_plain_frame_bytes(wki_plain *f, const wki_image_desc *d, uint32_t frame,
                              wki_frame_bytes *out, wk_error *err)
{
    wk_code rc;

    if (!d->encapsulated)
        return wki_native_read(&f->source, &f->layout, d, frame, out, err);
    rc = index_frames(f, d, err);
    return rc == WK_OK ? wki_frames_read(f->frames, frame, out, err) : rc;
}
