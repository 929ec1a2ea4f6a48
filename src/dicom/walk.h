/*
 * A walk over the elements of a data set, without recursion: what sequences hold is descended, to a
 * depth that is bounded, and what it costs to keep the elements in order is counted.
 */
#ifndef WADOKIT_DICOM_WALK_H
#define WADOKIT_DICOM_WALK_H

#include <wadokit/error.h>

#include "dicom/dicom_layout.h"
#include "dicom/element.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the contents of sequences are taken whose lengths are given. */
typedef enum wki_walk_way {
    WKI_WALK_SKIP,   /* they are not looked at */
    WKI_WALK_PARSER, /* as DCMTK reads them: what does not fit ends the walk */
    WKI_WALK_REPAIR, /* the elements are believed over the lengths */
} wki_walk_way;

/* Element headers lie close together: one read serves many. `moves` counts the steps that it takes
 * to put elements that stand out of order where they belong. */
typedef struct wki_walk {
    const wki_blob *source;
    bool explicit_vr, big_endian;
    wki_walk_way way;
    uint64_t elements, moves;
    bool gave_up; /* PARSER: the contents make no sense, and what follows is not read */
    uint64_t at;  /* of window[0] */
    size_t n;
    uint8_t window[4096];
} wki_walk;

/* `n` bytes (far fewer than a window) at `at`, NULL where they are not there. Borrowed until the
 * next call. */
const uint8_t *wki_walk_look(wki_walk *w, uint64_t at, size_t n);

/* The header at `at`; false where the source ends inside it. */
bool wki_walk_header(wki_walk *w, uint64_t at, wki_element *e);

/* The byte after the value, which begins at `value`, of an element or an item. WK_DATA where
 * sequences are nested deeper than WK_MAX_SEQUENCE_DEPTH, where the source ends before, and where
 * items or their ends are missing in a sequence of undefined length. */
wk_code wki_walk_value(wki_walk *w, const wki_element *e, uint64_t value, uint64_t *end,
                       wk_error *err) WK_MUST_USE;

/* Counts an element that follows `n` others at its level, the largest tag among which is
 * *highest. WK_DATA over WK_MAX_ELEMENTS, or where they are so many and so far out of order that
 * sorting them would take minutes. */
wk_code wki_walk_count(wki_walk *w, uint32_t tag, uint64_t n, uint32_t *highest,
                       wk_error *err) WK_MUST_USE;

/* The error of a source that ends inside an element. */
wk_code wki_walk_cut(const wki_element *e, wk_error *err);

#ifdef __cplusplus
}
#endif

#endif
