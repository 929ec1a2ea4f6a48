/*
 * Where things lie in a DICOM file (PS3.10 chapter 7): reads element headers at the top level,
 * skips values, and stops at the pixels. Nothing but headers is read, so that a file of any size
 * costs the same. What the bytes show is believed over what the meta header says.
 */
#ifndef WADOKIT_DICOM_DICOM_LAYOUT_H
#define WADOKIT_DICOM_DICOM_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that can be read at any place: a file, or memory where `memory` is not NULL. `head` may
 * hold the first bytes of a file, so that they are read from it once. Borrowed. */
typedef struct wki_blob {
    int fd;
    const uint8_t *memory;
    uint64_t size;
    const uint8_t *head;
    size_t head_size;
} wki_blob;

/* Reads `n` bytes at `at`; false where they are not all there. */
bool wki_blob_read(const wki_blob *s, uint64_t at, void *out, size_t n);

/* Where something lies. */
typedef struct wki_span {
    uint64_t at, n;
} wki_span;

enum {
    WKI_LAYOUT_HOLES = 4
};

/*
 *   transfer_syntax   as declared, "" where the file does not say
 *   explicit_vr, big_endian   as the bytes show
 *   deflated          the data set at `data_set` is deflated: inflate it, then read the result
 *                     with wki_layout_read_plain(); nothing below is set
 *   data_set, data_set_end    bytes of the data set up to the first element of group 7FE0
 *   pixel_element     0x0008 float, 0x0009 double, 0x0010 integer; 0 where there are no pixels
 *   pixel_vr          "OB", "OW", ...; "" in implicit VR
 *   pixels, pixel_bytes   the value: native bytes that are there, or (encapsulated) the first item
 *                     and all that is left of the file
 *   pixels_big        the words of the pixels are big endian
 *   pixel_cut         native: the length says more than the file holds
 *   eot, eot_lengths  values of (7FE0,0001) and (7FE0,0002), *_bytes long; 0 where absent
 *   groups            items of the Per-Frame Functional Groups Sequence (5200,9230), in a sequence
 *                     that says so; groups_element is where its header begins, groups_end the byte
 *                     behind it. 0 where absent
 *   mismatch          the bytes contradict the declared transfer syntax
 *   holes             elements with wrong lengths that hide others; where the lengths alone do not
 *                     lead to the pixels. Whoever reads the data set has to leave them out
 */
typedef struct wki_layout {
    char transfer_syntax[WK_UID_SIZE];
    bool explicit_vr, big_endian, deflated, encapsulated, mismatch;
    uint64_t data_set, data_set_end;
    uint16_t pixel_element;
    char pixel_vr[3];
    uint64_t pixels, pixel_bytes;
    bool pixel_cut, pixels_big;
    uint64_t eot, eot_bytes, eot_lengths, eot_lengths_bytes;
    uint64_t groups_element, groups, groups_end;
    wki_span holes[WKI_LAYOUT_HOLES];
    size_t n_holes;
} wki_layout;

/* WK_DATA where the bytes are not DICOM or end inside an element before the pixels. */
wk_code wki_layout_read(const wki_blob *s, wki_layout *out, wk_error *err) WK_MUST_USE;

/* The same for a data set without preamble and meta header, in Explicit VR Little Endian unless
 * the bytes show otherwise; `out` keeps its transfer syntax. */
wk_code wki_layout_read_plain(const wki_blob *s, wki_layout *out, wk_error *err) WK_MUST_USE;

/* Where the contents of the first `room` items of `l->groups` lie. Headers alone are read; *n
 * counts all items. WK_DATA where the items do not fill the sequence. */
wk_code wki_layout_groups(const wki_blob *s, const wki_layout *l, wki_span *items, uint32_t room,
                          uint32_t *n, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
