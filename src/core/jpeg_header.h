/*
 * What a JPEG code stream says of itself (ISO 10918-1 annex B; JFIF; the Adobe marker): read before
 * anything is allocated or decoded.
 */
#ifndef WADOKIT_CORE_JPEG_HEADER_H
#define WADOKIT_CORE_JPEG_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* sof      0xC0 baseline, 0xC1 extended, 0xC2 progressive, 0xC3 lossless, 0xF7 JPEG-LS, ...
 * adobe    the transform of the Adobe marker, -1 where there is none
 * start    where the SOI marker stands (0 but for rubbish in front) */
typedef struct wki_jpeg_header {
    uint8_t sof, precision, components;
    uint16_t rows, cols;
    uint8_t id[4], h[4], v[4];
    bool jfif;
    int adobe;
    size_t start;
} wki_jpeg_header;

/* A marker, and what its segment holds after the length: n 0 and data NULL for those that have none
 * (TEM, RSTn, SOI, EOI). */
typedef struct wki_jpeg_segment {
    uint8_t marker;
    const uint8_t *data;
    size_t n;
} wki_jpeg_segment;

/* Where the stream begins: the first SOI that a marker follows; n where there is none, and where
 * the bytes begin with an SOI that none follows, as others would read on from there. */
size_t wki_jpeg_start(const uint8_t *data, size_t n);

/* The segment at *at, which moves to the next. Fill bytes are passed over. False where there is no
 * marker, or none that any decoder knows, or its segment is not all there. */
bool wki_jpeg_next(const uint8_t *data, size_t n, size_t *at, wki_jpeg_segment *out);

/* Reads up to the first frame header. False where there is none. */
bool wki_jpeg_header_read(const uint8_t *data, size_t n, wki_jpeg_header *out);

/* What three components mean: the markers, else the sampling and the component ids, else what the
 * photometric interpretation says. */
wki_color wki_jpeg_header_color(const wki_jpeg_header *h, wki_photometric photometric);

/* Scans of the stream, at most `most` + 1: more of them are not looked for. */
unsigned wki_jpeg_scans(const uint8_t *data, size_t n, unsigned most);

/* How many scans a stream may have: a made-up one asks for any number of passes over a large
 * picture. */
unsigned wki_jpeg_most_scans(const wki_jpeg_header *h);

/* Bytes from SOI at the start to behind EOI; 0 where the marker segments between them are not all
 * there or not in order. Does not decode what is between the markers. */
size_t wki_jpeg_length(const uint8_t *data, size_t n);

#ifdef __cplusplus
}
#endif

#endif
