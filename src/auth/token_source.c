#include "auth/token_source.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "auth/token_internal.h"
#include "core/text.h"
#include "http/url.h"

enum {
    LOCK_WAIT_MS = 120000, /* another process may be waiting for a busy login server */
    UNKNOWN_LIFE_S = 300,  /* of tokens that can be had again at any time */
    REST_MS = 30000,       /* after a failure of network or server */
    LONG_REST_MS = 300000, /* after a refusal */
};

const char *wki_auth_method_name(wki_auth_method method)
{
    static const char *const names[] = {"client-credentials", "backend-services", "smart"};

    return names[method];
}

static int64_t now_of(const wki_token_source *s)
{
    return s->o.clock->unix_s(s->o.clock->user);
}

/* ---- making one ---- */

static wk_code check_opts(const wki_token_source_opts *o, wk_error *err)
{
    const char *method = wki_auth_method_name(o->method);

    if (!o->client_id || !*o->client_id)
        return wk_fail_setting(err, WK_USAGE, "client-id", "auth %s needs a client id", method);
    if (o->method == WKI_METHOD_CLIENT && !o->client_secret)
        return wk_fail_setting(err, WK_USAGE, "client-secret client-secret-file",
                               "auth %s needs the client's secret", method);
    if (o->method == WKI_METHOD_BACKEND && !o->key)
        return wk_fail_setting(err, WK_USAGE, "private-key", "auth %s needs a private key", method);
    if (o->method == WKI_METHOD_CLIENT && !o->token_url)
        return wk_fail_setting(err, WK_USAGE, "token-url", "auth %s needs a token endpoint",
                               method);
    if (o->method == WKI_METHOD_BACKEND && !o->token_url && !o->fhir)
        return wk_fail_setting(err, WK_USAGE, "token-url fhir",
                               "auth %s needs a token endpoint, or a FHIR server to ask", method);
    if (o->method == WKI_METHOD_SMART && !o->fhir)
        return wk_fail_setting(err, WK_USAGE, "fhir",
                               "auth smart needs a FHIR server to log in to");
    if (o->client_auth && strcmp(o->client_auth, "post") != 0 &&
        strcmp(o->client_auth, "basic") != 0 && strcmp(o->client_auth, "basic-raw") != 0)
        return wk_fail(err, WK_USAGE, "client-auth is post, basic or basic-raw, not %s",
                       o->client_auth);
    return WK_OK;
}

static wk_code check_urls(const wki_token_source_opts *o, wk_error *err)
{
    wk_code rc = WK_OK;

    if (o->token_url)
        rc = wki_login_url_check(o->token_url, "token-url", err);
    if (rc == WK_OK && o->authorize_url)
        rc = wki_login_url_check(o->authorize_url, "authorize-url", err);
    if (rc == WK_OK && o->method == WKI_METHOD_SMART)
        rc = wki_login_url_check(o->fhir, "fhir", err);
    return rc;
}

static wk_code keep(const char **field, wk_error *err)
{
    const char *borrowed = *field;

    /* What cannot be copied is not ours to free. */
    *field = wki_strdup(borrowed);
    return borrowed && !*field ? wk_fail(err, WK_NOMEM, "out of memory") : WK_OK;
}

/* The strings of s->o that are ours. */
static size_t fields_of(wki_token_source *s, const char **out[9])
{
    wki_token_source_opts *o = &s->o;
    const char **const fields[] = {&o->fhir,          &o->token_url,   &o->authorize_url,
                                   &o->client_id,     &o->client_auth, &o->scope,
                                   &o->client_secret, &o->profile,     &o->first_token};

    memcpy(out, fields, sizeof fields);
    return sizeof fields / sizeof fields[0];
}

static wk_code keep_all(wki_token_source *s, wk_error *err)
{
    const char **fields[9];
    size_t n = fields_of(s, fields);
    wk_code rc = WK_OK;

    for (size_t i = 0; i < n; i++) {
        if (rc == WK_OK)
            rc = keep(fields[i], err);
        else
            *fields[i] = NULL;
    }
    return rc;
}

