#include "support/t.h"

#include <cjose/cjose.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "auth/jwt.h"
#include "core/base64.h"
#include "json/json.h"
#include "support/keys.h"

#define READ(text, alg, kid, key, err)                                                             \
    wki_jwt_key_read(text, strlen(text), "key", alg, kid, key, err)

/* A PEM file of a new key; `cipher` not NULL: under a passphrase. Free with free(). */
static char *pem_of(EVP_PKEY *pkey, const EVP_CIPHER *cipher)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    char *out;
    long n;

    PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, cipher ? "secret" : NULL, cipher ? 6 : 0, NULL,
                                  NULL);
    n = BIO_get_mem_data(bio, &data);
    out = calloc(1, (size_t)n + 1);
    memcpy(out, data, (size_t)n);
    BIO_free(bio);
    return out;
}

static char *ec_pem(const char *curve)
{
    EVP_PKEY *pkey = EVP_EC_gen(curve);
    char *text = pem_of(pkey, NULL);

    EVP_PKEY_free(pkey);
    return text;
}

static char *rsa_pem(unsigned bits, const EVP_CIPHER *cipher)
{
    EVP_PKEY *pkey = EVP_RSA_gen(bits);
    char *text = pem_of(pkey, cipher);

    EVP_PKEY_free(pkey);
    return text;
}

static wki_json *part_of(const char *jwt, int part)
{
    wki_buf raw;
    wki_json *doc = NULL;
    wk_error err = {0};
    size_t n;

    while (part-- > 0)
        jwt = strchr(jwt, '.') + 1;
    n = strcspn(jwt, ".");
    wki_buf_init(&raw, 10000, "part");
    T_OK(wki_base64url_decode(&raw, jwt, n, &err), &err);
    T_OK(wki_json_parse(wki_buf_text(&raw), raw.n, "part", &doc, &err), &err);
    wki_buf_clear(&raw);
    return doc;
}

static void test_the_rfc_7515_example_is_signed_to_the_letter(void)
{
    static const char payload[] =
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    static const char expected[] =
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
        "LmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh"
        "7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyW"
        "zO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZE"
        "Sc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGl"
        "UPQGe77Rw";
    wki_jwt_key *key = NULL;
    wki_buf out;
    wk_error err = {0};

    wki_buf_init(&out, 10000, "jws");
    T_OK(READ(RFC7515_JWK(""), NULL, NULL, &key, &err), &err);
    T_OK(wki_jws_sign(key, "RS256", NULL, NULL, payload, strlen(payload), &out, &err), &err);
    T_STR(wki_buf_text(&out), expected);
    wki_buf_clear(&out);
    wki_jwt_key_free(key);
}

static int64_t now_fixed(void *user)
{
    return *(int64_t *)user;
}

static void check_assertion(const char *pem, const char *alg, size_t signature_chars)
{
    wki_clock clock = *wki_clock_system();
    int64_t now = 1790000000, n = 0;
    wki_jwt_key *key = NULL;
    wki_buf a, b;
    wki_json *header, *claims;
    cjose_jws_t *jws;
    wk_error err = {0};

    clock.unix_s = now_fixed;
    clock.user = &now;
    wki_buf_init(&a, 10000, "jwt");
    wki_buf_init(&b, 10000, "jwt");
    T_OK(READ(pem, NULL, "kid-1", &key, &err), &err);
    T_OK(wki_jwt_assertion(key, "client", "https://as/token", &clock, &a, &err), &err);
    T_OK(wki_jwt_assertion(key, "client", "https://as/token", &clock, &b, &err), &err);
    CU_ASSERT_STRING_NOT_EQUAL(wki_buf_text(&a), wki_buf_text(&b));
    CU_ASSERT_EQUAL(strlen(strrchr(wki_buf_text(&a), '.') + 1), signature_chars);

    header = part_of(wki_buf_text(&a), 0);
    T_STR(wki_json_str(header, "alg"), alg);
    T_STR(wki_json_str(header, "kid"), "kid-1");
    T_STR(wki_json_str(header, "typ"), "JWT");
    wki_json_free(header);
    claims = part_of(wki_buf_text(&a), 1);
    T_STR(wki_json_str(claims, "iss"), "client");
    T_STR(wki_json_str(claims, "sub"), "client");
    T_STR(wki_json_str(claims, "aud"), "https://as/token");
    CU_ASSERT(wki_json_int(claims, "iat", &n) && n == now);
    CU_ASSERT(wki_json_int(claims, "exp", &n) && n == now + 240);
    CU_ASSERT_EQUAL(strlen(wki_json_str(claims, "jti")), 43);
    wki_json_free(claims);
    CU_ASSERT_EQUAL(wki_jwt_expiry(wki_buf_text(&a)), now + 240);

    jws = cjose_jws_import(wki_buf_text(&a), a.n, NULL);
    CU_ASSERT_PTR_NOT_NULL(jws);
    cjose_jws_release(jws);
    wki_buf_clear(&a);
    wki_buf_clear(&b);
    wki_jwt_key_free(key);
}

