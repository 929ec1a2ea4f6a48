/* JPEG 2000 (ISO 15444-1), by OpenJPEG; bare code streams and JP2 files. HTJ2K: decode_htj2k.c. */
#include <stdlib.h>
#include <string.h>

#include <openjpeg.h>

#include "core/bytes.h"
#include "core/text.h"
#include "decode/codec.h"

/* What the decoder reads from. */
typedef struct memory {
    const uint8_t *data;
    size_t n, at;
} memory;

static OPJ_SIZE_T on_read(void *to, OPJ_SIZE_T n, void *user)
{
    memory *m = user;
    size_t some = m->n - m->at < n ? m->n - m->at : n;

    if (some == 0)
        return (OPJ_SIZE_T)-1;
    memcpy(to, m->data + m->at, some);
    m->at += some;
    return some;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T n, void *user)
{
    memory *m = user;

    if (n < 0 || (uint64_t)n > m->n - m->at)
        return -1;
    m->at += (size_t)n;
    return n;
}

static OPJ_BOOL on_seek(OPJ_OFF_T at, void *user)
{
    memory *m = user;

    if (at < 0 || (uint64_t)at > m->n)
        return OPJ_FALSE;
    m->at = (size_t)at;
    return OPJ_TRUE;
}

/* The first error is the cause; OpenJPEG adds more on its way out. */
static void on_error(const char *text, void *user)
{
    char *message = user;

    if (*message)
        return;
    (void)wki_text_clean(message, 160, text, strcspn(text, "\r\n"));
}

static void on_other(const char *text, void *user)
{
    (void)text;
    (void)user;
}

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

