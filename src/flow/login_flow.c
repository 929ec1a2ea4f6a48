/* The public face of logins (wadokit/auth.h). */
#include <wadokit/auth.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "auth/login.h"
#include "auth/loopback.h"
#include "core/text.h"
#include "flow/session_login.h"
#include "http/url.h"

enum {
    DEFAULT_TIMEOUT_S = 300,
    PASTED_PORT = 49152, /* nobody listens: the address is only read off the browser */
    MAX_PORT = 65535,
};

#define DEFAULT_PATH "/callback"
#define DEFAULT_SCOPE(launch) launch " openid fhirUser offline_access patient/*.rs"

/* ---- the redirect ---- */

typedef struct redirect {
    char *uri;
    char *path;
    int port;
    wki_loopback *listener;
} redirect;

static void redirect_clear(redirect *r)
{
    wki_loopback_close(r->listener);
    free(r->uri);
    free(r->path);
}

/* Port and path of "http://127.0.0.1:PORT/path"; WK_USAGE where nothing can listen there. */
static wk_code read_uri(const char *uri, redirect *r, wk_error *err)
{
    const char *host = strstr(uri, "://");
    const char *path = host ? host + 3 + strcspn(host + 3, "/?#") : NULL;
    const char *colon = path;
    long port;
    char *end;

    if (!host || !wki_str_istarts(uri, "http:") || !wki_url_is_loopback(uri) || *path != '/' ||
        strpbrk(path, "?#"))
        return wk_fail_setting(
            err, WK_USAGE, "redirect-uri no-browser",
            "redirect-uri %s: only http://127.0.0.1:PORT/PATH can be waited for; go "
            "without a browser, and paste the address",
            uri);
    while (colon > host + 3 && *colon != ':')
        colon--;
    port = strtol(colon + 1, &end, 10);
    if (*colon != ':' || end != path || port < 1 || port > MAX_PORT)
        return wk_fail_setting(err, WK_USAGE, "redirect-uri",
                               "redirect-uri %s: it must name a port", uri);
    r->port = (int)port;
    r->path = wki_strdup(path);
    return r->path ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code listen_for(const wk_login_opts *o, redirect *r, wk_error *err)
{
    wk_code rc = WK_OK;

    r->port = o->redirect_port;
    if (o->redirect_uri)
        rc = read_uri(o->redirect_uri, r, err);
    else if (!(r->path = wki_strdup(DEFAULT_PATH)))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK)
        rc = wki_loopback_open(r->port, r->path, &r->listener, err);
    if (rc == WK_OK)
        r->port = wki_loopback_port(r->listener);
    return rc;
}

