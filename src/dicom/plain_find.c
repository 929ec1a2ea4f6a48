#include <string.h>

#include "core/bytes.h"
#include "dicom/element.h"
#include "dicom/plain.h"

static const uint32_t UNDEFINED = 0xFFFFFFFFu;

/* In order of tags: the walk looks at one entry at a time. */
static const struct {
    uint32_t tag;
    char vr[2][3];
} keys[WKI_PLAIN_KEYS] = {
    [WKI_PLAIN_IMAGE_TYPE] = {0x00080008, {"CS", ""}},
    [WKI_PLAIN_SOP_CLASS] = {0x00080016, {"UI", ""}},
    [WKI_PLAIN_SOP] = {0x00080018, {"UI", ""}},
    [WKI_PLAIN_MODALITY] = {0x00080060, {"CS", ""}},
    [WKI_PLAIN_IMAGER_SPACING] = {0x00181164, {"DS", ""}},
    [WKI_PLAIN_SCANNED_SPACING] = {0x00182010, {"DS", ""}},
    [WKI_PLAIN_STUDY] = {0x0020000D, {"UI", ""}},
    [WKI_PLAIN_SERIES] = {0x0020000E, {"UI", ""}},
    [WKI_PLAIN_SAMPLES] = {0x00280002, {"US", ""}},
    [WKI_PLAIN_PHOTOMETRIC] = {0x00280004, {"CS", ""}},
    [WKI_PLAIN_PLANAR] = {0x00280006, {"US", ""}},
    [WKI_PLAIN_FRAMES] = {0x00280008, {"IS", ""}},
    [WKI_PLAIN_ROWS] = {0x00280010, {"US", ""}},
    [WKI_PLAIN_COLUMNS] = {0x00280011, {"US", ""}},
    [WKI_PLAIN_SPACING] = {0x00280030, {"DS", ""}},
    [WKI_PLAIN_ASPECT] = {0x00280034, {"IS", ""}},
    [WKI_PLAIN_ALLOCATED] = {0x00280100, {"US", ""}},
    [WKI_PLAIN_STORED] = {0x00280101, {"US", ""}},
    [WKI_PLAIN_HIGH_BIT] = {0x00280102, {"US", ""}},
    [WKI_PLAIN_SIGNED] = {0x00280103, {"US", ""}},
    [WKI_PLAIN_PADDING] = {0x00280120, {"US", "SS"}},
    [WKI_PLAIN_PADDING_LIMIT] = {0x00280121, {"US", "SS"}},
    [WKI_PLAIN_CENTER] = {0x00281050, {"DS", ""}},
    [WKI_PLAIN_WIDTH] = {0x00281051, {"DS", ""}},
    [WKI_PLAIN_INTERCEPT] = {0x00281052, {"DS", ""}},
    [WKI_PLAIN_SLOPE] = {0x00281053, {"DS", ""}},
    [WKI_PLAIN_EXPLANATION] = {0x00281055, {"LO", ""}},
    [WKI_PLAIN_FUNCTION] = {0x00281056, {"CS", ""}},
    [WKI_PLAIN_LOSSY] = {0x00282110, {"CS", ""}},
    [WKI_PLAIN_MEASURES] = {0x00289110, {"SQ", ""}},
    [WKI_PLAIN_FRAME_VOI] = {0x00289132, {"SQ", ""}},
    [WKI_PLAIN_TRANSFORMATION] = {0x00289145, {"SQ", ""}},
    [WKI_PLAIN_SHAPE] = {0x20500020, {"CS", ""}},
    [WKI_PLAIN_SHARED] = {0x52009229, {"SQ", ""}},
};

/* What says more about a picture than this file reads. */
static bool is_special(uint32_t tag)
{
    uint32_t group = tag >> 16;

    return group == 0x0048 || group == 0x0062 || (group == 0x5200 && tag != keys[WKI_PLAIN_SHARED].tag) ||
           (group & 0xFF00) == 0x6000 || (tag >= 0x00281101 && tag <= 0x002814FF) ||
           tag == 0x00282000 || (tag >= 0x00283000 && tag <= 0x00283010) || group <= 0x0002 ||
           group == 0xFFFE;
}

typedef struct element {
    uint32_t tag, length;
    const uint8_t *vr, *value;
} element;

