/*
 * What stands before DCMTK, whose parser descends by recursion, keeps every element in memory, and
 * sorts them one by one: a walk without recursion over what it would read, which refuses what would
 * cost too much.
 */
#ifndef WADOKIT_DICOM_GATE_H
#define WADOKIT_DICOM_GATE_H

#include <wadokit/error.h>

#include "dicom/dicom_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

/* WK_DATA where the data set of `l`, its pixels apart, is nested deeper than WK_MAX_SEQUENCE_DEPTH,
 * has more than WK_MAX_ELEMENTS elements, or so many out of order that sorting them would take
 * minutes; WK_LIMIT where it is larger than WK_MAX_DATA_SET_BYTES. */
wk_code wki_gate_check(const wki_blob *s, const wki_layout *l, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