static wk_code redirect_init(const wk_login_opts *o, redirect *r, wk_error *err)
{
    wk_code rc = WK_OK;

    if (o->read_answer)
        r->port = o->redirect_port ? o->redirect_port : PASTED_PORT;
    else
        rc = listen_for(o, r, err);
    if (rc != WK_OK)
        return rc;
    r->uri = o->redirect_uri ? wki_strdup(o->redirect_uri)
                             : wki_strfmt("http://127.0.0.1:%d" DEFAULT_PATH, r->port);
    return r->uri ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

/* ---- one login ---- */

static wk_code check_iss(const wk_session *s, const wk_login_opts *o, wk_error *err)
{
    const char *fhir = s->opts.fhir;
    size_t n = fhir ? strlen(fhir) : 0, iss_n = o->iss ? strlen(o->iss) : 0;

    if (o->launch && !o->iss)
        return wk_fail_setting(err, WK_USAGE, "launch iss",
                               "launch needs iss, the server that the EHR named");
    if (!o->iss)
        return WK_OK;
    while (n > 0 && fhir[n - 1] == '/')
        n--;
    while (iss_n > 0 && o->iss[iss_n - 1] == '/')
        iss_n--;
    if (n != iss_n || strncmp(fhir, o->iss, n) != 0)
        return wk_fail(err, WK_REFUSED, "iss is not the configured FHIR server; refused");
    return WK_OK;
}

static wk_code check_config(const wk_session *s, const wki_smart_config *c, bool ehr, wk_error *err)
{
    if (!s->opts.authorize_url && !c->authorize_url)
        return wk_fail_setting(err, WK_NOT_FOUND, "authorize-url",
                               "the server names no authorization endpoint; give its URL");
    if (c->lists_pkce && !c->pkce_s256)
        wk_log_write(&s->log, WK_LOG_WARN,
                     "the login server does not list PKCE with S256; it is used all the same");
    if (ehr && c->launch_standalone && !c->launch_ehr)
        wk_log_write(&s->log, WK_LOG_WARN, "the server does not list launches from an EHR");
    if (!ehr && c->launch_ehr && !c->launch_standalone)
        wk_log_write(&s->log, WK_LOG_WARN, "the server lists launches from an EHR only");
    return WK_OK;
}

static bool belongs(void *user, const char *query)
{
    return wki_login_matches(user, query);
}

static wk_code await(const wk_session *s, const wk_login_opts *o, const redirect *r,
                     wki_login *login, char **answer, wk_error *err)
{
    int timeout_s = o->timeout_s > 0 ? o->timeout_s : DEFAULT_TIMEOUT_S;
    char *text;
    wk_code rc;

    if (r->listener)
        return wki_loopback_wait(r->listener, (int64_t)timeout_s * 1000, s->clock, s->opts.cancel,
                                 belongs, login, answer, err);
    text = calloc(1, WK_MAX_URL_BYTES + 1);
    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = o->read_answer(o->user, text, WK_MAX_URL_BYTES + 1, err);
    if (rc == WK_OK)
        *answer = text;
    else
        free(text);
    return rc;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* Servers compare the base with their own, which ends without a slash. */
static char *base_of(const char *fhir)
{
    char *base = wki_strdup(fhir);
    size_t n = base ? strlen(base) : 0;

    while (n > 0 && base[n - 1] == '/')
        base[--n] = '\0';
    return base;
}

static wk_code ask_person(wk_session *s, const wk_login_opts *o, const wki_smart_config *c,
                          redirect *r, wk_error *err)
{
    char *aud = o->iss ? wki_strdup(o->iss) : base_of(s->opts.fhir);
    wki_login_params p = {
        .authorize_url = s->opts.authorize_url ? s->opts.authorize_url : c->authorize_url,
        .client_id = s->opts.client_id,
        .redirect_uri = r->uri,
        .scope = s->opts.scope ? s->opts.scope
                 : o->launch   ? DEFAULT_SCOPE("launch")
                               : DEFAULT_SCOPE("launch/patient"),
        .aud = aud,
        .launch = o->launch,
        .issuer = c->issuer,
        .prompt = o->prompt,
    };
    wki_login login = {0};
    char *answer = NULL, *code = NULL;
    wk_code rc =
        aud ? wki_login_begin(&login, &p, s->clock, err) : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK)
        rc = o->show(o->user, login.url, err);
    if (rc == WK_OK)
        rc = await(s, o, r, &login, &answer, err);
    /* The one answer is there, or will not come: nobody needs to listen any longer. */
    wki_loopback_close(r->listener);
    r->listener = NULL;
    if (rc == WK_OK)
        rc = wki_login_finish(&login, answer, &code, err);
    if (rc == WK_OK)
        rc = wki_token_source_redeem(s->login->source, code, r->uri, login.verifier, err);
    wipe(answer);
    wipe(code);
    wki_login_clear(&login);
    free(aud);
    return rc;
}

wk_code wk_auth_login(wk_session *session, const wk_login_opts *opts, wk_error *err)
{
    const wki_smart_config *config = NULL;
    redirect r = {0};
    wk_code rc;

    if (!session->login)
        return wk_fail_setting(err, WK_USAGE, "auth client-id",
                               "nothing to log in to: a client id is needed, and auth smart, "
                               "client-credentials or backend-services");
    if (session->login->method != WKI_METHOD_SMART)
        return wki_token_source_request(session->login->source, err);
    rc = check_iss(session, opts, err);
    if (rc == WK_OK)
        rc = wki_token_source_discover(session->login->source, &config, err);
    if (rc == WK_OK)
        rc = check_config(session, config, opts->launch != NULL, err);
    if (rc == WK_OK)
        rc = redirect_init(opts, &r, err);
    if (rc == WK_OK)
        rc = ask_person(session, opts, config, &r, err);
    redirect_clear(&r);
    return rc;
}

/* ---- the token ---- */

wk_code wk_auth_token(wk_session *session, char **out, wk_error *err)
{
    wki_credential c = wki_session_credential(session);
    const char *fhir = session->opts.fhir ? session->opts.fhir : "";
    wki_buf value;
    char *copy = NULL;
    wk_code rc;

    if (!c.header || strcmp(session->auth, "basic") == 0)
        return wk_fail(err, WK_USAGE, "no token is configured: auth is %s", session->auth);
    wki_buf_init(&value, WK_MAX_HEADER_BYTES, "token");
    rc = c.header(c.user, fhir, &value, err);
    if (rc == WK_OK && !wki_str_starts(wki_buf_text(&value), "Bearer "))
        rc = wk_fail(err, WK_USAGE, "the credential is no bearer token");
    if (rc == WK_OK) {
        copy = wki_strdup(wki_buf_text(&value) + 7);
        rc = copy ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (value.data)
        explicit_bzero(value.data, value.n);
    wki_buf_clear(&value);
    if (rc == WK_OK)
        *out = copy;
    return rc;
}

/* ---- status ---- */

static wk_auth_info info_of(const wki_token_record *r, int64_t now)
{
    const wki_token *t = &r->token;
    bool smart = r->method && strcmp(r->method, "smart") == 0;

    return (wk_auth_info){.profile = r->profile,
                          .auth = r->method,
                          .issuer = r->issuer,
                          .token_url = r->token_url,
                          .client_id = r->client_id,
                          .scope = t->scope ? t->scope : r->asked_scope,
                          .patient = t->patient,
                          .encounter = t->encounter,
                          .context = t->context,
                          .obtained = t->obtained_s,
                          .expires = t->expires_s,
                          .has_token = t->access_token != NULL,
                          .is_fresh = wki_token_is_fresh(t, now, 0),
                          .can_refresh = t->refresh_token != NULL || !smart};
}

struct telling {
    wk_auth_info_fn each;
    void *user;
    int64_t now;
};

static wk_code tell(void *user, const char *key, const wki_token_record *record,
                    const wk_error *trouble)
{
    const struct telling *t = user;
    wk_auth_info info = {.trouble = trouble ? trouble->message : NULL};

    (void)key;
    if (record)
        info = info_of(record, t->now);
    return t->each(t->user, &info);
}

static wk_code tell_own(wk_session *s, const struct telling *t)
{
    const wk_session_opts *p = &s->opts;
    const wki_token_record *record = NULL;
    wk_error trouble = {0};
    wk_auth_info info = {
        .profile = p->profile,
        .auth = s->auth,
        .issuer = p->token_url && s->login->method != WKI_METHOD_SMART ? p->token_url : p->fhir,
        .token_url = p->token_url,
        .client_id = p->client_id,
        .scope = p->scope};

    if (wki_token_source_record(s->login->source, &record, &trouble) != WK_OK)
        info.trouble = trouble.message;
    else if (record && record->method)
        info = info_of(record, t->now);
    else if (record)
        info.has_token = info.is_fresh = true; /* the first token, of a file */
    return t->each(t->user, &info);
}

wk_code wk_auth_status(wk_session *session, wk_auth_info_fn each, void *user, wk_error *err)
{
    struct telling t = {each, user, session->clock->unix_s(session->clock->user)};
    wki_token_store *store = NULL;
    wk_code rc;

    if (session->login)
        return tell_own(session, &t);
    if (strcmp(session->auth, "none") != 0) {
        wk_auth_info info = {
            .profile = session->opts.profile, .auth = session->auth, .has_token = true};

        info.is_fresh = true;
        return each(user, &info);
    }
    rc = wki_token_store_open(session->opts.state_dir, &store, err);
    if (rc == WK_OK)
        rc = wki_token_store_each(store, tell, &t, err);
    wki_token_store_free(store);
    return rc;
}

/* ---- logout ---- */

struct removing {
    wki_token_store *store;
    size_t removed;
    wk_error *err;
};

static wk_code remove_one(void *user, const char *key, const wki_token_record *record,
                          const wk_error *trouble)
{
    struct removing *r = user;
    bool existed = false;
    wk_code rc = wki_token_store_remove(r->store, key, &existed, r->err);

    (void)record;
    (void)trouble;
    r->removed += existed;
    return rc;
}

static wk_code remove_all(const wk_session *s, size_t *removed, wk_error *err)
{
    struct removing r = {.err = err};
    wk_code rc = wki_token_store_open(s->opts.state_dir, &r.store, err);

    if (rc == WK_OK)
        rc = wki_token_store_each(r.store, remove_one, &r, err);
    wki_token_store_free(r.store);
    if (rc == WK_OK)
        *removed = r.removed;
    return rc;
}

wk_code wk_auth_logout(wk_session *session, bool all, size_t *removed, wk_error *err)
{
    bool existed = false;
    wk_code rc;

    if (all)
        return remove_all(session, removed, err);
    if (!session->login)
        return wk_fail_setting(err, WK_USAGE, "all",
                               "no login is configured; all removes those that are kept");
    rc = wki_token_source_forget(session->login->source, &existed, err);
    if (rc == WK_OK)
        *removed = existed;
    return rc;
}
