/* What would be fetched, and from where: `resolve`, and --dry-run of others. */
#ifndef WADOKIT_CLI_REPORT_PLAN_H
#define WADOKIT_CLI_REPORT_PLAN_H

#include "cli.h"

/* Resolves the targets and prints the plan, as a table or as JSON Lines. The exit status. */
int cli_report_plan(cli_context *ctx, size_t n, char **targets);

#endif
