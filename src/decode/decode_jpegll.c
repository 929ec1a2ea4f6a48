/* Lossless JPEG (ISO 10918-1 annex H, process 14): one scan, one or three components that are not
 * sub-sampled, no restarts, no point transform. Everything else is left to the other decoder. */
#include <stdlib.h>
#include <string.h>

#include "core/jpeg_header.h"
#include "core/text.h"
#include "decode/codec.h"

enum {
    LOOK = 12, /* bits that a code and its difference are looked up by at once */
    COMPONENTS = 3
};

/* Entry of `look`: bits used << 24 | difference as 16 bits; 0 where LOOK bits do not do. */
typedef struct table {
    bool there;
    uint32_t look[1 << LOOK];
    int32_t max_code[18]; /* largest code of each length, -1 where there is none */
    int32_t offset[17];   /* values[code + offset[length]] */
    uint8_t values[17];
} table;

typedef struct stream {
    const uint8_t *p, *end;
    uint64_t bits; /* the next bit on top */
    int n;         /* bits there are */
    int made_up;   /* of them behind the end */
} stream;

typedef struct scan {
    wki_jpeg_header h;
    table tables[4];
    const table *of[COMPONENTS];
    unsigned predictor;
    const uint8_t *data, *end;
} scan;

/* --- tables --- */

static uint32_t extend(uint32_t raw, unsigned size)
{
    return size == 0 ? 0 : raw >> (size - 1) ? raw : raw - (1u << size) + 1;
}

static void fill_look(table *t, uint32_t code, unsigned length, unsigned size)
{
    unsigned used = length + (size == 16 ? 0 : size), rest;

    if (used > LOOK)
        return;
    rest = LOOK - used;
    for (uint32_t raw = 0; raw < 1u << (used - length); raw++) {
        uint32_t difference = size == 16 ? 32768 : extend(raw, size);
        uint32_t first = (code << (LOOK - length)) | raw << rest;

        for (uint32_t k = 0; k < 1u << rest; k++)
            t->look[first + k] = used << 24 | (difference & 0xFFFF);
    }
}

/* A table of annex C, from its 16 counts on; false where it is none. */
static bool make_table(table *t, const uint8_t *counts, const uint8_t *values, unsigned n)
{
    uint32_t code = 0;
    unsigned at = 0;

    memset(t, 0, sizeof *t);
    memcpy(t->values, values, n);
    for (unsigned length = 1; length <= 16; length++) {
        t->offset[length] = (int32_t)at - (int32_t)code;
        for (unsigned k = 0; k < counts[length - 1]; k++, code++, at++) {
            if (code >= 1u << length || t->values[at] > 16)
                return false;
            fill_look(t, code, length, t->values[at]);
        }
        t->max_code[length] = counts[length - 1] ? (int32_t)code - 1 : -1;
        code <<= 1;
    }
    t->there = true;
    return true;
}

static bool read_tables(scan *s, const uint8_t *p, size_t n)
{
    while (n >= 17) {
        unsigned total = 0;

        for (int i = 1; i <= 16; i++)
            total += p[i];
        if (p[0] > 3 || total > 17 || n < 17 + total ||
            !make_table(&s->tables[p[0]], p + 1, p + 17, total))
            return false;
        p += 17 + total;
        n -= 17 + total;
    }
    return n == 0;
}

/* --- headers --- */

static bool read_scan(scan *s, const uint8_t *p, size_t n)
{
    if (n != 4u + 2u * s->h.components || p[0] != s->h.components)
        return false;
    for (unsigned i = 0; i < s->h.components; i++) {
        if (p[1 + 2 * i] != s->h.id[i] || p[2 + 2 * i] >> 4 > 3)
            return false;
        s->of[i] = &s->tables[p[2 + 2 * i] >> 4];
        if (!s->of[i]->there)
            return false;
    }
    p += 1 + 2 * s->h.components;
    s->predictor = p[0];
    return p[0] >= 1 && p[0] <= 7 && p[1] == 0 && p[2] == 0;
}

