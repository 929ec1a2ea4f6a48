#include <stddef.h>
#include <string.h>

#include "phantom_draw.h"
#include "phantom_noise.h"

/* Echo strength 0..1 at (x, y) in units of the sector's depth, y downwards from the probe. */
static double tissue(double x, double y, double beat)
{
    const double swell = 1 - 0.22 * beat;
    const double lv = hypot((x + 0.06) / (0.145 * swell), (y - 0.42) / (0.235 * swell));
    const double la = hypot((x + 0.02) / (0.15 / swell), (y - 0.78) / (0.115 / swell));
    const double rv = hypot((x - 0.20) / (0.10 * swell), (y - 0.42) / (0.19 * swell));
    const double leaf = fabs(y - 0.645 + (0.05 - 0.09 * beat) * cos((x + 0.05) * 16));

    if (leaf < 0.009 && fabs(x + 0.04) < 0.13)
        return 0.85; /* the valve */
    if (lv < 1 || la < 1 || rv < 1)
        return 0.03;
    if (lv < 1.12 || la < 1.1 || rv < 1.13)
        return 0.75; /* walls shine where the beam meets them */
    if (lv < 1.42 || rv < 1.35)
        return 0.42; /* muscle */
    if (fabs(lv - 1.62) < 0.05)
        return 0.9; /* pericardium */
    return 0.30 - 0.12 * y;
}

/* Blood through the valve: red towards the probe, blue away. Strength -1..1. */
static double flow(double x, double y, double beat)
{
    const double width = 0.05 + 0.05 * fabs(y - 0.64);
    const double jet = 1 - pow((x + 0.04) / width, 2);

    if (y < 0.36 || y > 0.82 || jet <= 0)
        return 0;
    return jet * (1 - fabs(y - 0.58) / 0.25) * cos(beat * 3.1416);
}

static void paint(unsigned char *rgb, double echo, double speed)
{
    const double grey = echo < 0 ? 0 : echo > 1 ? 1 : echo;
    const unsigned char level = (unsigned char)(grey * 235);

    rgb[0] = rgb[1] = rgb[2] = level;
    if (fabs(speed) > 0.12 && grey < 0.35) {
        const double s = fmin(1, fabs(speed));
        const unsigned char bright = (unsigned char)(110 + 140 * s);
        const unsigned char second = (unsigned char)(150 * s * s);
        rgb[0] = speed > 0 ? bright : 10;
        rgb[1] = second;
        rgb[2] = speed > 0 ? 10 : bright;
    }
}

static void dot(unsigned char *rgb, int columns, int rows, int x, int y, const unsigned char *color)
{
    if (x >= 0 && y >= 0 && x < columns && y < rows)
        memcpy(rgb + ((size_t)y * (size_t)columns + (size_t)x) * 3, color, 3);
}

/* A green trace below with a bright point at the present, the depth scale, the flow's colours. */
static void draw_marks(unsigned char *rgb, int columns, int rows, double time)
{
    static const unsigned char green[3] = {40, 220, 90}, white[3] = {250, 250, 250};

    for (int x = columns / 20; x < columns * 19 / 20; x++) {
        const double t = fmod(x * 2.6 / columns, 1.0);
        const double wave =
            exp(-pow((t - 0.30) / 0.014, 2)) - 0.25 * exp(-pow((t - 0.335) / 0.014, 2)) +
            0.16 * exp(-pow((t - 0.16) / 0.03, 2)) + 0.24 * exp(-pow((t - 0.58) / 0.05, 2));
        const int y = rows - rows / 24 - (int)(wave * rows / 14);
        const int now = fabs(x - columns * (0.05 + 0.9 * time)) < 2;
        for (int k = -1 - 2 * now; k <= 2 * now; k++)
            dot(rgb, columns, rows, x, y + k, now ? white : green);
    }
    for (int k = 0; k <= 16; k++)
        for (int w = 0; w < (k % 4 ? 4 : 9); w++)
            dot(rgb, columns, rows, columns - 24 - w, rows / 16 + k * rows * 53 / 1000, white);
    for (int y = 0; y < rows / 4; y++) {
        const double s = 1 - y / (rows / 8.0);
        unsigned char color[3] = {0};
        paint(color, 0, fabs(s) < 0.13 ? 0 : s);
        for (int w = 0; w < 12; w++)
            dot(rgb, columns, rows, 20 + w, rows / 10 + y, color);
    }
}

void phantom_us(unsigned char *rgb, int columns, int rows, double time, uint32_t seed)
{
    const double top = rows / 24.0, depth = rows * 0.87;
    const double beat = 0.5 - 0.5 * cos(time * 6.2832);
    const uint32_t frame = (uint32_t)(time * 1000) + 1;

    memset(rgb, 0, (size_t)columns * (size_t)rows * 3);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            const double x = (j - columns / 2.0) / depth, y = (i - top) / depth;
            const double r = hypot(x, y), angle = atan2(x, y);
            if (r > 1 || r < 0.03 || fabs(angle) > 0.72)
                continue;
            /* Speckle lies along the beam's arcs and moves a little with the tissue. */
            const double s = noise_smooth(angle * 70, r * 190 + beat, 0, seed) +
                             0.6 * noise_smooth(angle * 140, r * 260, 0, seed + frame);
            const double speckle = 1 + 0.75 * s;
            const double gain = (1.05 - 0.35 * r) * (0.8 + 0.2 * cos(angle * 2.0));
            const double haze = 0.10 * exp(-r * 12);
            const double echo = (tissue(x, y, beat) * speckle + haze) * gain;
            paint(rgb + ((size_t)i * (size_t)columns + (size_t)j) * 3, echo, flow(x, y, beat));
        }
    }
    draw_marks(rgb, columns, rows, time);
}
