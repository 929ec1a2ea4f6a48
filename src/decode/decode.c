#include "decode/decode.h"

#include <stdio.h>
#include <string.h>

#include "core/jpeg_header.h"
#include "core/transfer_syntax.h"
#include "decode/codec.h"

/*
 * codec   one of ours, or ...
 * worker  ... that of wadokit-decode; neither: decode_any_jpeg()
 */
typedef struct entry {
    wki_syntax_family family;
    wki_codec codec;
    const char *worker;
} entry;

/* JPEG with 8 bits by libjpeg-turbo, common lossless JPEG here, the rest by DCMTK: what the stream
 * says decides. */
static wk_code decode_any_jpeg(const wki_image_desc *d, const wki_frame_bytes *bytes,
                               const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    wki_jpeg_header h;

    if (wki_jpeg_header_read(bytes->data, bytes->n, &h)) {
        if (h.sof == 0xF7)
            return wki_decode_apart("charls", d, bytes, opts, out, err);
        if (h.precision == 8 && h.sof >= 0xC0 && h.sof <= 0xC2)
            return wki_decode_apart("jpeg", d, bytes, opts, out, err);
        if (h.sof == 0xC3 && wki_decode_jpegll(d, bytes, opts, out, NULL) == WK_OK)
            return WK_OK;
    }
    return wki_decode_apart("ijg", d, bytes, opts, out, err);
}

