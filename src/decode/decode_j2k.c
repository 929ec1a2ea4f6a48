/* JPEG 2000 (ISO 15444-1, HTJ2K: 15444-15): what a stream says of itself, and who decodes it. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "decode/codec.h"
#include "decode/j2k_header.h"

unsigned wki_j2k_components(const wki_frame_bytes *bytes)
{
    wki_j2k_header h;

    return wki_j2k_header_read(bytes->data, bytes->n, &h) ? h.components : 0;
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
    if (s->is_signed == d->is_signed && (s->irreversible || d->lossy))
        wki_lossy_cells_to_stored(d, p);
    else
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

/* A stream whose end marker is missing, and nothing else: a copy that has one. Free `out->owned`.
 */
static wk_code add_end(const wki_frame_bytes *bytes, const wki_j2k_header *h, wki_frame_bytes *out,
                       wk_error *err)
{
    uint8_t *copy = malloc(h->end + 2);

    if (!copy)
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(copy, bytes->data, h->end);
    memcpy(copy + h->end, "\xFF\xD9", 2);
    *out = (wki_frame_bytes){.data = copy, .n = h->end + 2, .owned = copy};
    return WK_OK;
}

/* The stream as decoders want it, with what it says of itself. */
static wk_code prepare(const wki_image_desc *d, const wki_frame_bytes *bytes, wki_j2k_header *h,
                       wki_frame_bytes *out, wk_error *err)
{
    wk_code rc;

    if (!wki_j2k_header_read(bytes->data, bytes->n, h))
        return wk_fail(err, WK_DATA, "no JPEG 2000 stream");
    rc = wki_j2k_header_check(d, h, err);
    if (rc == WK_OK && h->sure && !h->has_end && !bytes->whole)
        return add_end(bytes, h, out, err);
    *out = *bytes;
    out->owned = NULL;
    return rc;
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
    wki_frame_bytes in = {0};
    wki_decode_opts own;
    wki_j2k_header h;
    bool htj2k;
    wk_code rc = prepare(d, bytes, &h, &in, err);

    if (rc != WK_OK)
        return rc;
    htj2k = bytes->whole || h.htj2k || !h.sure;
    own = (wki_decode_opts){.reduce = wki_j2k_header_reduction(&h, opts->reduce),
                            .region = htj2k ? NULL : opts->region};
    rc = htj2k ? decode_htj2k(d, &in, &own, out, err)
               : wki_decode_apart("openjpeg", d, &in, &own, out, err);
    if (rc == WK_OK && in.owned)
        wki_pixels_warn(out, "the JPEG 2000 stream has no end marker");
    free(in.owned);
    return rc;
}