/* "https://x/r4/" and "https://x/r4" are one server, and one login. */
static void trim_fhir(wki_token_source *s)
{
    char *fhir = (char *)(uintptr_t)s->o.fhir;
    size_t n = fhir ? strlen(fhir) : 0;

    while (n > 0 && fhir[n - 1] == '/')
        fhir[--n] = '\0';
}

/* The first token counts as just obtained. */
static wk_code take_first(wki_token_source *s, wk_error *err)
{
    wki_token *t = &s->record.token;

    if (!s->o.first_token)
        return WK_OK;
    t->access_token = wki_strdup(s->o.first_token);
    if (!t->access_token)
        return wk_fail(err, WK_NOMEM, "out of memory");
    t->obtained_s = now_of(s);
    t->expires_s = wki_jwt_expiry(t->access_token);
    s->is_first = true;
    return WK_OK;
}

static void open_store(wki_token_source *s, const char *state_dir)
{
    wk_error err = {0};

    if (wki_token_store_open(state_dir, &s->store, &err) != WK_OK)
        wk_log_write(s->o.log, WK_LOG_WARN, "tokens are not kept: %s", err.message);
}

wk_code wki_token_source_new(const wki_token_source_opts *opts, wki_token_source **out,
                             wk_error *err)
{
    wki_token_source *s;
    wk_code rc = check_opts(opts, err);

    if (rc == WK_OK)
        rc = check_urls(opts, err);
    if (rc != WK_OK)
        return rc;
    s = calloc(1, sizeof *s);
    if (!s)
        return wk_fail(err, WK_NOMEM, "out of memory");
    s->o = *opts;
    rc = keep_all(s, err);
    trim_fhir(s);
    if (rc == WK_OK)
        rc = wki_token_key(s->key, wki_auth_method_name(s->o.method),
                           s->o.method == WKI_METHOD_SMART || !s->o.token_url ? s->o.fhir
                                                                              : s->o.token_url,
                           s->o.client_id, s->o.scope, s->o.profile, err);
    if (rc == WK_OK)
        rc = take_first(s, err);
    if (rc == WK_OK) {
        open_store(s, opts->state_dir);
        *out = s;
    } else {
        wki_token_source_free(s);
    }
    return rc;
}

void wki_token_source_free(wki_token_source *s)
{
    const char **fields[9];

    if (!s)
        return;
    for (size_t i = fields_of(s, fields); i > 0; i--) {
        char *text = (char *)(uintptr_t)*fields[i - 1];

        if (text)
            explicit_bzero(text, strlen(text));
        free(text);
    }
    wki_token_record_clear(&s->record);
    wki_smart_config_clear(&s->smart);
    wki_token_store_free(s->store);
    free(s);
}

/* ---- getting a token ---- */

static wk_code lock(wki_token_source *s, int *held, wk_error *err)
{
    *held = -1;
    if (!s->store)
        return WK_OK;
    return wki_token_store_lock(s->store, s->key, LOCK_WAIT_MS, s->o.clock, s->o.cancel, held, err);
}

/* What another process may have left meanwhile. What cannot be used is as good as not there. */
static void read_kept(wki_token_source *s, wki_token_record *out, bool *found)
{
    wk_error err = {0};

    *found = false;
    if (s->store && wki_token_store_read(s->store, s->key, out, found, &err) != WK_OK)
        wk_log_write(s->o.log, WK_LOG_WARN, "the kept login is not used: %s", err.message);
}

static bool is_usable(const wki_token_source *s, const wki_token *t)
{
    bool anew = s->o.method != WKI_METHOD_SMART && !s->is_first;

    return wki_token_is_fresh(t, now_of(s), anew ? UNKNOWN_LIFE_S : 0);
}

