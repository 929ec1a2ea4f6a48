/*
 * Logging in: tokens of the session's client or of a person, kept between runs.
 *
 * What is kept lies in files that only their owner may read (session.h, state_dir), and is shared
 * by processes: whoever renews a token does so for all.
 */
#ifndef WADOKIT_AUTH_H
#define WADOKIT_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How a person logs in (auth "smart"): SMART App Launch with PKCE.
 *   iss, launch     of an EHR launch: the server and the opaque value that the EHR handed over.
 *                   NULL for a standalone launch at the session's FHIR server. An iss that is not
 *                   the session's FHIR server is refused.
 *   redirect_port   port on 127.0.0.1 where the browser's answer is awaited, 0: a free one
 *   redirect_uri    NULL: http://127.0.0.1:PORT/callback. As registered; where it is not of this
 *                   machine, the answer can only be pasted.
 *   prompt          value of OpenID Connect's prompt ("consent", "login"), NULL: none
 *   timeout_s       how long the answer is awaited, 0: 300
 *   show            is given the URL that the browser must open
 *   read_answer     NULL: the answer is awaited on the loopback port. Else gives the URL that the
 *                   browser was sent to (pasted by the person) as text that fits `size`.
 */
typedef struct wk_login_opts {
    const char *iss;
    const char *launch;
    int redirect_port;
    const char *redirect_uri;
    const char *prompt;
    int timeout_s;
    wk_code (*show)(void *user, const char *url, wk_error *err);
    wk_code (*read_answer)(void *user, char *out, size_t size, wk_error *err);
    void *user;
} wk_login_opts;

/* Logs in and keeps what comes of it. With auth "client-credentials" or "backend-services" a new
 * token is asked for; `opts` is not looked at then and may be NULL. WK_USAGE for other kinds,
 * WK_AUTH where the login fails, WK_REFUSED for an answer that does not belong to it. */
WK_API wk_code wk_auth_login(wk_session *session, const wk_login_opts *opts,
                             wk_error *err) WK_MUST_USE;

/* A bearer token that is good now, renewed where need be, on the heap: wipe and free it. */
WK_API wk_code wk_auth_token(wk_session *session, char **out, wk_error *err) WK_MUST_USE;

/* What is known of a login; never its secrets. Strings are borrowed during the call, NULL where
 * unknown. Times are seconds since 1970, 0 where unknown.
 *   auth       "none", "bearer", "basic", "client-credentials", "backend-services", "smart"
 *   issuer     the FHIR server of a person's login, else the token endpoint
 *   scope      as granted, where the server said so, else as asked for
 *   patient, encounter, context   of the launch: logical ids, and fhirContext as JSON
 *   has_token, is_fresh, can_refresh   there is one; it can be used now; it can be renewed without
 *              anybody's help
 *   trouble    why what is kept cannot be used, NULL where it can */
typedef struct wk_auth_info {
    const char *profile;
    const char *auth;
    const char *issuer;
    const char *token_url;
    const char *client_id;
    const char *scope;
    const char *patient;
    const char *encounter;
    const char *context;
    int64_t obtained;
    int64_t expires;
    bool has_token;
    bool is_fresh;
    bool can_refresh;
    const char *trouble;
} wk_auth_info;

typedef wk_code (*wk_auth_info_fn)(void *user, const wk_auth_info *info);

/* Tells of the session's login, or where it has no login by OAuth and no credential, of all that
 * are kept. Nothing is sent. Stops at a code other than WK_OK. */
WK_API wk_code wk_auth_status(wk_session *session, wk_auth_info_fn each, void *user,
                              wk_error *err) WK_MUST_USE;

/* Removes what is kept of the session's login, or of all; a server that has a place for that is
 * told (not for all). *removed: how many there were. */
WK_API wk_code wk_auth_logout(wk_session *session, bool all, size_t *removed,
                              wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
