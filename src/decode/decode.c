#include "decode/decode.h"

#include <string.h>

#include "core/text.h"
#include "decode/codec.h"

typedef struct entry {
    const char *uid;
    wki_decode_way way;
    wki_codec codec;
} entry;

/* PS3.6 annex A, table A-1. A codec that a build lacks says so when it is called. */
static const entry table[] = {
    {"1.2.840.10008.1.2", WKI_DECODE_HERE, wki_decode_native},
    {"1.2.840.10008.1.2.1", WKI_DECODE_HERE, wki_decode_native},
    {"1.2.840.10008.1.2.2", WKI_DECODE_HERE, wki_decode_native},
    {"1.2.840.10008.1.2.1.99", WKI_DECODE_HERE, wki_decode_native},
    {"1.2.840.10008.1.2.4.51", WKI_DECODE_FOREIGN, NULL}, /* JPEG Extended */
    {"1.2.840.10008.1.2.4.57", WKI_DECODE_FOREIGN, NULL}, /* JPEG Lossless, process 14 */
    {"1.2.840.10008.1.2.4.70", WKI_DECODE_FOREIGN, NULL}, /* ..., first-order prediction */
};

static const entry *find(const char *uid)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(table[i].uid, uid) == 0)
            return &table[i];
    }
    return NULL;
}

wki_decode_way wki_decode_way_of(const char *transfer_syntax)
{
    const entry *e = find(transfer_syntax);

    /* MPEG-2, MPEG-4, HEVC and their fragmentable forms: ...4.100 to ...4.108. */
    if (!e && wki_str_starts(transfer_syntax, "1.2.840.10008.1.2.4.10"))
        return WKI_DECODE_VIDEO;
    return e ? e->way : WKI_DECODE_NONE;
}

wk_code wki_decode(const wki_image_desc *d, uint32_t frame, const wki_frame_bytes *bytes,
                   const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    const entry *e = find(d->transfer_syntax);

    if (wki_decode_way_of(d->transfer_syntax) == WKI_DECODE_VIDEO)
        return wk_fail(err, WK_UNSUPPORTED, "a moving picture (transfer syntax %s)",
                       d->transfer_syntax);
    if (!e)
        return wk_fail(err, WK_UNSUPPORTED, "no decoder for transfer syntax %s",
                       *d->transfer_syntax ? d->transfer_syntax : "(none given)");
    if (e->way == WKI_DECODE_FOREIGN) {
        if (!opts || !opts->foreign)
            return wk_fail(err, WK_UNSUPPORTED, "no decoder for transfer syntax %s",
                           d->transfer_syntax);
        return opts->foreign(opts->foreign_user, d, frame, out, err);
    }
    return e->codec(d, bytes, opts ? opts->reduce : 0, out, err);
}

const char *wki_decode_version(size_t i)
{
    (void)i;
    return NULL;
}
