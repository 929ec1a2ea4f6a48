#include "auth/jwt_key.h"

#include <cjose/cjose.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "auth/auth_module.h"
#include "core/text.h"
#include "json/json.h"

enum {
    MIN_RSA_BITS = 2048,
    MAX_RSA_BITS = 16384,
    P384_BYTES = 48
};

/* ---- PEM ---- */

/* A key under a passphrase is told apart from one that is broken; nobody is asked. */
static int no_passphrase(char *out, int size, int writing, void *user)
{
    (void)out;
    (void)size;
    (void)writing;
    *(bool *)user = true;
    return -1;
}

static wk_code pem_read(const char *text, size_t n, const char *what, EVP_PKEY **out, wk_error *err)
{
    bool locked = false;
    BIO *bio = BIO_new_mem_buf(text, (int)n);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &locked) : NULL;

    BIO_free(bio);
    ERR_clear_error();
    if (locked) {
        EVP_PKEY_free(pkey);
        return wk_fail(
            err, WK_USAGE,
            "%s: the key is under a passphrase, which is not asked for; store it without "
            "one (openssl pkey -in FILE -out NEW) and keep it from others (chmod 600)",
            what);
    }
    if (!pkey && strstr(text, "-----BEGIN PUBLIC KEY"))
        return wk_fail(err, WK_USAGE, "%s: this is the public key; the private one is needed",
                       what);
    if (!pkey)
        return wk_fail(err, WK_USAGE, "%s: no private key can be read from this PEM file", what);
    *out = pkey;
    return WK_OK;
}

/* A number of a key as big-endian bytes, at least `width` of them; false where it has none. */
static bool number_get(const EVP_PKEY *pkey, const char *name, int width, uint8_t **out, size_t *n)
{
    BIGNUM *bn = NULL;
    int size;

    if (EVP_PKEY_get_bn_param(pkey, name, &bn) != 1) {
        ERR_clear_error();
        return false;
    }
    size = BN_num_bytes(bn) > width ? BN_num_bytes(bn) : width;
    *out = size > 0 ? malloc((size_t)size) : NULL;
    *n = (size_t)size;
    if (*out && BN_bn2binpad(bn, *out, size) != size) {
        free(*out);
        *out = NULL;
    }
    BN_clear_free(bn);
    return *out != NULL;
}

static void number_clear(uint8_t *data, size_t n)
{
    if (data)
        OPENSSL_cleanse(data, n);
    free(data);
}

static cjose_jwk_t *rsa_from(const EVP_PKEY *pkey)
{
    cjose_jwk_rsa_keyspec s = {0};
    cjose_jwk_t *jwk = NULL;

    if (number_get(pkey, OSSL_PKEY_PARAM_RSA_N, 0, &s.n, &s.nlen) &&
        number_get(pkey, OSSL_PKEY_PARAM_RSA_E, 0, &s.e, &s.elen) &&
        number_get(pkey, OSSL_PKEY_PARAM_RSA_D, 0, &s.d, &s.dlen) &&
        number_get(pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, 0, &s.p, &s.plen) &&
        number_get(pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, 0, &s.q, &s.qlen) &&
        number_get(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1, 0, &s.dp, &s.dplen) &&
        number_get(pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2, 0, &s.dq, &s.dqlen) &&
        number_get(pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0, &s.qi, &s.qilen))
        jwk = cjose_jwk_create_RSA_spec(&s, NULL);
    number_clear(s.n, s.nlen);
    number_clear(s.e, s.elen);
    number_clear(s.d, s.dlen);
    number_clear(s.p, s.plen);
    number_clear(s.q, s.qlen);
    number_clear(s.dp, s.dplen);
    number_clear(s.dq, s.dqlen);
    number_clear(s.qi, s.qilen);
    return jwk;
}

static cjose_jwk_t *ec_from(const EVP_PKEY *pkey)
{
    cjose_jwk_ec_keyspec s = {.crv = CJOSE_JWK_EC_P_384};
    cjose_jwk_t *jwk = NULL;

    if (number_get(pkey, OSSL_PKEY_PARAM_PRIV_KEY, P384_BYTES, &s.d, &s.dlen) &&
        number_get(pkey, OSSL_PKEY_PARAM_EC_PUB_X, P384_BYTES, &s.x, &s.xlen) &&
        number_get(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, P384_BYTES, &s.y, &s.ylen))
        jwk = cjose_jwk_create_EC_spec(&s, NULL);
    number_clear(s.d, s.dlen);
    number_clear(s.x, s.xlen);
    number_clear(s.y, s.ylen);
    return jwk;
}

static bool is_p384(const EVP_PKEY *pkey)
{
    char group[64];
    size_t n;

    return EVP_PKEY_get_group_name(pkey, group, sizeof group, &n) == 1 &&
           (strcmp(group, "secp384r1") == 0 || strcmp(group, "P-384") == 0);
}

