/*
 * The OAuth login of a session: its own HTTP client, the client's key, and where tokens come from.
 */
#ifndef WADOKIT_FLOW_SESSION_LOGIN_H
#define WADOKIT_FLOW_SESSION_LOGIN_H

#include <stdbool.h>

#include "auth/token_source.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_session_login {
    wki_http *http; /* for the login server: without the session's credential and headers */
    wki_exchange exchange;
    wki_jwt_key *key;
    wki_token_source *source;
    wki_auth_method method;
} wki_session_login;

/* Whether `auth` names a login by OAuth; *method is set then. */
bool wki_auth_is_login(const char *auth, wki_auth_method *method);

/* Checks the options of session->opts and makes the login. Files are read; nothing is sent. */
wk_code wki_session_login_new(wk_session *session, wki_auth_method method, wki_session_login **out,
                              wk_error *err) WK_MUST_USE;
void wki_session_login_free(wki_session_login *login);

#ifdef __cplusplus
}
#endif

#endif
