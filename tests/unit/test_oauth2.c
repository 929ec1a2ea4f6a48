#include "support/t.h"

#include <stdlib.h>

#include "auth/oauth2.h"
#include "support/keys.h"

#define SECRET "s3 cr/et+100%:x"

static const wki_oauth2_client post = {.token_url = "https://as.example/token",
                                       .client_id = "my client",
                                       .auth = WKI_CLIENT_POST,
                                       .secret = SECRET};
static const wki_oauth2_grant ccd = {.type = WKI_GRANT_CLIENT, .scope = "CCD"};

/* ---- requests ---- */

static void check_request(const wki_oauth2_client *client, const wki_oauth2_grant *grant,
                          const char *form_due, const char *authorization_due)
{
    wki_buf form, authorization;
    wk_error err = {0};

    wki_buf_init(&form, 10000, "form");
    wki_buf_init(&authorization, 10000, "authorization");
    T_OK(wki_oauth2_request(client, grant, wki_clock_system(), &form, &authorization, &err), &err);
    T_STR(wki_buf_text(&form), form_due);
    T_STR(wki_buf_text(&authorization), authorization_due);
    wki_buf_clear(&form);
    wki_buf_clear(&authorization);
}

static void test_a_secret_in_the_form_is_form_urlencoded(void)
{
    check_request(&post, &ccd,
                  "grant_type=client_credentials&client_id=my%20client"
                  "&client_secret=s3%20cr%2Fet%2B100%25%3Ax&scope=CCD",
                  "");
}

static void test_basic_encodes_both_halves_unless_told_otherwise(void)
{
    wki_oauth2_client c = post;

    c.auth = WKI_CLIENT_BASIC; /* my%20client:s3%20cr%2Fet%2B100%25%3Ax */
    check_request(&c, &ccd, "grant_type=client_credentials&scope=CCD",
                  "Basic bXklMjBjbGllbnQ6czMlMjBjciUyRmV0JTJCMTAwJTI1JTNBeA==");
    c.auth = WKI_CLIENT_BASIC_RAW; /* my client:s3 cr/et+100%:x */
    check_request(&c, &ccd, "grant_type=client_credentials&scope=CCD",
                  "Basic bXkgY2xpZW50OnMzIGNyL2V0KzEwMCU6eA==");
}

static void test_public_clients_send_their_id_and_the_verifier(void)
{
    wki_oauth2_client c = {.token_url = post.token_url, .client_id = "app"};
    wki_oauth2_grant code = {.type = WKI_GRANT_CODE,
                             .scope = "patient/Patient.rs",
                             .code = "c&1",
                             .redirect_uri = "http://127.0.0.1:49152/callback",
                             .code_verifier = "vvv"};
    wki_oauth2_grant refresh = {.type = WKI_GRANT_REFRESH, .refresh_token = "r1"};

    check_request(&c, &code,
                  "grant_type=authorization_code&code=c%261"
                  "&redirect_uri=http%3A%2F%2F127.0.0.1%3A49152%2Fcallback&code_verifier=vvv"
                  "&client_id=app",
                  "");
    check_request(&c, &refresh, "grant_type=refresh_token&refresh_token=r1&client_id=app", "");
}

static void test_every_assertion_is_a_new_one(void)
{
    wki_oauth2_client c = {.token_url = post.token_url, .client_id = "app", .auth = WKI_CLIENT_JWT};
    wki_jwt_key *key = NULL;
    wki_buf form[2], authorization;
    wk_error err = {0};

    T_OK(wki_jwt_key_read(RFC7515_JWK(""), strlen(RFC7515_JWK("")), "key", NULL, "k1", &key, &err),
         &err);
    c.key = key;
    wki_buf_init(&authorization, 100, "authorization");
    for (int i = 0; i < 2; i++) {
        wki_buf_init(&form[i], 10000, "form");
        T_OK(wki_oauth2_request(&c, &ccd, wki_clock_system(), &form[i], &authorization, &err),
             &err);
        T_HAS(wki_buf_text(&form[i]),
              "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
              "client-assertion-type%3Ajwt-bearer&client_assertion=eyJ");
        T_HAS(wki_buf_text(&form[i]), "&scope=CCD");
        CU_ASSERT_PTR_NULL(strstr(wki_buf_text(&form[i]), "client_id"));
    }
    CU_ASSERT_STRING_NOT_EQUAL(wki_buf_text(&form[0]), wki_buf_text(&form[1]));
    CU_ASSERT_EQUAL(authorization.n, 0);
    wki_buf_clear(&form[0]);
    wki_buf_clear(&form[1]);
    wki_jwt_key_free(key);
}

