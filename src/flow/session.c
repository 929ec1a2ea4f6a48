#include "flow/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/credential.h"
#include "box/box.h"
#include "core/file_system.h"
#include "core/text.h"
#include "dicomweb/dicomweb_url.h"
#include "fhir/bundle.h"
#include "flow/run_progress.h"
#include "flow/session_login.h"
#include "http/origin_map.h"
#include "http/url.h"
#include "json/problem.h"

enum {
    DEFAULT_TRANSFERS = 4
};

/* Behind wk_session.owned. */
typedef struct owned {
    char **strings; /* all copies, n_strings of them, to be freed */
    size_t n_strings;
    const char **lists[4]; /* allow_origins, sets, headers, map_origins */
    char **headers;        /* the user's and the source id's: borrowed strings */
    size_t n_headers;
    char **origins; /* owned strings: configured, then allowed */
    size_t n_origins;
    char *user, *password; /* out of a URL */
    char *user_origin;
    wki_static_credential *credential;
} owned;

static wk_code no_memory(wk_error *err)
{
    return wk_fail(err, WK_NOMEM, "out of memory");
}

static owned *own(const wk_session *s)
{
    return s->owned;
}

/* Takes `copy` (NULL where memory is out) into the session's keeping. */
static const char *keep_taken(owned *o, char *copy)
{
    char **more = copy ? realloc(o->strings, (o->n_strings + 1) * sizeof *more) : NULL;

    if (!more) {
        free(copy);
        return NULL;
    }
    o->strings = more;
    o->strings[o->n_strings++] = copy;
    return copy;
}

static wk_code keep(owned *o, const char **field, wk_error *err)
{
    if (!*field)
        return WK_OK;
    *field = keep_taken(o, wki_strdup(*field));
    return *field ? WK_OK : no_memory(err);
}

static wk_code keep_list(owned *o, const char ***list, const char *const **field, size_t n,
                         wk_error *err)
{
    wk_code rc = WK_OK;

    *list = calloc(n + 1, sizeof **list);
    if (!*list)
        return no_memory(err);
    for (size_t i = 0; rc == WK_OK && i < n; i++) {
        (*list)[i] = (*field)[i];
        rc = keep(o, &(*list)[i], err);
    }
    *field = *list;
    return rc;
}

static wk_code keep_all(wk_session *s, wk_error *err)
{
    owned *o = own(s);
    wk_session_opts *p = &s->opts;
    const char **const fields[] = {
        &p->fhir,
        &p->dicomweb,
        &p->base,
        &p->token_file,
        &p->token_command,
        &p->user,
        &p->aws_sigv4,
        &p->cacert,
        &p->cert,
        &p->key,
        &p->key_password_file,
        &p->key_password,
        &p->proxy,
        &p->password_file,
        &p->source_id,
        &p->destination_slug,
        &p->auth,
        &p->token_url,
        &p->authorize_url,
        &p->client_id,
        &p->client_secret_file,
        &p->client_auth,
        &p->scope,
        &p->private_key,
        &p->key_id,
        &p->jwt_alg,
        &p->profile,
        &p->state_dir,
        &p->decoder,
    };
    wk_code rc = WK_OK;

    for (size_t i = 0; rc == WK_OK && i < sizeof fields / sizeof fields[0]; i++)
        rc = keep(o, fields[i], err);
    if (rc == WK_OK)
        rc = keep_list(o, &o->lists[0], &p->allow_origins, p->n_allow_origins, err);
    if (rc == WK_OK)
        rc = keep_list(o, &o->lists[1], &p->sets, p->n_sets, err);
    if (rc == WK_OK)
        rc = keep_list(o, &o->lists[2], &p->headers, p->n_headers, err);
    if (rc == WK_OK)
        rc = keep_list(o, &o->lists[3], &p->map_origins, p->n_map_origins, err);
    return rc;
}

/* ---- servers and origins ---- */

static wk_code add_origin(owned *o, const char *url, wk_error *err)
{
    char **more;
    char *origin = NULL;
    wk_code rc = wki_url_origin(url, &origin, err);

    if (rc != WK_OK)
        return rc;
    more = realloc(o->origins, (o->n_origins + 1) * sizeof *more);
    if (!more) {
        free(origin);
        return no_memory(err);
    }
    o->origins = more;
    o->origins[o->n_origins++] = origin;
    return WK_OK;
}

