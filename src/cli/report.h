/* What report.c needs from main.c, and its other half of stdout. */
#ifndef WADOKIT_CLI_REPORT_H
#define WADOKIT_CLI_REPORT_H

#include <stdbool.h>

#include "cli.h"

/* For wk_log: words of the library to stderr. `user` is the cli_context. */
void cli_log(void *user, wk_log_level level, const char *message);

/* A run that prints into a closed pipe is asked to stop through this; NULL for none. */
void cli_report_init(wk_cancel *cancel);

/* Closes stdout and gives the status to exit with: `status`, or that of a failed write. */
int cli_report_finish(int status);

/* Makes control characters of a line '?', in place. */
void cli_clean(char *line);

#endif
