#include "auth/pkce.h"

#include <string.h>

#include "core/base64.h"
#include "core/hash.h"

enum {
    MIN_VERIFIER = 43,
    MAX_VERIFIER = 128
};

/* 32 bytes as base64url. */
static wk_code text_of(const unsigned char raw[WKI_SHA256_BYTES], char out[WKI_NONCE_SIZE],
                       wk_error *err)
{
    wki_buf b;
    wk_code rc;

    wki_buf_init(&b, WKI_NONCE_SIZE, "base64url");
    rc = wki_base64url_encode(&b, raw, WKI_SHA256_BYTES, err);
    if (rc == WK_OK)
        memcpy(out, wki_buf_text(&b), WKI_NONCE_SIZE);
    wki_buf_clear(&b);
    return rc;
}

wk_code wki_nonce_make(const wki_clock *clock, char out[WKI_NONCE_SIZE], wk_error *err)
{
    unsigned char raw[WKI_SHA256_BYTES];

    clock->random(clock->user, raw, sizeof raw);
    return text_of(raw, out, err);
}

wk_code wki_pkce_challenge(const char *verifier, char out[WKI_NONCE_SIZE], wk_error *err)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    unsigned char raw[WKI_SHA256_BYTES];
    size_t n = strlen(verifier);
    wk_code rc;

    if (n < MIN_VERIFIER || n > MAX_VERIFIER || strspn(verifier, unreserved) != n)
        return wk_fail(err, WK_USAGE, "a code verifier has 43 to 128 unreserved characters");
    rc = wki_sha256_once(verifier, n, raw, err);
    return rc == WK_OK ? text_of(raw, out, err) : rc;
}
