/*
 * gzip (RFC 1952, several members in a row) and deflate in pieces: bodies of HTTP, and files that
 * are gzip without saying so.
 */
#ifndef WADOKIT_CORE_GUNZIP_H
#define WADOKIT_CORE_GUNZIP_H

#include <stddef.h>

#include <wadokit/error.h>

#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_gunzip wki_gunzip;

/* DEFLATE: in the envelope of zlib (RFC 1950), as HTTP means it, or bare (RFC 1951), as some
 * servers send it; the first bytes tell. Bare data has no check value at its end. */
typedef enum wki_gunzip_kind {
    WKI_GUNZIP_GZIP,
    WKI_GUNZIP_DEFLATE
} wki_gunzip_kind;

wk_code wki_gunzip_new(wki_gunzip_kind kind, wki_sink out, wki_gunzip **g,
                       wk_error *err) WK_MUST_USE;
void wki_gunzip_free(wki_gunzip *g);

/* WK_DATA where it is corrupt or something else follows it, WK_LIMIT over WK_MAX_INFLATE_RATIO. */
wk_code wki_gunzip_feed(wki_gunzip *g, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* WK_DATA where it is cut short. */
wk_code wki_gunzip_finish(wki_gunzip *g, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
