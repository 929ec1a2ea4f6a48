#include <stdlib.h>

#include "phantom_draw.h"
#include "phantom_noise.h"

/* Absorption summed along the beam; lengths in mm from the middle of a picture `width` mm wide. */
typedef struct film {
    float *sum;
    int columns, rows;
    double spacing;
} film;

/* Adds `density` times the thickness of an ellipsoid; edge 0.5 is a ball, 0.2 a flat box. */
static void ellipsoid(const film *f, double x, double y, double rx, double ry, double turn,
                      double density, double edge)
{
    const double cs = cos(turn), sn = sin(turn), reach = rx > ry ? rx : ry;
    int first = (int)((y - reach) / f->spacing + f->rows / 2.0);
    int left = (int)((x - reach) / f->spacing + f->columns / 2.0);
    const int last = (int)((y + reach) / f->spacing + f->rows / 2.0);
    const int right = (int)((x + reach) / f->spacing + f->columns / 2.0);

    first = first < 0 ? 0 : first;
    left = left < 0 ? 0 : left;
    for (int i = first; i <= last && i < f->rows; i++) {
        const double dy = (i - f->rows / 2.0) * f->spacing - y;
        for (int j = left; j <= right && j < f->columns; j++) {
            const double dx = (j - f->columns / 2.0) * f->spacing - x;
            const double u = (dx * cs + dy * sn) / rx, v = (dy * cs - dx * sn) / ry;
            const double inside = 1 - u * u - v * v;
            if (inside > 0)
                f->sum[(size_t)i * (size_t)f->columns + (size_t)j] +=
                    (float)(density * (edge < 0.5 ? sqrt(sqrt(inside)) : sqrt(inside)));
        }
    }
}

/* A bone along a curve: y = y0 + slope * |x| + bow * x * x, dense at its two edges. */
static void band(const film *f, double y0, double slope, double bow, double from, double to,
                 double half, double density)
{
    for (int j = 0; j < f->columns; j++) {
        const double x = (j - f->columns / 2.0) * f->spacing, ax = fabs(x);
        if (ax < from || ax > to)
            continue;
        const double fade = fmin(1, fmin((ax - from) / 6, (to - ax) / 4));
        const double middle = y0 + slope * ax + bow * ax * ax;
        const int first = (int)((middle - half) / f->spacing + f->rows / 2.0);
        const int last = (int)((middle + half) / f->spacing + f->rows / 2.0);
        for (int i = first < 0 ? 0 : first; i <= last && i < f->rows; i++) {
            const double d = ((i - f->rows / 2.0) * f->spacing - middle) / half;
            if (fabs(d) < 1)
                f->sum[(size_t)i * (size_t)f->columns + (size_t)j] +=
                    (float)(density * fade * (0.62 + 0.38 * pow(fabs(d), 3)) * sqrt(1 - pow(d, 8)));
        }
    }
}

static void draw_trunk(const film *f)
{
    ellipsoid(f, 0, 60, 172, 270, 0, 1.0, 0.2);
    ellipsoid(f, 0, -190, 62, 95, 0, 0.55, 0.5); /* neck */
    for (int side = -1; side <= 1; side += 2) {
        ellipsoid(f, side * 128, -128, 80, 52, side * 0.45, 0.55, 0.5);
        ellipsoid(f, side * 82, 10, 66, 128, side * -0.10, -0.84, 0.2); /* lung */
        ellipsoid(f, side * 58, -90, 42, 50, 0, -0.16, 0.5);
        ellipsoid(f, side * 74, 188, 100, 86, 0, 0.62, 0.2); /* below the diaphragm */
    }
    ellipsoid(f, 68, 142, 30, 16, 0.1, -0.30, 0.5); /* gas under the left dome */
    ellipsoid(f, 0, 10, 30, 200, 0, 0.46, 0.2);     /* mediastinum */
    ellipsoid(f, 30, 62, 68, 56, 0.6, 0.62, 0.5);   /* heart */
    ellipsoid(f, -18, 52, 34, 48, 0, 0.30, 0.5);
    ellipsoid(f, 24, -52, 17, 17, 0, 0.26, 0.5); /* aortic knob */
    ellipsoid(f, 0, -110, 8, 66, 0, -0.24, 0.5); /* trachea */
}

