#include "auth/login.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/buf.h"
#include "core/text.h"
#include "http/url.h"

/* ---- the request ---- */

static wk_code build_url(wki_login *login, const wki_login_params *p, wk_error *err)
{
    char challenge[WKI_NONCE_SIZE];
    const struct {
        const char *name, *value;
    } fields[] = {
        {"response_type", "code"},
        {"client_id", p->client_id},
        {"redirect_uri", p->redirect_uri},
        {"scope", p->scope && *p->scope ? p->scope : NULL},
        {"state", login->state},
        {"aud", p->aud},
        {"launch", p->launch},
        {"code_challenge", challenge},
        {"code_challenge_method", "S256"},
        {"prompt", p->prompt},
    };
    wki_buf url;
    wk_code rc = wki_pkce_challenge(login->verifier, challenge, err);

    wki_buf_init(&url, WK_MAX_URL_BYTES, "authorization request");
    if (rc == WK_OK)
        rc = wki_buf_add(&url, p->authorize_url, strcspn(p->authorize_url, "#"), err);
    if (rc == WK_OK && !strchr(wki_buf_text(&url), '?'))
        rc = wki_buf_add(&url, "?", 1, err);
    for (size_t i = 0; rc == WK_OK && i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].value)
            rc = wki_form_add(&url, fields[i].name, fields[i].value, err);
    }
    if (rc == WK_OK)
        login->url = wki_buf_take(&url);
    wki_buf_clear(&url);
    return rc;
}

wk_code wki_login_begin(wki_login *login, const wki_login_params *params, const wki_clock *clock,
                        wk_error *err)
{
    wk_code rc = wki_nonce_make(clock, login->state, err);

    if (rc == WK_OK)
        rc = wki_nonce_make(clock, login->verifier, err);
    if (rc == WK_OK)
        rc = build_url(login, params, err);
    if (rc == WK_OK && params->issuer && !(login->issuer = wki_strdup(params->issuer)))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc != WK_OK)
        wki_login_clear(login);
    return rc;
}

void wki_login_clear(wki_login *login)
{
    free(login->url);
    free(login->issuer);
    explicit_bzero(login, sizeof *login);
}

/* ---- the answer ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A value of application/x-www-form-urlencoded; NULL where it holds a NUL or memory is out. */
static char *decoded(const char *text, size_t n)
{
    char *out = malloc(n + 1);
    size_t used = 0;

    for (size_t i = 0; out && i < n; i++) {
        char c = text[i] == '+' ? ' ' : text[i];

        if (c == '%' && i + 2 < n && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            c = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        }
        if (c == '\0') {
            free(out);
            return NULL;
        }
        out[used++] = c;
    }
    if (out)
        out[used] = '\0';
    return out;
}

/* The query of an answer, its length in *n: what was pasted may be the whole URL. */
static const char *query_of(const char *answer, size_t *n)
{
    const char *query = strchr(answer, '?');

    query = query ? query + 1 : answer + strspn(answer, " \t\r\n");
    *n = strcspn(query, "# \t\r\n");
    return query;
}

/* The value of a parameter on the heap, NULL where it is absent; *times: how often it is there. */
static char *parameter(const char *answer, const char *name, int *times)
{
    size_t n, name_n = strlen(name);
    const char *query = query_of(answer, &n);
    const char *end = query + n;
    char *value = NULL;

    *times = 0;
    for (const char *p = query; p < end;) {
        size_t pair_n = strcspn(p, "&");

        if (pair_n > (size_t)(end - p))
            pair_n = (size_t)(end - p);
        if (pair_n > name_n && p[name_n] == '=' && strncmp(p, name, name_n) == 0) {
            if ((*times)++ == 0)
                value = decoded(p + name_n + 1, pair_n - name_n - 1);
        }
        p += pair_n + 1;
    }
    return value;
}

