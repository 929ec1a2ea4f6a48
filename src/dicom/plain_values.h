/*
 * What the elements of an ordinary file (plain.h) hold. Values that are written in any but the
 * usual way are not taken: false, or -1, and the file is left to DCMTK.
 */
#ifndef WADOKIT_DICOM_PLAIN_VALUES_H
#define WADOKIT_DICOM_PLAIN_VALUES_H

#include "dicom/plain.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Text `i` of a value into a field; an absent one leaves "". False where it is not plain ASCII. */
bool wki_plain_put(const wki_plain_value *v, unsigned i, char *out, size_t size);

/* Up to `room` numbers; how many, -1 where one of them is no plain number. */
int wki_plain_numbers(const wki_plain_value *v, double *out, int room);

/* A 16-bit number; `fallback` where it is absent, -1 where it is more or less than one. */
int32_t wki_plain_word(const wki_plain_value *v, int32_t fallback);

/* Rescale and windows among the values go over what `out` holds; where there are none it stays. */
bool wki_plain_rescale(const wki_plain_value *v, wki_frame_values *out);
bool wki_plain_windows(const wki_plain_value *v, wki_frame_values *out);

/* The same of a functional group, an item of (5200,9229) or (5200,9230) in memory (data NULL:
 * none). */
bool wki_plain_group_values(const wki_plain_value *group, bool explicit_vr, wki_frame_values *out);

/* Its Pixel Spacing; data NULL where it has none. */
bool wki_plain_group_spacing(const wki_plain_value *group, bool explicit_vr, wki_plain_value *out);

#ifdef __cplusplus
}
#endif

#endif
