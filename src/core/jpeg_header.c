#include "core/jpeg_header.h"

#include <string.h>

static unsigned be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static bool is_frame_header(uint8_t marker)
{
    return (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 &&
            marker != 0xCC) ||
           marker == 0xF7;
}

/* `p` is behind the length of a frame header of `n` bytes. */
static bool read_frame(const uint8_t *p, size_t n, wki_jpeg_header *h)
{
    if (n < 6)
        return false;
    h->precision = p[0];
    h->rows = (uint16_t)be16(p + 1);
    h->cols = (uint16_t)be16(p + 3);
    h->components = p[5];
    if (h->components < 1 || h->components > 4 || n < 6u + 3u * h->components)
        return false;
    for (unsigned i = 0; i < h->components; i++) {
        h->id[i] = p[6 + 3 * i];
        h->h[i] = p[7 + 3 * i] >> 4;
        h->v[i] = p[7 + 3 * i] & 15;
    }
    return true;
}

static void read_application(uint8_t marker, const uint8_t *p, size_t n, wki_jpeg_header *h)
{
    if (marker == 0xE0 && n >= 5 && memcmp(p, "JFIF", 5) == 0)
        h->jfif = true;
    else if (marker == 0xEE && n >= 12 && memcmp(p, "Adobe", 5) == 0)
        h->adobe = p[11];
}

size_t wki_jpeg_start(const uint8_t *data, size_t n)
{
    size_t at = 0;

    while (at + 2 < n && !(data[at] == 0xFF && data[at + 1] == 0xD8 && data[at + 2] == 0xFF)) {
        if (at == 0 && data[0] == 0xFF && data[1] == 0xD8)
            return n;
        at++;
    }
    return at + 2 < n ? at : n;
}

/* B.1.1.3: TEM, RSTn, SOI and EOI stand alone. */
static bool is_alone(uint8_t marker)
{
    return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9);
}

bool wki_jpeg_next(const uint8_t *data, size_t n, size_t *at, wki_jpeg_segment *out)
{
    size_t p = *at, length;

    if (p >= n || data[p] != 0xFF)
        return false;
    while (p < n && data[p] == 0xFF)
        p++;
    if (p == n)
        return false;
    *out = (wki_jpeg_segment){.marker = data[p++]};
    if (!is_alone(out->marker)) {
        if (out->marker < 0xC0 || n - p < 2)
            return false;
        length = be16(data + p);
        if (length < 2 || length > n - p)
            return false;
        out->data = data + p + 2;
        out->n = length - 2;
        p += length;
    }
    *at = p;
    return true;
}

bool wki_jpeg_header_read(const uint8_t *data, size_t n, wki_jpeg_header *out)
{
    wki_jpeg_header h = {.adobe = -1, .start = wki_jpeg_start(data, n)};
    size_t at = h.start + 2;
    wki_jpeg_segment s;

    while (h.start < n && wki_jpeg_next(data, n, &at, &s)) {
        if (is_frame_header(s.marker)) {
            h.sof = s.marker;
            if (!read_frame(s.data, s.n, &h))
                return false;
            *out = h;
            return true;
        }
        if (s.marker >= 0xD8 && s.marker <= 0xDA)
            return false;
        if (s.data)
            read_application(s.marker, s.data, s.n, &h);
    }
    return false;
}

wki_color wki_jpeg_header_color(const wki_jpeg_header *h, wki_photometric photometric)
{
    bool lossless = h->sof == 0xC3 || h->sof == 0xF7;
    bool rgb_tag = photometric == WKI_RGB;

    if (h->components != 3)
        return photometric == WKI_PALETTE_COLOR ? WKI_COLOR_INDEX : WKI_COLOR_GREY;
    if (h->adobe >= 0)
        return h->adobe == 0 ? WKI_COLOR_RGB : WKI_COLOR_YBR_FULL;
    if (h->id[0] == 'R' && h->id[1] == 'G' && h->id[2] == 'B')
        return WKI_COLOR_RGB;
    /* Lossless coders leave the samples as they are, whatever the ids. */
    if (lossless)
        return rgb_tag ? WKI_COLOR_RGB : WKI_COLOR_YBR_FULL;
    if (h->jfif || h->h[0] != h->h[1] || h->v[0] != h->v[1])
        return WKI_COLOR_YBR_FULL;
    if (h->id[0] == 1 && h->id[1] == 2 && h->id[2] == 3)
        return WKI_COLOR_YBR_FULL;
    return rgb_tag ? WKI_COLOR_RGB : WKI_COLOR_YBR_FULL;
}

/* Behind entropy-coded data: the next marker but for restarts. */
static size_t skip_scan(const uint8_t *data, size_t n, size_t at)
{
    while (at + 1 < n) {
        const uint8_t *p = memchr(data + at, 0xFF, n - 1 - at);

        if (!p)
            return n;
        at = (size_t)(p - data);
        if (p[1] != 0 && p[1] != 0xFF && (p[1] < 0xD0 || p[1] > 0xD7))
            return at;
        at += p[1] == 0xFF ? 1 : 2;
    }
    return n;
}

unsigned wki_jpeg_scans(const uint8_t *data, size_t n, unsigned most)
{
    size_t at = wki_jpeg_start(data, n) + 2;
    wki_jpeg_segment s;
    unsigned scans = 0;

    while (scans <= most && wki_jpeg_next(data, n, &at, &s)) {
        if (s.marker == 0xDA) {
            scans++;
            at = skip_scan(data, n, at);
        }
    }
    return scans;
}

unsigned wki_jpeg_most_scans(const wki_jpeg_header *h)
{
    enum {
        FEW = 20, /* of pictures of any size */
        MANY = 200
    };
    uint64_t samples = (uint64_t)h->rows * h->cols * h->components;
    uint64_t n = FEW + WK_MAX_SCANNED_SAMPLES / (samples ? samples : 1);

    return n < MANY ? (unsigned)n : MANY;
}

size_t wki_jpeg_length(const uint8_t *data, size_t n)
{
    bool scanned = false;
    wki_jpeg_segment s;
    size_t at = 2;

    if (n < 4 || data[0] != 0xFF || data[1] != 0xD8)
        return 0;
    while (wki_jpeg_next(data, n, &at, &s)) {
        if (s.marker == 0xD9)
            return scanned ? at : 0;
        if (!s.data)
            return 0;
        if (s.marker == 0xDA) {
            scanned = true;
            at = skip_scan(data, n, at);
        }
    }
    return 0;
}
