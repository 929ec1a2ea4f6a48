/* JPEG 2000 (ISO 15444-1), by OpenJPEG; bare code streams and JP2 files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openjpeg.h>

#include "core/text.h"
#include "decode/decode_module.h"

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

/* Which transformations the stream has, and the resolutions that every tile has. */
static void read_coding(opj_codec_t *codec, unsigned *resolutions, wki_j2k_stream *s)
{
    opj_codestream_info_v2_t *info = opj_get_cstr_info(codec);

    *resolutions = 1;
    if (info) {
        s->mct = info->m_default_tile_info.mct != 0;
        if (info->m_default_tile_info.tccp_info) {
            *resolutions = info->m_default_tile_info.tccp_info[0].numresolutions;
            s->irreversible = info->m_default_tile_info.tccp_info[0].qmfbid == 0;
        }
    }
    opj_destroy_cstr_info(&info);
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

static wk_code take(const wki_image_desc *d, const opj_image_t *image, wki_j2k_stream *s,
                    wki_pixels *out, wk_error *err)
{
    wki_pixels p = {0};
    wk_code rc = check_components(d, image, err);

    if (rc != WK_OK)
        return rc;
    /* The low bands may overshoot what the samples can hold. */
    for (unsigned i = 0; i < d->samples && s->reduced > 0; i++)
        clamp(&image->comps[i]);
    if (!wki_pixels_alloc(&p, image->comps[0].h, image->comps[0].w, d->samples, wki_stored_type(d)))
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (unsigned i = 0; i < d->samples; i++)
        place(&image->comps[i], i, &p);
    s->components = image->numcomps;
    s->is_signed = image->comps[0].sgnd != 0;
    wki_j2k_finish(d, s, "openjpeg", &p);
    *out = p;
    return WK_OK;
}

/* A part is only decoded where all components have a sample for each of its pixels. */
static bool can_cut(const opj_image_t *image, const wki_decode_opts *o)
{
    for (unsigned i = 0; i < image->numcomps; i++) {
        if (image->comps[i].dx != 1 || image->comps[i].dy != 1)
            return false;
    }
    return o->region && image->x0 <= INT32_MAX - WK_MAX_COLUMNS &&
           image->y0 <= INT32_MAX - WK_MAX_ROWS;
}

static bool set_area(opj_codec_t *codec, opj_image_t *image, const wki_region *r)
{
    OPJ_INT32 x = (OPJ_INT32)(image->x0 + r->x), y = (OPJ_INT32)(image->y0 + r->y);

    return opj_set_decode_area(codec, image, x, y, x + (OPJ_INT32)r->width,
                               y + (OPJ_INT32)r->height);
}

static wk_code decode(const wki_image_desc *d, opj_codec_t *codec, opj_stream_t *stream,
                      const wki_decode_opts *o, const char *message, wki_pixels *out, wk_error *err)
{
    opj_image_t *image = NULL;
    unsigned resolutions = 1, reduce = o->reduce;
    wki_j2k_stream s = {0};
    bool cut, ok = opj_read_header(stream, codec, &image);
    wk_code rc;

    if (ok)
        read_coding(codec, &resolutions, &s);
    reduce = reduce < resolutions ? reduce : resolutions - 1;
    s.reduced = reduce;
    if (ok && reduce > 0)
        ok = opj_set_decoded_resolution_factor(codec, reduce);
    cut = ok && can_cut(image, o);
    if (cut)
        ok = set_area(codec, image, o->region);
    if (ok)
        ok = opj_decode(codec, stream, image) && (cut || opj_end_decompress(codec, stream));
    rc = ok ? take(d, image, &s, out, err)
            : wk_fail(err, WK_DATA, "the JPEG 2000 stream is corrupt: %s",
                      *message ? message : "cannot be decoded");
    if (rc == WK_OK)
        out->cut = cut;
    opj_image_destroy(image);
    return rc;
}

static wk_code decode_stream(const wki_image_desc *d, const wki_frame_bytes *bytes,
                             const wki_decode_opts *o, wki_pixels *out, wk_error *err)
{
    memory m = {.data = bytes->data, .n = bytes->n};
    char message[160] = "";
    opj_codec_t *codec;
    opj_stream_t *stream;
    wk_code rc;

    codec = make_codec(bytes, message);
    stream = make_stream(&m);
    if (codec && stream)
        rc = decode(d, codec, stream, o, message, out, err);
    else
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    return rc;
}

static const char *about(void)
{
    static char text[32]; /* the same from any thread */

    snprintf(text, sizeof text, "OpenJPEG %s", opj_version());
    return text;
}

WKI_CODEC_MODULE(openjpeg) = {{WADOKIT_VERSION, about}, decode_stream};
