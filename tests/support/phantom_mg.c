#include <stdlib.h>

#include "phantom_draw.h"
#include "phantom_noise.h"

/* 0 outside, rising within the outermost part to 1: how thick the breast is, pressed flat. */
static double thickness(double x, double y)
{
    const double outside = x * x + y * y;

    return outside >= 1 ? 0 : fmin(1, sqrt((1 - outside) * 4));
}

/* Glandular tissue: coarse lobes and ducts that run towards the nipple. */
static double gland(double x, double y, uint32_t seed)
{
    const double lobes =
        noise_smooth(x * 5, y * 8, 0, seed) + noise_smooth(x * 13, y * 17, 1, seed);
    const double ducts = noise_smooth(x * 6, y * 60 / (1.2 - x), 2, seed);
    const double there = fmin(1, fmax(0, 1.6 - 2.4 * (fabs(y) + fabs(x - 0.4))));

    return there * (0.5 + 0.3 * lobes + 0.2 * ducts);
}

static double muscle(double x, double y)
{
    return fmin(1, fmax(0, (-0.25 - y - 1.9 * x) * 8));
}

void phantom_mg(uint16_t *pixels, int columns, int rows, uint32_t seed)
{
    uint32_t state = noise_hash(seed) | 1;

    for (int i = 0; i < rows; i++) {
        const double y = (2.0 * i - rows) / (0.86 * rows);
        for (int j = 0; j < columns; j++) {
            const double x = j / (0.80 * columns), thick = thickness(x, y);
            double seen = 4;

            if (thick > 0)
                seen += thick * (900 + 1700 * gland(x, y, seed) + 1100 * muscle(x, y));
            seen += (0.2 + 0.13 * sqrt(seen)) * noise_normal(&state);
            pixels[(size_t)i * (size_t)columns + (size_t)j] = (uint16_t)(seen < 0      ? 0
                                                                         : seen > 4095 ? 4095
                                                                                       : seen);
        }
    }
}