static wk_code pem_to_jwk(const char *text, size_t n, const char *what, cjose_jwk_t **out,
                          wk_error *err)
{
    EVP_PKEY *pkey = NULL;
    cjose_jwk_t *jwk = NULL;
    wk_code rc = pem_read(text, n, what, &pkey, err);

    if (rc != WK_OK)
        return rc;
    if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA)
        jwk = rsa_from(pkey);
    else if (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC && is_p384(pkey))
        jwk = ec_from(pkey);
    else
        rc = wk_fail(err, WK_USAGE,
                     "%s: the key is neither RSA nor EC on the curve P-384 (secp384r1)", what);
    EVP_PKEY_free(pkey);
    if (rc == WK_OK && !jwk)
        rc = wk_fail(err, WK_USAGE, "%s: the private key is incomplete", what);
    if (rc == WK_OK)
        *out = jwk;
    return rc;
}

/* ---- JWK ---- */

static bool is_private(const wki_json *jwk)
{
    return wki_json_str(jwk, "d") != NULL;
}

/* The key to use out of a set, or the one key that the document is. */
static wk_code pick(const wki_json *doc, const char *what, const char *key_id, const wki_json **out,
                    wk_error *err)
{
    const wki_json *keys = wki_json_get(doc, "keys");
    const wki_json *found = NULL;
    int n_private = 0;

    if (!keys) {
        *out = doc;
        return WK_OK;
    }
    for (const wki_json *k = wki_json_first(keys); k; k = wki_json_next(keys, k)) {
        const char *kid = wki_json_str(k, "kid");

        if (!is_private(k) || (key_id && (!kid || strcmp(kid, key_id) != 0)))
            continue;
        n_private++;
        found = k;
    }
    if (n_private == 0)
        return wk_fail(err, WK_USAGE, "%s: the key set has no private key%s%s", what,
                       key_id ? " with the id " : "", key_id ? key_id : "");
    if (n_private > 1)
        return wk_fail_setting(err, WK_USAGE, "key-id",
                               "%s: the key set has several private keys; name one of them", what);
    *out = found;
    return WK_OK;
}

static wk_code check_jwk(const wki_json *k, const char *what, const char *alg, wk_error *err)
{
    const char *kty = wki_json_str(k, "kty");
    const char *crv = wki_json_str(k, "crv");
    const char *own = wki_json_str(k, "alg");
    bool rsa = kty && strcmp(kty, "RSA") == 0;
    bool ec = kty && strcmp(kty, "EC") == 0;

    if (!rsa && !ec)
        return wk_fail(err, WK_USAGE, "%s: not a JWK of type RSA or EC", what);
    if (!is_private(k))
        return wk_fail(err, WK_USAGE,
                       "%s: this is the public key; the private one is needed (a "
                       "JWK with \"d\")",
                       what);
    if (ec && (!crv || strcmp(crv, "P-384") != 0))
        return wk_fail(err, WK_USAGE, "%s: the EC key is not on the curve P-384, which ES384 needs",
                       what);
    if (own && strcmp(own, alg ? alg : rsa ? "RS384" : "ES384") != 0)
        return wk_fail(err, WK_USAGE, "%s: the JWK is for %s, not for %s", what, own,
                       alg   ? alg
                       : rsa ? "RS384"
                             : "ES384");
    return WK_OK;
}

