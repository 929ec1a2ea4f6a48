/* Completions for shells, made from the tables of commands and options. */
#ifndef WADOKIT_CLI_COMPLETION_H
#define WADOKIT_CLI_COMPLETION_H

#include "cli.h"

/* Prints the script of "bash", "zsh" or "fish"; false for another shell. */
bool cli_completion(const cli_context *ctx, const char *shell);

#endif
