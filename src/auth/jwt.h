/*
 * Client assertions: JSON Web Tokens (RFC 7519) signed as RFC 7515 and 7518 say, with which a
 * client proves who it is (private_key_jwt, SMART "client-confidential-asymmetric").
 */
#ifndef WADOKIT_AUTH_JWT_H
#define WADOKIT_AUTH_JWT_H

#include <stdint.h>

#include <wadokit/error.h>

#include "core/buf.h"
#include "core/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_jwt_key wki_jwt_key;

/* Life of an assertion. SMART allows 300 s; the rest is for clocks that differ. */
enum {
    WKI_ASSERTION_LIFE_S = 240
};

/* Reads a private key of `n` bytes: PEM (PKCS#1, PKCS#8, SEC1), a JWK, or a JWK set (the key named
 * `key_id`, else the only private one). RSA of 2048 bits or more signs RS384, EC on P-384 ES384.
 *   alg     "RS384" or "ES384"; NULL: what the key is good for (a JWK's "alg" is checked too)
 *   key_id  kid of the assertions; NULL: the JWK's own
 * WK_USAGE with what to do where it is no such key; `what` names it ("key.pem"). No message ever
 * holds a part of the key. Free with wki_jwt_key_free(). */
wk_code wki_jwt_key_read(const char *text, size_t n, const char *what, const char *alg,
                         const char *key_id, wki_jwt_key **out, wk_error *err) WK_MUST_USE;
void wki_jwt_key_free(wki_jwt_key *key);

/* "RS384" or "ES384"; the kid, NULL where there is none. */
const char *wki_jwt_key_alg(const wki_jwt_key *key);
const char *wki_jwt_key_id(const wki_jwt_key *key);

/* Adds the compact form of a signed assertion to `out`: header alg, kid, typ JWT; claims iss and
 * sub (`client_id`), aud, iat, exp = now + WKI_ASSERTION_LIFE_S, and a jti never used before. */
wk_code wki_jwt_assertion(const wki_jwt_key *key, const char *client_id, const char *audience,
                          const wki_clock *clock, wki_buf *out, wk_error *err) WK_MUST_USE;

/* Signs `payload` as it is with `alg` and `kid` and `typ` (NULL: left out) in the header. */
wk_code wki_jws_sign(const wki_jwt_key *key, const char *alg, const char *kid, const char *typ,
                     const void *payload, size_t n, wki_buf *out, wk_error *err) WK_MUST_USE;

/* When an access token that happens to be a JWT expires, by its own word (its signature is not
 * looked at: only a hint when to renew). 0 where it does not tell. */
int64_t wki_jwt_expiry(const char *token);

#ifdef __cplusplus
}
#endif

#endif
