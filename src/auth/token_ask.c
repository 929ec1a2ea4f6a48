#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "auth/token_internal.h"
#include "core/text.h"
#include "http/url.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

/* ---- where, and as whom ---- */

wk_code wki_token_source_discover(wki_token_source *s, const wki_smart_config **out, wk_error *err)
{
    wk_code rc = WK_OK;

    if (!s->discovered && s->o.fhir) {
        wk_error own = {0};

        rc = wki_smart_discover(&s->o.exchange, s->o.fhir, s->o.log, &s->smart, &own);
        /* With both URLs given, what the server says is only more. */
        if (rc == WK_NOT_FOUND && s->o.token_url && (s->o.authorize_url || !out))
            rc = WK_OK;
        if (rc != WK_OK)
            return wk_fail_from(err, rc, &own);
        s->discovered = true;
    }
    if (out)
        *out = &s->smart;
    return rc;
}

static const char *token_url_of(const wki_token_source *s)
{
    if (s->o.token_url)
        return s->o.token_url;
    return s->discovered && s->smart.token_url ? s->smart.token_url : s->record.token_url;
}

static const char *auth_name_of(const wki_token_source *s)
{
    if (s->o.key)
        return "jwt";
    if (!s->o.client_secret)
        return "public";
    if (s->o.client_auth)
        return s->o.client_auth;
    if (s->o.method != WKI_METHOD_SMART)
        return "post";
    if (s->discovered && s->smart.lists_methods)
        return s->smart.method_basic || !s->smart.method_post ? "basic" : "post";
    return s->record.client_auth && strcmp(s->record.client_auth, "post") == 0 ? "post" : "basic";
}

static wki_client_auth auth_of(const char *name)
{
    if (strcmp(name, "jwt") == 0)
        return WKI_CLIENT_JWT;
    if (strcmp(name, "public") == 0)
        return WKI_CLIENT_PUBLIC;
    if (strcmp(name, "post") == 0)
        return WKI_CLIENT_POST;
    return strcmp(name, "basic") == 0 ? WKI_CLIENT_BASIC : WKI_CLIENT_BASIC_RAW;
}

static wk_code client_of(wki_token_source *s, wki_oauth2_client *out, wk_error *err)
{
    wk_code rc = WK_OK;

    if (!token_url_of(s))
        rc = wki_token_source_discover(s, NULL, err);
    if (rc != WK_OK)
        return rc;
    *out = (wki_oauth2_client){.token_url = token_url_of(s),
                               .client_id = s->o.client_id,
                               .auth = auth_of(auth_name_of(s)),
                               .secret = s->o.client_secret,
                               .key = s->o.key};
    return out->token_url ? wki_login_url_check(out->token_url, "token-url", err)
                          : wk_fail_setting(err, WK_USAGE, "token-url",
                                            "no token endpoint is known; give its URL");
}

/* ---- asking ---- */

struct asking {
    const wki_oauth2_client *client;
    const wki_oauth2_grant *grant;
    const wki_clock *clock;
};

/* Called for each attempt: an assertion must not be sent twice. */
static wk_code new_form(void *user, wki_buf *body, wk_error *err)
{
    const struct asking *a = user;
    wki_buf authorization;
    wk_code rc;

    wki_buf_init(&authorization, WK_MAX_HEADER_BYTES, "client credentials");
    rc = wki_oauth2_request(a->client, a->grant, a->clock, body, &authorization, err);
    wki_buf_clear(&authorization);
    return rc;
}

/* "Authorization: Basic ..." on the heap; *out stays NULL where there is none. */
static wk_code authorization_line(const struct asking *a, char **out, wk_error *err)
{
    wki_buf form, authorization;
    wk_code rc;

    if (a->client->auth != WKI_CLIENT_BASIC && a->client->auth != WKI_CLIENT_BASIC_RAW)
        return WK_OK;
    wki_buf_init(&form, WK_MAX_HEADER_BYTES * 2, "token request");
    wki_buf_init(&authorization, WK_MAX_HEADER_BYTES, "client credentials");
    rc = wki_oauth2_request(a->client, a->grant, a->clock, &form, &authorization, err);
    if (rc == WK_OK) {
        *out = wki_strfmt("Authorization: %s", wki_buf_text(&authorization));
        rc = *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    }
    wki_buf_clear(&form);
    wki_buf_clear(&authorization);
    return rc;
}

