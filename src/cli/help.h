/* Help texts, made from the tables. */
#ifndef WADOKIT_CLI_HELP_H
#define WADOKIT_CLI_HELP_H

#include "cli.h"

void cli_help_program(const cli_context *ctx);
void cli_help_command(const cli_context *ctx, const cli_command *command);
void cli_help_version(const cli_context *ctx);

#endif
