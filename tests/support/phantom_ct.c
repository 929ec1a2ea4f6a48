#include <stdlib.h>

#include "phantom_draw.h"
#include "phantom_noise.h"

/* A slice in work: Hounsfield units; lengths in mm from the middle, y towards the back. */
typedef struct canvas {
    float *hu;
    int size;
    double spacing;
} canvas;

/* An ellipse, turned by `turn` radians; painted where `only_below` holds (lungs: inside air). */
static void ellipse(const canvas *c, double x, double y, double rx, double ry, double turn,
                    float hu, float only_below)
{
    const double half = c->size / 2.0, reach = rx > ry ? rx : ry;
    const double cs = cos(turn), sn = sin(turn);
    int first = (int)((y - reach) / c->spacing + half),
        last = (int)((y + reach) / c->spacing + half);
    int left = (int)((x - reach) / c->spacing + half),
        right = (int)((x + reach) / c->spacing + half);

    if (rx <= 0 || ry <= 0)
        return;
    first = first < 0 ? 0 : first;
    left = left < 0 ? 0 : left;
    for (int i = first; i <= last && i < c->size; i++) {
        const double dy = (i - half) * c->spacing - y;
        for (int j = left; j <= right && j < c->size; j++) {
            const double dx = (j - half) * c->spacing - x;
            const double u = (dx * cs + dy * sn) / rx, v = (dy * cs - dx * sn) / ry;
            float *at = &c->hu[(size_t)i * (size_t)c->size + (size_t)j];
            if (u * u + v * v <= 1 && *at < only_below)
                *at = hu;
        }
    }
}

static void disc(const canvas *c, double x, double y, double r, float hu)
{
    ellipse(c, x, y, r, r, 0, hu, 1e9f);
}

static void draw_body(const canvas *c, double z)
{
    const double w = 1 - 0.10 * z * z;

    for (int side = -1; side <= 1; side += 2)
        ellipse(c, side * 150, 40, 55 * z, 34 * z, 0, 45, 1e9f); /* shoulders */
    ellipse(c, 0, 0, 172 * w, 116 * w, 0, -105, 1e9f);           /* fat */
    ellipse(c, 0, 2, 158 * w, 101 * w, 0, 48, 1e9f);             /* muscle */
    for (int side = -1; side <= 1; side += 2)                    /* table */
        ellipse(c, side * 70, 134, 130, 4, side * -0.03, -250, -900);
}

/* Ribs run obliquely, so that a slice cuts each at another angle around the chest. */
static void draw_ribs(const canvas *c, double z)
{
    for (int k = 0; k < 12; k++) {
        for (int side = -1; side <= 1; side += 2) {
            const double down = k / 11.0 * 1.5 - z * 1.0 - 0.1;
            const double angle = 1.35 - down * 2.6;
            if (angle < -1.2 || angle > 1.4)
                continue;
            const double x = side * 146 * (1 - 0.13 * z) * cos(angle);
            const double y = 2 + 91 * (1 - 0.1 * z) * sin(angle);
            const double turn = side * (1.571 - angle * 0.85);
            ellipse(c, x, y, 13, 4.6, -turn, 620, 1e9f);
            ellipse(c, x, y, 11, 2.4, -turn, 230, 1e9f);
        }
    }
}

static double lung_scale(double z)
{
    const double s = 1 - pow(fabs(z - 0.42) / 0.62, 2.4);

    return s > 0 ? sqrt(s) : 0;
}

static void draw_lungs(const canvas *c, double z)
{
    const double s = lung_scale(z);

    ellipse(c, -76, -2, 60 * s, 82 * s, 0.08, -862, 1e9f);
    ellipse(c, 78, 2, 56 * s, 80 * s, -0.08, -858, 1e9f);
    if (z < 0.34) { /* the dome of the liver, and the spleen with the stomach's gas bubble */
        const double d = sqrt(1 - z / 0.34);
        ellipse(c, -72, -6, 66 * d, 80 * d, 0.1, 112, 1e9f);
        ellipse(c, 84, 26, 52 * d, 52 * d, 0.2, 118, 1e9f);
        ellipse(c, 70, -44, 26 * d, 16 * d, 0.2, -960, 1e9f);
    }
}

/* Vessels fan out from each hilum; a slice shows the piece of each at its height. */
static void draw_vessels(const canvas *c, double z, uint32_t seed)
{
    for (int k = 0; k < 700; k++) {
        const double side = k % 2 ? 1 : -1;
        const double angle = noise_at(k, 1, 0, seed) * 6.283,
                     tilt = noise_at(k, 2, 0, seed) * 2 - 1;
        const double dz = tilt * 0.5, t = (z - 0.5) / (fabs(dz) < 0.02 ? 0.02 : dz);
        const double reach = 30 + 48 * noise_at(k, 3, 0, seed);
        if (t < 0.05 || t > 1)
            continue;
        const double bend = 0.5 * sin(t * 5 + k);
        const double x =
            side * 38 + cos(angle + bend * t) * reach * t * (side * cos(angle) > 0 ? 1.3 : 0.6);
        const double y = 4 + sin(angle + bend * t) * reach * t * 1.1;
        const double r = 1.1 + 3.2 * (1 - t) * (1 - t) * noise_at(k, 4, 0, seed);
        const double stretch = 1 + 1.5 * (1 - fabs(tilt));
        ellipse(c, x, y, r * stretch, r, angle + bend * t, 20 + 130 * (float)(1 - t), -400);
    }
}