static void draw_vessels(const film *f, uint32_t seed)
{
    for (int k = 0; k < 260; k++) {
        const double side = k % 2 ? 1 : -1;
        const double angle = (noise_at(k, 1, 0, seed) - 0.5) * 3.4;
        const double length = 30 + 62 * noise_at(k, 2, 0, seed);
        double x = side * (30 + 8 * noise_at(k, 3, 0, seed)),
               y = 2 + 22 * (noise_at(k, 4, 0, seed) - 0.5);
        double heading = angle;
        const double thick = 0.8 + 2.2 * noise_at(k, 5, 0, seed);
        for (double t = 0; t < 1; t += 0.06) {
            const double r = thick * (1 - 0.85 * t);
            heading += 0.12 * noise_smooth(t * 5, k, 0, seed);
            x += side * cos(heading) * length * 0.06;
            y += sin(heading) * length * 0.06;
            ellipsoid(f, x, y, r * 2.6, r, side > 0 ? heading : -heading, 0.030 * (1.15 - t), 0.5);
        }
    }
}

static void draw_bones(const film *f)
{
    for (int k = 0; k < 11; k++) {
        const double y = -142 + k * 27.5, wide = 88 + 52 * sin(fmin(1, (k + 0.6) / 5.5) * 1.571);
        band(f, y - 8, 0.10, 0.0022 + 0.00022 * k, 22, wide, 5.2, 0.19);     /* behind */
        band(f, y + 62, -0.10 + 0.02 * k, -0.0016, 44, wide - 4, 5.4, 0.09); /* in front */
    }
    for (int k = 0; k < 16; k++) {
        const double y = -205 + k * 28;
        ellipsoid(f, 0, y, 17 + 0.4 * k, 11.8, 0, 0.20, 0.2);
        ellipsoid(f, 0, y + 4, 3.2, 8, 0, 0.16, 0.5);
        for (int side = -1; side <= 1; side += 2)
            ellipsoid(f, side * 11, y, 3.4, 4.6, 0, 0.12, 0.5);
    }
    for (int side = -1; side <= 1; side += 2) {
        for (int k = 0; k < 40; k++) { /* clavicle, in an S */
            const double t = k / 39.0;
            ellipsoid(f, side * (14 + 110 * t), -118 - 28 * t - 6 * sin(t * 6), 6.2, 5.6 - t, 0,
                      0.052, 0.5);
        }
        ellipsoid(f, side * 142, -84, 14, 62, side * -0.28, 0.15, 0.2); /* scapula */
        ellipsoid(f, side * 168, -132, 24, 25, 0, 0.40, 0.5);           /* head of the humerus */
        ellipsoid(f, side * 186, -78, 13, 66, side * -0.22, 0.34, 0.5);
    }
}

/* A lead letter L beside the patient's left shoulder. */
static void draw_marker(const film *f)
{
    const double x = 160, y = -215;

    for (int i = 0; i < f->rows; i++) {
        for (int j = 0; j < f->columns; j++) {
            const double u = (j - f->columns / 2.0) * f->spacing - x;
            const double v = (i - f->rows / 2.0) * f->spacing - y;
            if ((u > 0 && u < 3.2 && v > 0 && v < 19) || (u > 0 && u < 12 && v > 15.8 && v < 19))
                f->sum[(size_t)i * (size_t)f->columns + (size_t)j] = 2.4f;
        }
    }
}

void phantom_dx(uint16_t *pixels, int columns, int rows, uint32_t seed)
{
    const size_t n = (size_t)columns * (size_t)rows;
    film f = {calloc(n, sizeof(float)), columns, rows, 400.0 / columns};
    uint32_t state = noise_hash(seed) | 1;

    if (f.sum == NULL)
        abort();
    draw_trunk(&f);
    draw_vessels(&f, seed);
    draw_bones(&f);
    draw_marker(&f);
    for (size_t i = 0; i < n; i++) {
        const float absorbed = f.sum[i] < 0 ? 0 : f.sum[i];
        const float seen =
            15000.0f - 3900.0f * absorbed + (40.0f + 40.0f * absorbed) * noise_normal(&state);
        pixels[i] = (uint16_t)(seen < 0 ? 0 : seen > 16383 ? 16383 : seen);
    }
    free(f.sum);
}