bool wki_login_matches(const wki_login *login, const char *answer)
{
    int times;
    char *state = parameter(answer, "state", &times);
    bool same = times == 1 && state && strcmp(state, login->state) == 0;

    free(state);
    return same;
}

static bool same_issuer(const char *a, const char *b)
{
    size_t a_n = strlen(a), b_n = strlen(b);

    a_n -= a_n > 0 && a[a_n - 1] == '/';
    b_n -= b_n > 0 && b[b_n - 1] == '/';
    return a_n == b_n && strncmp(a, b, a_n) == 0;
}

/* Another server's answer to our request would hand our code to the wrong place (RFC 9207). */
static wk_code check_issuer(const wki_login *login, const char *answer, wk_error *err)
{
    int times;
    char *iss = parameter(answer, "iss", &times);
    char shown[256];
    wk_code rc = WK_OK;

    if (times > 0 && login->issuer && (!iss || !same_issuer(iss, login->issuer))) {
        wki_text_clean(shown, sizeof shown, iss ? iss : "", iss ? strlen(iss) : 0);
        rc = wk_fail(err, WK_REFUSED, "the answer to the login comes from %s, not from %s; refused",
                     shown, login->issuer);
    }
    free(iss);
    return rc;
}

static const char *advice_for(const char *error, const char **setting)
{
    static const struct {
        const char *error, *advice, *setting;
    } rows[] = {
        {"access_denied", "it was declined there", NULL},
        {"invalid_scope", "set the scope to what the client is registered for", "scope"},
        {"unauthorized_client", "check the client id and the client's registration", "client-id"},
        {"invalid_request", "check that the redirect address is registered", "redirect-port"},
        {"unsupported_response_type", "check the client's registration", NULL},
        {"server_error", "try again later", NULL},
        {"temporarily_unavailable", "try again later", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].error, error) == 0) {
            *setting = rows[i].setting;
            return rows[i].advice;
        }
    }
    return "ask the operator of the login server";
}

static wk_code check_error(const char *answer, wk_error *err)
{
    int times;
    char *error = parameter(answer, "error", &times);
    char *description = parameter(answer, "error_description", &times);
    char error_shown[64], description_shown[200] = "";
    const char *setting = NULL, *advice;
    wk_code rc = WK_OK;

    if (error) {
        wki_text_clean(error_shown, sizeof error_shown, error, strlen(error));
        if (description)
            wki_text_clean(description_shown, sizeof description_shown, description,
                           strlen(description));
        advice = advice_for(error, &setting);
        rc = wk_fail_setting(err, WK_AUTH, setting, "the login failed (%s%s%s): %s", error_shown,
                             description ? ": " : "", description_shown, advice);
    }
    free(error);
    free(description);
    return rc;
}

wk_code wki_login_finish(wki_login *login, const char *answer, char **code, wk_error *err)
{
    int times;
    char *found;
    wk_code rc;

    if (login->answered)
        return wk_fail(err, WK_REFUSED, "this login has been answered already");
    if (strlen(answer) > WK_MAX_URL_BYTES)
        return wk_fail(err, WK_LIMIT, "the answer to the login is longer than %d bytes",
                       WK_MAX_URL_BYTES);
    if (!strchr(answer, '='))
        return wk_fail(err, WK_DATA,
                       "this is not the address that the browser was sent to: it "
                       "must hold code=... and state=...");
    if (!wki_login_matches(login, answer))
        return wk_fail(err, WK_REFUSED,
                       "the answer does not belong to this login (its state differs); refused");
    login->answered = true;
    rc = check_issuer(login, answer, err);
    if (rc == WK_OK)
        rc = check_error(answer, err);
    if (rc != WK_OK)
        return rc;
    found = parameter(answer, "code", &times);
    if (times > 1)
        rc = wk_fail(err, WK_REFUSED, "the answer to the login has two codes; refused");
    else if (!found || !*found)
        rc = wk_fail(err, WK_DATA, "the answer to the login has no code");
    if (rc == WK_OK)
        *code = found;
    else
        free(found);
    return rc;
}
