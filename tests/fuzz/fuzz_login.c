/* What login servers, browsers and key files say. The first byte says which of them it is. */
#include <stdlib.h>
#include <string.h>

#include "auth/jwt.h"
#include "auth/login.h"
#include "auth/oauth2.h"
#include "auth/smart.h"
#include "fuzz.h"

#define FHIR "https://fhir.example/r4"

static void read_token(const char *text, size_t n)
{
    static const wki_oauth2_client client = {.token_url = "https://as.example/token",
                                             .client_id = "c",
                                             .auth = WKI_CLIENT_POST,
                                             .secret = "s3cr3t"};
    static const wki_oauth2_grant grant = {.type = WKI_GRANT_REFRESH, .refresh_token = "refresh"};
    static const int statuses[] = {200, 302, 400, 401, 404, 429, 500};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        wki_oauth2_answer answer = {
            .status = statuses[i], .content_type = "", .body = text, .n = n};
        wki_token token = {0};
        wk_error err = {0};

        if (wki_oauth2_read(&answer, &client, &grant, 1000, &token, NULL, &err) == WK_OK)
            FUZZ_HOLDS(token.access_token && !strpbrk(token.access_token, " \r\n"));
        else
            FUZZ_HOLDS(err.code != WK_OK && !strstr(err.message, "s3cr3t") &&
                       !strstr(err.message, "\n"));
        wki_token_clear(&token);
    }
}

static void check_config(wki_smart_config *c)
{
    FUZZ_HOLDS(c->token_url && wki_login_url_check(c->token_url, "token", NULL) == WK_OK);
    if (c->authorize_url)
        FUZZ_HOLDS(wki_login_url_check(c->authorize_url, "authorize", NULL) == WK_OK);
    for (size_t i = 0; i < c->n_origins; i++)
        FUZZ_HOLDS(strncmp(c->origins[i], "https://", 8) == 0);
    wki_smart_config_clear(c);
}

static void answer_login(const char *text)
{
    wki_login_params params = {.authorize_url = "https://as.example/a",
                               .client_id = "c",
                               .redirect_uri = "http://127.0.0.1:1/callback",
                               .issuer = "https://as.example"};
    wki_login login = {0};
    char *code = NULL;

    if (wki_login_begin(&login, &params, wki_clock_system(), NULL) != WK_OK)
        return;
    memcpy(login.state, "x", 2);
    if (wki_login_finish(&login, text, &code, NULL) == WK_OK)
        FUZZ_HOLDS(code && *code && strstr(text, "state=x"));
    free(code);
    wki_login_clear(&login);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size > 0 ? malloc(size) : NULL;
    wki_smart_config config = {0};
    wki_jwt_key *key = NULL;
    size_t n = size - 1;

    if (!text)
        return 0;
    memcpy(text, data + 1, n);
    text[n] = '\0';
    if (data[0] == 't')
        read_token(text, n);
    else if (data[0] == 'c' && wki_smart_config_read(FHIR, text, n, NULL, &config, NULL) == WK_OK)
        check_config(&config);
    else if (data[0] == 'm' && wki_smart_capability_read(FHIR, text, n, &config, NULL) == WK_OK)
        check_config(&config);
    else if (data[0] == 'r')
        answer_login(text);
    else if (data[0] == 'k' && wki_jwt_key_read(text, n, "key", NULL, NULL, &key, NULL) == WK_OK)
        wki_jwt_key_free(key);
    else if (data[0] == 'e')
        FUZZ_HOLDS(wki_jwt_expiry(text) >= 0);
    free(text);
    return 0;
}
