/*
 * Where bytes go. Bytes move by push: a stage calls write() of the next and knows no more.
 */
#ifndef WADOKIT_CORE_SINK_H
#define WADOKIT_CORE_SINK_H

#include <stddef.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* write() takes all `n` bytes or fails; the bytes are the caller's and end with the call. */
typedef struct wki_sink {
    wk_code (*write)(void *user, const void *data, size_t n, wk_error *err);
    void *user;
} wki_sink;

#ifdef __cplusplus
}
#endif

#endif