/* A password in a URL would come to light in many places: it is taken out, and used as Basic. */
static wk_code take_userinfo(wk_session *s, const char *option, const char **url, wk_error *err)
{
    owned *o = own(s);
    char *clean = NULL, *user = NULL, *password = NULL;
    wk_code rc = wki_url_take_userinfo(*url, &clean, &user, &password, err);

    if (rc != WK_OK)
        return rc;
    *url = keep_taken(o, clean);
    if (!*url) {
        rc = no_memory(err);
    } else if (user && o->user &&
               !(strcmp(user, o->user) == 0 && strcmp(password, o->password) == 0 &&
                 wki_url_same_origin(*url, o->user_origin))) {
        rc = wk_fail_setting(err, WK_USAGE, "user", "%s: user names in two URLs; give one", option);
    } else if (user && !o->user) {
        o->user = user;
        o->password = password;
        rc = wki_url_origin(*url, &o->user_origin, err);
        wk_log_write(&s->log, WK_LOG_WARN,
                     "%s: the user name and password in the URL are used for HTTP Basic; better "
                     "give user and password-file",
                     option);
        return rc;
    }
    free(user);
    wki_secret_free(password);
    return rc;
}

static wk_code take_server(wk_session *s, const char *option, const char **url, wk_error *err)
{
    wk_error own_error = {0};
    wk_code rc;

    if (!*url)
        return WK_OK;
    rc = take_userinfo(s, option, url, &own_error);
    if (rc == WK_OK)
        rc = wki_url_check(*url, &own_error);
    if (rc == WK_OK)
        rc = add_origin(own(s), *url, &own_error);
    if (rc == WK_REFUSED || rc == WK_USAGE)
        return wk_fail_setting(err, WK_USAGE, option, "%s: %s", option, own_error.message);
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &own_error);
}

static wk_code take_allowed(wk_session *s, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; rc == WK_OK && i < s->opts.n_allow_origins; i++) {
        const char *given = s->opts.allow_origins[i];
        wk_error own_error = {0};
        const char *slashes = strstr(given, "//");

        rc = wki_url_check(given, &own_error);
        if (rc == WK_OK)
            rc = add_origin(own(s), given, &own_error);
        if (rc == WK_NOMEM)
            return no_memory(err);
        if (rc != WK_OK)
            return wk_fail_setting(err, WK_USAGE, "allow-origin", "allow-origin: %s",
                                   own_error.message);
        slashes += 2 + strcspn(slashes + 2, "/?#");
        if (strcmp(slashes, "") != 0 && strcmp(slashes, "/") != 0)
            return wk_fail_setting(err, WK_USAGE, "allow-origin",
                                   "allow-origin: give https://HOST[:PORT] without a path");
    }
    return rc;
}

/* Roots as people paste them are made one and the same, for every command. */
static wk_code take_roots(wk_session *s, wk_error *err)
{
    const char **fhir = &s->opts.fhir, **dicomweb = &s->opts.dicomweb;
    char *root = NULL;
    wk_code rc = WK_OK;

    if (*fhir && !(*fhir = keep_taken(own(s), wki_fhir_root(*fhir))))
        return no_memory(err);
    if (*dicomweb)
        rc = wki_dicomweb_root(*dicomweb, &root, err);
    if (root && !(*dicomweb = keep_taken(own(s), root)))
        rc = no_memory(err);
    return rc;
}

static wk_code take_servers(wk_session *s, wk_error *err)
{
    wk_code rc = take_server(s, "fhir", &s->opts.fhir, err);

    if (rc == WK_OK)
        rc = take_server(s, "dicomweb", &s->opts.dicomweb, err);
    if (rc == WK_OK)
        rc = take_roots(s, err);
    if (rc == WK_OK)
        rc = take_server(s, "base", &s->opts.base, err);
    return rc == WK_OK ? take_allowed(s, err) : rc;
}

/* ---- options ---- */

