#include "auth/smart.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "http/origin.h"
#include "http/url.h"
#include "json/json.h"

enum {
    MAX_ASSOCIATED = 64
};

void wki_smart_config_clear(wki_smart_config *c)
{
    free(c->issuer);
    free(c->authorize_url);
    free(c->token_url);
    free(c->revocation_url);
    for (size_t i = 0; i < c->n_origins; i++)
        free(c->origins[i]);
    free(c->origins);
    memset(c, 0, sizeof *c);
}

wk_code wki_login_url_check(const char *url, const char *what, wk_error *err)
{
    char shown[256];
    wk_code rc = wki_url_check(url, err);

    if (rc != WK_OK)
        return wk_fail_add(err, "%s: ", what);
    wki_url_redact(shown, sizeof shown, url);
    if (!wki_str_istarts(url, "https:") && !wki_url_is_loopback(url))
        return wk_fail(err, WK_REFUSED, "%s %s: a login must be encrypted; use https", what, shown);
    return WK_OK;
}

/* A URL that the server of `fhir` names, absolute and checked; *out untouched where it is absent.
 * Old servers give relative ones: they are below the FHIR base. */
static wk_code take_url(const char *fhir, const char *named, const char *what, char **out,
                        wk_error *err)
{
    char *base = NULL, *url = NULL;
    char why[96];
    wk_code rc;

    if (!named)
        return WK_OK;
    base = wki_strfmt("%s%s", fhir, wki_str_ends(fhir, "/") ? "" : "/");
    rc = base ? wki_url_resolve(base, named, &url, err) : wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK)
        rc = wki_login_url_check(url, what, err);
    if (rc == WK_OK && !wki_origin_may_name(fhir, url, why, sizeof why))
        rc = wk_fail(err, WK_REFUSED, "%s of the server refused: %s", what, why);
    if (rc == WK_OK) {
        free(*out);
        *out = url;
        url = NULL;
    }
    free(base);
    free(url);
    return rc;
}

static bool lists(const wki_json *values, const char *text)
{
    for (const wki_json *v = wki_json_first(values); v; v = wki_json_next(values, v)) {
        const char *value = wki_json_text(v);

        if (value && strcmp(value, text) == 0)
            return true;
    }
    return false;
}

/* An associated endpoint that may not have the token is left out with a word: the login goes on. */
static wk_code add_origin(const char *fhir, const char *url, const wk_log *log,
                          wki_smart_config *out, wk_error *err)
{
    char *origin = NULL, *absolute = NULL;
    char **more;
    wk_error own = {0};
    wk_code rc = take_url(fhir, url, "associated endpoint", &absolute, &own);

    if (rc == WK_OK)
        rc = wki_url_origin(absolute, &origin, &own);
    free(absolute);
    if (rc != WK_OK) {
        wk_log_write(log, WK_LOG_WARN, "%s", own.message);
        return rc == WK_NOMEM ? wk_fail_from(err, rc, &own) : WK_OK;
    }
    for (size_t i = 0; i < out->n_origins; i++) {
        if (strcmp(out->origins[i], origin) == 0) {
            free(origin);
            return WK_OK;
        }
    }
    more = realloc(out->origins, (out->n_origins + 1) * sizeof *more);
    if (!more) {
        free(origin);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    out->origins = more;
    out->origins[out->n_origins++] = origin;
    return WK_OK;
}

static wk_code take_associated(const char *fhir, const wki_json *list, const wk_log *log,
                               wki_smart_config *out, wk_error *err)
{
    wk_code rc = WK_OK;

    for (const wki_json *e = wki_json_first(list); e && rc == WK_OK; e = wki_json_next(list, e)) {
        if (lists(wki_json_get(e, "capabilities"), "smart-imaging-access"))
            out->imaging_access = true;
        if (wki_json_str(e, "url") && out->n_origins < MAX_ASSOCIATED)
            rc = add_origin(fhir, wki_json_str(e, "url"), log, out, err);
    }
    return rc;
}

static void take_lists(const wki_json *doc, wki_smart_config *c)
{
    const wki_json *capabilities = wki_json_get(doc, "capabilities");
    const wki_json *pkce = wki_json_get(doc, "code_challenge_methods_supported");
    const wki_json *methods = wki_json_get(doc, "token_endpoint_auth_methods_supported");

    c->lists_pkce = wki_json_first(pkce) != NULL;
    c->pkce_s256 = lists(pkce, "S256");
    c->lists_methods = wki_json_first(methods) != NULL;
    c->method_post = lists(methods, "client_secret_post");
    c->method_basic = lists(methods, "client_secret_basic");
    c->method_jwt = lists(methods, "private_key_jwt");
    c->imaging_access = lists(capabilities, "smart-imaging-access");
    c->launch_ehr = lists(capabilities, "launch-ehr");
    c->launch_standalone = lists(capabilities, "launch-standalone");
}

wk_code wki_smart_config_read(const char *fhir, const char *json, size_t n, const wk_log *log,
                              wki_smart_config *out, wk_error *err)
{
    wki_smart_config c = {0};
    wki_json *doc = NULL;
    const char *issuer;
    wk_code rc = wki_json_parse(json, n, "smart-configuration", &doc, err);

    if (rc != WK_OK)
        return rc;
    take_lists(doc, &c);
    issuer = wki_json_str(doc, "issuer");
    if (issuer && !(c.issuer = wki_strdup(issuer)))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK)
        rc = take_url(fhir, wki_json_str(doc, "authorization_endpoint"), "authorization_endpoint",
                      &c.authorize_url, err);
    if (rc == WK_OK)
        rc = take_url(fhir, wki_json_str(doc, "token_endpoint"), "token_endpoint", &c.token_url,
                      err);
    if (rc == WK_OK)
        rc = take_url(fhir, wki_json_str(doc, "revocation_endpoint"), "revocation_endpoint",
                      &c.revocation_url, err);
    if (rc == WK_OK)
        rc = take_associated(fhir, wki_json_get(doc, "associated_endpoints"), log, &c, err);
    if (rc == WK_OK && !c.token_url)
        rc = wk_fail(err, WK_DATA, "the smart-configuration has no token_endpoint");
    wki_json_free(doc);
    if (rc == WK_OK)
        *out = c;
    else
        wki_smart_config_clear(&c);
    return rc;
}

