#include "core/transfer_syntax.h"

#include <string.h>

#define ROOT "1.2.840.10008.1.2"
#define OCTETS "application/octet-stream"
#define IS_VIDEO(family)                                                                           \
    ((family) == WKI_FAMILY_MPEG2 || (family) == WKI_FAMILY_H264 || (family) == WKI_FAMILY_HEVC)
#define IS_IMPLICIT(id) ((id) == WKI_TS_IMPLICIT_LE || (id) == WKI_TS_GE_PRIVATE)
#define IS_DEFLATED(id)                                                                            \
    ((id) == WKI_TS_DEFLATED_LE || (id) == WKI_TS_JPIP_DEFLATED ||                                 \
     (id) == WKI_TS_JPIP_HTJ2K_DEFLATED)

static const wki_transfer_syntax table[] = {
#define ROW(ID, end, NAME, FAMILY, LOSSLESS, BITS, type)                                           \
    {.id = WKI_TS_##ID,                                                                            \
     .uid = WKI_TS_##ID == WKI_TS_GE_PRIVATE ? (end) : (ROOT end),                                 \
     .name = NAME,                                                                                 \
     .family = WKI_FAMILY_##FAMILY,                                                                \
     .lossless = LOSSLESS,                                                                         \
     .encapsulated =                                                                               \
         WKI_FAMILY_##FAMILY != WKI_FAMILY_NATIVE && WKI_FAMILY_##FAMILY != WKI_FAMILY_JPIP,       \
     .big_endian = WKI_TS_##ID == WKI_TS_EXPLICIT_BE,                                              \
     .implicit_vr = IS_IMPLICIT(WKI_TS_##ID),                                                      \
     .deflated = IS_DEFLATED(WKI_TS_##ID),                                                         \
     .video = IS_VIDEO(WKI_FAMILY_##FAMILY),                                                       \
     .bits = BITS,                                                                                 \
     .media_type = type},
    WKI_SYNTAX_MAP(ROW)
#undef ROW
};

const wki_transfer_syntax *wki_transfer_syntax_find(const char *uid)
{
    for (size_t i = 0; i < WKI_TS_COUNT; i++) {
        if (strcmp(table[i].uid, uid) == 0)
            return &table[i];
    }
    return NULL;
}

const wki_transfer_syntax *wki_transfer_syntax_of(wki_syntax_id id)
{
    return &table[id];
}

const char *wki_transfer_syntax_uid(wki_syntax_id id)
{
    return table[id].uid;
}

bool wki_transfer_syntax_is(const char *uid, wki_syntax_id id)
{
    return strcmp(uid, table[id].uid) == 0;
}

bool wki_transfer_syntax_is_native(const char *uid)
{
    const wki_transfer_syntax *ts = wki_transfer_syntax_find(uid);

    return ts && ts->family == WKI_FAMILY_NATIVE;
}

bool wki_transfer_syntax_is_deflated(const char *uid)
{
    const wki_transfer_syntax *ts = wki_transfer_syntax_find(uid);

    return ts && ts->deflated;
}