static wk_code send(wki_token_source *s, struct asking *a, wki_reply *reply, wk_error *err)
{
    char *line = NULL;
    wk_code rc = authorization_line(a, &line, err);
    const char *const headers[] = {line};
    wki_http_request request = {.method = "POST",
                                .url = a->client->token_url,
                                .accept = "application/json",
                                .content_type = FORM_TYPE,
                                .headers = headers,
                                .n_headers = line ? 1 : 0,
                                .same_origin_headers = true,
                                .repeatable = a->grant->type != WKI_GRANT_CODE,
                                .new_body = new_form,
                                .new_body_user = a};

    if (rc == WK_OK)
        rc = s->o.exchange.send(s->o.exchange.user, &request, reply, err);
    if (line)
        explicit_bzero(line, strlen(line));
    free(line);
    return rc;
}

/* ---- what was granted ---- */

/* Scopes that say how to log in, not what may be read. */
static bool is_about_login(const char *scope, size_t n)
{
    static const char *const words[] = {"openid", "fhirUser", "profile", "offline_access",
                                        "online_access"};

    if (n >= 6 && strncmp(scope, "launch", 6) == 0)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == n && strncmp(words[i], scope, n) == 0)
            return true;
    }
    return false;
}

/* SMART v1 names for the same thing as v2 names. */
static size_t common_part(const char *scope, size_t n)
{
    static const char *const ends[] = {".read", ".rs", ".write", ".cud", ".cruds", ".*"};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t e = strlen(ends[i]);

        if (n > e && strncmp(scope + n - e, ends[i], e) == 0)
            return n - e;
    }
    return n;
}

static bool is_granted(const char *granted, const char *scope, size_t n)
{
    size_t common = common_part(scope, n);

    for (const char *g = granted; *g; g += strspn(g, " ")) {
        size_t g_n = strcspn(g, " ");

        if ((g_n == n && strncmp(g, scope, n) == 0) ||
            (common < n && common_part(g, g_n) == common && strncmp(g, scope, common) == 0))
            return true;
        g += g_n;
    }
    return false;
}

static void tell_smaller_scope(wki_token_source *s)
{
    const char *granted = s->record.token.scope;
    const char *asked = s->o.scope;
    wki_buf missing;

    if (s->told_scope || !granted || !asked)
        return;
    s->told_scope = true;
    wki_buf_init(&missing, WK_MAX_HEADER_BYTES, "scope");
    for (const char *a = asked + strspn(asked, " "); *a; a += strspn(a, " ")) {
        size_t n = strcspn(a, " ");

        if (!is_about_login(a, n) && !is_granted(granted, a, n) &&
            wki_buf_addf(&missing, NULL, " %.*s", (int)n, a) != WK_OK)
            break;
        a += n;
    }
    if (missing.n > 0)
        wk_log_write(s->o.log, WK_LOG_WARN, "the login server did not grant all of the scope:%s",
                     wki_buf_text(&missing));
    wki_buf_clear(&missing);
}

/* ---- keeping it ---- */

static wk_code set(char **field, const char *text, wk_error *err)
{
    char *copy;

    if (!text || (*field && strcmp(*field, text) == 0))
        return WK_OK;
    copy = wki_strdup(text);
    if (!copy)
        return wk_fail(err, WK_NOMEM, "out of memory");
    free(*field);
    *field = copy;
    return WK_OK;
}

static wk_code describe(wki_token_source *s, const char *token_url, wk_error *err)
{
    wki_token_record *r = &s->record;
    wk_code rc = set(&r->profile, s->o.profile, err);

    if (rc == WK_OK)
        rc = set(&r->method, wki_auth_method_name(s->o.method), err);
    if (rc == WK_OK)
        rc = set(&r->token_url, token_url, err);
    if (rc == WK_OK)
        rc = set(&r->issuer, s->o.method == WKI_METHOD_SMART ? s->o.fhir : token_url, err);
    if (rc == WK_OK)
        rc = set(&r->revocation_url, s->smart.revocation_url, err);
    if (rc == WK_OK)
        rc = set(&r->client_id, s->o.client_id, err);
    if (rc == WK_OK)
        rc = set(&r->client_auth, auth_name_of(s), err);
    if (rc == WK_OK)
        rc = set(&r->asked_scope, s->o.scope, err);
    for (size_t i = 0; rc == WK_OK && i < s->smart.n_origins; i++)
        rc = wki_token_record_add_origin(r, s->smart.origins[i], err);
    return rc;
}