/* ---- answers ---- */

static wk_code read_answer(int status, const char *type, const char *body,
                           const wki_oauth2_client *client, const wki_oauth2_grant *grant,
                           wki_token *token, wki_oauth2_refusal *refusal, wk_error *err)
{
    wki_oauth2_answer a = {.status = status, .content_type = type, .body = body, .n = strlen(body)};

    return wki_oauth2_read(&a, client, grant, 1000, token, refusal, err);
}

static void test_tokens_are_read_in_every_shape(void)
{
    static const struct {
        const char *body, *scope;
        int64_t expires;
    } rows[] = {
        {"{\"access_token\":\"T\",\"token_type\":\"Bearer\",\"expires_in\":300,\"scope\":\"CCD\"}",
         "CCD", 1300},
        {"{\"access_token\":\"T\",\"token_type\":\"bearer\",\"expires_in\":\"300\"}", NULL, 1300},
        {"{\"access_token\":\"T\",\"token_type\":\"BEARER\",\"expires_in\":299.5}", NULL, 1299},
        {"{\"access_token\":\"T\"}", NULL, 0},
        {"{\"access_token\":\"T\",\"expires_in\":0}", NULL, 0},
        {"{\"access_token\":\"T\",\"expires_in\":-5}", NULL, 0},
        {"{\"access_token\":\"T\",\"expires_in\":1e300}", NULL, 0},
        {"{\"access_token\":\"T\",\"expires_in\":\"soon\"}", NULL, 0},
        {"{\"access_token\":\"T\",\"expires_in\":null,\"scope\":null}", NULL, 0},
        {"\xEF\xBB\xBF {\"access_token\":\"T\",\"error\":null}\r\n", NULL, 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_token t = {0};
        wk_error err = {0};

        T_OK(read_answer(200, "text/plain", rows[i].body, &post, &ccd, &t, NULL, &err), &err);
        T_STR(t.access_token, "T");
        CU_ASSERT_EQUAL(t.expires_s, rows[i].expires);
        CU_ASSERT_EQUAL(t.obtained_s, 1000);
        CU_ASSERT((t.scope == NULL) == (rows[i].scope == NULL));
        wki_token_clear(&t);
    }
}

static void test_launch_context_is_kept(void)
{
    wki_token t = {0};
    wk_error err = {0};

    T_OK(read_answer(200, "application/json",
                     "{\"access_token\":\"T\",\"patient\":\"p1\",\"encounter\":17,"
                     "\"fhirContext\":[{\"reference\":\"ImagingStudy/123\"}],"
                     "\"refresh_token\":\"R\",\"id_token\":\"x\"}",
                     &post, &ccd, &t, NULL, &err),
         &err);
    T_STR(t.patient, "p1");
    T_STR(t.encounter, "17");
    T_STR(t.context, "[{\"reference\":\"ImagingStudy/123\"}]");
    T_STR(t.refresh_token, "R");
    wki_token_clear(&t);
}

static void test_a_refresh_keeps_the_old_token_unless_there_is_a_new_one(void)
{
    static const wki_oauth2_grant refresh = {.type = WKI_GRANT_REFRESH, .refresh_token = "old1"};
    wki_token t = {0};
    wk_error err = {0};

    T_OK(read_answer(200, "", "{\"access_token\":\"T\"}", &post, &refresh, &t, NULL, &err), &err);
    T_STR(t.refresh_token, "old1");
    wki_token_clear(&t);
    T_OK(read_answer(200, "", "{\"access_token\":\"T\",\"refresh_token\":\"new1\"}", &post,
                     &refresh, &t, NULL, &err),
         &err);
    T_STR(t.refresh_token, "new1");
    wki_token_clear(&t);
}

static void test_refusals_say_what_to_do(void)
{
    static const wki_oauth2_grant refresh = {.type = WKI_GRANT_REFRESH, .refresh_token = "old1"};
    static const wki_oauth2_grant code = {.type = WKI_GRANT_CODE, .code = "code-1"};
    static const struct {
        int status;
        const char *type, *body;
        const wki_oauth2_grant *grant;
        wk_code rc;
        wki_oauth2_refusal refusal;
        const char *says;
    } rows[] = {
        {401, "application/json", "{\"error\":\"invalid_client\"}", &ccd, WK_AUTH,
         WKI_REFUSAL_CLIENT, "check client-id and the client secret"},
        {400, "", "{\"error\":\"invalid_client\",\"error_description\":\"no such\\nclient\"}", &ccd,
         WK_AUTH, WKI_REFUSAL_CLIENT, "(invalid_client: no such?client)"},
        {200, "", "{\"error\":\"invalid_client\"}", &ccd, WK_AUTH, WKI_REFUSAL_CLIENT, "client"},
        {401, "", "", &ccd, WK_AUTH, WKI_REFUSAL_CLIENT, "client secret"},
        {401, "text/html", "<html>no</html>", &ccd, WK_AUTH, WKI_REFUSAL_CLIENT, "client secret"},
        {400, "", "{\"error\":\"invalid_scope\"}", &ccd, WK_AUTH, WKI_REFUSAL_SCOPE, "'CCD'"},
        {400, "", "{\"error\":\"invalid_grant\"}", &refresh, WK_AUTH, WKI_REFUSAL_GRANT,
         "wadokit auth login"},
        {401, "", "{\"error\":\"invalid_grant\"}", &refresh, WK_AUTH, WKI_REFUSAL_GRANT,
         "wadokit auth login"},
        {403, "", "{\"error\":\"invalid_grant\"}", &code, WK_AUTH, WKI_REFUSAL_GRANT, "used up"},
        {400, "", "{\"error\":\"unsupported_grant_type\"}", &ccd, WK_AUTH, WKI_REFUSAL_OTHER,
         "this way"},
        {400, "", "{\"error\":\"unauthorized_client\"}", &ccd, WK_AUTH, WKI_REFUSAL_OTHER,
         "registration"},
        {400, "", "{\"errorCode\":\"E1\",\"errorSummary\":\"bad day\"}", &ccd, WK_AUTH,
         WKI_REFUSAL_OTHER, "HTTP 400 (E1: bad day)"},
        {400, "", "{\"error\":{\"code\":\"invalid_scope\",\"message\":\"m\"}}", &ccd, WK_AUTH,
         WKI_REFUSAL_SCOPE, "(invalid_scope: m)"},
        {403, "text/html", "<!DOCTYPE html><p>", &ccd, WK_AUTH, WKI_REFUSAL_NONE, "web page"},
        {200, "text/html; charset=utf-8", "<html>Sign in", &ccd, WK_DATA, WKI_REFUSAL_NONE,
         "a web page (HTML) instead of a token: check the URL"},
        {200, "application/json", "<OperationOutcome/>", &ccd, WK_DATA, WKI_REFUSAL_NONE, "XML"},
        {200, "application/json", "{}", &ccd, WK_DATA, WKI_REFUSAL_NONE,
         "JSON without an access_token instead of a token"},
        {200, "", "", &ccd, WK_DATA, WKI_REFUSAL_NONE, "nothing"},
        {204, "", "", &ccd, WK_DATA, WKI_REFUSAL_NONE, "nothing"},
        {302, "", "", &ccd, WK_NOT_FOUND, WKI_REFUSAL_NONE, "redirect"},
        {404, "text/html", "<html>", &ccd, WK_NOT_FOUND, WKI_REFUSAL_NONE,
         "not the token endpoint"},
        {429, "", "", &ccd, WK_NET, WKI_REFUSAL_NONE, "too many"},
        {503, "text/html", "<html>", &ccd, WK_NET, WKI_REFUSAL_NONE, "HTTP 503"},
        {200, "", "{\"access_token\":\"T\",\"token_type\":\"DPoP\"}", &ccd, WK_AUTH,
         WKI_REFUSAL_NONE, "'DPoP'"},
        {200, "", "{\"access_token\":\"a\\r\\nX: y\"}", &ccd, WK_DATA, WKI_REFUSAL_NONE, "header"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_token t = {0};
        wki_oauth2_refusal refusal = WKI_REFUSAL_NONE;
        wk_error err = {0};

        T_FAILS(read_answer(rows[i].status, rows[i].type, rows[i].body, &post, rows[i].grant, &t,
                            &refusal, &err),
                rows[i].rc, &err);
        T_HAS(err.message, rows[i].says);
        T_HAS(err.message, "https://as.example/token");
        CU_ASSERT_EQUAL(refusal, rows[i].refusal);
        CU_ASSERT_EQUAL(err.http_status, rows[i].status);
        CU_ASSERT_PTR_NULL(t.access_token);
    }
}

static void test_a_secret_that_the_server_repeats_is_not_shown(void)
{
    static const char *const rows[] = {
        "{\"error\":\"invalid_client\",\"error_description\":\"bad secret " SECRET "\"}",
        "{\"error\":\"invalid_client\",\"error_description\":\"got eyJhbGciOi.eyJ.x\"}",
        "{\"error\":\"" SECRET "\"}",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_token t = {0};
        wk_error err = {0};

        T_FAILS(read_answer(401, "", rows[i], &post, &ccd, &t, NULL, &err), WK_AUTH, &err);
        CU_ASSERT_PTR_NULL(strstr(err.message, SECRET));
        CU_ASSERT_PTR_NULL(strstr(err.message, "eyJ"));
    }
}

static void test_a_clock_that_is_off_is_named(void)
{
    static const char body[] = "{\"error\":\"invalid_client\"}";
    wki_oauth2_client c = post;
    wki_oauth2_answer a = {.status = 401, .content_type = "", .body = body, .n = strlen(body)};
    wki_token t = {0};

    c.auth = WKI_CLIENT_JWT;
    for (int i = 0; i < 3; i++) {
        static const char *const says[] = {"check client-id", "500 s ahead of", "400 s behind"};
        static const int64_t server[] = {990, 500, 1400};
        wk_error err = {0};

        a.server_time_s = server[i];
        T_FAILS(wki_oauth2_read(&a, &c, &ccd, 1000, &t, NULL, &err), WK_AUTH, &err);
        T_HAS(err.message, says[i]);
    }
}

static void test_tokens_are_renewed_before_they_end(void)
{
    static const struct {
        int64_t life, at, unknown;
        bool fresh;
    } rows[] = {
        {3600, 3539, 0, true}, {3600, 3540, 0, false}, {300, 239, 0, true},  {300, 240, 0, false},
        {10, 7, 0, true},      {10, 8, 0, false},      {2, 1, 0, true},      {2, 2, 0, false},
        {0, 100000, 0, true},  {0, 299, 300, true},    {0, 300, 300, false},
    };
    char access[] = "T";

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_token t = {.access_token = access,
                       .obtained_s = 1000,
                       .expires_s = rows[i].life ? 1000 + rows[i].life : 0};

        CU_ASSERT_EQUAL(wki_token_is_fresh(&t, 1000 + rows[i].at, rows[i].unknown), rows[i].fresh);
    }
    CU_ASSERT_FALSE(wki_token_is_fresh(&(wki_token){0}, 0, 0));
}

static CU_TestInfo tests[] = {
    {"a secret in the form is form-urlencoded", test_a_secret_in_the_form_is_form_urlencoded},
    {"Basic encodes both halves unless told otherwise",
     test_basic_encodes_both_halves_unless_told_otherwise},
    {"public clients send their id and the verifier",
     test_public_clients_send_their_id_and_the_verifier},
    {"every assertion is a new one", test_every_assertion_is_a_new_one},
    {"tokens are read in every shape", test_tokens_are_read_in_every_shape},
    {"launch context is kept", test_launch_context_is_kept},
    {"a refresh keeps the old token unless there is a new one",
     test_a_refresh_keeps_the_old_token_unless_there_is_a_new_one},
    {"refusals say what to do", test_refusals_say_what_to_do},
    {"a secret that the server repeats is not shown",
     test_a_secret_that_the_server_repeats_is_not_shown},
    {"a clock that is off is named", test_a_clock_that_is_off_is_named},
    {"tokens are renewed before they end", test_tokens_are_renewed_before_they_end},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_oauth2 = {"oauth2", NULL, NULL, NULL, NULL, tests};
