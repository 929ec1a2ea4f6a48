/* JPEG 2000 (ISO 15444-1, HTJ2K: 15444-15): what a stream says of itself, and who decodes it. */
#include <string.h>

#include "core/bytes.h"
#include "core/text.h"
#include "decode/codec.h"

/* Behind the SIZ marker and its Rsiz; NULL where there is none. */
static const uint8_t *find_siz(const wki_frame_bytes *b)
{
    const uint8_t *p = memmem(b->data, b->n, "\xFF\x4F\xFF\x51", 4);

    return p && b->n - (size_t)(p - b->data) >= 42 ? p + 8 : NULL;
}

unsigned wki_j2k_components(const wki_frame_bytes *bytes)
{
    const uint8_t *p = find_siz(bytes);

    return p ? (unsigned)p[32] << 8 | p[33] : 0;
}

/* The SIZ marker segment, read before OpenJPEG allocates by it: size, components, tiles. */
static wk_code check_siz(const wki_image_desc *d, const wki_frame_bytes *b, wk_error *err)
{
    const uint8_t *p = find_siz(b);
    unsigned components = wki_j2k_components(b);
    uint64_t width, height, across, down, tw, th;
    uint32_t x0, y0, tx0, ty0;
    wk_code rc;

    if (!p)
        return wk_fail(err, WK_DATA, "no JPEG 2000 stream");
    x0 = wki_be32(p + 8);
    y0 = wki_be32(p + 12);
    tw = wki_be32(p + 16);
    th = wki_be32(p + 20);
    tx0 = wki_be32(p + 24);
    ty0 = wki_be32(p + 28);
    width = wki_be32(p) < x0 ? 0 : wki_be32(p) - x0;
    height = wki_be32(p + 4) < y0 ? 0 : wki_be32(p + 4) - y0;
    rc = wki_check_size(d, width, height, components == d->samples + 1u ? d->samples : components,
                        err);
    if (rc != WK_OK)
        return rc;
    if (tw == 0 || th == 0 || tx0 > x0 || ty0 > y0)
        return wk_fail(err, WK_DATA, "the JPEG 2000 stream's tiles are absurd");
    across = (width + x0 - tx0 + tw - 1) / tw;
    down = (height + y0 - ty0 + th - 1) / th;
    if (across * down > 4096 + width * height / 1024)
        return wk_fail(err, WK_DATA, "the JPEG 2000 stream has %llu tiles",
                       (unsigned long long)(across * down));
    return WK_OK;
}

static void note_color(const wki_image_desc *d, bool mct, wki_pixels *p)
{
    p->color = wki_color_of(d->photometric);
    if (p->samples != 3)
        return;
    if (p->color < WKI_COLOR_RGB || (mct && p->color != WKI_COLOR_RGB)) {
        wki_pixels_warn(p, "the code stream holds RGB, the header says %s; the stream is believed",
                        d->photometric_text);
        p->color = WKI_COLOR_RGB;
    }
}

void wki_j2k_finish(const wki_image_desc *d, const wki_j2k_stream *s, const char *decoder,
                    wki_pixels *p)
{
    wki_cells_to_stored(d, p);
    note_color(d, s->mct, p);
    if (s->is_signed != d->is_signed && d->bits_allocated > 1)
        wki_pixels_warn(p, "the code stream is %s, the header says %s; read as the header says",
                        s->is_signed ? "signed" : "unsigned", d->is_signed ? "signed" : "unsigned");
    p->reduced = (uint8_t)s->reduced;
    p->at_corners = true;
    if (s->components > d->samples)
        wki_pixels_warn(p, "the code stream has %u components; the last one is left out",
                        s->components);
    (void)wki_strcopy(p->decoder, sizeof p->decoder, decoder);
}

enum {
    SOT = 0xFF90,
    SOD = 0xFF93,
    EOC = 0xFFD9,
    COD = 0xFF52,
    COC = 0xFF53
};

