#include "render/kernels.h"

#define DEFINE_KERNELS(type)                                                                       \
    static void clamped_##type(const type *restrict row, size_t n, float low, float span,          \
                               float weight, float *restrict sums)                                 \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            float v = (float)row[i] - low;                                                         \
                                                                                                   \
            v = v < 0 ? 0 : v;                                                                     \
            v = v > span ? span : v;                                                               \
            sums[i] += weight * v;                                                                 \
        }                                                                                          \
    }                                                                                              \
    static void table_##type(const type *restrict row, size_t n, const float *restrict table,      \
                             int32_t first, float weight, float *restrict sums)                    \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            sums[i] += weight * table[row[i] - first];                                             \
    }

DEFINE_KERNELS(uint8_t)
DEFINE_KERNELS(int8_t)
DEFINE_KERNELS(uint16_t)
DEFINE_KERNELS(int16_t)

void wki_add_clamped(wki_sample_type type, const void *row, size_t n, float low, float span,
                     float weight, float *sums)
{
    if (type == WKI_U8)
        clamped_uint8_t(row, n, low, span, weight, sums);
    else if (type == WKI_S8)
        clamped_int8_t(row, n, low, span, weight, sums);
    else if (type == WKI_U16)
        clamped_uint16_t(row, n, low, span, weight, sums);
    else if (type == WKI_S16)
        clamped_int16_t(row, n, low, span, weight, sums);
}

void wki_add_by_table(wki_sample_type type, const void *row, size_t n, const float *table,
                      int32_t first, float weight, float *sums)
{
    if (type == WKI_U8)
        table_uint8_t(row, n, table, first, weight, sums);
    else if (type == WKI_S8)
        table_int8_t(row, n, table, first, weight, sums);
    else if (type == WKI_U16)
        table_uint16_t(row, n, table, first, weight, sums);
    else if (type == WKI_S16)
        table_int16_t(row, n, table, first, weight, sums);
}

void wki_add_bytes(const uint8_t *row, size_t n, float weight, float *sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += weight * (float)row[i];
}