static wk_code check_sets(const wk_session_opts *p, wk_error *err)
{
    for (size_t i = 0; i < p->n_sets; i++) {
        if (p->sets[i][0] == '=' || !strchr(p->sets[i], '='))
            return wk_fail_setting(err, WK_USAGE, "set", "set: \"%s\" is not NAME=VALUE",
                                   p->sets[i]);
    }
    return WK_OK;
}

static wk_code check_maps(const wk_session_opts *p, wk_error *err)
{
    wk_error why = {0};

    for (size_t i = 0; i < p->n_map_origins; i++) {
        wk_code rc = wki_origin_map_check(p->map_origins[i], &why);

        if (rc != WK_OK)
            return wk_fail_setting(err, rc, "map-origin", "map-origin: %s", why.message);
    }
    return WK_OK;
}

static wk_code check_numbers(const wk_session_opts *p, wk_error *err)
{
    if (p->jobs < 0 || p->jobs > 256)
        return wk_fail_setting(err, WK_USAGE, "jobs", "jobs: 1 to 256");
    if (p->connect_timeout_s < 0 || p->idle_timeout_s < 0)
        return wk_fail(err, WK_USAGE, "a time-out cannot be negative");
    if (p->key && !p->cert)
        return wk_fail_setting(err, WK_USAGE, "key cert", "key without a certificate");
    return WK_OK;
}

static wk_code take_key_password(wk_session *s, wk_error *err)
{
    wk_session_opts *p = &s->opts;
    char *password = NULL;
    wk_code rc;

    if (!p->key_password_file)
        return WK_OK;
    rc = wki_secret_file_read(p->key_password_file, &password, err);
    if (rc != WK_OK)
        return rc;
    p->key_password = keep_taken(own(s), password);
    return p->key_password ? WK_OK : no_memory(err);
}

static wk_code take_headers(wk_session *s, wk_error *err)
{
    owned *o = own(s);
    const wk_session_opts *p = &s->opts;

    o->headers = calloc(p->n_headers + 1, sizeof *o->headers);
    if (!o->headers)
        return no_memory(err);
    for (size_t i = 0; i < p->n_headers; i++) {
        o->headers[o->n_headers] = wki_strdup(p->headers[i]);
        if (!o->headers[o->n_headers++])
            return no_memory(err);
    }
    if (p->source_id) {
        o->headers[o->n_headers] = wki_strfmt("redox-source-id: %s", p->source_id);
        if (!o->headers[o->n_headers++])
            return no_memory(err);
    }
    return WK_OK;
}

static wk_code take_static(wk_session *s, wk_error *err)
{
    owned *o = own(s);
    const wk_session_opts *p = &s->opts;
    wki_static_credential_opts c = {
        .token_file = p->token_file,
        .token_command = p->token_command,
        .token = p->token,
        .user = p->user,
        .password_file = p->password_file,
        .password = p->password,
        .cancel = p->cancel,
    };

    if (o->user && p->user)
        return wk_fail_setting(err, WK_USAGE, "user",
                               "a user name in a URL and another one; give one of them");
    if (o->user) {
        c.user = o->user;
        c.password = o->password;
        c.origin = o->user_origin;
    }
    return wki_static_credential_new(&c, &o->credential, err);
}

/* Places that the login's server has named before (SMART Imaging Access): its token is theirs too.
 */
static wk_code take_associated(wk_session *s, wk_error *err)
{
    const wki_token_record *record = NULL;
    wk_error own_error = {0};
    wk_code rc = wki_token_source_record(s->login->source, &record, &own_error);

    if (rc != WK_OK) {
        wk_log_write(&s->log, WK_LOG_WARN, "the kept login is not used: %s", own_error.message);
        return WK_OK;
    }
    for (size_t i = 0; rc == WK_OK && record && i < record->n_origins; i++) {
        wk_log_write(&s->log, WK_LOG_INFO, "credentials may also go to %s, as the login says",
                     record->origins[i]);
        rc = add_origin(own(s), record->origins[i], err);
    }
    return rc;
}

static wk_code take_login(wk_session *s, wki_auth_method method, wk_error *err)
{
    wk_code rc = WK_OK;

    if (own(s)->user)
        rc = wk_fail(err, WK_USAGE, "a user name in a URL and auth %s; give one of them",
                     s->opts.auth);
    if (rc == WK_OK)
        rc = wki_session_login_new(s, method, &s->login, err);
    return rc == WK_OK ? take_associated(s, err) : rc;
}

