#include "dicom/element.h"

#include <string.h>

static const char short_vrs[] = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US ";
static const char long_vrs[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV ";

static bool is_listed(const uint8_t vr[2], const char *list)
{
    for (; *list; list += 3) {
        if (vr[0] == (uint8_t)list[0] && vr[1] == (uint8_t)list[1])
            return true;
    }
    return false;
}

wki_vr_form wki_vr_form_of(const uint8_t vr[2])
{
    return is_listed(vr, short_vrs)  ? WKI_VR_SHORT
           : is_listed(vr, long_vrs) ? WKI_VR_LONG
                                     : WKI_VR_NONE;
}

static uint16_t get16(const uint8_t *p, bool big)
{
    return (uint16_t)(big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

static uint32_t get32(const uint8_t *p, bool big)
{
    uint32_t a = get16(p, big), b = get16(p + 2, big);

    return big ? a << 16 | b : b << 16 | a;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_printable(uint8_t c)
{
    return c >= 0x20 && c < 0x7F;
}

/* The VR at `p`, with the two bytes after it; NONE where the bytes are an implicit length. */
static wki_vr_form read_vr(const uint8_t p[4], char vr[3])
{
    uint8_t upper[2] = {p[0], p[1]};
    bool letters = is_letter(p[0]) && is_letter(p[1]);
    wki_vr_form form;

    for (int i = 0; i < 2 && letters; i++)
        upper[i] = (uint8_t)(upper[i] & ~0x20);
    form = wki_vr_form_of(upper);
    memcpy(vr, form == WKI_VR_NONE ? "UN" : (const char *)upper, 2);
    vr[2] = '\0';
    if (letters && form != WKI_VR_SHORT && (form == WKI_VR_NONE || memcmp(upper, p, 2) != 0))
        return p[2] == 0 && p[3] == 0 ? WKI_VR_LONG : WKI_VR_SHORT;
    if (form != WKI_VR_NONE)
        return form;
    return (is_printable(p[0]) && is_printable(p[1])) || (p[0] == 0 && p[1] == 0) ? WKI_VR_SHORT
                                                                                  : WKI_VR_NONE;
}

bool wki_element_read(const uint8_t *p, size_t n, bool explicit_vr, bool big_endian,
                      wki_element *out)
{
    wki_vr_form form = WKI_VR_NONE;

    if (n < 8)
        return false;
    out->tag = (uint32_t)get16(p, big_endian) << 16 | get16(p + 2, big_endian);
    out->header = 8;
    /* Items and delimiters never have a VR. */
    if (explicit_vr && out->tag >> 16 != 0xFFFE)
        form = read_vr(p + 4, out->vr);
    if (form == WKI_VR_NONE) {
        memset(out->vr, 0, sizeof out->vr);
        out->length = get32(p + 4, big_endian);
        return true;
    }
    if (form == WKI_VR_SHORT) {
        out->length = get16(p + 6, big_endian);
        return true;
    }
    if (n < WKI_ELEMENT_HEADER_MAX)
        return false;
    out->length = get32(p + 8, big_endian);
    out->header = WKI_ELEMENT_HEADER_MAX;
    return true;
}
