/*
 * The smallest and the largest of many values, or the bits that any of them has, in one pass.
 */
#ifndef WADOKIT_CORE_RANGE_H
#define WADOKIT_CORE_RANGE_H

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of `n` (at least 1) values of type WKI_U8, WKI_S8, WKI_U16 or WKI_S16. */
void wki_range_of(wki_sample_type type, const void *values, size_t n, int32_t out[2]);

/* The same without vectors, for tests. */
void wki_range_of_plain(wki_sample_type type, const void *values, size_t n, int32_t out[2]);

/* The bits that any of n values has, of WKI_U8 or WKI_U16; and its scalar twin. */
uint32_t wki_bits_of(wki_sample_type type, const void *values, size_t n);
uint32_t wki_bits_of_plain(wki_sample_type type, const void *values, size_t n);

#ifdef __cplusplus
}
#endif

#endif
