#include "support/t.h"

#include "auth/pkce.h"
#include "core/base64.h"

static void test_base64_is_that_of_rfc_4648(void)
{
    static const struct {
        const char *raw, *text, *url;
    } rows[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wk_error err = {0};
        wki_buf text, url, back;

        wki_buf_init(&text, 100, "text");
        wki_buf_init(&url, 100, "url");
        wki_buf_init(&back, 100, "back");
        T_OK(wki_base64_encode(&text, rows[i].raw, strlen(rows[i].raw), &err), &err);
        T_OK(wki_base64url_encode(&url, rows[i].raw, strlen(rows[i].raw), &err), &err);
        T_OK(wki_base64url_decode(&back, rows[i].url, strlen(rows[i].url), &err), &err);
        T_STR(wki_buf_text(&text), rows[i].text);
        T_STR(wki_buf_text(&url), rows[i].url);
        T_STR(wki_buf_text(&back), rows[i].raw);
        wki_buf_clear(&text);
        wki_buf_clear(&url);
        wki_buf_clear(&back);
    }
}

static void test_what_is_no_base64url_is_refused(void)
{
    static const char *const rows[] = {"Z", "Zg==", "Zm+v", "Zm 9", "Zm9vY"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wk_error err = {0};
        wki_buf back;

        wki_buf_init(&back, 100, "back");
        T_FAILS(wki_base64url_decode(&back, rows[i], strlen(rows[i]), &err), WK_DATA, &err);
        wki_buf_clear(&back);
    }
}

static void test_challenges_are_those_of_the_published_vectors(void)
{
    static const struct {
        const char *verifier, *challenge;
    } rows[] = {
        /* RFC 7636 appendix B */
        {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
         "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
        /* SMART App Launch, the worked example */
        {"o28xyrYY7-lGYfnKwRjHEZWlFIPlzVnFPYMWbH-g_BsNnQNem-IAg9fDh92X0KtvHCPO5_C-RJd2QhApKQ-2cRp-"
         "S_W3qmTidTEPkeWyniKQSF9Q_k10Q5wMc8fGzoyF",
         "YPXe7B8ghKrj8PsT4L6ltupgI12NQJ5vblB07F4rGaw"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wk_error err = {0};
        char challenge[WKI_NONCE_SIZE];

        T_OK(wki_pkce_challenge(rows[i].verifier, challenge, &err), &err);
        T_STR(challenge, rows[i].challenge);
    }
}

static void test_a_verifier_of_the_wrong_length_or_alphabet_is_refused(void)
{
    char challenge[WKI_NONCE_SIZE];
    char text[130];
    wk_error err = {0};

    memset(text, 'a', sizeof text);
    text[42] = '\0';
    T_FAILS(wki_pkce_challenge(text, challenge, &err), WK_USAGE, &err);
    text[42] = 'a';
    text[129] = '\0';
    T_FAILS(wki_pkce_challenge(text, challenge, &err), WK_USAGE, &err);
    T_FAILS(wki_pkce_challenge("dBjftJeZ4CVP+mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge, &err),
            WK_USAGE, &err);
}

static void test_nonces_differ_and_are_good_verifiers(void)
{
    char a[WKI_NONCE_SIZE], b[WKI_NONCE_SIZE], challenge[WKI_NONCE_SIZE];
    wk_error err = {0};

    T_OK(wki_nonce_make(wki_clock_system(), a, &err), &err);
    T_OK(wki_nonce_make(wki_clock_system(), b, &err), &err);
    CU_ASSERT_STRING_NOT_EQUAL(a, b);
    CU_ASSERT_EQUAL(strlen(a), 43);
    T_OK(wki_pkce_challenge(a, challenge, &err), &err);
    CU_ASSERT_EQUAL(strlen(challenge), 43);
}

static CU_TestInfo tests[] = {
    {"base64 is that of RFC 4648", test_base64_is_that_of_rfc_4648},
    {"what is no base64url is refused", test_what_is_no_base64url_is_refused},
    {"challenges are those of the published vectors",
     test_challenges_are_those_of_the_published_vectors},
    {"a verifier of the wrong length or alphabet is refused",
     test_a_verifier_of_the_wrong_length_or_alphabet_is_refused},
    {"nonces differ and are good verifiers", test_nonces_differ_and_are_good_verifiers},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_pkce = {"pkce", NULL, NULL, NULL, NULL, tests};
