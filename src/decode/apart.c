/* The outside of a decoder that runs in a box: nothing that it says is believed. */
#include <string.h>

#include "box/box.h"
#include "core/buf.h"
#include "core/range.h"
#include "core/text.h"
#include "decode/apart.h"

enum {
    /* Several times what a sound stream takes on a slow machine. */
    BASE_SECONDS = WK_DECODE_SECONDS,
    SAMPLES_A_SECOND = WK_DECODE_SAMPLES_A_SECOND,
    BYTES_A_SECOND = WK_DECODE_BYTES_A_SECOND,
#ifdef WADOKIT_SANITIZED
    SLOWER = 2
#else
    SLOWER = 1
#endif
};

/* What a frame may cost. */
static wki_box_terms terms_for(const wki_image_desc *d, size_t n)
{
    uint64_t samples = (uint64_t)d->rows * d->cols * d->samples;
    wki_box_terms t = {.file = -1};

    t.seconds = SLOWER * (unsigned)(BASE_SECONDS + samples / SAMPLES_A_SECOND + n / BYTES_A_SECOND);
    t.memory = WK_DECODE_MEMORY + samples * WK_DECODE_BYTES_A_SAMPLE + n * 4;
    return t;
}

/* What decoders need to know: no names, no numbers of patients, no addresses of this process. */
static wki_image_desc describe(const wki_image_desc *d)
{
    wki_image_desc own = {.pixels = d->pixels,
                          .photometric = d->photometric,
                          .rows = d->rows,
                          .cols = d->cols,
                          .frames = 1,
                          .samples = d->samples,
                          .bits_allocated = d->bits_allocated,
                          .bits_stored = d->bits_stored,
                          .high_bit = d->high_bit,
                          .is_signed = d->is_signed,
                          .encapsulated = d->encapsulated,
                          .lossy = d->lossy};

    memcpy(own.photometric_text, d->photometric_text, sizeof own.photometric_text);
    memcpy(own.transfer_syntax, d->transfer_syntax, sizeof own.transfer_syntax);
    return own;
}

static bool add_up(const wki_image_desc *d, size_t n, size_t *pixels)
{
    size_t sum;

    return wki_mul_size(d->rows, d->cols, pixels) &&
           wki_mul_size(*pixels, d->samples * wki_sample_bytes(wki_stored_type(d)), pixels) &&
           wki_add_size(*pixels, n, &sum) && wki_add_size(sum, WKI_APART_TASK, &sum) &&
           sum <= WK_MAX_FRAME_BYTES;
}

static void give(uint8_t *to, const wki_image_desc *d, const wki_frame_bytes *bytes,
                 const wki_decode_opts *opts)
{
    wki_apart_task task = {
        .desc = describe(d), .reduce = opts->reduce, .n = bytes->n, .whole = bytes->whole};

    if (opts->region)
        task.region = *opts->region;
    memcpy(to, &task, sizeof task);
    memcpy(to + WKI_APART_TASK, bytes->data, bytes->n);
}

/* The values are such as the description allows: tables are made by it. Notes their range. */
static bool check_values(const wki_image_desc *d, wki_pixels *p)
{
    size_t n = p->size / wki_sample_bytes(p->type);
    unsigned bits = d->bits_stored;
    int64_t low = d->is_signed ? -((int64_t)1 << (bits - 1)) : 0;
    int64_t high = ((int64_t)1 << (bits - d->is_signed)) - 1;
    bool fits = true;

    if (p->type == WKI_U32) {
        for (size_t i = 0; i < n; i++)
            fits &= ((const uint32_t *)p->data)[i] <= high;
        return fits;
    }
    if (p->type == WKI_S32) {
        for (size_t i = 0; i < n; i++)
            fits &= ((const int32_t *)p->data)[i] >= low && ((const int32_t *)p->data)[i] <= high;
        return fits;
    }
    wki_range_of(p->type, p->data, n, p->range);
    p->has_range = p->samples == 1;
    return p->range[0] >= low && p->range[1] <= high;
}

static wk_code broken(wk_error *err)
{
    return wk_fail(err, WK_DATA, "the decoder gives something else than the picture");
}

/* The answer may change while it is read: each number is read once. */
static wk_code take(const uint8_t *from, size_t n, const wki_image_desc *d,
                    const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    wki_apart_pixels said;
    wki_pixels p = {0};
    wk_code rc;

    if (n < WKI_APART_PIXELS)
        return broken(err);
    memcpy(&said, from, sizeof said);
    if (said.samples > WK_MAX_SAMPLES || said.type > WKI_F64 ||
        said.color > WKI_COLOR_YBR_PARTIAL || said.reduced > UINT8_MAX)
        return broken(err);
    p = (wki_pixels){.rows = said.rows,
                     .cols = said.cols,
                     .samples = (uint16_t)said.samples,
                     .type = (wki_sample_type)said.type,
                     .reduced = (uint8_t)said.reduced,
                     .cut = said.cut != 0};
    rc = wki_decode_check(d, opts, &p, err);
    if (rc != WK_OK)
        return rc;
    if (!wki_pixels_alloc(&p, said.rows, said.cols, (uint16_t)said.samples, p.type))
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (p.size != n - WKI_APART_PIXELS) {
        wki_pixels_clear(&p);
        return broken(err);
    }
    memcpy(p.data, from + WKI_APART_PIXELS, p.size);
    if (!check_values(d, &p)) {
        wki_pixels_clear(&p);
        return broken(err);
    }
    p.color = (wki_color)said.color;
    p.reduced = (uint8_t)said.reduced;
    p.at_corners = said.at_corners != 0;
    p.cut = said.cut != 0;
    wki_text_clean(p.decoder, sizeof p.decoder, said.decoder,
                   strnlen(said.decoder, sizeof said.decoder));
    wki_text_clean(p.warning, sizeof p.warning, said.warning,
                   strnlen(said.warning, sizeof said.warning));
    *out = p;
    return WK_OK;
}

static wk_code decode_once(const char *codec, const wki_image_desc *d, const wki_frame_bytes *bytes,
                           const wki_decode_opts *opts, size_t pixels, wki_pixels *out, bool *again,
                           wk_error *err)
{
    wki_box_terms terms = terms_for(d, bytes->n);
    const void *answer = NULL;
    wki_box *box = NULL;
    size_t n = 0;
    wk_code rc = wki_box_take(codec, &box, err);
    uint8_t *to;

    *again = false;
    if (rc != WK_OK)
        return rc;
    to = wki_box_room(box, WKI_APART_TASK + bytes->n, WKI_APART_PIXELS + pixels, err);
    if (to) {
        give(to, d, bytes, opts);
        rc = wki_box_ask(box, &terms, &answer, &n, err);
        (void)wki_box_is_lost(box, again);
    } else {
        rc = WK_NOMEM;
    }
    if (rc == WK_OK)
        rc = take(answer, n, d, opts, out, err);
    wki_box_put(box);
    return rc;
}

wk_code wki_decode_apart(const char *codec, const wki_image_desc *d, const wki_frame_bytes *bytes,
                         const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    wk_error own = {0};
    size_t pixels;
    bool again;
    wk_code rc;

    if (!add_up(d, bytes->n, &pixels))
        return wk_fail(err, WK_LIMIT, "frames are larger than %llu bytes", WK_MAX_FRAME_BYTES);
    rc = decode_once(codec, d, bytes, opts, pixels, out, &again, &own);
    if (!again)
        return rc == WK_OK ? rc : wk_fail_from(err, rc, &own);
    return decode_once(codec, d, bytes, opts, pixels, out, &again, err);
}