/* A refresh answer need not repeat what is known. */
static void inherit(wki_token *t, wki_token *old)
{
    char **const to[] = {&t->scope, &t->patient, &t->encounter, &t->context};
    char **const from[] = {&old->scope, &old->patient, &old->encounter, &old->context};

    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
        if (!*to[i]) {
            *to[i] = *from[i];
            *from[i] = NULL;
        }
    }
}

static wk_code take(wki_token_source *s, wki_token *t, const wki_oauth2_grant *grant,
                    const char *token_url, wk_error *err)
{
    wk_error store_err = {0};
    wk_code rc;

    if (grant->type == WKI_GRANT_REFRESH)
        inherit(t, &s->record.token);
    wki_token_clear(&s->record.token);
    s->record.token = *t;
    memset(t, 0, sizeof *t);
    s->is_first = false;
    rc = describe(s, token_url, err);
    if (rc != WK_OK)
        return rc;
    tell_smaller_scope(s);
    if (s->store && wki_token_store_write(s->store, s->key, &s->record, &store_err) != WK_OK)
        wk_log_write(s->o.log, WK_LOG_WARN, "the token is not kept: %s", store_err.message);
    return WK_OK;
}

wk_code wki_token_ask(wki_token_source *s, const wki_oauth2_grant *grant,
                      wki_oauth2_refusal *refusal, wk_error *err)
{
    wki_oauth2_client client;
    wki_token token = {0};
    wki_reply reply;
    char *url = NULL;
    wk_code rc = client_of(s, &client, err);
    struct asking asking = {.client = &client, .grant = grant, .clock = s->o.clock};

    if (rc != WK_OK)
        return rc;
    wki_reply_init(&reply);
    url = wki_strdup(client.token_url); /* the record that it may come from is replaced */
    rc = url ? send(s, &asking, &reply, err) : wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK) {
        wki_oauth2_answer answer = {.status = reply.status,
                                    .content_type = reply.content_type,
                                    .body = wki_buf_text(&reply.body),
                                    .n = reply.body.n,
                                    .server_time_s = reply.server_time_s};

        rc = wki_oauth2_read(&answer, &client, grant, s->o.clock->unix_s(s->o.clock->user), &token,
                             refusal, err);
    }
    if (rc == WK_OK)
        rc = take(s, &token, grant, url, err);
    wki_token_clear(&token);
    wki_reply_clear(&reply);
    free(url);
    return rc;
}

/* ---- the end of a login ---- */

/* RFC 7009: the refresh token, with which the server ends the rest; else the access token. */
static wk_code revocation_form(const wki_token_source *s, const wki_oauth2_client *client,
                               wki_buf *form, wk_error *err)
{
    const wki_token *t = &s->record.token;
    wk_code rc =
        wki_form_add(form, "token", t->refresh_token ? t->refresh_token : t->access_token, err);

    if (rc == WK_OK)
        rc = wki_form_add(form, "token_type_hint",
                          t->refresh_token ? "refresh_token" : "access_token", err);
    return rc == WK_OK ? wki_oauth2_prove(client, s->o.clock, form, err) : rc;
}

void wki_token_revoke(wki_token_source *s)
{
    const char *url = s->record.revocation_url;
    wki_oauth2_client client;
    wki_oauth2_grant grant = {.type = WKI_GRANT_CLIENT};
    struct asking asking = {.client = &client, .grant = &grant, .clock = s->o.clock};
    wki_http_request request = {.method = "POST", .url = url, .content_type = FORM_TYPE};
    wk_error err = {0};
    char *line = NULL;
    wki_reply reply;
    wki_buf form;

    if (!url || !s->record.token.access_token)
        return;
    wki_reply_init(&reply);
    wki_buf_init(&form, WK_MAX_HEADER_BYTES * 2, "revocation");
    if (client_of(s, &client, &err) == WK_OK && revocation_form(s, &client, &form, &err) == WK_OK &&
        authorization_line(&asking, &line, &err) == WK_OK) {
        const char *const headers[] = {line};

        request.headers = headers;
        request.n_headers = line ? 1 : 0;
        request.same_origin_headers = true;
        request.body = form.data;
        request.body_n = form.n;
        if (s->o.exchange.send(s->o.exchange.user, &request, &reply, &err) == WK_OK &&
            reply.status != 200)
            wk_fail(&err, WK_NET, "HTTP %d", reply.status);
    }
    if (err.code != WK_OK)
        wk_log_write(s->o.log, WK_LOG_WARN, "the login server was not told: %s", err.message);
    if (line)
        explicit_bzero(line, strlen(line));
    free(line);
    wki_buf_clear(&form);
    wki_reply_clear(&reply);
}
