#include "decode/decode.h"

#include <stdio.h>
#include <string.h>

#include "core/jpeg_header.h"
#include "core/transfer_syntax.h"
#include "decode/codec.h"
#include "decode/openjph.h"

#ifdef WADOKIT_JXL
static const char *const jxl_line = "libjxl " WADOKIT_JXL ": JPEG XL";
#else
static const char *const jxl_line;
#endif

#ifdef WADOKIT_OPENJPH
static const char *const openjph_line = "OpenJPH " WADOKIT_OPENJPH ": HTJ2K";
#else
static const char *const openjph_line;
#endif

typedef struct entry {
    wki_syntax_family family;
    wki_codec codec;
} entry;

/* JPEG with 8 bits and common lossless JPEG are decoded here, the rest by DCMTK: what the stream
 * says decides. */
static wk_code decode_any_jpeg(const wki_image_desc *d, uint32_t frame,
                               const wki_frame_bytes *bytes, const wki_decode_opts *opts,
                               wki_pixels *out, wk_error *err)
{
    wki_jpeg_header h;

    if (bytes && wki_jpeg_header_read(bytes->data, bytes->n, &h)) {
        if (h.sof == 0xF7)
            return wki_decode_jpegls(d, bytes, opts->reduce, out, err);
        if (h.precision == 8 && h.sof >= 0xC0 && h.sof <= 0xC2)
            return opts->region && opts->reduce == 0
                       ? wki_decode_jpeg_region(d, bytes, opts->region, out, err)
                       : wki_decode_jpeg(d, bytes, opts->reduce, out, err);
        if (h.sof == 0xC3 && wki_decode_jpegll(d, bytes, 0, out, NULL) == WK_OK)
            return WK_OK;
    }
    if (!opts->foreign)
        return wk_fail(err, WK_UNSUPPORTED, "no decoder for transfer syntax %s",
                       d->transfer_syntax);
    return opts->foreign(opts->foreign_user, d, frame, out, err);
}

/* What is decoded here. No codec: decode_any_jpeg(). */
static const entry table[] = {
    {WKI_FAMILY_NATIVE, wki_decode_native},
    {WKI_FAMILY_PLAIN, wki_decode_native},
    {WKI_FAMILY_DEFLATED_FRAME, wki_decode_deflate},
    {WKI_FAMILY_RLE, wki_decode_rle},
    {WKI_FAMILY_JPEG, NULL},
    {WKI_FAMILY_JPEGLS, wki_decode_jpegls},
    {WKI_FAMILY_J2K, wki_decode_j2k},
    {WKI_FAMILY_HTJ2K, wki_decode_j2k},
    {WKI_FAMILY_JXL, wki_decode_jxl},
};

static const entry *find_family(wki_syntax_family family)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].family == family)
            return &table[i];
    }
    return NULL;
}

static const entry *find(const char *uid)
{
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(uid);

    return syntax ? find_family(syntax->family) : NULL;
}

/* What a code stream is by its first bytes: the entry of that kind; NULL where they do not say. */
static const entry *find_by_stream(const wki_frame_bytes *b)
{
    static const struct {
        const char *bytes;
        size_t n;
        wki_syntax_family family;
    } starts[] = {
        {"\xFF\x4F\xFF\x51", 4, WKI_FAMILY_J2K},
        {"\0\0\0\x0CjP  ", 8, WKI_FAMILY_J2K},
        {"\xFF\x0A", 2, WKI_FAMILY_JXL},
        {"\0\0\0\x0CJXL ", 8, WKI_FAMILY_JXL},
    };
    wki_jpeg_header h;

    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (b->n >= starts[i].n && memcmp(b->data, starts[i].bytes, starts[i].n) == 0)
            return find_family(starts[i].family);
    }
    if (b->n < 2 || memcmp(b->data, "\xFF\xD8", 2) != 0 || !wki_jpeg_header_read(b->data, b->n, &h))
        return NULL;
    return find_family(h.sof == 0xF7 ? WKI_FAMILY_JPEGLS : WKI_FAMILY_JPEG);
}

/* The entry of another kind than the transfer syntax says (`e`, NULL: unknown) that the code stream
 * itself asks for; NULL where there is none. */
