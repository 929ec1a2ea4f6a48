/*
 * The common face of the decoders.
 */
#ifndef WADOKIT_DECODE_CODEC_H
#define WADOKIT_DECODE_CODEC_H

#include <wadokit/error.h>

#include "core/image.h"
#include "core/stored.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Decodes `bytes` into `out`, whose samples, type and colour it sets. `reduce` is a wish. */
typedef wk_code (*wki_codec)(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                             wki_pixels *out, wk_error *err);

wk_code wki_decode_native(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                          wki_pixels *out, wk_error *err);
wk_code wki_decode_deflate(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                           wki_pixels *out, wk_error *err);
wk_code wki_decode_rle(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                       wki_pixels *out, wk_error *err);
wk_code wki_decode_jpeg(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                        wki_pixels *out, wk_error *err);
/* The same of a part only: `out->cut`. What is damaged elsewhere may stay unnoticed. */
wk_code wki_decode_jpeg_region(const wki_image_desc *d, const wki_frame_bytes *bytes,
                               const wki_region *region, wki_pixels *out, wk_error *err);
/* Lossless JPEG of the common kind; WK_UNSUPPORTED for another, or damage: DCMTK decodes it then,
 * or says what is wrong. */
wk_code wki_decode_jpegll(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                          wki_pixels *out, wk_error *err);
wk_code wki_decode_jpegls(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                          wki_pixels *out, wk_error *err);
wk_code wki_decode_j2k(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                       wki_pixels *out, wk_error *err);
/* The same of a part only, where it can be done: `out->cut`. */
wk_code wki_decode_j2k_region(const wki_image_desc *d, const wki_frame_bytes *bytes,
                              const wki_region *region, wki_pixels *out, wk_error *err);
/* As wki_decode_j2k(), which chooses between them: by OpenJPEG in this process, no high throughput
 * blocks; by OpenJPH in another one. */
wk_code wki_decode_openjpeg(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                            wki_pixels *out, wk_error *err);
wk_code wki_decode_htj2k(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                         wki_pixels *out, wk_error *err);
wk_code wki_decode_jxl(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                       wki_pixels *out, wk_error *err);

/* The same in a child process, for codecs that may abort on a hostile stream or never end. A child
 * stays for later frames, at most one for each codec and thread, until the process ends; so `codec`
 * depends on nothing that changes. */
wk_code wki_decode_apart(wki_codec codec, const wki_image_desc *d, const wki_frame_bytes *bytes,
                         unsigned reduce, wki_pixels *out, wk_error *err) WK_MUST_USE;

/* What a JPEG 2000 stream says of itself. */
typedef struct wki_j2k_stream {
    unsigned components, reduced;
    bool is_signed, mct;
} wki_j2k_stream;

/* From cells to stored values, with colour, decoder, and warnings where the header disagrees. */
void wki_j2k_finish(const wki_image_desc *d, const wki_j2k_stream *s, const char *decoder,
                    wki_pixels *p);

/* Components of a JPEG 2000 stream; 0 where it is none. */
unsigned wki_j2k_components(const wki_frame_bytes *bytes);

const char *wki_jpeg_version(void);
const char *wki_j2k_version(void);

#ifdef __cplusplus
}
#endif

#endif
