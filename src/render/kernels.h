/*
 * The inner loops of showing and scaling, a set for each instruction set. Compiled to be vectorised
 * (see CMakeLists.txt): no value here is ever NaN. All sets give the same bits.
 */
#ifndef WADOKIT_RENDER_KERNELS_H
#define WADOKIT_RENDER_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How YBR of 8 bits becomes RGB (PS3.3 C.7.6.3.1.2), in millionths:
 *   R = luma * (Y - black) + red * (Cr - 128)
 *   G = luma * (Y - black) - green[0] * (Cb - 128) - green[1] * (Cr - 128)
 *   B = luma * (Y - black) + blue * (Cb - 128) */
typedef struct wki_ybr {
    int32_t luma, black, red, green[2], blue;
} wki_ybr;

enum {
    WKI_KERNEL_TYPES = 4, /* WKI_U8, WKI_S8, WKI_U16, WKI_S16, in this order */
    WKI_KERNEL_BLOCK = 128
};

/*
 * clamped  adds weight * min(max(v - low, 0), span): what a linear window leaves of a stored value,
 *          so that means of it are means of shown values (the straight part is applied to the mean)
 * half     the means of n blocks of two by two such values, from two rows: the same numbers as by
 *          `clamped`, faster
 * straight v * scale + offset, clamped to 0 .. 255, without what is behind the point
 * table    adds weight * table[v - first]
 * kept     the smallest and the largest of the values outside of from .. to, together with those in
 *          `out`. All four numbers lie in the type's range.
 * bytes    adds weight * v
 * whole    mean * gain + bias, rounded half up, clamped to 0 .. 255
 * ybr      n pixels to RGB, rounded half up, clamped to 0 .. 255; false where a sum lies exactly
 *          between two numbers, of which rounding in double precision may take either
 */
typedef struct wki_kernels {
    void (*clamped[WKI_KERNEL_TYPES])(const void *row, size_t n, float low, float span,
                                      float weight, float *sums);
    void (*half[WKI_KERNEL_TYPES])(const void *upper, const void *lower, size_t n, float low,
                                   float span, float *means);
    void (*straight[WKI_KERNEL_TYPES])(const void *row, size_t n, float scale, float offset,
                                       uint8_t *to);
    void (*table[WKI_KERNEL_TYPES])(const void *row, size_t n, const float *table, int32_t first,
                                    float weight, float *sums);
    void (*kept[WKI_KERNEL_TYPES])(const void *values, size_t n, int32_t from, int32_t to,
                                   int32_t out[2]);
    void (*bytes)(const uint8_t *row, size_t n, float weight, float *sums);
    void (*whole)(const float *means, size_t n, double gain, double bias, uint8_t *to);
    bool (*ybr)(const uint8_t *row, size_t n, const wki_ybr *factors, uint8_t *to);
} wki_kernels;

/* The fastest that this processor runs, and the one that every processor runs. Static. */
const wki_kernels *wki_kernels_best(void);
const wki_kernels *wki_kernels_plain(void);

#ifdef __cplusplus
}
#endif

#endif