static void draw_heart_and_great_vessels(const canvas *c, double z)
{
    ellipse(c, 2, -8, 34, 66 * (0.55 + 0.45 * (z < 0.5 ? z * 2 : 1)), 0, 42, 1e9f);
    if (z < 0.55 && z > 0.08) {
        const double h =
            sqrt(1 - pow((z - 0.27) / 0.29, 2) > 0 ? 1 - pow((z - 0.27) / 0.29, 2) : 0);
        ellipse(c, 20, -34, 64 * h, 46 * h, 0.5, -80, 1e9f); /* fat around the heart */
        ellipse(c, 20, -33, 60 * h, 42 * h, 0.5, 95, 1e9f);
        ellipse(c, 42, -24, 27 * h, 17 * h, 0.55, 265, 1e9f); /* left ventricle */
        ellipse(c, 2, -48, 27 * h, 17 * h, 0.25, 205, 1e9f);  /* right ventricle */
        ellipse(c, -18, -18, 17 * h, 20 * h, 0, 195, 1e9f);   /* right atrium */
        ellipse(c, 12, 4, 27 * h, 13 * h, 0, 255, 1e9f);      /* left atrium */
    }
    if (z >= 0.45 && z < 0.8)
        disc(c, -6, -32, 16, 290); /* ascending aorta */
    if (z >= 0.5 && z < 0.62)
        ellipse(c, 16, -14, 26, 12, 0.6, 250, 1e9f); /* pulmonary trunk */
    if (z >= 0.76 && z < 0.84)
        ellipse(c, 8, -4, 14, 40, -0.5, 290, 1e9f); /* arch */
    if (z >= 0.84)
        for (int k = -1; k <= 1; k++)
            disc(c, k * 17, -12 - 6 * (k == 0), 5.5, 280);
    disc(c, -24, -26, 9 - 3 * z, 230); /* superior vena cava */
    if (z < 0.82)
        disc(c, 22, 40, 12.5, 285); /* descending aorta */
}

static void draw_airways(const canvas *c, double z)
{
    if (z > 0.6) {
        disc(c, 2, 6, 11, 30);
        ellipse(c, 2, 6, 9, 8.2, 0, -985, 1e9f);
    } else if (z > 0.42) {
        const double apart = (0.6 - z) * 190;
        for (int side = -1; side <= 1; side += 2)
            ellipse(c, 2 + side * apart, 8, 8.5, 6.3, side * 0.4, -975, 1e9f);
    }
    ellipse(c, 8, 24, 7, 4.5, 0, 35, 1e9f); /* oesophagus */
}

static void draw_bones(const canvas *c, double z)
{
    const double disc_here = sin(z * 6.283 * 7);

    ellipse(c, 0, 62, 23, 19, 0, disc_here > -0.7 ? 560 : 130, 1e9f);
    ellipse(c, 0, 62, 20, 16, 0, disc_here > -0.7 ? 210 : 95, 1e9f);
    for (int side = -1; side <= 1; side += 2) {
        ellipse(c, side * 18, 82, 17, 5, side * 0.5, 520, 1e9f); /* lamina, transverse process */
        ellipse(c, side * 18, 82, 13, 2.5, side * 0.5, 260, 1e9f);
        if (z > 0.45)
            ellipse(c, side * 98, 84, 44, 3.4, side * (-0.5 + 0.3 * z), 540, 1e9f); /* scapula */
    }
    ellipse(c, 0, 94, 3.6, 14, 0, 480, 1e9f);
    ellipse(c, 0, 80, 9, 7.5, 0, 22, 1e9f); /* spinal canal */
    if (z > 0.25) {
        ellipse(c, 0, -91 + 8 * z, 20, 6, 0, 420, 1e9f); /* sternum */
        ellipse(c, 0, -91 + 8 * z, 17, 3.6, 0, 160, 1e9f);
    }
}

static void add_texture(const canvas *c, uint32_t seed)
{
    uint32_t state = noise_hash(seed) | 1;
    const size_t n = (size_t)c->size * (size_t)c->size;

    for (size_t i = 0; i < n; i++)
        c->hu[i] += noise_normal(&state) * (c->hu[i] < -950 ? 14.0f : 30.0f);
}

/* Three by three, binomial: the softness of a reconstruction kernel. */
static void soften(const canvas *c, float *row)
{
    const size_t w = (size_t)c->size;

    for (size_t y = 0; y < w; y++) {
        float *line = c->hu + y * w, before = line[0];
        for (size_t x = 0; x < w; x++) {
            const float here = line[x];
            line[x] = (before + 2 * here + line[x + 1 < w ? x + 1 : x]) * 0.25f;
            before = here;
        }
    }
    for (size_t x = 0; x < w; x++)
        row[x] = c->hu[x];
    for (size_t y = 0; y < w; y++) {
        float *line = c->hu + y * w;
        const float *next = y + 1 < w ? line + w : line;
        for (size_t x = 0; x < w; x++) {
            const float here = line[x];
            line[x] = (row[x] + 2 * here + next[x]) * 0.25f;
            row[x] = here;
        }
    }
}

void phantom_ct(uint16_t *pixels, int size, double spacing_mm, double z, uint32_t seed)
{
    const size_t n = (size_t)size * (size_t)size;
    canvas c = {malloc((n + (size_t)size) * sizeof(float)), size, spacing_mm};

    if (c.hu == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        c.hu[i] = -1000;
    draw_body(&c, z);
    draw_ribs(&c, z);
    draw_lungs(&c, z);
    draw_vessels(&c, z, seed);
    draw_heart_and_great_vessels(&c, z);
    draw_airways(&c, z);
    draw_bones(&c, z);
    add_texture(&c, seed ^ (uint32_t)(z * 1e6));
    soften(&c, c.hu + n);
    for (size_t i = 0; i < n; i++) {
        const float stored = c.hu[i] + 1024.5f;
        pixels[i] = (uint16_t)(stored < 0 ? 0 : stored > 4095 ? 4095 : stored);
    }
    free(c.hu);
}
