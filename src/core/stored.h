/*
 * From the cells that a decoder gives to stored values: what all decoders share.
 */
#ifndef WADOKIT_CORE_STORED_H
#define WADOKIT_CORE_STORED_H

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The type of stored values: smallest of 1, 2, 4 bytes that holds Bits Allocated, signed where
 * Pixel Representation is 1. */
wki_sample_type wki_stored_type(const wki_image_desc *d);

/* Allocates `out` for stored values of the description's size, and sets its colour from the
 * photometric interpretation. WK_NOMEM, WK_LIMIT. */
wk_code wki_stored_alloc(const wki_image_desc *d, const char *decoder, wki_pixels *out,
                         wk_error *err) WK_MUST_USE;

/* Turns the cells in `out` (as read) into stored values in place: the bits that High Bit and Bits
 * Stored name, sign-extended where Pixel Representation is 1. */
void wki_cells_to_stored(const wki_image_desc *d, wki_pixels *out);

/* The same after a codec that loses something: values beyond what Bits Stored can say are the
 * nearest that it can, and not what is left without their upper bits. Cells are numbers, signed
 * where the type is. */
void wki_lossy_cells_to_stored(const wki_image_desc *d, wki_pixels *out);

/* What native samples of this photometric interpretation mean. */
wki_color wki_color_of(wki_photometric photometric);

/* WK_DATA where a code stream's size is not the header's. */
wk_code wki_check_size(const wki_image_desc *d, uint64_t cols, uint64_t rows, uint64_t samples,
                       wk_error *err) WK_MUST_USE;

/* WK_DATA where a code stream of `n` bytes is too short for the picture that it claims to be. */
wk_code wki_check_stream(const wki_image_desc *d, size_t n, wk_error *err) WK_MUST_USE;

/* Notes a disagreement, the first one stays. */
void wki_pixels_warn(wki_pixels *p, const char *fmt, ...) WK_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif
