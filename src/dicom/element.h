/*
 * The header of a data element (PS3.5 section 7.1), and how VRs are told: one rule for all that
 * walk over a data set.
 *
 * In explicit VR, letters that are no VR of this time have the long form (7.1.2), unless the two
 * bytes that are reserved then are not zero: writers before that rule used the short one. Lower
 * case is taken for upper case. What is no letter at all ("??", "--", blanks, zeros) has the short
 * form. All of these are UN. Other bytes are no VR but the length of an element that was written
 * implicitly.
 */
#ifndef WADOKIT_DICOM_ELEMENT_H
#define WADOKIT_DICOM_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WKI_UNDEFINED_LENGTH 0xFFFFFFFFu
#define WKI_TAG_ITEM 0xFFFEE000u
#define WKI_TAG_ITEM_END 0xFFFEE00Du
#define WKI_TAG_SEQUENCE_END 0xFFFEE0DDu

/* PS3.5 tables 7.1-1 and 7.1-2. */
typedef enum wki_vr_form {
    WKI_VR_NONE,  /* no VR that is known */
    WKI_VR_SHORT, /* a length of 16 bits */
    WKI_VR_LONG,  /* two reserved bytes and a length of 32 bits */
} wki_vr_form;

wki_vr_form wki_vr_form_of(const uint8_t vr[2]);

enum {
    WKI_ELEMENT_HEADER_MAX = 12
};

typedef struct wki_element {
    uint32_t tag; /* group << 16 | element */
    char vr[3];   /* "" in implicit VR and of items */
    uint32_t length;
    uint8_t header; /* bytes that the header takes: 8 or 12 */
} wki_element;

/* Reads the header at the start of `n` bytes; false where it needs more of them. */
bool wki_element_read(const uint8_t *p, size_t n, bool explicit_vr, bool big_endian,
                      wki_element *out);

#ifdef __cplusplus
}
#endif

#endif
