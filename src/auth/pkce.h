/*
 * Proof Key for Code Exchange (RFC 7636), method S256, and other values that nobody may guess.
 */
#ifndef WADOKIT_AUTH_PKCE_H
#define WADOKIT_AUTH_PKCE_H

#include <wadokit/error.h>

#include "core/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 32 random bytes, and a SHA-256 digest, in base64url: 43 characters and a NUL. */
enum {
    WKI_NONCE_SIZE = 44
};

/* 256 random bits of `clock` as text of unreserved characters: a code verifier (RFC 7636 section
 * 4.1), a state (SMART asks for 122 bits), a jti. */
wk_code wki_nonce_make(const wki_clock *clock, char out[WKI_NONCE_SIZE], wk_error *err) WK_MUST_USE;

/* The S256 challenge of a verifier (RFC 7636 section 4.2): always 43 characters. WK_USAGE where
 * the verifier is not 43 to 128 unreserved characters. */
wk_code wki_pkce_challenge(const char *verifier, char out[WKI_NONCE_SIZE],
                           wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
