/*
 * From a frame's bytes to stored pixel values: transfer syntax -> decoder, one third-party codec a
 * file. Knows nothing of DICOM files: the bytes and the description come in, pixels come out, and
 * what disagrees with the description is an error or a warning in the pixels.
 */
#ifndef WADOKIT_DECODE_DECODE_H
#define WADOKIT_DECODE_DECODE_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_decode_opts {
    unsigned reduce; /* J2K, HTJ2K, JPEG: may give a picture smaller by 2^n, 0 to `reduce`; which
                        n it was stands in the pixels */
    const wki_region *region; /* J2K, JPEG with 8 bits: may give this part only, inside of the
                                 image: `cut` is set then; NULL: all of it. Not together with
                                 `reduce` */
} wki_decode_opts;

/* How a frame of this transfer syntax is decoded. */
typedef enum wki_decode_way {
    WKI_DECODE_HERE,  /* wki_decode() with the frame's bytes */
    WKI_DECODE_VIDEO, /* a moving picture: a placeholder is drawn */
    WKI_DECODE_NONE,  /* no decoder in this build */
} wki_decode_way;

wki_decode_way wki_decode_way_of(const char *transfer_syntax);

/* Decodes one frame: in this process where the decoder is ours, else in one of its own. The pixels
 * have the size, samples and type that the description says. A code stream that begins as one of
 * another kind than the transfer syntax says is decoded as what it is, with a warning. WK_DATA
 * where the stream is corrupt or contradicts the description beyond repair, WK_UNSUPPORTED where no
 * decoder is built in. A picture reduced by 2^n has ceil(rows / 2^n) rows. Clear `out` with
 * wki_pixels_clear(). */
wk_code wki_decode(const wki_image_desc *d, const wki_frame_bytes *bytes,
                   const wki_decode_opts *opts, wki_pixels *out, wk_error *err) WK_MUST_USE;

/* The largest n by which pixels may be decoded smaller so that twice width x height is left, of
 * which means can be taken: what decoders give is no mean of the area, and comes before the window.
 * 0 where the transfer syntax has no such decoder, or samples are indices, which have no means. */
unsigned wki_decode_reduction(const wki_image_desc *d, uint32_t width, uint32_t height);

/* How much of a code stream a picture reduced by 2^reduce may need where nothing is unusual, and a
 * decoder can do with that: worth a try, with `whole` set. Where it fails, all of it is needed. 0
 * where no decoder can. */
size_t wki_decode_start(const wki_image_desc *d, unsigned reduce);

/* Takes native bytes for pixels as they are, without a copy, where they need no change but the
 * unused bits cleared: little endian, interleaved, 8 to 32 bits. True and `bytes` empty, or false
 * and nothing changed: wki_decode() does it then. */
bool wki_decode_adopt(const wki_image_desc *d, wki_frame_bytes *bytes, wki_pixels *out);

/* Worker `i` of the program wadokit-decode in this build (box/box.h), NULL behind the last. */
const char *wki_decode_worker(size_t i);

/* One line a decoder for --version: "OpenJPEG 2.5.0: JPEG 2000, HTJ2K". Static; NULL ends. */
const char *wki_decode_version(size_t i);

#ifdef __cplusplus
}
#endif

#endif
