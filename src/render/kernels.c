#include "render/kernels.h"

/* Every loop is written once and compiled for each instruction set: the compiler vectorises it. No
 * loop multiplies and adds in one step, so all of them give the same bits. */
#define DEFINE_TYPED(type, isa, attribute)                                                         \
    attribute static void clamped_##type##_##isa(const void *row, size_t n, float low, float span, \
                                                 float weight, float *restrict sums)               \
    {                                                                                              \
        const type *restrict p = row;                                                              \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            float v = (float)p[i] - low;                                                           \
                                                                                                   \
            v = v < 0 ? 0 : v;                                                                     \
            v = v > span ? span : v;                                                               \
            sums[i] += weight * v;                                                                 \
        }                                                                                          \
    }                                                                                              \
    attribute static void half_##type##_##isa(const void *upper, const void *lower, size_t n,      \
                                              float low, float span, float *restrict means)        \
    {                                                                                              \
        const type *restrict p = upper, *restrict q = lower;                                       \
        float sums[2 * WKI_KERNEL_BLOCK];                                                          \
                                                                                                   \
        for (size_t from = 0; from < n; from += WKI_KERNEL_BLOCK) {                                \
            size_t some = n - from < WKI_KERNEL_BLOCK ? n - from : WKI_KERNEL_BLOCK;               \
                                                                                                   \
            for (size_t i = 0; i < 2 * some; i++) {                                                \
                float v = (float)p[2 * from + i] - low, w = (float)q[2 * from + i] - low;          \
                                                                                                   \
                v = v < 0 ? 0 : v;                                                                 \
                v = v > span ? span : v;                                                           \
                w = w < 0 ? 0 : w;                                                                 \
                w = w > span ? span : w;                                                           \
                sums[i] = v + w;                                                                   \
            }                                                                                      \
            for (size_t i = 0; i < some; i++)                                                      \
                means[from + i] = (sums[2 * i] + sums[2 * i + 1]) * 0.25F;                         \
        }                                                                                          \
    }                                                                                              \
    attribute static void straight_##type##_##isa(const void *row, size_t n, float scale,          \
                                                  float offset, uint8_t *restrict to)              \
    {                                                                                              \
        const type *restrict p = row;                                                              \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            float v = (float)p[i] * scale + offset;                                                \
                                                                                                   \
            v = v < 0 ? 0 : v;                                                                     \
            v = v > 255 ? 255 : v;                                                                 \
            to[i] = (uint8_t)(int32_t)v;                                                           \
        }                                                                                          \
    }                                                                                              \
    attribute static void table_##type##_##isa(const void *row, size_t n, const float *table,      \
                                               int32_t first, float weight, float *restrict sums)  \
    {                                                                                              \
        const type *restrict p = row;                                                              \
                                                                                                   \
        for (size_t i = 0; i < n; i++)                                                             \
            sums[i] += weight * table[p[i] - first];                                               \
    }                                                                                              \
    attribute static void kept_##type##_##isa(const void *values, size_t n, int32_t from,          \
                                              int32_t to, int32_t out[2])                          \
    {                                                                                              \
        const type *p = values;                                                                    \
        type first = (type)from, last = (type)to;                                                  \
        type low = (type)out[0], high = (type)out[1];                                              \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            type v = p[i] < first || p[i] > last ? p[i] : low;                                     \
            type w = p[i] < first || p[i] > last ? p[i] : high;                                    \
                                                                                                   \
            low = v < low ? v : low;                                                               \
            high = w > high ? w : high;                                                            \
        }                                                                                          \
        out[0] = low;                                                                              \
        out[1] = high;                                                                             \
    }

/* Millionths, and so many whole ones that no sum is negative: divisions by constants are cheap
 * without a sign. */
enum {
    UNIT = 1000000,
    LIFT = 512
};

