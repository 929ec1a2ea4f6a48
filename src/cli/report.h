/* What report.c needs from main.c, and its other half of stdout. */
#ifndef WADOKIT_CLI_REPORT_H
#define WADOKIT_CLI_REPORT_H

#include <stdbool.h>

#include "cli.h"

/* For wk_log: words of the library to stderr. `user` is the cli_context. */
void cli_log(void *user, wk_log_level level, const char *message);

/* A run that prints into a closed pipe is asked to stop through this; NULL for none. */
void cli_report_init(wk_cancel *cancel);

/* SIGPIPE is ignored while a run goes on, so that it can stop and clean up. */
void cli_report_ignore_pipe(void);

/* Closes stdout and gives the status to exit with: `status`, or that of a failed write. Where the
 * reader of a pipe went away, the program ends by SIGPIPE, without a word, as others do (unless
 * its parent ignores that signal). */
int cli_report_finish(int status);

/* Whether words to this descriptor are coloured: --color, NO_COLOR, TERM, a terminal. */
bool cli_color(int fd);

/* A line of results that may hold escape sequences of ours; everything else in it is clean. */
void cli_out_styled(const char *line);

/* Makes control characters of a line '?', in place. */
void cli_clean(char *line);

#endif
