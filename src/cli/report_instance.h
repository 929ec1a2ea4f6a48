/* Reports about instances: what get and verify print of each. */
#ifndef WADOKIT_CLI_REPORT_INSTANCE_H
#define WADOKIT_CLI_REPORT_INSTANCE_H

#include "cli.h"

/* said: the first failure stands on stderr already. Starts with it false. */
typedef struct cli_instances {
    cli_context *ctx;
    bool said;
} cli_instances;

/* A wk_instance_fn; `user` is a cli_instances. */
void cli_instance(void *user, const wk_instance_report *report);

#endif
