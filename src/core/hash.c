#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/hash_module.h"

struct wki_sha256 {
    EVP_MD_CTX *ctx;
};

/* Looked up once: EVP_sha256() is a name that OpenSSL looks up at each use, for all threads in one
 * table. Kept to the end. */
static EVP_MD *fetched;

static void fetch(void)
{
    fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *sha256(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, fetch);
    return fetched ? fetched : EVP_sha256();
}

wk_code wki_sha256_new(wki_sha256 **out, wk_error *err)
{
    wki_sha256 *h = calloc(1, sizeof *h);

    if (h)
        h->ctx = EVP_MD_CTX_new();
    if (!h || !h->ctx || EVP_DigestInit_ex(h->ctx, sha256(), NULL) != 1) {
        wki_sha256_free(h);
        return wk_fail(err, WK_NOMEM, "SHA-256: out of memory");
    }
    *out = h;
    return WK_OK;
}

void wki_sha256_free(wki_sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void wki_sha256_reset(wki_sha256 *h)
{
    EVP_DigestInit_ex(h->ctx, NULL, NULL);
}

void wki_sha256_add(wki_sha256 *h, const void *data, size_t n)
{
    EVP_DigestUpdate(h->ctx, data, n);
}

void wki_sha256_finish(wki_sha256 *h, char hex[WKI_SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[EVP_MAX_MD_SIZE];

    EVP_DigestFinal_ex(h->ctx, raw, NULL);
    for (int i = 0; i < WKI_SHA256_BYTES; i++) {
        hex[2 * i] = digits[raw[i] >> 4];
        hex[2 * i + 1] = digits[raw[i] & 15];
    }
    hex[2 * WKI_SHA256_BYTES] = '\0';
    wki_sha256_reset(h);
}

wk_code wki_sha256_once(const void *data, size_t n, unsigned char out[WKI_SHA256_BYTES],
                        wk_error *err)
{
    if (EVP_Digest(data, n, out, NULL, sha256(), NULL) != 1)
        return wk_fail(err, WK_NOMEM, "SHA-256: out of memory");
    return WK_OK;
}

wk_code wki_sha1_once(const void *data, size_t n, unsigned char out[WKI_SHA1_BYTES], wk_error *err)
{
    if (EVP_Digest(data, n, out, NULL, EVP_sha1(), NULL) != 1)
        return wk_fail(err, WK_NOMEM, "SHA-1: out of memory");
    return WK_OK;
}

static const char *about(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

WKI_MODULE_TABLE(crypto) = {{WADOKIT_VERSION, about}, wki_sha256_new, wki_sha256_free,
                            wki_sha256_reset,         wki_sha256_add, wki_sha256_finish,
                            wki_sha256_once,          wki_sha1_once};
