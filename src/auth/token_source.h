/*
 * Where tokens come from in a run that was given a client: a login kept on disk, a refresh token,
 * or a request with the client's own credentials. Behind wki_credential for the HTTP client, and
 * what `auth` works with.
 *
 * A token is renewed before its end, and once after a 401. All that changes what is kept happens
 * under the lock of the store, after reading it again, so that processes that share a login share
 * its refresh token too.
 */
#ifndef WADOKIT_AUTH_TOKEN_SOURCE_H
#define WADOKIT_AUTH_TOKEN_SOURCE_H

#include <stdbool.h>

#include <wadokit/cancel.h>
#include <wadokit/error.h>
#include <wadokit/log.h>

#include "auth/exchange.h"
#include "auth/oauth2.h"
#include "auth/smart.h"
#include "auth/token_store.h"
#include "core/clock.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_auth_method {
    WKI_METHOD_CLIENT,  /* client-credentials: an id and a secret */
    WKI_METHOD_BACKEND, /* backend-services: an id and a private key */
    WKI_METHOD_SMART,   /* smart: a person logs in */
} wki_auth_method;

/* "client-credentials", "backend-services", "smart". */
const char *wki_auth_method_name(wki_auth_method method);

/*
 * Strings are borrowed during the call; NULL: not given.
 *   fhir           base, for discovery; smart needs it
 *   token_url      needed but for smart, and for backend-services where `fhir` can be asked
 *   authorize_url  smart: where the server does not say
 *   client_auth    "post", "basic", "basic-raw"; NULL: post; smart: what the server lists, or basic
 *   key            of the client, borrowed as long as the source lives; instead of a secret
 *   first_token    used until it ends or is refused
 *   state_dir      instead of the environment's (token_store.h)
 * exchange, log, cancel and clock are borrowed as long as the source lives.
 */
typedef struct wki_token_source_opts {
    wki_auth_method method;
    const char *fhir;
    const char *token_url;
    const char *authorize_url;
    const char *client_id;
    const char *client_secret;
    const char *client_auth;
    const wki_jwt_key *key;
    const char *scope;
    const char *profile;
    const char *first_token;
    const char *state_dir;
    wki_exchange exchange;
    const wki_clock *clock;
    const wk_log *log;
    const wk_cancel *cancel;
} wki_token_source_opts;

typedef struct wki_token_source wki_token_source;

/* Checks what was given (WK_USAGE, WK_REFUSED); nothing is sent. A store that cannot be opened is a
 * warning: then tokens last as long as the source. */
wk_code wki_token_source_new(const wki_token_source_opts *opts, wki_token_source **out,
                             wk_error *err) WK_MUST_USE;
void wki_token_source_free(wki_token_source *source);

/* Its face for the HTTP client. Borrowed from `source`. */
wki_credential wki_token_source_face(wki_token_source *source);

/* A token that is good now, renewed where need be. Borrowed until the next call. WK_AUTH where
 * somebody has to log in first. */
wk_code wki_token_source_get(wki_token_source *source, const char **token,
                             wk_error *err) WK_MUST_USE;

/* Asks for a token now, whatever is kept. Not for smart. */
wk_code wki_token_source_request(wki_token_source *source, wk_error *err) WK_MUST_USE;

/* Turns an authorization code into a login that is kept. The code is used once. */
wk_code wki_token_source_redeem(wki_token_source *source, const char *code,
                                const char *redirect_uri, const char *code_verifier,
                                wk_error *err) WK_MUST_USE;

/* What the FHIR server says of logins, asked once; options stand above it. Borrowed. */
wk_code wki_token_source_discover(wki_token_source *source, const wki_smart_config **out,
                                  wk_error *err) WK_MUST_USE;

/* What is kept of the login, read from the store now; NULL where there is none. Borrowed until the
 * next call. */
wk_code wki_token_source_record(wki_token_source *source, const wki_token_record **out,
                                wk_error *err) WK_MUST_USE;

/* Tells the server that the tokens are no longer needed, where it has a place for that (RFC 7009;
 * a failure is only logged), and removes what is kept. *existed: there was something. */
wk_code wki_token_source_forget(wki_token_source *source, bool *existed, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
