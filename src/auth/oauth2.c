#include "auth/oauth2.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/base64.h"
#include "core/text.h"
#include "http/url.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* ---- what is sent ---- */

static wk_code add_grant(const wki_oauth2_grant *g, wki_buf *form, wk_error *err)
{
    static const char *const names[] = {"client_credentials", "authorization_code",
                                        "refresh_token"};
    const struct {
        const char *name, *value;
    } fields[] = {
        {"grant_type", names[g->type]},
        {"code", g->type == WKI_GRANT_CODE ? g->code : NULL},
        {"redirect_uri", g->type == WKI_GRANT_CODE ? g->redirect_uri : NULL},
        {"code_verifier", g->type == WKI_GRANT_CODE ? g->code_verifier : NULL},
        {"refresh_token", g->type == WKI_GRANT_REFRESH ? g->refresh_token : NULL},
    };

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        wk_code rc =
            fields[i].value ? wki_form_add(form, fields[i].name, fields[i].value, err) : WK_OK;

        if (rc != WK_OK)
            return rc;
    }
    return WK_OK;
}

/* One half of a Basic pair as RFC 6749 section 2.3.1 wants it: form-urlencoded. */
static wk_code add_half(wki_buf *pair, const char *text, bool raw, wk_error *err)
{
    wki_buf coded;
    wk_code rc;

    if (raw)
        return wki_buf_add(pair, text, strlen(text), err);
    wki_buf_init(&coded, WK_MAX_HEADER_BYTES, "client credentials");
    rc = wki_form_add(&coded, "", text, err); /* gives "=text" */
    if (rc == WK_OK)
        rc = wki_buf_add(pair, wki_buf_text(&coded) + 1, coded.n - 1, err);
    wki_buf_clear(&coded);
    return rc;
}

static wk_code add_basic(const wki_oauth2_client *c, wki_buf *authorization, wk_error *err)
{
    bool raw = c->auth == WKI_CLIENT_BASIC_RAW;
    wki_buf pair;
    wk_code rc;

    wki_buf_init(&pair, WK_MAX_HEADER_BYTES / 2, "client credentials");
    rc = add_half(&pair, c->client_id, raw, err);
    if (rc == WK_OK)
        rc = wki_buf_add(&pair, ":", 1, err);
    if (rc == WK_OK)
        rc = add_half(&pair, c->secret, raw, err);
    if (rc == WK_OK)
        rc = wki_buf_add(authorization, "Basic ", 6, err);
    if (rc == WK_OK)
        rc = wki_base64_encode(authorization, pair.data, pair.n, err);
    wki_buf_clear(&pair);
    return rc;
}

static wk_code add_assertion(const wki_oauth2_client *c, const wki_clock *clock, wki_buf *form,
                             wk_error *err)
{
    wki_buf jwt;
    wk_code rc = wki_form_add(form, "client_assertion_type", ASSERTION_TYPE, err);

    wki_buf_init(&jwt, WK_MAX_HEADER_BYTES, "client assertion");
    if (rc == WK_OK)
        rc = wki_jwt_assertion(c->key, c->client_id, c->token_url, clock, &jwt, err);
    if (rc == WK_OK)
        rc = wki_form_add(form, "client_assertion", wki_buf_text(&jwt), err);
    wki_buf_clear(&jwt);
    return rc;
}

wk_code wki_oauth2_prove(const wki_oauth2_client *client, const wki_clock *clock, wki_buf *form,
                         wk_error *err)
{
    wk_code rc;

    switch (client->auth) {
    case WKI_CLIENT_POST:
        rc = wki_form_add(form, "client_id", client->client_id, err);
        return rc == WK_OK ? wki_form_add(form, "client_secret", client->secret, err) : rc;
    case WKI_CLIENT_JWT:
        return add_assertion(client, clock, form, err);
    case WKI_CLIENT_PUBLIC:
        return wki_form_add(form, "client_id", client->client_id, err);
    default:
        return WK_OK;
    }
}

wk_code wki_oauth2_request(const wki_oauth2_client *client, const wki_oauth2_grant *grant,
                           const wki_clock *clock, wki_buf *form, wki_buf *authorization,
                           wk_error *err)
{
    wk_code rc = add_grant(grant, form, err);

    if (rc == WK_OK)
        rc = wki_oauth2_prove(client, clock, form, err);
    if (rc == WK_OK && (client->auth == WKI_CLIENT_BASIC || client->auth == WKI_CLIENT_BASIC_RAW))
        rc = add_basic(client, authorization, err);
    if (rc == WK_OK && grant->scope && *grant->scope && grant->type != WKI_GRANT_CODE)
        rc = wki_form_add(form, "scope", grant->scope, err);
    return rc;
}

/* ---- tokens ---- */

static void wipe(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

void wki_token_clear(wki_token *token)
{
    wipe(&token->access_token);
    wipe(&token->refresh_token);
    free(token->scope);
    free(token->patient);
    free(token->encounter);
    free(token->context);
    memset(token, 0, sizeof *token);
}

bool wki_token_is_fresh(const wki_token *token, int64_t now_s, int64_t unknown_life_s)
{
    int64_t life, margin;

    if (!token->access_token)
        return false;
    if (token->expires_s == 0)
        return unknown_life_s == 0 || now_s < token->obtained_s + unknown_life_s;
    life = token->expires_s - token->obtained_s;
    margin = life / 5 < 60 ? life / 5 : 60;
    return now_s < token->expires_s - (margin > 0 ? margin : 0);
}
