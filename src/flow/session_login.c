#include "flow/session_login.h"

#include <stdlib.h>
#include <string.h>

#include "auth/credential.h"
#include "core/text.h"
#include "http/url.h"

bool wki_auth_is_login(const char *auth, wki_auth_method *method)
{
    static const wki_auth_method methods[] = {WKI_METHOD_CLIENT, WKI_METHOD_BACKEND,
                                              WKI_METHOD_SMART};

    for (size_t i = 0; auth && i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(auth, wki_auth_method_name(methods[i])) == 0) {
            *method = methods[i];
            return true;
        }
    }
    return false;
}

/* A client certificate may be wanted where tokens are given out too; headers and the rest of what
 * was configured are for the data's servers alone. */
static wk_code make_http(wk_session *s, wki_session_login *login, wk_error *err)
{
    const wk_session_opts *p = &s->opts;
    char *origin = NULL;
    const char *origins[1];
    wki_http_opts h;
    wk_code rc = p->token_url ? wki_url_origin(p->token_url, &origin, err) : WK_OK;

    if (rc != WK_OK)
        return wk_fail_add(err, "token-url: ");
    origins[0] = origin;
    wki_session_http_opts(s, &h);
    h.origins = origins;
    h.n_origins = origin ? 1 : 0;
    rc = wki_http_new(&h, &login->http, err);
    free(origin);
    return rc;
}

static wk_code read_key(const wk_session_opts *p, wki_session_login *login, wk_error *err)
{
    char *text = NULL;
    size_t n = 0;
    wk_code rc;

    if (!p->private_key) {
        if (p->key_id || p->jwt_alg)
            return wk_fail_setting(err, WK_USAGE, "private-key",
                                   "a key id and an algorithm are of use with a private key");
        return WK_OK;
    }
    rc = wki_secret_file_read_all(p->private_key, &text, &n, err);
    if (rc == WK_OK)
        rc = wki_jwt_key_read(text, n, p->private_key, p->jwt_alg, p->key_id, &login->key, err);
    if (text)
        explicit_bzero(text, n);
    free(text);
    return rc;
}

static wk_code check_opts(const wk_session_opts *p, wk_error *err)
{
    if (p->user || p->token_command || p->netrc)
        return wk_fail_setting(err, WK_USAGE, "user token-command netrc",
                               "auth %s gets its own tokens: leave out other credentials", p->auth);
    if (p->private_key && (p->client_secret || p->client_secret_file))
        return wk_fail(err, WK_USAGE, "a private key and a client secret: give one of them");
    return WK_OK;
}

/* Files that hold secrets; both are wiped by the caller. */
static wk_code read_secrets(const wk_session_opts *p, char **secret, char **first, wk_error *err)
{
    wk_code rc = WK_OK;

    if (p->client_secret_file)
        rc = wki_secret_file_read(p->client_secret_file, secret, err);
    if (rc == WK_OK && p->token_file)
        rc = wki_secret_file_read(p->token_file, first, err);
    return rc;
}

static const char *bare_token(const char *text)
{
    if (text && wki_str_istarts(text, "Bearer "))
        text += 7 + strspn(text + 7, " ");
    return text;
}

static wk_code make_source(wk_session *s, wki_session_login *login, wk_error *err)
{
    const wk_session_opts *p = &s->opts;
    char *secret = NULL, *first = NULL;
    wk_code rc = read_secrets(p, &secret, &first, err);

    if (rc == WK_OK) {
        wki_token_source_opts o = {
            .method = login->method,
            .fhir = p->fhir,
            .token_url = p->token_url,
            .authorize_url = p->authorize_url,
            .client_id = p->client_id,
            .client_secret = login->key ? NULL
                             : secret   ? secret
                                        : p->client_secret,
            .client_auth = p->client_auth,
            .key = login->key,
            .scope = p->scope,
            .profile = p->profile,
            .first_token = bare_token(first),
            .state_dir = p->state_dir,
            .exchange = login->exchange,
            .clock = s->clock,
            .log = &s->log,
            .cancel = p->cancel,
        };

        rc = wki_token_source_new(&o, &login->source, err);
    }
    wki_secret_free(secret);
    wki_secret_free(first);
    return rc;
}

wk_code wki_session_login_new(wk_session *session, wki_auth_method method, wki_session_login **out,
                              wk_error *err)
{
    wki_session_login *login = calloc(1, sizeof *login);
    wk_code rc = login ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK)
        rc = check_opts(&session->opts, err);
    if (rc == WK_OK) {
        login->method = method;
        rc = make_http(session, login, err);
    }
    if (rc == WK_OK) {
        login->exchange = wki_exchange_http(login->http);
        rc = read_key(&session->opts, login, err);
    }
    if (rc == WK_OK)
        rc = make_source(session, login, err);
    if (rc == WK_OK)
        *out = login;
    else
        wki_session_login_free(login);
    return rc;
}

void wki_session_login_free(wki_session_login *login)
{
    if (!login)
        return;
    wki_token_source_free(login->source);
    wki_jwt_key_free(login->key);
    wki_http_free(login->http);
    free(login);
}