static void test_assertions_say_who_where_and_until_when(void)
{
    char *rsa = rsa_pem(2048, NULL);
    char *ec = ec_pem("P-384");

    check_assertion(rsa, "RS384", 342);
    check_assertion(ec, "ES384", 128); /* R and S of 48 bytes each, not DER */
    free(rsa);
    free(ec);
}

static void test_es384_signatures_verify_with_the_public_jwk(void)
{
    cjose_jwk_t *pair = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_384, NULL);
    char *secret = cjose_jwk_to_json(pair, true, NULL);
    char *shown = cjose_jwk_to_json(pair, false, NULL);
    cjose_jwk_t *pub = cjose_jwk_import(shown, strlen(shown), NULL);
    wki_jwt_key *key = NULL;
    wki_buf out;
    cjose_jws_t *jws;
    wk_error err = {0};

    wki_buf_init(&out, 10000, "jws");
    T_OK(READ(secret, "ES384", NULL, &key, &err), &err);
    T_OK(wki_jws_sign(key, "ES384", NULL, NULL, "abc", 3, &out, &err), &err);
    jws = cjose_jws_import(wki_buf_text(&out), out.n, NULL);
    CU_ASSERT(jws && cjose_jws_verify(jws, pub, NULL));
    cjose_jws_release(jws);
    wki_buf_clear(&out);
    wki_jwt_key_free(key);
    cjose_jwk_release(pub);
    cjose_jwk_release(pair);
    cjose_get_dealloc()(secret);
    cjose_get_dealloc()(shown);
}

static void test_the_key_id_comes_from_the_option_or_the_jwk(void)
{
    wki_jwt_key *key = NULL;
    wk_error err = {0};

    T_OK(READ(RFC7515_JWK("\"kid\":\"own\","), NULL, NULL, &key, &err), &err);
    T_STR(wki_jwt_key_id(key), "own");
    T_STR(wki_jwt_key_alg(key), "RS384");
    wki_jwt_key_free(key);
    T_OK(READ(RFC7515_JWK("\"kid\":\"own\","), "RS384", "mine", &key, &err), &err);
    T_STR(wki_jwt_key_id(key), "mine");
    wki_jwt_key_free(key);
}

static void test_a_key_set_gives_its_private_key(void)
{
    static const char one[] = "{\"keys\":[" RFC7515_PUBLIC "," RFC7515_JWK("\"kid\":\"a\",") "]}";
    static const char two[] =
        "{\"keys\":[" RFC7515_JWK("\"kid\":\"a\",") "," RFC7515_JWK("\"kid\":\"b\",") "]}";
    wki_jwt_key *key = NULL;
    wk_error err = {0};

    T_OK(READ(one, NULL, NULL, &key, &err), &err);
    T_STR(wki_jwt_key_id(key), "a");
    wki_jwt_key_free(key);
    T_OK(READ(two, NULL, "b", &key, &err), &err);
    T_STR(wki_jwt_key_id(key), "b");
    wki_jwt_key_free(key);
    key = NULL;
    T_FAILS(READ(two, NULL, NULL, &key, &err), WK_USAGE, &err);
    T_STR(err.setting, "key-id");
    CU_ASSERT_PTR_NULL(key);
}