static opj_codec_t *make_codec(const wki_frame_bytes *b, char *message)
{
    bool jp2 = b->n >= 8 && memcmp(b->data + 4, "jP  ", 4) == 0;
    opj_codec_t *codec = opj_create_decompress(jp2 ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
    opj_dparameters_t p;

    if (!codec)
        return NULL;
    (void)opj_set_error_handler(codec, on_error, message);
    (void)opj_set_warning_handler(codec, on_other, NULL);
    (void)opj_set_info_handler(codec, on_other, NULL);
    opj_set_default_decoder_parameters(&p);
    if (!opj_setup_decoder(codec, &p)) {
        opj_destroy_codec(codec);
        return NULL;
    }
    return codec;
}

static opj_stream_t *make_stream(memory *m)
{
    opj_stream_t *s = opj_stream_create(1 << 16, OPJ_TRUE);

    if (!s)
        return NULL;
    opj_stream_set_user_data(s, m, NULL);
    opj_stream_set_user_data_length(s, m->n);
    opj_stream_set_read_function(s, on_read);
    opj_stream_set_skip_function(s, on_skip);
    opj_stream_set_seek_function(s, on_seek);
    return s;
}

/* Whether the stream has a component transform, and the resolutions that every tile has. */
static bool read_coding(opj_codec_t *codec, unsigned *resolutions)
{
    opj_codestream_info_v2_t *info = opj_get_cstr_info(codec);
    bool mct = false;

    *resolutions = 1;
    if (info) {
        mct = info->m_default_tile_info.mct != 0;
        if (info->m_default_tile_info.tccp_info)
            *resolutions = info->m_default_tile_info.tccp_info[0].numresolutions;
    }
    opj_destroy_cstr_info(&info);
    return mct;
}

/* The components have to be there, in bits that fit, and of the picture's size or a part of it. */
static wk_code check_components(const wki_image_desc *d, const opj_image_t *image, wk_error *err)
{
    if (image->numcomps != d->samples && image->numcomps != d->samples + 1u)
        return wk_fail(err, WK_DATA, "the JPEG 2000 stream has %u components, the header says %u",
                       image->numcomps, d->samples);
    for (unsigned i = 0; i < d->samples; i++) {
        const opj_image_comp_t *c = &image->comps[i];

        if (!c->data || c->w == 0 || c->h == 0 || c->w > image->comps[0].w ||
            c->h > image->comps[0].h)
            return wk_fail(err, WK_DATA, "the JPEG 2000 stream lacks component %u", i + 1);
        if (c->prec > d->bits_allocated)
            return wk_fail(err, WK_DATA,
                           "the JPEG 2000 stream has %u bits a sample, the header allocates %u",
                           c->prec, d->bits_allocated);
    }
    return WK_OK;
}

static void clamp(const opj_image_comp_t *c)
{
    OPJ_INT32 low = c->sgnd ? -(OPJ_INT32)(1u << (c->prec - 1)) : 0;
    OPJ_INT32 high = (OPJ_INT32)((c->sgnd ? 1u << (c->prec - 1) : 1u << c->prec) - 1);

    for (size_t i = 0; c->prec < 31 && i < (size_t)c->w * c->h; i++)
        c->data[i] = c->data[i] < low ? low : c->data[i] > high ? high : c->data[i];
}

/* Component `s` into every samples-th place; a smaller component is repeated. */
static void place(const opj_image_comp_t *c, unsigned s, wki_pixels *p)
{
    size_t width = wki_sample_bytes(p->type);

    for (uint32_t y = 0; y < p->rows; y++) {
        const OPJ_INT32 *row = c->data + (size_t)((uint64_t)y * c->h / p->rows) * c->w;
        size_t to = (size_t)y * p->cols * p->samples + s;

        for (uint32_t x = 0; x < p->cols; x++, to += p->samples) {
            uint32_t v = (uint32_t)row[c->w == p->cols ? x : (uint64_t)x * c->w / p->cols];

            if (width == 1)
                ((uint8_t *)p->data)[to] = (uint8_t)v;
            else if (width == 2)
                ((uint16_t *)p->data)[to] = (uint16_t)v;
            else
                ((uint32_t *)p->data)[to] = v;
        }
    }
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

static wk_code take(const wki_image_desc *d, const opj_image_t *image, bool mct, unsigned reduced,
                    wki_pixels *out, wk_error *err)
{
    wki_j2k_stream s = {image->numcomps, reduced, false, mct};
    wki_pixels p = {0};
    wk_code rc = check_components(d, image, err);

    if (rc != WK_OK)
        return rc;
    /* The low bands may overshoot what the samples can hold. */
    for (unsigned i = 0; i < d->samples && reduced > 0; i++)
        clamp(&image->comps[i]);
    if (!wki_pixels_alloc(&p, image->comps[0].h, image->comps[0].w, d->samples, wki_stored_type(d)))
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (unsigned i = 0; i < d->samples; i++)
        place(&image->comps[i], i, &p);
    s.is_signed = image->comps[0].sgnd != 0;
    wki_j2k_finish(d, &s, "openjpeg", &p);
    *out = p;
    return WK_OK;
}

/* What of a picture is wanted: the whole of it smaller, or a part of it. */
typedef struct wish {
    unsigned reduce;
    const wki_region *region; /* or NULL */
} wish;

/* A part is only decoded where all components have a sample for each of its pixels. */
static bool can_cut(const opj_image_t *image, const wish *w)
{
    for (unsigned i = 0; i < image->numcomps; i++) {
        if (image->comps[i].dx != 1 || image->comps[i].dy != 1)
            return false;
    }
    return w->region && image->x0 <= INT32_MAX - WK_MAX_COLUMNS &&
           image->y0 <= INT32_MAX - WK_MAX_ROWS;
}

static bool set_area(opj_codec_t *codec, opj_image_t *image, const wki_region *r)
{
    OPJ_INT32 x = (OPJ_INT32)(image->x0 + r->x), y = (OPJ_INT32)(image->y0 + r->y);

    return opj_set_decode_area(codec, image, x, y, x + (OPJ_INT32)r->width,
                               y + (OPJ_INT32)r->height);
}

static wk_code decode(const wki_image_desc *d, opj_codec_t *codec, opj_stream_t *stream,
                      const wish *w, const char *message, wki_pixels *out, wk_error *err)
{
    opj_image_t *image = NULL;
    unsigned resolutions = 1, reduce = w->reduce;
    bool mct, cut, ok = opj_read_header(stream, codec, &image);
    wk_code rc;

    mct = ok && read_coding(codec, &resolutions);
    reduce = reduce < resolutions ? reduce : resolutions - 1;
    if (ok && reduce > 0)
        ok = opj_set_decoded_resolution_factor(codec, reduce);
    cut = ok && can_cut(image, w);
    if (cut)
        ok = set_area(codec, image, w->region);
    if (ok)
        ok = opj_decode(codec, stream, image) && (cut || opj_end_decompress(codec, stream));
    rc = ok ? take(d, image, mct, reduce, out, err)
            : wk_fail(err, WK_DATA, "the JPEG 2000 stream is corrupt: %s",
                      *message ? message : "cannot be decoded");
    if (rc == WK_OK)
        out->cut = cut;
    opj_image_destroy(image);
    return rc;
}

static wk_code decode_stream(const wki_image_desc *d, const wki_frame_bytes *bytes, const wish *w,
                             wki_pixels *out, wk_error *err)
{
    memory m = {.data = bytes->data, .n = bytes->n};
    char message[160] = "";
    opj_codec_t *codec;
    opj_stream_t *stream;
    wk_code rc;

    codec = make_codec(bytes, message);
    stream = make_stream(&m);
    if (codec && stream)
        rc = decode(d, codec, stream, w, message, out, err);
    else
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    return rc;
}

wk_code wki_decode_openjpeg(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                            wki_pixels *out, wk_error *err)
{
    wish w = {reduce, NULL};

    return decode_stream(d, bytes, &w, out, err);
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

/* OpenJPEG 2.5.0 checks high throughput blocks by assertions, which end the process. */
wk_code wki_decode_j2k(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                       wki_pixels *out, wk_error *err)
{
    wk_code rc = check_siz(d, bytes, err);

    if (rc != WK_OK)
        return rc;
    reduce = reduction_at(bytes, reduce);
    return bytes->whole || may_be_htj2k(bytes) ? wki_decode_htj2k(d, bytes, reduce, out, err)
                                               : wki_decode_openjpeg(d, bytes, reduce, out, err);
}

wk_code wki_decode_j2k_region(const wki_image_desc *d, const wki_frame_bytes *bytes,
                              const wki_region *region, wki_pixels *out, wk_error *err)
{
    wish w = {0, region};
    wki_pixels p = {0};
    wk_code rc;

    if (may_be_htj2k(bytes))
        return wki_decode_j2k(d, bytes, 0, out, err);
    rc = check_siz(d, bytes, err);
    if (rc == WK_OK)
        rc = decode_stream(d, bytes, &w, &p, err);
    if (rc == WK_OK && p.cut && (p.cols != region->width || p.rows != region->height)) {
        wki_pixels_clear(&p);
        rc = wk_fail(err, WK_DATA, "the JPEG 2000 stream lacks the region");
    }
    if (rc == WK_OK)
        *out = p;
    return rc;
}

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *wki_j2k_version(void)
{
    return "OpenJPEG " TEXT(OPJ_VERSION_MAJOR) "." TEXT(OPJ_VERSION_MINOR) "." TEXT(
        OPJ_VERSION_BUILD) ": JPEG 2000, HTJ2K";
}
