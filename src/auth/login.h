/*
 * One login of a person: the authorization request (RFC 6749 section 4.1.1, RFC 7636, SMART App
 * Launch) and the redirect that answers it. Pure: where the browser is and how the answer comes
 * back is the business of others.
 */
#ifndef WADOKIT_AUTH_LOGIN_H
#define WADOKIT_AUTH_LOGIN_H

#include <stdbool.h>

#include <wadokit/error.h>

#include "auth/pkce.h"
#include "core/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed; NULL where optional.
 *   aud     FHIR base; in an EHR launch the iss that was received
 *   launch  optional: the opaque value of an EHR launch
 *   issuer  optional: what an iss in the answer must be (RFC 9207)
 *   prompt  optional: "consent", "login" ... */
typedef struct wki_login_params {
    const char *authorize_url;
    const char *client_id;
    const char *redirect_uri;
    const char *scope;
    const char *aud;
    const char *launch;
    const char *issuer;
    const char *prompt;
} wki_login_params;

/* Starts zeroed. `url` is where the browser goes. */
typedef struct wki_login {
    char state[WKI_NONCE_SIZE];
    char verifier[WKI_NONCE_SIZE];
    char *url;
    char *issuer;
    bool answered;
} wki_login;

wk_code wki_login_begin(wki_login *login, const wki_login_params *params, const wki_clock *clock,
                        wk_error *err) WK_MUST_USE;
void wki_login_clear(wki_login *login);

/* Whether an answer (a URL or only its query) carries the state of this login. */
bool wki_login_matches(const wki_login *login, const char *answer);

/* Takes the answer: the URL that the browser was sent to, or only its query. *code on the heap.
 * WK_REFUSED for a state or issuer that is not ours, a parameter given twice, and a second answer;
 * WK_AUTH where the server or the person said no; WK_DATA where it is no answer at all. */
wk_code wki_login_finish(wki_login *login, const char *answer, char **code,
                         wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