static void test_what_cannot_sign_is_refused_and_says_why(void)
{
    char *locked = rsa_pem(2048, EVP_aes_128_cbc());
    char *small = rsa_pem(1024, NULL);
    char *p256 = ec_pem("P-256");
    char *ec = ec_pem("P-384");
    char *mixed = strdup(RFC7515_JWK(""));
    struct {
        const char *text, *alg, *says;
    } rows[] = {
        {"", NULL, "neither a PEM file nor a JWK"},
        {"hello", NULL, "neither a PEM file nor a JWK"},
        {"{", NULL, ""},
        {"{\"keys\":[]}", NULL, "no private key"},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", NULL, "not a JWK of type RSA or EC"},
        {RFC7515_PUBLIC, NULL, "public key"},
        {RFC7515_JWK("\"alg\":\"RS256\","), NULL, "for RS256, not for RS384"},
        {RFC7515_JWK(""), "ES384", "signs RS384, not ES384"},
        {RFC7515_JWK(""), "HS256", "RS384 or ES384"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"AA\",\"x\":\"AA\",\"y\":\"AA\"}", NULL,
         "P-384"},
        {"{\"kty\":\"EC\",\"crv\":\"P-384\",\"d\":\"AA\",\"x\":\"AA\",\"y\":\"AA\"}", NULL, "key"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", NULL, "no private key"},
        {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", NULL, "public key"},
        {locked, NULL, "passphrase"},
        {small, NULL, "1024 bits"},
        {p256, NULL, "P-384"},
        {ec, "RS384", "signs ES384, not RS384"},
        {mixed, NULL, "do not belong together"},
    };

    strstr(mixed, "\"n\":\"ofgW")[7] = 'A';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_jwt_key *key = NULL;
        wk_error err = {0};

        CU_ASSERT_NOT_EQUAL(READ(rows[i].text, rows[i].alg, NULL, &key, &err), WK_OK);
        CU_ASSERT_PTR_NULL(key);
        T_HAS(err.message, rows[i].says);
        CU_ASSERT_PTR_NULL(strstr(err.message, "AAAA"));
    }
    free(locked);
    free(small);
    free(p256);
    free(ec);
    free(mixed);
}

static void test_opaque_tokens_tell_no_expiry(void)
{
    CU_ASSERT_EQUAL(wki_jwt_expiry("abc"), 0);
    CU_ASSERT_EQUAL(wki_jwt_expiry("a.b"), 0);
    CU_ASSERT_EQUAL(wki_jwt_expiry("a.!!.c"), 0);
    CU_ASSERT_EQUAL(wki_jwt_expiry("e30.e30.x"), 0);
    CU_ASSERT_EQUAL(wki_jwt_expiry("e30.eyJleHAiOjEyM30.x"), 123);
}

static CU_TestInfo tests[] = {
    {"the RFC 7515 example is signed to the letter",
     test_the_rfc_7515_example_is_signed_to_the_letter},
    {"assertions say who, where and until when", test_assertions_say_who_where_and_until_when},
    {"ES384 signatures verify with the public JWK",
     test_es384_signatures_verify_with_the_public_jwk},
    {"the key id comes from the option or the JWK",
     test_the_key_id_comes_from_the_option_or_the_jwk},
    {"a key set gives its private key", test_a_key_set_gives_its_private_key},
    {"what cannot sign is refused and says why", test_what_cannot_sign_is_refused_and_says_why},
    {"opaque tokens tell no expiry", test_opaque_tokens_tell_no_expiry},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_jwt = {"jwt", NULL, NULL, NULL, NULL, tests};
