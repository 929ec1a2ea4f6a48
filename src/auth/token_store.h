/*
 * Tokens on disk: one file a login, read and written only by its owner (0600 in a folder 0700),
 * replaced whole, locked between processes. Refresh tokens are used up by use: whoever renews
 * takes the lock, reads again what is there, and renews only what is still stale.
 */
#ifndef WADOKIT_AUTH_TOKEN_STORE_H
#define WADOKIT_AUTH_TOKEN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/cancel.h>
#include <wadokit/error.h>

#include "auth/oauth2.h"
#include "core/clock.h"
#include "core/hash.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All that is kept of a login. Strings on the heap, NULL where unknown. Starts zeroed. */
typedef struct wki_token_record {
    char *profile;
    char *method; /* "client-credentials", "backend-services", "smart" */
    char *issuer; /* FHIR base for smart, else the token URL */
    char *token_url;
    char *revocation_url;
    char *client_id;
    char *client_auth; /* how smart clients prove themselves: "public", "post", "basic", "jwt" */
    char *asked_scope;
    char **origins; /* n_origins: where else the token may go (associated endpoints) */
    size_t n_origins;
    wki_token token;
} wki_token_record;

void wki_token_record_clear(wki_token_record *record);
wk_code wki_token_record_add_origin(wki_token_record *record, const char *origin,
                                    wk_error *err) WK_MUST_USE;

typedef struct wki_token_store wki_token_store;

/* The folder of tokens for a user: `state_dir`/wadokit, or where it is NULL that of the
 * environment, $XDG_STATE_HOME/wadokit, else ~/.local/state/wadokit. On the heap. WK_IO where
 * neither is set. */
wk_code wki_token_store_path(const char *state_dir, char **out, wk_error *err) WK_MUST_USE;

/* Makes the folder where it is missing. WK_IO where that cannot be, WK_REFUSED where others may
 * write into it. Free with wki_token_store_free(). */
wk_code wki_token_store_open(const char *state_dir, wki_token_store **out,
                             wk_error *err) WK_MUST_USE;
void wki_token_store_free(wki_token_store *store);

/* The name of a login: a digest of what makes it different from others. NULL counts as "". */
wk_code wki_token_key(char key[WKI_SHA256_HEX_SIZE], const char *method, const char *issuer,
                      const char *client_id, const char *scope, const char *profile,
                      wk_error *err) WK_MUST_USE;

/* Waits until no other process holds `key`, at most `wait_ms` (WK_IO then). *lock is a descriptor
 * for wki_token_store_unlock(). Locks are let go when a process ends, however it ends. */
wk_code wki_token_store_lock(wki_token_store *store, const char *key, int64_t wait_ms,
                             const wki_clock *clock, const wk_cancel *cancel, int *lock,
                             wk_error *err) WK_MUST_USE;
void wki_token_store_unlock(int lock);

/* *found false: there is none. WK_REFUSED where others can read or write the file, WK_DATA where it
 * is broken. `out` is a zeroed record. */
wk_code wki_token_store_read(wki_token_store *store, const char *key, wki_token_record *out,
                             bool *found, wk_error *err) WK_MUST_USE;

/* Replaces the file; it is on disk when this returns. */
wk_code wki_token_store_write(wki_token_store *store, const char *key,
                              const wki_token_record *record, wk_error *err) WK_MUST_USE;

/* *existed may be NULL. */
wk_code wki_token_store_remove(wki_token_store *store, const char *key, bool *existed,
                               wk_error *err) WK_MUST_USE;

/* Calls `each` for every login, in the order of the keys; stops at a code other than WK_OK. Files
 * that cannot be read are handed over with record NULL and the error. */
wk_code wki_token_store_each(wki_token_store *store,
                             wk_code (*each)(void *user, const char *key,
                                             const wki_token_record *record,
                                             const wk_error *trouble),
                             void *user, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
