/*
 * Base64 (RFC 4648).
 */
#ifndef WADOKIT_CORE_BASE64_H
#define WADOKIT_CORE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/sink.h"
#include "core/source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds `n` bytes as base64 with padding and without line breaks (RFC 4648 section 4). */
wk_code wki_base64_encode(wki_buf *out, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* The base64 of another source as a source, in constant memory; `s` outlives it. */
enum {
    WKI_BASE64_PIECE = 3072 /* bytes encoded at a time */
};

typedef struct wki_base64_source {
    wki_source in;
    char text[WKI_BASE64_PIECE / 3 * 4];
    size_t n, at;
} wki_base64_source;

wki_source wki_source_of_base64(wki_base64_source *s, wki_source in);

/* The same in the alphabet of section 5 (base64url) without padding, as JOSE and PKCE use it. */
wk_code wki_base64url_encode(wki_buf *out, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* Adds the bytes of a base64url text of `n` characters without padding or white space; WK_DATA
 * where it is none. */
wk_code wki_base64url_decode(wki_buf *out, const char *text, size_t n, wk_error *err) WK_MUST_USE;

/*
 * Base64 in any split and any of the shapes that servers send: either alphabet, with or without
 * padding, with white space in it, with "data:...;base64," in front. Starts zeroed but for `out`.
 */
typedef struct wki_base64_reader {
    wki_sink out;
    char block[4096]; /* characters that wait for their group of four */
    size_t n;
    unsigned prefix; /* characters of "data:" that were seen; 5: inside the prefix; 6: behind it */
    bool padded;     /* '=' was seen: nothing but '=' may follow */
    uint64_t bytes;  /* handed to `out` */
} wki_base64_reader;

/* WK_DATA where it is no base64; else what `out` says. */
wk_code wki_base64_reader_feed(wki_base64_reader *r, const char *text, size_t n,
                               wk_error *err) WK_MUST_USE;
wk_code wki_base64_reader_finish(wki_base64_reader *r, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
