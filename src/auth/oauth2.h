/*
 * OAuth 2.0 token requests and answers (RFC 6749, 6750, 7523; SMART App Launch 2.x): pure functions
 * that build what is sent and read what came back. Nothing is sent from here.
 */
#ifndef WADOKIT_AUTH_OAUTH2_H
#define WADOKIT_AUTH_OAUTH2_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "auth/jwt.h"
#include "core/buf.h"
#include "core/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the client proves who it is. */
typedef enum wki_client_auth {
    WKI_CLIENT_PUBLIC,    /* not at all: client_id in the form */
    WKI_CLIENT_POST,      /* client_id and client_secret in the form */
    WKI_CLIENT_BASIC,     /* Basic, both form-urlencoded before base64 (RFC 6749 section 2.3.1) */
    WKI_CLIENT_BASIC_RAW, /* Basic without that, for servers that do not decode */
    WKI_CLIENT_JWT,       /* a signed assertion */
} wki_client_auth;

/* Borrowed strings. secret for POST and BASIC*, key for JWT; the assertion's aud is token_url. */
typedef struct wki_oauth2_client {
    const char *token_url;
    const char *client_id;
    wki_client_auth auth;
    const char *secret;
    const wki_jwt_key *key;
} wki_oauth2_client;

typedef enum wki_grant_type {
    WKI_GRANT_CLIENT,  /* client_credentials: scope (may be NULL) */
    WKI_GRANT_CODE,    /* authorization_code: code, redirect_uri, code_verifier */
    WKI_GRANT_REFRESH, /* refresh_token: refresh_token, scope (NULL: as granted) */
} wki_grant_type;

typedef struct wki_oauth2_grant {
    wki_grant_type type;
    const char *scope;
    const char *code;
    const char *redirect_uri;
    const char *code_verifier;
    const char *refresh_token;
} wki_oauth2_grant;

/* Fills two empty buffers: the form, and the value of Authorization (left empty where there is
 * none). A new assertion is made for each call: never send a form twice. */
wk_code wki_oauth2_request(const wki_oauth2_client *client, const wki_oauth2_grant *grant,
                           const wki_clock *clock, wki_buf *form, wki_buf *authorization,
                           wk_error *err) WK_MUST_USE;

/* The client's proof alone, for other requests to the login server (revocation): adds what of it
 * goes into a form; Basic is in the authorization of wki_oauth2_request(). */
wk_code wki_oauth2_prove(const wki_oauth2_client *client, const wki_clock *clock, wki_buf *form,
                         wk_error *err) WK_MUST_USE;

/* What a server gave. Strings on the heap, NULL where it did not say. Starts zeroed. */
typedef struct wki_token {
    char *access_token;
    char *refresh_token;
    char *scope;   /* granted */
    char *patient; /* launch context: logical ids */
    char *encounter;
    char *context;      /* fhirContext as JSON text */
    int64_t obtained_s; /* since 1970, local clock */
    int64_t expires_s;  /* 0: not told */
} wki_token;

void wki_token_clear(wki_token *token); /* overwrites the secrets */

/* Whether it may be used at `now_s`: not within a fifth of its life, or a minute, of its end. A
 * token that does not tell its end is good for `unknown_life_s` (0: until it is refused). */
bool wki_token_is_fresh(const wki_token *token, int64_t now_s, int64_t unknown_life_s);

/* An answer. server_time_s: its Date, 0 where absent. */
typedef struct wki_oauth2_answer {
    int status;
    const char *content_type; /* "" where absent */
    const char *body;
    size_t n;
    int64_t server_time_s;
} wki_oauth2_answer;

/* What kind of refusal it was, for what to do next. */
typedef enum wki_oauth2_refusal {
    WKI_REFUSAL_NONE,
    WKI_REFUSAL_CLIENT, /* wrong secret, key or id */
    WKI_REFUSAL_GRANT,  /* code or refresh token no longer good */
    WKI_REFUSAL_SCOPE,
    WKI_REFUSAL_OTHER,
} wki_oauth2_refusal;

/* Reads the answer to a request made with `client` and `grant`. Tolerant of shape: token_type in
 * any case or absent, expires_in absent, 0, quoted or a fraction; an "error" member is one with any
 * status. WK_AUTH for refusals, WK_NET for 429 and 5xx, WK_NOT_FOUND for 404, WK_DATA for what is
 * no token answer; the message says what to do, and holds no secret even where the server repeats
 * one. A refresh answer without a refresh token keeps the old one. `refusal` may be NULL. */
wk_code wki_oauth2_read(const wki_oauth2_answer *answer, const wki_oauth2_client *client,
                        const wki_oauth2_grant *grant, int64_t now_s, wki_token *out,
                        wki_oauth2_refusal *refusal, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
