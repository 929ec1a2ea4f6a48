/*
 * What token_source.c (when) and token_ask.c (how) share.
 */
#ifndef WADOKIT_AUTH_TOKEN_INTERNAL_H
#define WADOKIT_AUTH_TOKEN_INTERNAL_H

#include "auth/token_source.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wki_token_source {
    wki_token_source_opts o; /* owns its strings */
    char key[WKI_SHA256_HEX_SIZE];
    wki_token_store *store; /* NULL: nothing is kept */
    wki_token_record record;
    bool is_first; /* the record is only the first token */
    bool discovered;
    bool told_scope; /* a smaller scope was told */
    wki_smart_config smart;
    wk_error failure; /* of the last attempt to get a token; code WK_OK: none */
    int64_t failed_ms;
};

/* Sends one token request, takes the answer into s->record, and keeps it. The lock is held. */
wk_code wki_token_ask(wki_token_source *s, const wki_oauth2_grant *grant,
                      wki_oauth2_refusal *refusal, wk_error *err) WK_MUST_USE;

/* Tells the server that the tokens of s->record end, where it wants to know. */
void wki_token_revoke(wki_token_source *s);

#ifdef __cplusplus
}
#endif

#endif