static const entry *find_other(const entry *e, const wki_image_desc *d, const wki_frame_bytes *b)
{
    const entry *other = NULL;

    if (d->encapsulated && b && b->data &&
        !(e && (e->codec == wki_decode_deflate || e->family == WKI_FAMILY_PLAIN)))
        other = find_by_stream(b);
    if (!other || (e && e->codec == other->codec))
        return NULL;
    /* decode_any_jpeg() takes JPEG-LS as well. */
    return e && !e->codec && other->codec == wki_decode_jpegls ? NULL : other;
}

static bool is_video(const char *uid)
{
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(uid);

    return syntax && syntax->video;
}

wki_decode_way wki_decode_way_of(const char *transfer_syntax)
{
    const entry *e = find(transfer_syntax);

    if (is_video(transfer_syntax))
        return WKI_DECODE_VIDEO;
    if (!e || (e->codec == wki_decode_jxl && !jxl_line))
        return WKI_DECODE_NONE;
    return WKI_DECODE_HERE;
}

/* Samples a pixel that the code stream holds; 0 where it does not say. A further component of
 * JPEG 2000 is transparency, and left out. */
static unsigned stream_samples(const entry *e, const wki_frame_bytes *bytes)
{
    wki_jpeg_header h;
    unsigned n;

    if (!bytes || !bytes->data)
        return 0;
    if (e->codec == wki_decode_j2k) {
        n = wki_j2k_components(bytes);
        return n == 2 || n == 4 ? n - 1 : n;
    }
    if ((!e->codec || e->codec == wki_decode_jpegls) &&
        wki_jpeg_header_read(bytes->data, bytes->n, &h))
        return h.components;
    return 0;
}

/* The description as the code stream has it, where only the number of samples differs. */
static bool believe_samples(const wki_image_desc *d, unsigned n, wki_image_desc *own)
{
    if (n == d->samples || (n != 1 && n != 3))
        return false;
    *own = *d;
    own->samples = (uint16_t)n;
    own->photometric = n == 1 ? WKI_MONOCHROME2 : WKI_RGB;
    return true;
}

/* What a decoder gave is as large as the description says, and of its type. `d` is what the decoder
 * was told. */
static wk_code check_pixels(const wki_image_desc *d, const wki_decode_opts *opts, wki_pixels *p,
                            wk_error *err)
{
    uint64_t rows = d->rows, cols = d->cols;

    if (p->cut && opts->region) {
        rows = opts->region->height;
        cols = opts->region->width;
    } else if (p->reduced < 32) {
        rows = (rows + (1ull << p->reduced) - 1) >> p->reduced;
        cols = (cols + (1ull << p->reduced) - 1) >> p->reduced;
    }
    if (p->data && p->rows == rows && p->cols == cols && p->samples == d->samples &&
        p->type == wki_stored_type(d) &&
        p->size == rows * cols * p->samples * wki_sample_bytes(p->type))
        return WK_OK;
    (void)wk_fail(err, WK_DATA,
                  "the code stream gives %u x %u pixels of %u samples, %llu x %llu of %u are due",
                  p->cols, p->rows, p->samples, (unsigned long long)cols, (unsigned long long)rows,
                  d->samples);
    wki_pixels_clear(p);
    return WK_DATA;
}

static wk_code decode_stream(const entry *e, const wki_image_desc *d, uint32_t frame,
                             const wki_frame_bytes *bytes, const wki_decode_opts *opts,
                             wki_pixels *out, wk_error *err)
{
    if (e->codec == wki_decode_j2k && opts->region && opts->reduce == 0)
        return wki_decode_j2k_region(d, bytes, opts->region, out, err);
    return e->codec ? e->codec(d, bytes, opts->reduce, out, err)
                    : decode_any_jpeg(d, frame, bytes, opts, out, err);
}

static wk_code decode_by(const entry *e, const wki_image_desc *d, uint32_t frame,
                         const wki_frame_bytes *bytes, const wki_decode_opts *opts, wki_pixels *out,
                         wk_error *err)
{
    wki_pixels p = {0};
    wk_code rc = decode_stream(e, d, frame, bytes, opts, &p, err);

    if (rc == WK_OK)
        rc = check_pixels(d, opts, &p, err);
    if (rc == WK_OK)
        *out = p;
    return rc;
}