static void adopt(wki_token_source *s, wki_token_record *kept)
{
    wki_token_record_clear(&s->record);
    s->record = *kept;
    memset(kept, 0, sizeof *kept);
    s->is_first = false;
}

static wk_code no_login(const wki_token_source *s, wk_error *err)
{
    char shown[256];

    wki_url_redact(shown, sizeof shown, s->o.fhir);
    if (s->record.token.access_token && !s->is_first)
        return wk_fail(err, WK_AUTH, "the login to %s has expired; run: wadokit auth login", shown);
    return wk_fail(err, WK_AUTH, "no login to %s is kept; run: wadokit auth login", shown);
}

/* A refresh token that was refused is no good to anybody. */
static void drop_refresh_token(wki_token_source *s)
{
    wk_error err = {0};
    char **refresh = &s->record.token.refresh_token;

    if (*refresh)
        explicit_bzero(*refresh, strlen(*refresh));
    free(*refresh);
    *refresh = NULL;
    if (s->store && wki_token_store_write(s->store, s->key, &s->record, &err) != WK_OK)
        wk_log_write(s->o.log, WK_LOG_WARN, "%s", err.message);
}

static wk_code obtain(wki_token_source *s, wk_error *err)
{
    wki_oauth2_grant grant = {.type = WKI_GRANT_CLIENT, .scope = s->o.scope};
    wki_oauth2_refusal refusal = WKI_REFUSAL_NONE;
    wk_error own = {0};
    wk_code rc;

    if (s->record.token.refresh_token) {
        grant.type = WKI_GRANT_REFRESH;
        grant.scope = NULL;
        grant.refresh_token = s->record.token.refresh_token;
        rc = wki_token_ask(s, &grant, &refusal, &own);
        if (rc == WK_OK)
            return rc;
        if (refusal == WKI_REFUSAL_GRANT)
            drop_refresh_token(s);
        if (refusal != WKI_REFUSAL_GRANT || s->o.method == WKI_METHOD_SMART) {
            if (err && err->code == WK_OK)
                *err = own;
            return rc;
        }
        grant = (wki_oauth2_grant){.type = WKI_GRANT_CLIENT, .scope = s->o.scope};
    }
    if (s->o.method == WKI_METHOD_SMART)
        return no_login(s, err);
    return wki_token_ask(s, &grant, NULL, err);
}

/* `rejected`: the token that a server has just refused, NULL where only time has passed. */
static wk_code acquire_locked(wki_token_source *s, const char *rejected, wk_error *err)
{
    wki_token_record kept = {0};
    bool found = false, usable;

    read_kept(s, &kept, &found);
    /* Older than ours where ours could not be written: a refresh token that is used up. */
    if (found && (s->is_first || kept.token.obtained_s >= s->record.token.obtained_s))
        adopt(s, &kept);
    wki_token_record_clear(&kept);
    usable = found && !s->is_first && is_usable(s, &s->record.token) &&
             !(rejected && strcmp(rejected, s->record.token.access_token) == 0);
    return usable ? WK_OK : obtain(s, err);
}

/* A thousand transfers that wait for a token must not ask a thousand times: what was refused stays
 * refused (an account may be locked after a few attempts), and a server that is down gets a rest.
 */
static bool has_failed(const wki_token_source *s)
{
    int64_t now = s->o.clock->monotonic_ms(s->o.clock->user);

    if (s->failure.code == WK_OK || s->failure.code == WK_CANCELLED)
        return false;
    return now - s->failed_ms < (s->failure.code == WK_AUTH ? LONG_REST_MS : REST_MS);
}

static wk_code acquire(wki_token_source *s, const char *rejected, wk_error *err)
{
    int held;
    wk_code rc;

    if (!has_failed(s)) {
        wk_error_clear(&s->failure);
        rc = lock(s, &held, &s->failure);
        if (rc == WK_OK)
            rc = acquire_locked(s, rejected, &s->failure);
        wki_token_store_unlock(held);
        if (rc == WK_OK)
            return rc;
        s->failed_ms = s->o.clock->monotonic_ms(s->o.clock->user);
    }
    if (err && err->code == WK_OK)
        *err = s->failure;
    return s->failure.code;
}

