#include "ehr/photo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"

enum {
    SOI = 0xD8,
    EOI = 0xD9,
    SOS = 0xDA,
    APP1 = 0xE1,
    TAG_ORIENTATION = 0x0112,
    MAX_ID = 256
};

/* The next marker at or behind `at`, whose place is set; 0 where there is none. */
static unsigned next_marker(const uint8_t *b, size_t n, size_t *at)
{
    for (size_t i = *at; i + 1 < n; i++) {
        if (b[i] == 0xFF && b[i + 1] != 0 && b[i + 1] != 0xFF &&
            !(b[i + 1] >= 0xD0 && b[i + 1] <= 0xD7)) {
            *at = i;
            return b[i + 1];
        }
    }
    return 0;
}

static bool jpeg_is_whole(const uint8_t *b, size_t n)
{
    size_t at = 2;
    unsigned marker;

    while ((marker = next_marker(b, n, &at)) != 0) {
        if (marker == EOI)
            return true;
        if (marker == SOI || marker == 1) {
            at += 2;
            continue;
        }
        if (at + 4 > n)
            return false;
        at += 2 + wki_be16(b + at + 2); /* behind SOS the search itself passes over the scan */
    }
    return false;
}

static bool png_is_whole(const uint8_t *b, size_t n)
{
    size_t at = 8;

    while (n - at >= 12) {
        uint32_t length = wki_be32(b + at);
        bool end = memcmp(b + at + 4, "IEND", 4) == 0;

        if (length > n - at - 12)
            return false;
        if (end)
            return true;
        at += 12 + (size_t)length;
    }
    return false;
}

/* Behind a chain of sub-blocks; 0 where it leaves the file. */
static size_t skip_blocks(const uint8_t *b, size_t n, size_t at)
{
    while (at < n && b[at] != 0)
        at += 1 + (size_t)b[at];
    return at < n ? at + 1 : 0;
}

static size_t color_table(uint8_t flags)
{
    return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

static bool gif_is_whole(const uint8_t *b, size_t n)
{
    size_t at = 13;

    if (n < at)
        return false;
    at += color_table(b[10]);
    while (at != 0 && at < n) {
        if (b[at] == 0x3B)
            return true;
        if (b[at] == 0x21)
            at = skip_blocks(b, n, at + 2);
        else if (b[at] == 0x2C && at + 10 < n)
            at = skip_blocks(b, n, at + 11 + color_table(b[at + 9]));
        else
            return false;
    }
    return false;
}

static bool is_whole(wki_media kind, const uint8_t *b, size_t n)
{
    switch (kind) {
    case WKI_MEDIA_JPEG:
    case WKI_MEDIA_JPEGLS:
    case WKI_MEDIA_J2K:
        return jpeg_is_whole(b, n);
    case WKI_MEDIA_PNG:
        return png_is_whole(b, n);
    case WKI_MEDIA_GIF:
        return gif_is_whole(b, n);
    case WKI_MEDIA_WEBP:
        return wki_le32(b + 4) <= n - 8;
    case WKI_MEDIA_BMP:
        return n >= 26 && wki_le32(b + 2) <= n;
    default:
        return true;
    }
}

wk_code wki_photo_check(const void *data, size_t n, wki_media *kind, wk_error *err)
{
    wki_media found = wki_media_of(data, n < WKI_MEDIA_HEAD ? n : WKI_MEDIA_HEAD);

    if (n == 0)
        return wk_fail(err, WK_DATA, "the picture is empty");
    if (found == WKI_MEDIA_UNKNOWN)
        return wk_fail(err, WK_DATA, "no picture: %zu bytes of an unknown kind", n);
    if (!wki_media_is_picture(found))
        return wk_fail(err, WK_DATA, "no picture: %s", wki_media_name(found));
    if (!is_whole(found, data, n))
        return wk_fail(err, WK_DATA, "the %s is cut short after %zu bytes", wki_media_name(found),
                       n);
    *kind = found;
    return WK_OK;
}

/* ---- orientation ---- */

/* `b` is a TIFF structure: the value of the tag in its first directory. */
static int tiff_orientation(const uint8_t *b, size_t n)
{
    bool little = n >= 2 && b[0] == 'I';
    size_t at, count;

    if (n < 10)
        return 1;
    at = little ? wki_le32(b + 4) : wki_be32(b + 4);
    if (at > n - 2)
        return 1;
    count = little ? wki_le16(b + at) : wki_be16(b + at);
    at += 2;
    for (size_t i = 0; i < count && at + 12 <= n; i++, at += 12) {
        uint32_t tag = little ? wki_le16(b + at) : wki_be16(b + at);
        uint32_t value = little ? wki_le16(b + at + 8) : wki_be16(b + at + 8);

        if (tag == TAG_ORIENTATION)
            return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

int wki_photo_orientation(const void *data, size_t n)
{
    const uint8_t *b = data;
    size_t at = 2;
    unsigned marker;

    if (n < 4 || b[0] != 0xFF || b[1] != SOI)
        return 1;
    while ((marker = next_marker(b, n, &at)) != 0 && marker != SOS && marker != EOI &&
           at + 4 <= n) {
        size_t length = wki_be16(b + at + 2);

        if (length < 2 || length > n - at - 2)
            return 1;
        if (marker == APP1 && length >= 16 && memcmp(b + at + 4, "Exif\0", 6) == 0)
            return tiff_orientation(b + at + 10, length - 8);
        at += 2 + length;
    }
    return 1;
}

wk_code wki_photo_turn(wki_picture *p, int orientation, wk_error *err)
{
    bool swap = orientation >= 5;
    uint32_t width = swap ? p->height : p->width, height = swap ? p->width : p->height;
    wki_picture turned = {0};
    size_t cell = p->channels;

    if (orientation <= 1 || orientation > 8 || p->depth != 8)
        return WK_OK;
    if (!wki_picture_alloc(&turned, width, height, p->channels, p->depth))
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            /* Where the stored picture has what is shown at (x, y). */
            uint32_t col = swap ? y : x, row = swap ? x : y;

            if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
                col = p->width - 1 - col;
            if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
                row = p->height - 1 - row;
            memcpy((uint8_t *)turned.data + ((size_t)y * width + x) * cell,
                   (const uint8_t *)p->data + ((size_t)row * p->width + col) * cell, cell);
        }
    }
    turned.icc = p->icc;
    turned.icc_size = p->icc_size;
    wki_picture_clear(p);
    *p = turned;
    return WK_OK;
}

wk_code wki_photo_check_id(const char *id, wk_error *err)
{
    size_t n = strlen(id);

    if (n == 0 || n > MAX_ID || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
        return wk_fail(err, WK_USAGE, "a patient id of 1 to %d characters is needed", MAX_ID);
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)id[i] < ' ' || id[i] == 0x7F)
            return wk_fail(err, WK_USAGE, "a patient id with control characters");
    }
    return WK_OK;
}
