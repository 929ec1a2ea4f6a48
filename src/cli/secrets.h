/*
 * Which values of options hold a secret.
 */
#ifndef WADOKIT_CLI_SECRETS_H
#define WADOKIT_CLI_SECRETS_H

#include <stdbool.h>

/* A header line that carries credentials. */
bool cli_is_secret_header(const char *line);

/* A URL with a password in it: "https://user:password@host/". */
bool cli_is_secret_url(const char *value);

#endif
