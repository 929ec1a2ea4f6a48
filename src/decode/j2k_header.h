/*
 * What a JPEG 2000 code stream says of itself (ISO 15444-1 annex A; HTJ2K: 15444-15), bare or in a
 * JP2 file: read before any decoder allocates by it. Tile-parts are walked by their lengths; what
 * is between is not decoded.
 */
#ifndef WADOKIT_DECODE_J2K_HEADER_H
#define WADOKIT_DECODE_J2K_HEADER_H

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_J2K_COMPONENTS = WK_MAX_SAMPLES + 1
};

/* start          where SOC stands
 * end            the byte after the last tile-part, where an end marker is due; of one without a
 *                length that is the end of the bytes, but for the marker
 * has_end        the end marker follows
 * x0 ... ty0     image, tiles, and their corners on the reference grid (A.5.1)
 * dx, dy         grid steps of a sample, of the components; there may be more than have room
 * layers         the most that a tile has
 * units          precincts and code blocks of all tiles and components, not less than there are
 * packets        of a layer of all tiles, not less than there are
 * include        what a decoder keeps to know which packets of a layer of a tile it has seen
 * htj2k          a header asks for high throughput blocks
 * irreversible   a header asks for the transformation that loses
 * sure           all headers could be walked. Where not, all that looks like a coding style counts
 */
typedef struct wki_j2k_header {
    size_t start, end;
    bool has_end;
    uint32_t x0, y0, x1, y1, tile_w, tile_h, tx0, ty0;
    unsigned components;
    uint8_t dx[WKI_J2K_COMPONENTS], dy[WKI_J2K_COMPONENTS];
    unsigned layers;
    uint64_t units, packets, include;
    bool htj2k, irreversible, sure;
} wki_j2k_header;

/* False where the bytes begin no code stream. `n` may be less than the stream has: then `sure` is
 * false. */
bool wki_j2k_header_read(const uint8_t *data, size_t n, wki_j2k_header *out);

/* WK_DATA where size, components, tiles, precincts, blocks or packets are not what the description
 * says, or more than a picture of this size has. */
wk_code wki_j2k_header_check(const wki_image_desc *d, const wki_j2k_header *h,
                             wk_error *err) WK_MUST_USE;

/* The largest reduction up to `reduce` that gives whole pictures: low bands begin at the picture's
 * corner only where that is a multiple of their step. */
unsigned wki_j2k_header_reduction(const wki_j2k_header *h, unsigned reduce);

#ifdef __cplusplus
}
#endif

#endif
