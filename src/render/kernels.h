/*
 * The inner loops of scaling grey: each adds weight * shown(v) to a row of sums. Compiled to be
 * vectorised (see CMakeLists.txt): no value here is ever NaN.
 */
#ifndef WADOKIT_RENDER_KERNELS_H
#define WADOKIT_RENDER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds weight * min(max(v - low, 0), span): what a linear window leaves of a stored value, so that
 * means of it are means of shown values (the straight part is applied to the mean). `type` is one
 * of the 8- and 16-bit types. */
void wki_add_clamped(wki_sample_type type, const void *row, size_t n, float low, float span,
                     float weight, float *sums);

/* Adds weight * table[v - first]. */
void wki_add_by_table(wki_sample_type type, const void *row, size_t n, const float *table,
                      int32_t first, float weight, float *sums);

/* Adds weight * v. */
void wki_add_bytes(const uint8_t *row, size_t n, float weight, float *sums);

#ifdef __cplusplus
}
#endif

#endif