static bool has_token(const wk_session_opts *p)
{
    return p->token_file || p->token_command || p->token;
}

/* What `auth` asks for must be there; what it excludes is not used. */
static wk_code check_auth(wk_session *s, wk_error *err)
{
    wk_session_opts *p = &s->opts;
    wki_auth_method method;

    if (!p->auth) {
        if ((p->token_url || p->private_key || p->client_secret_file) && !has_token(p) && !p->user)
            return wk_fail_setting(
                err, WK_USAGE, "auth",
                "a client is given, but not what for: auth is client-credentials, "
                "backend-services or smart");
        return WK_OK;
    }
    if (wki_auth_is_login(p->auth, &method))
        return WK_OK;
    if (strcmp(p->auth, "bearer") == 0)
        return has_token(p) ? WK_OK
                            : wk_fail_setting(err, WK_USAGE, "token-file token-command token",
                                              "auth bearer needs a token");
    if (strcmp(p->auth, "basic") == 0)
        return p->user || p->netrc || own(s)->user
                   ? WK_OK
                   : wk_fail_setting(err, WK_USAGE, "user password-file password netrc",
                                     "auth basic needs a user name with a password");
    if (strcmp(p->auth, "none") != 0)
        return wk_fail_setting(err, WK_USAGE, "auth",
                               "auth: none, bearer, basic, client-credentials, backend-services or "
                               "smart, not '%s'",
                               p->auth);
    return WK_OK;
}

static const char *used_auth(const wk_session *s)
{
    const wk_session_opts *p = &s->opts;

    if (p->auth)
        return p->auth;
    if (has_token(p))
        return "bearer";
    return p->user || p->netrc || own(s)->user ? "basic" : "none";
}

static wk_code take_credential(wk_session *s, wk_error *err)
{
    wk_session_opts *p = &s->opts;
    wki_auth_method method;
    wk_code rc = check_auth(s, err);

    if (rc != WK_OK)
        return rc;
    s->auth = used_auth(s);
    if (p->aws_sigv4 && strcmp(s->auth, "basic") != 0)
        return wk_fail_setting(err, WK_USAGE, "aws-sigv4 user password-file password",
                               "aws-sigv4 signs with a key id, as the user, and its secret, as the "
                               "password");
    if (p->auth && strcmp(p->auth, "none") == 0)
        p->netrc = false;
    else if (wki_auth_is_login(p->auth, &method))
        rc = take_login(s, method, err);
    else
        rc = take_static(s, err);
    /* From here on the credential alone knows them. */
    p->token = NULL;
    p->password = NULL;
    p->client_secret = NULL;
    return rc;
}

wki_credential wki_session_credential(wk_session *session)
{
    return session->login ? wki_token_source_face(session->login->source)
                          : wki_static_credential_face(own(session)->credential);
}

static void on_received(void *user, uint64_t bytes)
{
    ((wk_session *)user)->received += bytes;
}

void wki_session_http_opts(const wk_session *session, wki_http_opts *out)
{
    const wk_session_opts *p = &session->opts;

    *out = (wki_http_opts){
        .maps = p->map_origins,
        .n_maps = p->n_map_origins,
        .cacert = p->cacert,
        .cert = p->cert,
        .key = p->key,
        .key_password = p->key_password,
        .proxy = p->proxy,
        .retries = p->retries,
        .max_wait_ms = p->max_wait_s < 0 ? -1 : (int64_t)p->max_wait_s * 1000,
        .connect_timeout_s = p->connect_timeout_s,
        .idle_timeout_s = p->idle_timeout_s,
        .speed_limit = p->speed_limit,
        .speed_time_s = p->speed_time_s,
        .log = &session->log,
        .cancel = p->cancel,
        .clock = session->clock,
    };
}

