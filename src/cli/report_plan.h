/* What would be fetched, and from where: `resolve`, and --dry-run of others. */
#ifndef WADOKIT_CLI_REPORT_PLAN_H
#define WADOKIT_CLI_REPORT_PLAN_H

#include "cli.h"

typedef wk_code (*cli_planner)(wk_session *session, const char *const *targets, size_t n_targets,
                               wk_plan_fn each, void *user, wk_resolve_summary *summary,
                               wk_error *err);

/* Resolves the targets by wk_resolve() or wk_get_plan() and prints the plan, as a table or as JSON
 * Lines. The exit status. */
int cli_report_plan(cli_context *ctx, cli_planner planner, size_t n, char **targets);

#endif