/* From the start to the scan's data; false where something is not as this file wants it. */
static bool read_headers(scan *s, const wki_frame_bytes *b)
{
    size_t at = s->h.start + 2;
    wki_jpeg_segment g;

    while (wki_jpeg_next(b->data, b->n, &at, &g)) {
        if (g.marker == 0xDA) {
            s->data = b->data + at;
            s->end = b->data + b->n;
            return read_scan(s, g.data, g.n);
        }
        if ((g.marker == 0xC4 && !read_tables(s, g.data, g.n)) ||
            (g.marker == 0xDD && (g.n != 2 || g.data[0] || g.data[1])) ||
            (g.marker != 0xC3 && g.marker != 0xC4 && g.marker != 0xDD && g.marker != 0xFE &&
             g.marker < 0xE0))
            return false;
    }
    return false;
}

static bool is_simple(const scan *s, const wki_image_desc *d)
{
    const wki_jpeg_header *h = &s->h;

    if (h->sof != 0xC3 || h->precision < 2 || h->precision > 16 ||
        h->precision > d->bits_allocated || h->components != d->samples || h->rows != d->rows ||
        h->cols != d->cols || wki_sample_bytes(wki_stored_type(d)) > 2 ||
        (h->components != 1 && h->components != COMPONENTS))
        return false;
    for (unsigned i = 0; i < h->components; i++) {
        if (h->h[i] != 1 || h->v[i] != 1)
            return false;
    }
    return true;
}

/* --- samples --- */

static bool has_ff(uint32_t w)
{
    uint32_t v = ~w;

    return ((v - 0x01010101u) & ~v & 0x80808080u) != 0;
}

/* At least 32 bits; zeros where the data ends. */
static void fill(stream *s)
{
    while (s->n <= 32) {
        uint32_t w = 0xFFFFFFFFu;

        if (s->end - s->p >= 4)
            w = (uint32_t)s->p[0] << 24 | (uint32_t)s->p[1] << 16 | (uint32_t)s->p[2] << 8 |
                s->p[3];
        if (!has_ff(w)) {
            s->bits |= (uint64_t)w << (32 - s->n);
            s->p += 4;
            s->n += 32;
            continue;
        }
        if (s->p < s->end && (s->p[0] != 0xFF || (s->end - s->p > 1 && s->p[1] == 0))) {
            s->bits |= (uint64_t)s->p[0] << (56 - s->n);
            s->p += s->p[0] == 0xFF ? 2 : 1;
        } else {
            s->made_up += 8;
        }
        s->n += 8;
    }
}

static void drop(stream *s, unsigned n)
{
    s->bits <<= n;
    s->n -= (int)n;
}

/* A code or a difference that is longer than the table looks; *bad for a code that is none. */
static uint32_t read_long(stream *s, const table *t, bool *bad)
{
    unsigned length = 1, size;
    uint32_t raw;

    while (length <= 16 && (int32_t)(s->bits >> (64 - length)) > t->max_code[length])
        length++;
    if (length > 16) {
        *bad = true;
        return 0;
    }
    size = t->values[(int32_t)(s->bits >> (64 - length)) + t->offset[length]];
    drop(s, length);
    if (size == 0)
        return 0;
    if (size == 16)
        return 32768;
    raw = (uint32_t)(s->bits >> (64 - size));
    drop(s, size);
    return extend(raw, size);
}

static inline uint32_t read_difference(stream *s, const table *t, bool *bad)
{
    uint32_t entry;

    if (s->n < 32)
        fill(s);
    entry = t->look[s->bits >> (64 - LOOK)];
    if (entry == 0)
        return read_long(s, t, bad);
    drop(s, entry >> 24);
    return entry;
}

