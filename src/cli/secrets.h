/*
 * Secrets of the program: which values of options hold one, those of the environment, and what is
 * asked for at the terminal.
 */
#ifndef WADOKIT_CLI_SECRETS_H
#define WADOKIT_CLI_SECRETS_H

#include <stdbool.h>

#include <wadokit/error.h>

/* A header line that carries credentials. */
bool cli_is_secret_header(const char *line);

/* A URL with a password in it: "https://user:password@host/". */
bool cli_is_secret_url(const char *value);

/* Takes the secrets out of the environment (WADOKIT_TOKEN ...), so that no child gets them. Before
 * any other thread. */
void cli_secrets_take(void);

/* One of them by its name; NULL where it is not set, or empty. */
const char *cli_secrets_get(const char *name);

/* From here on the process leaves no core file, and others of the same user cannot look into it. */
void cli_secrets_guard(void);

/* Asks at the terminal for the pass phrase of a key, without showing it, where the file says that
 * it is under one; *out is NULL where it is not. WK_USAGE where there is no terminal to ask at. */
wk_code cli_secrets_ask_key(const char *path, const char **out, wk_error *err) WK_MUST_USE;

/* Wipes all of them; at the end. */
void cli_secrets_clear(void);

#endif