wk_code wki_token_source_get(wki_token_source *s, const char **token, wk_error *err)
{
    wk_code rc = WK_OK;

    if (!is_usable(s, &s->record.token))
        rc = acquire(s, NULL, err);
    if (rc == WK_OK)
        *token = s->record.token.access_token;
    return rc;
}

wk_code wki_token_source_request(wki_token_source *s, wk_error *err)
{
    wki_oauth2_grant grant = {.type = WKI_GRANT_CLIENT, .scope = s->o.scope};
    int held;
    wk_code rc;

    wk_error_clear(&s->failure);
    if (s->o.method == WKI_METHOD_SMART)
        return no_login(s, err);
    rc = lock(s, &held, err);
    if (rc != WK_OK)
        return rc;
    rc = wki_token_ask(s, &grant, NULL, err);
    wki_token_store_unlock(held);
    return rc;
}

wk_code wki_token_source_redeem(wki_token_source *s, const char *code, const char *redirect_uri,
                                const char *code_verifier, wk_error *err)
{
    wki_oauth2_grant grant = {.type = WKI_GRANT_CODE,
                              .scope = s->o.scope,
                              .code = code,
                              .redirect_uri = redirect_uri,
                              .code_verifier = code_verifier};
    int held;
    wk_code rc = lock(s, &held, err);

    if (rc != WK_OK)
        return rc;
    wk_error_clear(&s->failure);
    wki_token_record_clear(&s->record); /* a new login owes nothing to the one before */
    rc = wki_token_ask(s, &grant, NULL, err);
    wki_token_store_unlock(held);
    return rc;
}

/* ---- the face ---- */

static wk_code face_header(void *user, const char *origin, wki_buf *value, wk_error *err)
{
    const char *token = NULL;
    wk_code rc = wki_token_source_get(user, &token, err);

    (void)origin;
    if (rc == WK_OK)
        rc = wki_buf_add(value, "Bearer ", 7, err);
    return rc == WK_OK ? wki_buf_add(value, token, strlen(token), err) : rc;
}

static wk_code face_renew(void *user, const char *origin, wk_error *err)
{
    wki_token_source *s = user;
    char *rejected = wki_strdup(s->record.token.access_token);
    wk_code rc = acquire(s, rejected, err);

    (void)origin;
    if (rejected)
        explicit_bzero(rejected, strlen(rejected));
    free(rejected);
    return rc;
}

wki_credential wki_token_source_face(wki_token_source *source)
{
    return (wki_credential){.header = face_header, .renew = face_renew, .user = source};
}

/* ---- what is kept ---- */

wk_code wki_token_source_record(wki_token_source *s, const wki_token_record **out, wk_error *err)
{
    wki_token_record kept = {0};
    bool found = false;
    wk_code rc = WK_OK;

    if (s->store)
        rc = wki_token_store_read(s->store, s->key, &kept, &found, err);
    if (rc != WK_OK)
        return rc;
    if (found && !s->is_first)
        adopt(s, &kept);
    wki_token_record_clear(&kept);
    *out = s->record.token.access_token ? &s->record : NULL;
    return WK_OK;
}

wk_code wki_token_source_forget(wki_token_source *s, bool *existed, wk_error *err)
{
    wki_token_record kept = {0};
    bool found = false;
    int held;
    wk_code rc = lock(s, &held, err);

    if (rc != WK_OK)
        return rc;
    read_kept(s, &kept, &found);
    if (found) {
        adopt(s, &kept);
        wki_token_revoke(s);
    }
    *existed = found;
    if (s->store)
        rc = wki_token_store_remove(s->store, s->key, existed, err);
    wki_token_record_clear(&s->record);
    wki_token_store_unlock(held);
    return rc;
}
