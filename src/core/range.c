#include "core/range.h"

#include <stdbool.h>

/* Written once, compiled for each instruction set. */
#define DEFINE(type, isa, attribute)                                                               \
    attribute static void range_##type##_##isa(const void *values, size_t n, int32_t out[2])       \
    {                                                                                              \
        const type *p = values;                                                                    \
        type low = p[0], high = p[0];                                                              \
                                                                                                   \
        for (size_t i = 0; i < n; i++) {                                                           \
            low = p[i] < low ? p[i] : low;                                                         \
            high = p[i] > high ? p[i] : high;                                                      \
        }                                                                                          \
        out[0] = low;                                                                              \
        out[1] = high;                                                                             \
    }

#define DEFINE_BITS(type, isa, attribute)                                                          \
    attribute static uint32_t bits_##type##_##isa(const void *values, size_t n)                    \
    {                                                                                              \
        const type *p = values;                                                                    \
        type all = 0;                                                                              \
                                                                                                   \
        for (size_t i = 0; i < n; i++)                                                             \
            all = (type)(all | p[i]);                                                              \
        return all;                                                                                \
    }

#define DEFINE_SET(isa, attribute)                                                                 \
    DEFINE(uint8_t, isa, attribute)                                                                \
    DEFINE(int8_t, isa, attribute)                                                                 \
    DEFINE(uint16_t, isa, attribute)                                                               \
    DEFINE(int16_t, isa, attribute)                                                                \
    static void (*const set_##isa[])(const void *, size_t, int32_t[2]) = {                         \
        range_uint8_t_##isa, range_int8_t_##isa, range_uint16_t_##isa, range_int16_t_##isa};       \
    DEFINE_BITS(uint8_t, isa, attribute)                                                           \
    DEFINE_BITS(uint16_t, isa, attribute)                                                          \
    static uint32_t bits_##isa(bool wide, const void *values, size_t n)                            \
    {                                                                                              \
        return wide ? bits_uint16_t_##isa(values, n) : bits_uint8_t_##isa(values, n);              \
    }

DEFINE_SET(plain, )

void wki_range_of_plain(wki_sample_type type, const void *values, size_t n, int32_t out[2])
{
    set_plain[type](values, n, out);
}

uint32_t wki_bits_of_plain(wki_sample_type type, const void *values, size_t n)
{
    return bits_plain(type == WKI_U16, values, n);
}

#if defined(__x86_64__) && defined(__GNUC__)
DEFINE_SET(avx2, __attribute__((target("avx2"))))

void wki_range_of(wki_sample_type type, const void *values, size_t n, int32_t out[2])
{
    (__builtin_cpu_supports("avx2") ? set_avx2 : set_plain)[type](values, n, out);
}

uint32_t wki_bits_of(wki_sample_type type, const void *values, size_t n)
{
    return (__builtin_cpu_supports("avx2") ? bits_avx2 : bits_plain)(type == WKI_U16, values, n);
}
#else
void wki_range_of(wki_sample_type type, const void *values, size_t n, int32_t out[2])
{
    wki_range_of_plain(type, values, n, out);
}

uint32_t wki_bits_of(wki_sample_type type, const void *values, size_t n)
{
    return bits_plain(type == WKI_U16, values, n);
}
#endif