static wk_code json_to_jwk(const char *text, size_t n, const char *what, const char *alg,
                           wki_jwt_key *key, wk_error *err)
{
    wki_json *doc = NULL;
    const wki_json *k = NULL;
    char *one = NULL;
    wk_code rc = wki_json_parse(text, n, what, &doc, err);

    if (rc == WK_OK)
        rc = pick(doc, what, key->key_id, &k, err);
    if (rc == WK_OK)
        rc = check_jwk(k, what, alg, err);
    if (rc != WK_OK)
        goto out;
    one = wki_json_print(k);
    if (!one) {
        rc = wk_fail(err, WK_NOMEM, "out of memory");
        goto out;
    }
    key->jwk = cjose_jwk_import(one, strlen(one), NULL);
    if (!key->jwk) {
        rc = wk_fail(err, WK_USAGE, "%s: the JWK is incomplete or its numbers are broken", what);
        goto out;
    }
    if (!key->key_id && wki_json_str(k, "kid")) {
        key->key_id = wki_strdup(wki_json_str(k, "kid"));
        if (!key->key_id)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
out:
    if (one)
        OPENSSL_cleanse(one, strlen(one));
    free(one);
    wki_json_free(doc);
    return rc;
}

/* ---- the key ---- */

/* Halves that do not belong together sign what nobody can verify: better to know it here. */
static bool signs_and_verifies(const wki_jwt_key *key)
{
    static const uint8_t probe[] = "wadokit";
    cjose_header_t *header = cjose_header_new(NULL);
    cjose_jws_t *jws = NULL;
    cjose_jws_t *back = NULL;
    const char *text = NULL;
    bool good = header && cjose_header_set(header, CJOSE_HDR_ALG, key->alg, NULL);

    if (good)
        jws = cjose_jws_sign(key->jwk, header, probe, sizeof probe, NULL);
    if (jws && cjose_jws_export(jws, &text, NULL))
        back = cjose_jws_import(text, strlen(text), NULL);
    good = back && cjose_jws_verify(back, key->jwk, NULL);
    cjose_jws_release(back);
    cjose_jws_release(jws);
    cjose_header_release(header);
    ERR_clear_error();
    return good;
}

static wk_code settle(wki_jwt_key *key, const char *what, const char *alg, wk_error *err)
{
    bool rsa = cjose_jwk_get_kty(key->jwk, NULL) == CJOSE_JWK_KTY_RSA;
    size_t bits = cjose_jwk_get_keysize(key->jwk, NULL);

    key->alg = rsa ? "RS384" : "ES384";
    if (alg && strcmp(alg, key->alg) != 0)
        return wk_fail(err, WK_USAGE, "%s: an %s key signs %s, not %s", what, rsa ? "RSA" : "EC",
                       key->alg, alg);
    if (rsa && (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS))
        return wk_fail(err, WK_USAGE, "%s: the RSA key has %zu bits; RS384 needs %d to %d", what,
                       bits, MIN_RSA_BITS, MAX_RSA_BITS);
    if (!signs_and_verifies(key))
        return wk_fail(err, WK_USAGE,
                       "%s: the private key and its public half do not belong together", what);
    return WK_OK;
}

wk_code wki_jwt_key_read(const char *text, size_t n, const char *what, const char *alg,
                         const char *key_id, wki_jwt_key **out, wk_error *err)
{
    wki_jwt_key *key = NULL;
    size_t lead = 0;
    wk_code rc;

    if (alg && strcmp(alg, "RS384") != 0 && strcmp(alg, "ES384") != 0)
        return wk_fail(err, WK_USAGE, "jwt-alg is RS384 or ES384, not %s", alg);
    if (n > WK_MAX_SECRET_FILE_BYTES)
        return wk_fail(err, WK_USAGE, "%s: too large for a key", what);
    key = calloc(1, sizeof *key);
    if (!key || (key_id && !(key->key_id = wki_strdup(key_id)))) {
        rc = wk_fail(err, WK_NOMEM, "out of memory");
        goto out;
    }
    while (lead < n && strchr(" \t\r\n", text[lead]))
        lead++;
    if (lead < n && text[lead] == '{')
        rc = json_to_jwk(text, n, what, alg, key, err);
    else if (memmem(text, n, "-----BEGIN", 10))
        rc = pem_to_jwk(text, n, what, &key->jwk, err);
    else
        rc = wk_fail(err, WK_USAGE, "%s: neither a PEM file nor a JWK", what);
    if (rc == WK_OK)
        rc = settle(key, what, alg, err);
    if (rc == WK_OK) {
        *out = key;
        key = NULL;
    }
out:
    wki_jwt_key_free(key);
    return rc;
}

void wki_jwt_key_free(wki_jwt_key *key)
{
    if (!key)
        return;
    cjose_jwk_release(key->jwk);
    free(key->key_id);
    free(key);
}

/* ---- signing ---- */

static cjose_header_t *header_of(const char *alg, const char *kid, const char *typ)
{
    cjose_header_t *h = cjose_header_new(NULL);

    if (h && cjose_header_set(h, CJOSE_HDR_ALG, alg, NULL) &&
        (!kid || cjose_header_set(h, CJOSE_HDR_KID, kid, NULL)) &&
        (!typ || cjose_header_set(h, "typ", typ, NULL)))
        return h;
    cjose_header_release(h);
    return NULL;
}

wk_code wki_jws_sign(const wki_jwt_key *key, const char *alg, const char *kid, const char *typ,
                     const void *payload, size_t n, wki_buf *out, wk_error *err)
{
    cjose_header_t *header = header_of(alg, kid, typ);
    cjose_jws_t *jws = header ? cjose_jws_sign(key->jwk, header, payload, n, NULL) : NULL;
    const char *text = NULL;
    wk_code rc;

    if (jws && cjose_jws_export(jws, &text, NULL))
        rc = wki_buf_add(out, text, strlen(text), err);
    else
        rc = wk_fail(err, WK_INTERNAL, "the client assertion could not be signed with %s", alg);
    cjose_jws_release(jws);
    cjose_header_release(header);
    return rc;
}

static const char *about(void)
{
    static char text[32]; /* the same from any thread */

    snprintf(text, sizeof text, "cjose %s", cjose_version());
    return text;
}

WKI_MODULE_TABLE(jose) = {
    {WADOKIT_VERSION, about}, wki_jwt_key_read, wki_jwt_key_free, wki_jws_sign};
