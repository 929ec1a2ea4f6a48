#include <stddef.h>

#include "phantom_draw.h"
#include "phantom_noise.h"

enum {
    AIR = 15,
    SCALP = 2900,
    SKULL = 260,
    CSF = 420,
    GREY = 1350,
    WHITE = 1950,
    DEEP = 1500
};

static double ellipsoid(double x, double y, double z, double rx, double ry, double rz)
{
    return sqrt(x * x / (rx * rx) + y * y / (ry * ry) + z * z / (rz * rz));
}

/* Lengths in mm; x to the patient's left, y to the back, z upwards from the head's middle. */
static double ventricles(double x, double y, double z)
{
    const double ax = fabs(x);
    const double front = ellipsoid(ax - 7 - 0.12 * fabs(y + 12), y + 18, z - 12, 5, 22, 13);
    const double back = ellipsoid(ax - 15, y - 22, z - 10, 6, 18, 12);
    const double third = ellipsoid(x, y - 2, z + 2, 2, 14, 12);

    return fmin(fmin(front, back), third);
}

static double brain(double x, double y, double z, double depth, uint32_t seed)
{
    const double warp = 5 * noise_smooth(x / 16, y / 16, z / 16, seed + 1);
    const double n = noise_smooth((x + warp) / 10.5, (y - warp) / 10.5, z / 13, seed) +
                     0.45 * noise_smooth(x / 6, y / 6, z / 8, seed + 2);
    const double fold = fabs(n), cleft = fabs(x + 0.6 * noise_smooth(y / 9, z / 9, 3, seed)) - 0.9;
    const double surface = (y < -28 || y > 24 || z > 32) ? fmin(depth, cleft) : depth;

    if (surface < 0.4 || (fold < 0.085 - depth * 0.002 && depth < 24 && depth > -1))
        return CSF;
    if (ventricles(x, y, z) < 1)
        return CSF;
    if (ellipsoid(fabs(x) - 22, y - 4, z - 4, 9, 15, 11) < 1)
        return DEEP;
    if (ellipsoid(fabs(x) - 13, y + 16, z - 12, 5, 9, 9) < 1)
        return GREY + 60;
    if (surface < 3.2 || (fold < 0.34 - depth * 0.005 && depth < 27))
        return GREY;
    return WHITE;
}

/* The eyes, the nose's air and the cheek fat, in the low slices. */
static double face(double x, double y, double z, double tissue)
{
    if (z < -18 && ellipsoid(fabs(x) - 31, y + 74, z + 34, 13, 13, 13) < 1)
        return ellipsoid(fabs(x) - 31, y + 84, z + 34, 5, 3, 5) < 1 ? 900 : 330;
    if (z < -18 && ellipsoid(fabs(x) - 31, y + 64, z + 34, 17, 26, 16) < 1)
        return 2600;
    if (z < -22 && ellipsoid(x, y + 62, z + 42, 13, 24, 18) < 1)
        return fabs(fabs(x) - 5) < 1.2 ? 1100 : AIR;
    return tissue;
}

static double tissue(double x, double y, double z, uint32_t seed)
{
    const double wobble = 1 + 0.012 * noise_smooth(x / 30, y / 30, z / 30, seed + 7);
    const double r = ellipsoid(x, y, z + 6, 78, 96, 86) * wobble;
    const double depth = (1 - r / 0.855) * 70;

    if (r > 1)
        return AIR;
    if (r > 0.945)
        return face(x, y, z, SCALP);
    if (r > 0.885)
        return face(x, y, z, r > 0.905 && r < 0.925 ? 700 : SKULL);
    if (depth < 0)
        return face(x, y, z, CSF);
    return face(x, y, z, brain(x, y, z, depth, seed));
}

void phantom_mr(uint16_t *pixels, int size, double spacing_mm, double z, uint32_t seed)
{
    const double height = -46 + z * 116;
    uint32_t state = noise_hash(seed ^ (uint32_t)(z * 1e6)) | 1;

    for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
            double sum = 0;
            for (int k = 0; k < 4; k++) { /* four points a pixel: soft edges */
                const double x = (j + 0.25 + 0.5 * (k & 1) - size / 2.0) * spacing_mm;
                const double y = (i + 0.25 + 0.5 * (k >> 1) - size / 2.0) * spacing_mm;
                sum += tissue(x, y, height, seed);
            }
            const double coil = 1.08 - 0.16 * (i / (double)size) + 0.05 * sin(j * 3.0 / size);
            const double a = sum / 4 * coil + 45 * noise_normal(&state);
            const double v = hypot(a, 45 * noise_normal(&state)); /* Rician, as magnitudes are */
            pixels[(size_t)i * (size_t)size + (size_t)j] = (uint16_t)(v > 4095 ? 4095 : v);
        }
    }
}
