/*
 * Credentials that do not change by themselves: a bearer token from a file, a command or the
 * environment, or HTTP Basic. (OAuth stands beside this, behind the same wki_credential.)
 */
#ifndef WADOKIT_AUTH_CREDENTIAL_H
#define WADOKIT_AUTH_CREDENTIAL_H

#include <wadokit/cancel.h>
#include <wadokit/error.h>

#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* At most one of token_file, token_command, token and user; password_file or password go with
 * user. NULL: not given. Borrowed during wki_static_credential_new().
 * origin   "https://host[:port]" that alone may have it; NULL: any that the client allows
 * cancel   looked at while the command runs; may be NULL */
typedef struct wki_static_credential_opts {
    const char *token_file;
    const char *token_command;
    const char *token;
    const char *user;
    const char *password_file;
    const char *password;
    const char *origin;
    const wk_cancel *cancel;
} wki_static_credential_opts;

typedef struct wki_static_credential wki_static_credential;

/* Checks and makes one; *out is NULL where nothing is given. Files are read (WK_USAGE where others
 * may read them, WK_IO where nobody can); the command runs when the first token is needed.
 * WK_USAGE for two sources at once. */
wk_code wki_static_credential_new(const wki_static_credential_opts *opts,
                                  wki_static_credential **out, wk_error *err) WK_MUST_USE;
void wki_static_credential_free(wki_static_credential *c);

/* Its face for the HTTP client; all NULL for NULL. Borrowed from `c`. */
wki_credential wki_static_credential_face(wki_static_credential *c);

/* The first line of a file that holds a secret, on the heap (wipe it with wki_secret_free()).
 * WK_USAGE where group or others may read it or it is empty, WK_IO where it cannot be read,
 * WK_LIMIT over WK_MAX_SECRET_FILE_BYTES. */
wk_code wki_secret_file_read(const char *path, char **out, wk_error *err) WK_MUST_USE;

/* All of such a file (a private key), `*n` bytes with a NUL behind them that is not counted; wipe it
 * with explicit_bzero() and free() it. */
wk_code wki_secret_file_read_all(const char *path, char **out, size_t *n, wk_error *err) WK_MUST_USE;

/* The first line of what /bin/sh -c `command` prints, within 30 s. WK_AUTH where it fails or
 * prints nothing. */
wk_code wki_secret_command_run(const char *command, const wk_cancel *cancel, char **out,
                               wk_error *err) WK_MUST_USE;

/* Wipes and frees; NULL is fine. */
void wki_secret_free(char *secret);

#ifdef __cplusplus
}
#endif

#endif