/* Samples in a capsule though the transfer syntax has none, where they are as many as are due. */
static bool is_plain(const wki_image_desc *d, const entry *e, const wki_frame_bytes *bytes)
{
    uint64_t due = ((uint64_t)d->rows * d->cols * d->samples * d->bits_allocated + 7) / 8;

    return d->encapsulated && e->family == WKI_FAMILY_NATIVE && bytes && bytes->data &&
           (bytes->n == due || bytes->n == due + due % 2);
}

wk_code wki_decode(const wki_image_desc *d, uint32_t frame, const wki_frame_bytes *bytes,
                   const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    static const wki_decode_opts none = {0};
    const entry *e = find(d->transfer_syntax), *other = find_other(e, d, bytes);
    wki_image_desc own;
    unsigned samples;
    wk_code rc;

    if (is_video(d->transfer_syntax))
        return wk_fail(err, WK_UNSUPPORTED, "a moving picture (transfer syntax %s)",
                       d->transfer_syntax);
    e = other ? other : e;
    if (!e)
        return wk_fail(err, WK_UNSUPPORTED, "no decoder for transfer syntax %s",
                       *d->transfer_syntax ? d->transfer_syntax : "(none given)");
    if (d->encapsulated && d->pixels != WKI_PIXELS_INTEGER)
        return wk_fail(err, WK_DATA, "floating point pixels cannot be compressed");
    if (!opts)
        opts = &none;
    if (e->codec && !d->encapsulated != (e->family == WKI_FAMILY_NATIVE) && !is_plain(d, e, bytes))
        return wk_fail(err, WK_DATA, "the pixels are %sencapsulated, against transfer syntax %s",
                       d->encapsulated ? "" : "not ", d->transfer_syntax);
    rc = d->encapsulated && e->codec != wki_decode_native && bytes && bytes->data
             ? wki_check_stream(d, bytes->whole ? bytes->whole : bytes->n, err)
             : WK_OK;
    if (rc != WK_OK)
        return rc;
    samples = stream_samples(e, bytes);
    if (!believe_samples(d, samples, &own)) {
        rc = decode_by(e, d, frame, bytes, opts, out, err);
        if (rc == WK_OK && other)
            wki_pixels_warn(out,
                            "the code stream is not what transfer syntax %s says; the stream is "
                            "believed",
                            d->transfer_syntax);
        return rc;
    }
    rc = decode_by(e, &own, frame, bytes, opts, out, err);
    if (rc == WK_OK)
        snprintf(out->warning, sizeof out->warning,
                 "the code stream holds %u samples a pixel, the header says %u; the stream is "
                 "believed",
                 samples, d->samples);
    return rc;
}

unsigned wki_decode_reduction(const wki_image_desc *d, uint32_t width, uint32_t height)
{
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(d->transfer_syntax);
    const entry *e = find(d->transfer_syntax);
    bool jpeg = e && !e->codec && !syntax->lossless;
    unsigned most = jpeg ? 3 : 5, n = 0;

    if (!e || (!jpeg && e->codec != wki_decode_j2k) || d->photometric == WKI_PALETTE_COLOR ||
        d->supplemental_palette || !d->encapsulated)
        return 0;
    while (n < most && d->cols >> (n + 1) >= 2 * (uint64_t)width &&
           d->rows >> (n + 1) >= 2 * (uint64_t)height)
        n++;
    return n;
}

size_t wki_decode_start(const wki_image_desc *d, unsigned reduce)
{
    enum {
        HEADERS = 1 << 16
    };
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(d->transfer_syntax);

    if (reduce == 0 || !syntax || syntax->family != WKI_FAMILY_HTJ2K || !wki_openjph_ready())
        return 0;
    /* Coded samples are smaller than plain ones. */
    return HEADERS + (size_t)((uint64_t)(d->rows >> reduce) * (d->cols >> reduce) * d->samples *
                              ((d->bits_stored + 7u) / 8));
}

const char *wki_decode_version(size_t i)
{
    const char *lines[] = {wki_j2k_version(),
                           wki_jpeg_version(),
                           "CharLS " WADOKIT_CHARLS ": JPEG-LS",
                           "built in: native, RLE, lossless JPEG, deflated frames",
                           jxl_line ? jxl_line : openjph_line,
                           jxl_line ? openjph_line : NULL,
                           NULL};

    return i < sizeof lines / sizeof lines[0] ? lines[i] : NULL;
}
