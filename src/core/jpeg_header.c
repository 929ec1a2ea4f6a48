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

bool wki_jpeg_header_read(const uint8_t *data, size_t n, wki_jpeg_header *out)
{
    wki_jpeg_header h = {.adobe = -1};
    size_t at = 0;

    while (at + 2 < n && !(data[at] == 0xFF && data[at + 1] == 0xD8 && data[at + 2] == 0xFF))
        at++;
    h.start = at;
    for (at += 2; at + 4 <= n;) {
        uint8_t marker = data[at + 1];
        size_t length;

        if (data[at] != 0xFF)
            return false;
        if (marker == 0xFF) { /* fill byte */
            at++;
            continue;
        }
        length = be16(data + at + 2);
        if (length < 2 || length > n - at - 2)
            return false;
        if (is_frame_header(marker)) {
            h.sof = marker;
            if (!read_frame(data + at + 4, length - 2, &h))
                return false;
            *out = h;
            return true;
        }
        if (marker == 0xDA || marker == 0xD9)
            return false;
        read_application(marker, data + at + 4, length - 2, &h);
        at += 2 + length;
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

size_t wki_jpeg_length(const uint8_t *data, size_t n)
{
    bool scanned = false;
    size_t at = 2;

    if (n < 4 || data[0] != 0xFF || data[1] != 0xD8)
        return 0;
    while (at + 1 < n && data[at] == 0xFF) {
        uint8_t marker = data[at + 1];
        size_t length;

        if (marker == 0xD9)
            return scanned ? at + 2 : 0;
        if (marker == 0xFF) { /* fill byte */
            at++;
            continue;
        }
        if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD8) || n - at < 4)
            return 0;
        length = be16(data + at + 2);
        if (length < 2 || length > n - at - 2)
            return 0;
        at += 2 + length;
        if (marker == 0xDA) {
            scanned = true;
            at = skip_scan(data, n, at);
        }
    }
    return 0;
}
