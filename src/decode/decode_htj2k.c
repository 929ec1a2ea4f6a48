/* High throughput JPEG 2000 by OpenJPH: what it does not know is left to OpenJPEG. */
#include <string.h>

#include "core/stored.h"
#include "core/text.h"
#include "decode/decode_module.h"
#include "decode/openjph.h"

/* Lines on their way into pixels. */
typedef struct lines {
    const wki_image_desc *desc;
    wki_openjph_head head;
    wki_pixels pixels;
    int32_t low, high; /* the low bands may overshoot what the samples can hold */
} lines;

static bool on_head(void *user, const wki_openjph_head *h)
{
    lines *l = user;
    const wki_image_desc *d = l->desc;

    /* What is wrong, the other decoder says. */
    if (h->bits > d->bits_allocated || h->rows > d->rows || h->cols > d->cols ||
        (h->components != d->samples && h->components != d->samples + 1u))
        return false;
    l->head = *h;
    l->low = h->is_signed ? -(1 << (h->bits - 1)) : 0;
    l->high = (1 << (h->is_signed ? h->bits - 1 : h->bits)) - 1;
    return wki_pixels_alloc(&l->pixels, h->rows, h->cols, d->samples, wki_stored_type(d));
}

#define DEFINE_PUT(type)                                                                           \
    static void put_##type(const int32_t *restrict values, size_t n, size_t step, int32_t low,     \
                           int32_t high, type *restrict to)                                        \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            int32_t v = values[i] < low ? low : values[i];                                         \
                                                                                                   \
            to[i * step] = (type)(v > high ? high : v);                                            \
        }                                                                                          \
    }

DEFINE_PUT(uint8_t)
DEFINE_PUT(uint16_t)
DEFINE_PUT(uint32_t)

static void on_line(void *user, unsigned component, uint32_t y, const int32_t *values)
{
    lines *l = user;
    wki_pixels *p = &l->pixels;
    size_t step = p->samples, at = (size_t)y * p->cols * step + component;

    if (component >= p->samples)
        return;
    switch (wki_sample_bytes(p->type)) {
    case 1:
        put_uint8_t(values, p->cols, step, l->low, l->high, (uint8_t *)p->data + at);
        break;
    case 2:
        put_uint16_t(values, p->cols, step, l->low, l->high, (uint16_t *)p->data + at);
        break;
    default:
        put_uint32_t(values, p->cols, step, l->low, l->high, (uint32_t *)p->data + at);
    }
}

static bool decode_lines(lines *l, const wki_frame_bytes *bytes, unsigned reduce)
{
    wki_openjph_sink sink = {on_head, on_line, l};

    if (wki_openjph_decode(bytes, reduce, &sink))
        return true;
    wki_pixels_clear(&l->pixels);
    return false;
}

static wk_code decode(const wki_image_desc *d, const wki_frame_bytes *bytes,
                      const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    lines l = {.desc = d};
    wki_j2k_stream s;

    if (!decode_lines(&l, bytes, opts->reduce))
        return wk_fail(err, WK_UNSUPPORTED, "OpenJPH does not decode this JPEG 2000 stream");
    s = (wki_j2k_stream){l.head.components, l.head.reduced, l.head.is_signed, l.head.mct,
                         l.head.irreversible};
    wki_j2k_finish(d, &s, "openjph", &l.pixels);
    *out = l.pixels;
    return WK_OK;
}

static const char *about(void)
{
    return "OpenJPH " WADOKIT_OPENJPH;
}

WKI_CODEC_MODULE(openjph) = {{WADOKIT_VERSION, about}, decode};