/* Markers with a segment that OpenJPEG steps over by its length (A.2). */
static bool is_plain_marker(unsigned marker)
{
    return (marker >= 0xFF50 && marker <= 0xFF53) || (marker >= 0xFF55 && marker <= 0xFF58) ||
           (marker >= 0xFF5C && marker <= 0xFF61) || marker == 0xFF63 || marker == 0xFF64;
}

/* Whether the coding style at `p` (COD, COC: A.6.1, A.6.2) asks for high throughput blocks: behind
 * Scod and SGcod, or Ccoc (1 or 2 bytes) and Scoc. */
static bool style_is_htj2k(const uint8_t *p, const uint8_t *end)
{
    unsigned marker = wki_be16(p);

    return end - p >= 14 &&
           ((marker == COD && p[12] & 0x40) || (marker == COC && (p[9] | p[10]) & 0x40));
}

/* Whether a header of the stream asks for high throughput blocks. True also where the headers
 * cannot be walked without doubt: OpenJPEG may find others. */
static bool may_be_htj2k(const wki_frame_bytes *b)
{
    const uint8_t *p = b->data, *end = b->data + b->n, *part = NULL;

    if (b->n < 4 || memcmp(p, "\xFF\x4F\xFF\x51", 4) != 0)
        return true;
    p += 2;
    while (end - p >= 4) {
        unsigned marker = wki_be16(p), length = wki_be16(p + 2);

        if (marker == EOC)
            return false;
        if (marker == SOD && part) {
            uint32_t size = wki_be32(part + 6);

            if (size == 0)
                return false; /* to the end of the stream */
            if (size < 14 || size > (size_t)(end - part) || part + size <= p)
                return true;
            p = part + size;
            part = NULL;
            if (end - p >= 2 && wki_be16(p) != SOT)
                return wki_be16(p) != EOC;
            continue;
        }
        if (length < 2 || length + 2u > (size_t)(end - p) || style_is_htj2k(p, end) ||
            (marker == SOT ? part != NULL || length != 10 : !is_plain_marker(marker)))
            return true;
        part = marker == SOT ? p : part;
        p += 2 + length;
    }
    return true;
}

/* Low bands begin at the picture's corner only where the corner is a multiple of their step. */
static unsigned reduction_at(const wki_frame_bytes *b, unsigned reduce)
{
    const uint8_t *p = find_siz(b);
    uint32_t corner = p ? wki_be32(p + 8) | wki_be32(p + 12) : 0;

    while (reduce > 0 && (corner & ((1u << reduce) - 1)))
        reduce--;
    return reduce;
}

/* High throughput blocks: OpenJPH is five times as fast, where it knows what the stream uses. */
static wk_code decode_htj2k(const wki_image_desc *d, const wki_frame_bytes *bytes,
                            const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
#ifdef WADOKIT_OPENJPH
    wk_error own = {0};
    wk_code rc = wki_decode_apart("openjph", d, bytes, opts, out, &own);

    if (rc != WK_UNSUPPORTED)
        return rc == WK_OK ? rc : wk_fail_from(err, rc, &own);
#endif
    return bytes->whole ? wk_fail(err, WK_DATA, "the JPEG 2000 stream ends early")
                        : wki_decode_apart("openjpeg", d, bytes, opts, out, err);
}

wk_code wki_decode_j2k(const wki_image_desc *d, const wki_frame_bytes *bytes,
                       const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    bool htj2k = bytes->whole || may_be_htj2k(bytes);
    wki_decode_opts own = {.reduce = reduction_at(bytes, opts->reduce),
                           .region = htj2k ? NULL : opts->region};
    wk_code rc = check_siz(d, bytes, err);

    if (rc != WK_OK)
        return rc;
    return htj2k ? decode_htj2k(d, bytes, &own, out, err)
                 : wki_decode_apart("openjpeg", d, bytes, &own, out, err);
}
