/*
 * HTJ2K (ISO 15444-15) by OpenJPH, which is C++: the one place that knows it stays behind this.
 * OpenJPH 0.9 ends the process at some damaged streams, and writes behind its buffers at others.
 */
#ifndef WADOKIT_DECODE_OPENJPH_H
#define WADOKIT_DECODE_OPENJPH_H

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a stream says of itself. */
typedef struct wki_openjph_head {
    uint32_t rows, cols; /* of the picture that its lines make, reduced by 2^reduced */
    unsigned components, bits, reduced;
    bool is_signed;
    bool mct; /* has a component transform, which is undone */
    bool irreversible;
} wki_openjph_head;

/*
 * head  comes first; false: its lines are not wanted
 * line  the lines of each component, from the top; `values` are not clamped to what `bits` hold
 */
typedef struct wki_openjph_sink {
    bool (*head)(void *user, const wki_openjph_head *h);
    void (*line)(void *user, unsigned component, uint32_t y, const int32_t *values);
    void *user;
} wki_openjph_sink;

/* Decodes the stream, or as much of it as a picture reduced by 2^reduce needs: `bytes` may be its
 * beginning. False where the stream is damaged, uses what OpenJPH does not know, or more bytes are
 * needed; why is not told, as another decoder does. */
bool wki_openjph_decode(const wki_frame_bytes *bytes, unsigned reduce,
                        const wki_openjph_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
