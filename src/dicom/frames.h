/*
 * Where each frame's bytes lie (PS3.5 annex A.4, PS3.3 C.7.6.3.1.8), and reading one of them.
 *
 * Native frames are found by arithmetic. Encapsulated ones by the Extended Offset Table, the Basic
 * Offset Table, or - where there is none, or it is wrong - by the fragments' headers: one fragment
 * a frame where the numbers agree, all fragments where there is one frame, else by the marks with
 * which code streams start or end. Only headers and the frame asked for are read.
 */
#ifndef WADOKIT_DICOM_FRAMES_H
#define WADOKIT_DICOM_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/image.h"
#include "dicom/dicom_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_frames wki_frames;

/* For the encapsulated pixels of `l`. Source and layout are borrowed for the life of the result.
 * WK_DATA where there are no items. */
wk_code wki_frames_new(const wki_blob *s, const wki_layout *l, uint32_t n_frames, wki_frames **out,
                       wk_error *err) WK_MUST_USE;
void wki_frames_free(wki_frames *f);

/* The code stream of `frame` (0-based), fragments joined. WK_DATA where it is not there, empty or
 * cut short. Clear `out` with wki_frame_bytes_clear(). */
wk_code wki_frames_read(wki_frames *f, uint32_t frame, wki_frame_bytes *out,
                        wk_error *err) WK_MUST_USE;

/* The same, or its first `most` bytes where it is larger: `whole` is set then. */
wk_code wki_frames_read_start(wki_frames *f, uint32_t frame, size_t most, wki_frame_bytes *out,
                              wk_error *err) WK_MUST_USE;

/* How many frames have a place among the pixels, the last one maybe cut short: at most n_frames,
 * and that where it cannot be told. */
uint32_t wki_frames_there(wki_frames *f);
uint32_t wki_native_frames_there(const wki_layout *l, const wki_image_desc *d);

/* Bits of one native frame; false where the description does not fit in 64 bits. Sub-sampled
 * chroma (YBR_FULL_422 and the like) counts as it is stored. */
bool wki_native_frame_bits(const wki_image_desc *d, uint64_t *out);

/* The native bytes of `frame`, turned to little endian. WK_DATA where they are not all there. */
wk_code wki_native_read(const wki_blob *s, const wki_layout *l, const wki_image_desc *d,
                        uint32_t frame, wki_frame_bytes *out, wk_error *err) WK_MUST_USE;

/* The same of `n` rows from `first` on, which have to be there: of frames whose rows begin at
 * bytes, lie behind each other and need no turning. WK_UNSUPPORTED for others. */
wk_code wki_native_read_rows(const wki_blob *s, const wki_layout *l, const wki_image_desc *d,
                             uint32_t frame, uint32_t first, uint32_t n, wki_frame_bytes *out,
                             wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
