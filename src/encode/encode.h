/*
 * From a picture to a file's bytes, pushed into a sink row by row.
 */
#ifndef WADOKIT_ENCODE_ENCODE_H
#define WADOKIT_ENCODE_ENCODE_H

#include <wadokit/error.h>

#include "core/image.h"
#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `effort` is how long to look for a smaller file of the same pixels: 0 or 1 the fastest, 2 (a
 * standard compressor at its usual level; optimised Huffman tables), 3 (its highest level;
 * progressive). */

/* 8 or 16 bits, grey or RGB; the ICC profile of the picture as iCCP. `comment` (the window that
 * made it) becomes a tEXt "Comment" where not NULL. */
wk_code wki_png_write(const wki_picture *p, int effort, const char *comment, wki_sink *out,
                      wk_error *err) WK_MUST_USE;

/* 8 bits, grey or RGB; quality 1 to 100; the ICC profile as APP2; `comment` as COM. */
wk_code wki_jpeg_write(const wki_picture *p, int quality, int effort, const char *comment,
                       wki_sink *out, wk_error *err) WK_MUST_USE;

/* The header of a NumPy .npy file (format 1.0): `type` and a shape of n_dims sizes, C order,
 * little-endian. The values follow as they are. */
wk_code wki_npy_header(wki_sample_type type, const size_t *shape, size_t n_dims, wki_sink *out,
                       wk_error *err) WK_MUST_USE;

/* Values to the sink in little-endian order. */
wk_code wki_npy_values(wki_sample_type type, const void *values, size_t n, wki_sink *out,
                       wk_error *err) WK_MUST_USE;

/* "libpng 1.6.39: PNG, 8 and 16 bit", for --version. */
const char *wki_png_version(void);

#ifdef __cplusplus
}
#endif

#endif
