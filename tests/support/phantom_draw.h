/*
 * Pictures that look like what comes out of scanners, drawn from nothing but numbers: every value
 * depends only on the arguments, so that a series is the same wherever it is made.
 */
#ifndef WADOKIT_TESTS_PHANTOM_DRAW_H
#define WADOKIT_TESTS_PHANTOM_DRAW_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A slice through a chest; z runs from 0 (diaphragm) to 1 (apex); size x size stored values,
 * Hounsfield units + 1024, 0..4095. `spacing_mm` between pixels. */
void phantom_ct(uint16_t *pixels, int size, double spacing_mm, double z, uint32_t seed);

/* A slice through a head, T1-like; z runs from 0 (base) to 1 (vertex); values 0..4095. */
void phantom_mr(uint16_t *pixels, int size, double spacing_mm, double z, uint32_t seed);

/* An ultrasound sector with a beating chamber; time runs from 0 to 1 over one beat; RGB triples. */
void phantom_us(unsigned char *rgb, int columns, int rows, double time, uint32_t seed);

/* A chest radiograph as MONOCHROME1: 14 bit, bone low, air high. */
void phantom_dx(uint16_t *pixels, int columns, int rows, uint32_t seed);

/* A mammogram, the chest wall at the left: 12 bit, bright where tissue is dense, air about 0. */
void phantom_mg(uint16_t *pixels, int columns, int rows, uint32_t seed);

#ifdef __cplusplus
}
#endif

#endif