static wk_code make_client(wk_session *s, wk_error *err)
{
    owned *o = own(s);
    wki_http_opts h;

    wki_session_http_opts(s, &h);
    h.origins = (const char *const *)o->origins;
    h.n_origins = o->n_origins;
    h.credential = wki_session_credential(s);
    h.headers = (const char *const *)o->headers;
    h.n_headers = o->n_headers;
    h.netrc = s->opts.netrc;
    h.aws_sigv4 = s->opts.aws_sigv4;
    h.max_transfers = s->opts.jobs > 0 ? s->opts.jobs : DEFAULT_TRANSFERS;
    h.max_bytes = s->opts.max_bytes;
    h.explain = wki_problem_text;
    h.received = on_received;
    h.received_user = s;
    h.turn = wki_progress_turn;
    h.turn_user = s;
    return wki_http_new(&h, &s->http, err);
}

wk_code wk_session_new(const wk_session_opts *opts, wk_session **out, wk_error *err)
{
    wk_session *s = calloc(1, sizeof *s);
    wk_code rc;

    if (!s)
        return no_memory(err);
    s->opts = *opts;
    s->log = opts->log;
    s->clock = wki_clock_system();
    s->owned = calloc(1, sizeof(owned));
    rc = s->owned ? keep_all(s, err) : no_memory(err);
    if (rc == WK_OK)
        rc = check_numbers(&s->opts, err);
    if (rc == WK_OK)
        rc = check_sets(&s->opts, err);
    if (rc == WK_OK)
        rc = check_maps(&s->opts, err);
    if (rc == WK_OK)
        rc = take_servers(s, err);
    if (rc == WK_OK)
        rc = take_headers(s, err);
    if (rc == WK_OK)
        rc = take_key_password(s, err);
    if (rc == WK_OK)
        rc = take_credential(s, err);
    if (rc == WK_OK)
        rc = make_client(s, err);
    if (rc == WK_OK) {
        wki_box_opts box = {s->opts.sandbox, s->opts.decoder, s->log};

        wki_box_set_up(&box);
        *out = s;
    } else {
        wk_session_free(s);
    }
    return rc;
}

static void free_owned(owned *o)
{
    wki_static_credential_free(o->credential);
    for (size_t i = 0; i < o->n_headers; i++)
        wki_secret_free(o->headers[i]);
    free(o->headers);
    for (size_t i = 0; i < o->n_origins; i++)
        free(o->origins[i]);
    free(o->origins);
    for (size_t i = 0; i < sizeof o->lists / sizeof o->lists[0]; i++)
        free(o->lists[i]);
    /* Headers, a command and a proxy may hold secrets; wiping all is simpler than choosing. */
    for (size_t i = 0; i < o->n_strings; i++)
        wki_secret_free(o->strings[i]);
    free(o->strings);
    free(o->user);
    free(o->user_origin);
    wki_secret_free(o->password);
    free(o);
}

void wk_session_free(wk_session *session)
{
    wki_box_opts silent = {0};

    if (!session)
        return;
    wki_fs_tell(&session->log);
    silent.sandbox = session->opts.sandbox;
    wki_box_set_up(&silent);
    wki_http_free(session->http);
    wki_servers_clear(&session->servers);
    wki_session_login_free(session->login);
    if (session->owned)
        free_owned(session->owned);
    for (size_t i = 0; i < session->n_spools; i++)
        close(session->spools[i]);
    free(session->spools);
    free(session);
}

const char *wki_session_lookup(void *session, const char *name)
{
    const wk_session_opts *p = &((const wk_session *)session)->opts;
    size_t n = strlen(name);

    for (size_t i = p->n_sets; i > 0; i--) {
        const char *set = p->sets[i - 1];

        if (strncmp(set, name, n) == 0 && set[n] == '=')
            return set + n + 1;
    }
    return strcmp(name, "destination-slug") == 0 ? p->destination_slug : NULL;
}

wk_code wki_session_typed_url(wk_session *session, const char *url, wk_error *err)
{
    const wk_session_opts *p = &session->opts;

    if (p->fhir || p->dicomweb || p->base)
        return WK_OK;
    return wki_http_allow_origin(session->http, url, err);
}

wk_code wki_session_check(const wk_session *session, wk_error *err)
{
    const wk_cancel *cancel = session->opts.cancel;

    return cancel && cancel->requested ? wk_fail(err, WK_CANCELLED, "interrupted") : WK_OK;
}