/* ---- CapabilityStatement ---- */

static bool url_ends(const wki_json *extension, const char *name)
{
    const char *url = wki_json_str(extension, "url");
    const char *last = url ? strrchr(url, '/') : NULL;

    return url && strcmp(last ? last + 1 : url, name) == 0;
}

static const wki_json *extension_of(const wki_json *holder, const char *name)
{
    const wki_json *list = wki_json_get(holder, "extension");

    for (const wki_json *e = wki_json_first(list); e; e = wki_json_next(list, e)) {
        if (url_ends(e, name))
            return e;
    }
    return NULL;
}

static const wki_json *oauth_uris(const wki_json *doc)
{
    const wki_json *rest = wki_json_get(doc, "rest");

    for (const wki_json *r = wki_json_first(rest); r; r = wki_json_next(rest, r)) {
        const wki_json *uris = extension_of(wki_json_get(r, "security"), "oauth-uris");

        if (uris)
            return uris;
    }
    return NULL;
}

static const char *uri_of(const wki_json *uris, const char *name)
{
    const wki_json *e = extension_of(uris, name);
    const char *uri = wki_json_str(e, "valueUri");

    return uri ? uri : wki_json_str(e, "valueUrl");
}

wk_code wki_smart_capability_read(const char *fhir, const char *json, size_t n,
                                  wki_smart_config *out, wk_error *err)
{
    wki_smart_config c = {0};
    wki_json *doc = NULL;
    const wki_json *uris;
    wk_code rc = wki_json_parse(json, n, "CapabilityStatement", &doc, err);

    if (rc != WK_OK)
        return rc;
    uris = oauth_uris(doc);
    rc = take_url(fhir, uri_of(uris, "authorize"), "authorize", &c.authorize_url, err);
    if (rc == WK_OK)
        rc = take_url(fhir, uri_of(uris, "token"), "token", &c.token_url, err);
    if (rc == WK_OK)
        rc = take_url(fhir, uri_of(uris, "revoke"), "revoke", &c.revocation_url, err);
    if (rc == WK_OK && !c.token_url)
        rc = wk_fail(err, WK_NOT_FOUND, "the CapabilityStatement names no token endpoint");
    wki_json_free(doc);
    if (rc == WK_OK)
        *out = c;
    else
        wki_smart_config_clear(&c);
    return rc;
}

/* ---- asking ---- */

static wk_code get(const wki_exchange *x, const char *fhir, const char *path, const char *accept,
                   wki_reply *reply, wk_error *err)
{
    char *url = NULL;
    char shown[256];
    wk_code rc = wki_url_append(fhir, path, &url, err);
    wki_http_request request = {.url = url, .accept = accept, .auth = WKI_AUTH_NEVER};

    if (rc != WK_OK)
        return rc;
    rc = x->send(x->user, &request, reply, err);
    wki_url_redact(shown, sizeof shown, url);
    if (rc == WK_OK && (reply->status < 200 || reply->status > 299))
        rc = wk_fail(err, WK_NOT_FOUND, "%s: HTTP %d", shown, reply->status);
    free(url);
    return rc;
}

static wk_code ask_well_known(const wki_exchange *x, const char *fhir, const wk_log *log,
                              wki_smart_config *out, wk_error *err)
{
    wki_reply reply;
    wk_code rc;

    wki_reply_init(&reply);
    rc = get(x, fhir, ".well-known/smart-configuration", "application/json", &reply, err);
    if (rc == WK_OK)
        rc = wki_smart_config_read(fhir, wki_buf_text(&reply.body), reply.body.n, log, out, err);
    wki_reply_clear(&reply);
    return rc;
}

static wk_code ask_capability(const wki_exchange *x, const char *fhir, wki_smart_config *out,
                              wk_error *err)
{
    wki_reply reply;
    wk_code rc;

    wki_reply_init(&reply);
    rc = get(x, fhir, "metadata", "application/fhir+json", &reply, err);
    if (rc == WK_OK)
        rc = wki_smart_capability_read(fhir, wki_buf_text(&reply.body), reply.body.n, out, err);
    wki_reply_clear(&reply);
    return rc;
}

wk_code wki_smart_discover(const wki_exchange *exchange, const char *fhir, const wk_log *log,
                           wki_smart_config *out, wk_error *err)
{
    wk_error first = {0}, second = {0};
    wk_code rc = ask_well_known(exchange, fhir, log, out, &first);

    if (rc == WK_NOT_FOUND || rc == WK_DATA) {
        wk_log_write(log, WK_LOG_INFO, "no SMART configuration (%s); asking /metadata",
                     first.message);
        rc = ask_capability(exchange, fhir, out, &second);
        if (rc == WK_NOT_FOUND || rc == WK_DATA)
            return wk_fail_setting(err, WK_NOT_FOUND, "token-url authorize-url",
                                   "the server does not say where to log in (%s; %s)",
                                   first.message, second.message);
        return rc == WK_OK ? rc : wk_fail_from(err, rc, &second);
    }
    return rc == WK_OK ? rc : wk_fail_from(err, rc, &first);
}