#define DEFINE_SET(isa, attribute)                                                                 \
    DEFINE_TYPED(uint8_t, isa, attribute)                                                          \
    DEFINE_TYPED(int8_t, isa, attribute)                                                           \
    DEFINE_TYPED(uint16_t, isa, attribute)                                                         \
    DEFINE_TYPED(int16_t, isa, attribute)                                                          \
    attribute static void bytes_##isa(const uint8_t *restrict row, size_t n, float weight,         \
                                      float *restrict sums)                                        \
    {                                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            sums[i] += weight * (float)row[i];                                                     \
    }                                                                                              \
    attribute static void whole_##isa(const float *restrict means, size_t n, double gain,          \
                                      double bias, uint8_t *restrict to)                           \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            double v = (double)means[i] * gain + bias;                                             \
                                                                                                   \
            v = v < 0 ? 0 : v;                                                                     \
            v = v > 255 ? 255 : v;                                                                 \
            to[i] = (uint8_t)(int32_t)(v + 0.5);                                                   \
        }                                                                                          \
    }                                                                                              \
    attribute static bool ybr_##isa(const uint8_t *restrict row, size_t n, const wki_ybr *factors, \
                                    uint8_t *restrict to)                                          \
    {                                                                                              \
        const wki_ybr f = *factors;                                                                \
        uint32_t ties = 0;                                                                         \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            int32_t cb = row[3 * i + 1] - 128, cr = row[3 * i + 2] - 128;                          \
            int32_t luma = f.luma * (row[3 * i] - f.black) + UNIT / 2 + LIFT * UNIT;               \
            uint32_t r = (uint32_t)(luma + f.red * cr);                                            \
            uint32_t g = (uint32_t)(luma - f.green[0] * cb - f.green[1] * cr);                     \
            uint32_t b = (uint32_t)(luma + f.blue * cb);                                           \
            int32_t red = (int32_t)(r / UNIT), green = (int32_t)(g / UNIT);                        \
            int32_t blue = (int32_t)(b / UNIT);                                                    \
                                                                                                   \
            ties |= ((uint32_t)red * UNIT == r) | ((uint32_t)green * UNIT == g) |                  \
                    ((uint32_t)blue * UNIT == b);                                                  \
            red = red < LIFT ? 0 : red > LIFT + 255 ? 255 : red - LIFT;                            \
            green = green < LIFT ? 0 : green > LIFT + 255 ? 255 : green - LIFT;                    \
            blue = blue < LIFT ? 0 : blue > LIFT + 255 ? 255 : blue - LIFT;                        \
            to[3 * i] = (uint8_t)red;                                                              \
            to[3 * i + 1] = (uint8_t)green;                                                        \
            to[3 * i + 2] = (uint8_t)blue;                                                         \
        }                                                                                          \
        return !ties;                                                                              \
    }                                                                                              \
    static const wki_kernels set_##isa = {                                                         \
        {clamped_uint8_t_##isa, clamped_int8_t_##isa, clamped_uint16_t_##isa,                      \
         clamped_int16_t_##isa},                                                                   \
        {half_uint8_t_##isa, half_int8_t_##isa, half_uint16_t_##isa, half_int16_t_##isa},          \
        {straight_uint8_t_##isa, straight_int8_t_##isa, straight_uint16_t_##isa,                   \
         straight_int16_t_##isa},                                                                  \
        {table_uint8_t_##isa, table_int8_t_##isa, table_uint16_t_##isa, table_int16_t_##isa},      \
        {kept_uint8_t_##isa, kept_int8_t_##isa, kept_uint16_t_##isa, kept_int16_t_##isa},          \
        bytes_##isa,                                                                               \
        whole_##isa,                                                                               \
        ybr_##isa,                                                                                 \
    };

DEFINE_SET(plain, )

#if defined(__x86_64__) && defined(__GNUC__)
DEFINE_SET(avx2, __attribute__((target("avx2"))))

const wki_kernels *wki_kernels_best(void)
{
    return __builtin_cpu_supports("avx2") ? &set_avx2 : &set_plain;
}
#else
const wki_kernels *wki_kernels_best(void)
{
    return &set_plain;
}
#endif

const wki_kernels *wki_kernels_plain(void)
{
    return &set_plain;
}
