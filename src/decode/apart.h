/*
 * One frame on its way through a box: what apart.c sends, and apart_serve.c answers.
 */
#ifndef WADOKIT_DECODE_APART_H
#define WADOKIT_DECODE_APART_H

#include <stddef.h>
#include <stdint.h>

#include "box/box_serve.h"
#include "decode/codec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The input: this, and the stream. The description has no pointers, and nothing of the patient. */
typedef struct wki_apart_task {
    wki_image_desc desc;
    wki_region region; /* width 0: none */
    unsigned reduce;
    size_t n, whole; /* of the stream */
} wki_apart_task;

/* The answer: this, and the samples. Numbers only, so that any bytes can be read. */
typedef struct wki_apart_pixels {
    uint32_t rows, cols, samples, type, color, reduced, at_corners, cut;
    char decoder[32], warning[160];
} wki_apart_pixels;

enum {
    WKI_APART_TASK = (sizeof(wki_apart_task) + 15) / 16 * 16,
    WKI_APART_PIXELS = (sizeof(wki_apart_pixels) + 15) / 16 * 16
};

/* Does a call of wki_decode_apart() by `codec`. */
wk_code wki_apart_serve(wki_codec codec, wki_box_call *call, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
