/*
 * Base64 (RFC 4648), by libcrypto.
 */
#ifndef WADOKIT_CORE_BASE64_H
#define WADOKIT_CORE_BASE64_H

#include <stddef.h>

#include "core/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds `n` bytes as base64 with padding and without line breaks (RFC 4648 section 4). */
wk_code wki_base64_encode(wki_buf *out, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* The same in the alphabet of section 5 (base64url) without padding, as JOSE and PKCE use it. */
wk_code wki_base64url_encode(wki_buf *out, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* Adds the bytes of a base64url text of `n` characters without padding or white space; WK_DATA
 * where it is none. */
wk_code wki_base64url_decode(wki_buf *out, const char *text, size_t n, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
