/*
 * The common face of the decoders.
 *
 * Those that are ours, bounded and fuzzed are called as functions: native pixels, RLE, deflated
 * frames, lossless JPEG of the common kind. Those of other projects are named: they run in the
 * program wadokit-decode, in a process that owns nothing (box/box.h).
 */
#ifndef WADOKIT_DECODE_CODEC_H
#define WADOKIT_DECODE_CODEC_H

#include <wadokit/error.h>

#include "core/image.h"
#include "core/stored.h"
#include "decode/decode.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Decodes `bytes` into `out`, whose samples, type and colour it sets. What `opts` has is a wish. */
typedef wk_code (*wki_codec)(const wki_image_desc *d, const wki_frame_bytes *bytes,
                             const wki_decode_opts *opts, wki_pixels *out, wk_error *err);

wk_code wki_decode_native(const wki_image_desc *d, const wki_frame_bytes *bytes,
                          const wki_decode_opts *opts, wki_pixels *out, wk_error *err);
wk_code wki_decode_deflate(const wki_image_desc *d, const wki_frame_bytes *bytes,
                           const wki_decode_opts *opts, wki_pixels *out, wk_error *err);
wk_code wki_decode_rle(const wki_image_desc *d, const wki_frame_bytes *bytes,
                       const wki_decode_opts *opts, wki_pixels *out, wk_error *err);
/* Lossless JPEG of the common kind; WK_UNSUPPORTED for another, or damage: DCMTK decodes it then,
 * or says what is wrong. */
wk_code wki_decode_jpegll(const wki_image_desc *d, const wki_frame_bytes *bytes,
                          const wki_decode_opts *opts, wki_pixels *out, wk_error *err);
/* Reads the stream's headers, and has it decoded by the one decoder that knows it best. */
wk_code wki_decode_j2k(const wki_image_desc *d, const wki_frame_bytes *bytes,
                       const wki_decode_opts *opts, wki_pixels *out, wk_error *err);

/* Has `codec`, a worker of wadokit-decode, decode the frame in another process. Of what comes back
 * types, sizes and values are checked; a death is WK_DATA. */
wk_code wki_decode_apart(const char *codec, const wki_image_desc *d, const wki_frame_bytes *bytes,
                         const wki_decode_opts *opts, wki_pixels *out, wk_error *err) WK_MUST_USE;

/* WK_DATA where pixels are not what the description and the wish say: samples, type, and the size
 * of all of it, of all of it reduced, or of the region. */
wk_code wki_decode_check(const wki_image_desc *d, const wki_decode_opts *opts, const wki_pixels *p,
                         wk_error *err) WK_MUST_USE;

/* What a JPEG 2000 stream says of itself. */
typedef struct wki_j2k_stream {
    unsigned components, reduced;
    bool is_signed, mct, irreversible;
} wki_j2k_stream;

/* From cells to stored values, with colour, decoder, and warnings where the header disagrees. */
void wki_j2k_finish(const wki_image_desc *d, const wki_j2k_stream *s, const char *decoder,
                    wki_pixels *p);

/* Components of a JPEG 2000 stream; 0 where it is none. */
unsigned wki_j2k_components(const wki_frame_bytes *bytes);

#ifdef __cplusplus
}
#endif

#endif