static inline uint32_t predict(unsigned predictor, int32_t a, int32_t b, int32_t c)
{
    switch (predictor) {
    case 1:
        return (uint32_t)a;
    case 2:
        return (uint32_t)b;
    case 3:
        return (uint32_t)c;
    case 4:
        return (uint32_t)(a + b - c);
    case 5:
        return (uint32_t)(a + ((b - c) >> 1));
    case 6:
        return (uint32_t)(b + ((a - c) >> 1));
    default:
        return (uint32_t)((a + b) >> 1);
    }
}

/* One row of `n` samples, from the second pixel on. `above` is NULL in the first row. */
static void read_row(const scan *s, stream *in, const uint16_t *above, uint16_t *row, size_t n,
                     bool *bad)
{
    size_t step = s->h.components;
    unsigned predictor = above ? s->predictor : 1;

    if (step == 1 && predictor == 1) {
        uint32_t left = row[0];

        for (size_t i = 1; i < n; i++) {
            left += read_difference(in, s->of[0], bad);
            row[i] = (uint16_t)left;
        }
        return;
    }
    for (size_t i = step; i < n; i++) {
        int32_t b = above ? above[i] : 0, c = above ? above[i - step] : 0;
        uint32_t guess = predict(predictor, row[i - step], b, c);

        row[i] = (uint16_t)(guess + read_difference(in, s->of[i % step], bad));
    }
}

/* All samples, 16 bits each; false where the data is damaged or ends early. */
static bool read_samples(const scan *s, uint16_t *out)
{
    stream in = {.p = s->data, .end = s->end};
    size_t n = (size_t)s->h.cols * s->h.components;
    uint32_t seen = 0;
    bool bad = false;

    for (size_t y = 0; y < s->h.rows && !bad; y++) {
        uint16_t *row = out + y * n;
        const uint16_t *above = y ? row - n : NULL;

        for (size_t i = 0; i < s->h.components; i++) {
            uint32_t guess = above ? above[i] : 1u << (s->h.precision - 1);

            row[i] = (uint16_t)(guess + read_difference(&in, s->of[i], &bad));
        }
        read_row(s, &in, above, row, n, &bad);
        for (size_t i = 0; i < n; i++)
            seen |= row[i];
        /* Bits that were made up have been used. */
        bad |= in.made_up > in.n;
    }
    return !bad && seen >> s->h.precision == 0;
}

static void narrow(const uint16_t *from, size_t n, uint8_t *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)from[i];
}

wk_code wki_decode_jpegll(const wki_image_desc *d, const wki_frame_bytes *bytes,
                          const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    scan *s = calloc(1, sizeof *s);
    uint16_t *samples = NULL;
    wki_pixels p = {0};
    wk_code rc = WK_UNSUPPORTED;
    wki_color color;
    bool wide;

    (void)opts;
    if (!s)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (!wki_jpeg_header_read(bytes->data, bytes->n, &s->h) || !is_simple(s, d) ||
        !read_headers(s, bytes))
        goto out;
    rc = wki_stored_alloc(d, "jpeg-lossless", &p, err);
    if (rc != WK_OK)
        goto out;
    wide = wki_sample_bytes(p.type) == 2;
    samples = wide ? p.data : malloc(p.size * sizeof *samples);
    rc = !samples ? WK_NOMEM : read_samples(s, samples) ? WK_OK : WK_UNSUPPORTED;
    if (rc == WK_OK && !wide)
        narrow(samples, p.size, p.data);
    if (!wide)
        free(samples);
    if (rc != WK_OK)
        goto out;
    wki_cells_to_stored(d, &p);
    color = wki_jpeg_header_color(&s->h, d->photometric);
    if (d->samples == 3 && color != p.color)
        wki_pixels_warn(&p, "the code stream holds %s, the header says %s; the stream is believed",
                        color == WKI_COLOR_RGB ? "RGB" : "YBR_FULL", d->photometric_text);
    if (d->samples == 3)
        p.color = color;
    *out = p;
    memset(&p, 0, sizeof p);
out:
    wki_pixels_clear(&p);
    free(s);
    return rc == WK_OK ? WK_OK : wk_fail(err, rc, "lossless JPEG of a kind left to DCMTK");
}
