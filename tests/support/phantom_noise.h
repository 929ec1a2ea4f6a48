/*
 * Repeatable randomness for the phantom pictures.
 */
#ifndef WADOKIT_TESTS_PHANTOM_NOISE_H
#define WADOKIT_TESTS_PHANTOM_NOISE_H

#include <math.h>
#include <stdint.h>

static inline uint32_t noise_hash(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ (x >> 16);
}

/* The next number of a stream, and one of about normal distribution with standard deviation 1. */
static inline uint32_t noise_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline float noise_normal(uint32_t *state)
{
    const uint32_t a = noise_next(state), b = noise_next(state);
    const uint32_t sum = (a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16);

    return ((float)sum - 131070.0f) * (1.0f / 37837.0f);
}

/* 0..1 for a lattice point */
static inline double noise_at(int x, int y, int z, uint32_t seed)
{
    const uint32_t h = noise_hash((uint32_t)x * 73856093u ^ (uint32_t)y * 19349663u ^
                                  (uint32_t)z * 83492791u ^ seed * 2654435761u);

    return h * (1.0 / 4294967295.0);
}

static inline double noise_mix(double a, double b, double t)
{
    return a + (b - a) * t;
}

/* -1..1, smooth, changing over about one unit */
static inline double noise_smooth(double x, double y, double z, uint32_t seed)
{
    const int ix = (int)floor(x), iy = (int)floor(y), iz = (int)floor(z);
    const double fx = x - ix, fy = y - iy, fz = z - iz;
    const double tx = fx * fx * (3 - 2 * fx), ty = fy * fy * (3 - 2 * fy);
    double plane[2];

    for (int k = 0; k < 2; k++) {
        const double a =
            noise_mix(noise_at(ix, iy, iz + k, seed), noise_at(ix + 1, iy, iz + k, seed), tx);
        const double b = noise_mix(noise_at(ix, iy + 1, iz + k, seed),
                                   noise_at(ix + 1, iy + 1, iz + k, seed), tx);
        plane[k] = noise_mix(a, b, ty);
    }
    return noise_mix(plane[0], plane[1], fz * fz * (3 - 2 * fz)) * 2 - 1;
}

#endif