/* A row of two NULLs is decode_any_jpeg(). */
static const entry table[] = {
    {WKI_FAMILY_NATIVE, wki_decode_native, NULL},
    {WKI_FAMILY_PLAIN, wki_decode_native, NULL},
    {WKI_FAMILY_DEFLATED_FRAME, wki_decode_deflate, NULL},
    {WKI_FAMILY_RLE, wki_decode_rle, NULL},
    {WKI_FAMILY_JPEG, NULL, NULL},
    {WKI_FAMILY_JPEGLS, NULL, "charls"},
    {WKI_FAMILY_J2K, wki_decode_j2k, NULL},
    {WKI_FAMILY_HTJ2K, wki_decode_j2k, NULL},
#ifdef WADOKIT_JXL
    {WKI_FAMILY_JXL, NULL, "jxl"},
#endif
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

static bool is_any_jpeg(const entry *e)
{
    return !e->codec && !e->worker;
}

static bool is_jpegls(const entry *e)
{
    return e->family == WKI_FAMILY_JPEGLS;
}

/* The entry of another kind than the transfer syntax says (`e`, NULL: unknown) that the code stream
 * itself asks for; NULL where there is none. */
static const entry *find_other(const entry *e, const wki_image_desc *d, const wki_frame_bytes *b)
{
    const entry *other = NULL;

    if (d->encapsulated && b && b->data &&
        !(e && (e->codec == wki_decode_deflate || e->family == WKI_FAMILY_PLAIN)))
        other = find_by_stream(b);
    if (!other || (e && e->codec == other->codec && e->worker == other->worker))
        return NULL;
    /* decode_any_jpeg() takes JPEG-LS as well. */
    return e && is_any_jpeg(e) && is_jpegls(other) ? NULL : other;
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
    return e ? WKI_DECODE_HERE : WKI_DECODE_NONE;
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
    if ((is_any_jpeg(e) || is_jpegls(e)) && wki_jpeg_header_read(bytes->data, bytes->n, &h))
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

wk_code wki_decode_check(const wki_image_desc *d, const wki_decode_opts *opts, const wki_pixels *p,
                         wk_error *err)
{
    uint64_t step = 1ull << (p->reduced < 32 ? p->reduced : 32);
    uint64_t rows = (d->rows + step - 1) / step, cols = (d->cols + step - 1) / step;

    if (p->cut && opts->region) {
        rows = opts->region->height;
        cols = opts->region->width;
    }
    if (p->rows == rows && p->cols == cols && p->samples == d->samples &&
        p->reduced <= opts->reduce && p->type == wki_stored_type(d) &&
        (!p->cut || (opts->region && p->reduced == 0)))
        return WK_OK;
    return wk_fail(err, WK_DATA,
                   "the code stream gives %u x %u pixels of %u samples, %llu x %llu of %u are due",
                   p->cols, p->rows, p->samples, (unsigned long long)cols, (unsigned long long)rows,
                   d->samples);
}

/* The one way to any decoder: what it gives is what the description says, or an error. */
static wk_code decode_by(const entry *e, const wki_image_desc *d, const wki_frame_bytes *bytes,
                         const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    wki_pixels p = {0};
    wk_code rc = e->codec    ? e->codec(d, bytes, opts, &p, err)
                 : e->worker ? wki_decode_apart(e->worker, d, bytes, opts, &p, err)
                             : decode_any_jpeg(d, bytes, opts, &p, err);

    if (rc == WK_OK)
        rc = wki_decode_check(d, opts, &p, err);
    if (rc == WK_OK)
        *out = p;
    else
        wki_pixels_clear(&p);
    return rc;
}

/* Samples in a capsule though the transfer syntax has none, where they are as many as are due. */
static bool is_plain(const wki_image_desc *d, const entry *e, const wki_frame_bytes *bytes)
{
    uint64_t due = ((uint64_t)d->rows * d->cols * d->samples * d->bits_allocated + 7) / 8;

    return d->encapsulated && e->family == WKI_FAMILY_NATIVE && bytes->data &&
           (bytes->n == due || bytes->n == due + due % 2);
}

/* What can be said before anything is decoded. */
static wk_code check_task(const entry *e, const wki_image_desc *d, const wki_frame_bytes *bytes,
                          wk_error *err)
{
    if (is_video(d->transfer_syntax))
        return wk_fail(err, WK_UNSUPPORTED, "a moving picture (transfer syntax %s)",
                       d->transfer_syntax);
    if (!e)
        return wk_fail(err, WK_UNSUPPORTED, "no decoder for transfer syntax %s",
                       *d->transfer_syntax ? d->transfer_syntax : "(none given)");
    if (d->encapsulated && d->pixels != WKI_PIXELS_INTEGER)
        return wk_fail(err, WK_DATA, "floating point pixels cannot be compressed");
    if (!is_any_jpeg(e) && !d->encapsulated != (e->family == WKI_FAMILY_NATIVE) &&
        !is_plain(d, e, bytes))
        return wk_fail(err, WK_DATA, "the pixels are %sencapsulated, against transfer syntax %s",
                       d->encapsulated ? "" : "not ", d->transfer_syntax);
    return d->encapsulated && e->codec != wki_decode_native
               ? wki_check_stream(d, bytes->whole ? bytes->whole : bytes->n, err)
               : WK_OK;
}

wk_code wki_decode(const wki_image_desc *d, const wki_frame_bytes *bytes,
                   const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    static const wki_decode_opts none = {0};
    const entry *e = find(d->transfer_syntax), *other = find_other(e, d, bytes);
    wki_image_desc own;
    unsigned samples;
    wk_code rc;

    e = other ? other : e;
    opts = opts ? opts : &none;
    rc = check_task(e, d, bytes, err);
    if (rc != WK_OK)
        return rc;
    samples = stream_samples(e, bytes);
    if (!believe_samples(d, samples, &own)) {
        rc = decode_by(e, d, bytes, opts, out, err);
        if (rc == WK_OK && other)
            wki_pixels_warn(out,
                            "the code stream is not what transfer syntax %s says; the stream is "
                            "believed",
                            d->transfer_syntax);
        return rc;
    }
    rc = decode_by(e, &own, bytes, opts, out, err);
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
    bool jpeg = e && is_any_jpeg(e) && !syntax->lossless;
    unsigned most = jpeg ? 3 : 5, n = 0;

    if (!e || (!jpeg && e->codec != wki_decode_j2k) || d->photometric == WKI_PALETTE_COLOR ||
        d->supplemental_palette || !d->encapsulated)
        return 0;
    while (n < most && d->cols >> (n + 1) >= 2 * (uint64_t)width &&
           d->rows >> (n + 1) >= 2 * (uint64_t)height)
        n++;
    return n;
}

#ifdef WADOKIT_OPENJPH
#define OPENJPH_IS_THERE true
#else
#define OPENJPH_IS_THERE false
#endif

size_t wki_decode_start(const wki_image_desc *d, unsigned reduce)
{
    enum {
        HEADERS = 1 << 16
    };
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(d->transfer_syntax);

    if (reduce == 0 || !syntax || syntax->family != WKI_FAMILY_HTJ2K || !OPENJPH_IS_THERE)
        return 0;
    /* Coded samples are smaller than plain ones. */
    return HEADERS + (size_t)((uint64_t)(d->rows >> reduce) * (d->cols >> reduce) * d->samples *
                              ((d->bits_stored + 7u) / 8));
}

const char *wki_decode_worker(size_t i)
{
    static const char *const names[] = {WADOKIT_DECODERS, "ijg", "dcmtk"};

    return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

const char *wki_decode_version(size_t i)
{
    static const char *const lines[] = {
        "OpenJPEG " WADOKIT_OPENJPEG ": JPEG 2000, HTJ2K",
        "libjpeg-turbo " WADOKIT_TURBOJPEG ": JPEG with 8 bits",
        "CharLS " WADOKIT_CHARLS ": JPEG-LS",
        "giflib " WADOKIT_GIF ": GIF photos",
#ifdef WADOKIT_JXL
        "libjxl " WADOKIT_JXL ": JPEG XL",
#endif
#ifdef WADOKIT_OPENJPH
        "OpenJPH " WADOKIT_OPENJPH ": HTJ2K",
#endif
        "built in: native, RLE, lossless JPEG, deflated frames",
    };

    return i < sizeof lines / sizeof lines[0] ? lines[i] : NULL;
}
