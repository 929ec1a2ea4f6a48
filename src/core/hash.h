/*
 * SHA-256, and SHA-1 where FHIR wants it, by libcrypto.
 */
#ifndef WADOKIT_CORE_HASH_H
#define WADOKIT_CORE_HASH_H

#include <stddef.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_SHA1_BYTES = 20,
    WKI_SHA256_BYTES = 32,
    WKI_SHA256_HEX_SIZE = 65
};

typedef struct wki_sha256 wki_sha256;

wk_code wki_sha256_new(wki_sha256 **out, wk_error *err) WK_MUST_USE;
void wki_sha256_free(wki_sha256 *h);
void wki_sha256_reset(wki_sha256 *h);
void wki_sha256_add(wki_sha256 *h, const void *data, size_t n);

/* The digest as 64 lower-case hex digits and a NUL; the state is ready for new data after it. */
void wki_sha256_finish(wki_sha256 *h, char hex[WKI_SHA256_HEX_SIZE]);

/* The digest of `n` bytes as bytes. */
wk_code wki_sha256_once(const void *data, size_t n, unsigned char out[WKI_SHA256_BYTES],
                        wk_error *err) WK_MUST_USE;

/* SHA-1 of `n` bytes: tells damage, proves nothing (Attachment.hash of FHIR). */
wk_code wki_sha1_once(const void *data, size_t n, unsigned char out[WKI_SHA1_BYTES],
                      wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