/* The header at `p`; false where it does not fit before `end`, or its VR is none. */
static bool read_header(const uint8_t *p, const uint8_t *end, bool explicit_vr, element *e)
{
    if (end - p < 8)
        return false;
    e->tag = wki_le16(p) << 16 | wki_le16(p + 2);
    e->vr = p + 4;
    e->value = p + 8;
    if (!explicit_vr || e->tag >> 16 == 0xFFFE) {
        e->length = wki_le32(p + 4);
        return true;
    }
    e->length = wki_le16(p + 6);
    if (wki_vr_form_of(p + 4) == WKI_VR_SHORT)
        return true;
    if (end - p < 12 || wki_vr_form_of(p + 4) != WKI_VR_LONG)
        return false;
    e->length = wki_le32(p + 8);
    e->value = p + 12;
    return true;
}

static const uint8_t *skip_sequence(const uint8_t *p, const uint8_t *end, bool explicit_vr,
                                    int depth);

/* Behind an element's value, NULL where it is not all there. */
static const uint8_t *skip(const element *e, const uint8_t *end, bool explicit_vr, int depth)
{
    if (e->length != UNDEFINED)
        return e->length <= (size_t)(end - e->value) ? e->value + e->length : NULL;
    if (explicit_vr && memcmp(e->vr, "SQ", 2) != 0)
        return NULL;
    return skip_sequence(e->value, end, explicit_vr, depth + 1);
}

static const uint8_t *skip_item(const uint8_t *p, const uint8_t *end, bool explicit_vr, int depth)
{
    element e;

    while (p && read_header(p, end, explicit_vr, &e)) {
        if (e.tag == 0xFFFEE00D)
            return e.value;
        if (e.tag >> 16 == 0xFFFE)
            return NULL;
        p = skip(&e, end, explicit_vr, depth);
    }
    return NULL;
}

static const uint8_t *skip_sequence(const uint8_t *p, const uint8_t *end, bool explicit_vr,
                                    int depth)
{
    element e;

    if (depth > WK_MAX_SEQUENCE_DEPTH)
        return NULL;
    while (p && read_header(p, end, explicit_vr, &e)) {
        if (e.tag == 0xFFFEE0DD)
            return e.value;
        if (e.tag != 0xFFFEE000)
            return NULL;
        p = e.length == UNDEFINED ? skip_item(e.value, end, explicit_vr, depth)
                                  : skip(&e, end, explicit_vr, depth);
    }
    return NULL;
}

/* Whether a key's element is written as it should be; only sequences may end by a delimiter. */
static bool is_as_expected(const element *e, size_t key, bool explicit_vr)
{
    bool sequence = strcmp(keys[key].vr[0], "SQ") == 0;

    if (e->length == UNDEFINED && !sequence)
        return false;
    return !explicit_vr || memcmp(e->vr, keys[key].vr[0], 2) == 0 ||
           memcmp(e->vr, keys[key].vr[1], 2) == 0;
}

bool wki_plain_find(const uint8_t *data, size_t n, bool explicit_vr,
                    wki_plain_value values[WKI_PLAIN_KEYS])
{
    const uint8_t *p = data, *end = data + n;
    uint32_t before = 0;
    size_t next = 0;
    element e;

    memset(values, 0, WKI_PLAIN_KEYS * sizeof *values);
    while (p < end) {
        if (!read_header(p, end, explicit_vr, &e) || e.tag <= before || is_special(e.tag))
            return false;
        while (next < WKI_PLAIN_KEYS && keys[next].tag < e.tag)
            next++;
        p = skip(&e, end, explicit_vr, 0);
        if (!p)
            return false;
        if (next < WKI_PLAIN_KEYS && keys[next].tag == e.tag) {
            if (!is_as_expected(&e, next, explicit_vr))
                return false;
            values[next] = (wki_plain_value){e.value, (uint32_t)(p - e.value)};
        }
        before = e.tag;
    }
    return true;
}

bool wki_plain_first_item(const wki_plain_value *sequence, bool explicit_vr, wki_plain_value *item)
{
    const uint8_t *end, *behind;
    element e;

    *item = (wki_plain_value){NULL, 0};
    if (sequence->n == 0)
        return true;
    end = sequence->data + sequence->n;
    if (!read_header(sequence->data, end, explicit_vr, &e))
        return false;
    if (e.tag != 0xFFFEE000)
        return e.tag == 0xFFFEE0DD;
    if (e.length != UNDEFINED) {
        *item = (wki_plain_value){e.value, e.length};
        return e.length <= (size_t)(end - e.value);
    }
    behind = skip_item(e.value, end, explicit_vr, 0);
    if (behind)
        *item = (wki_plain_value){e.value, (uint32_t)(behind - e.value) - 8};
    return behind != NULL;
}
