/*
 * How far a run is, on stderr: bars at the bottom of a terminal, drawn at most ten times a second
 * and taken away before anything else is printed; with --verbose a plain line now and then instead;
 * and nothing where stderr is no terminal.
 */
#ifndef WADOKIT_CLI_PROGRESS_H
#define WADOKIT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/session.h>

/* Before the session: `wanted` is false with --quiet or --no-progress. */
void cli_progress_init(bool wanted, bool verbose);
bool cli_progress_is_on(void);

/* For wk_session_opts.progress. */
void cli_progress_update(void *user, const wk_progress *progress);

/* Around everything else that is printed; safe from any thread, not nested. */
void cli_progress_lock(void);
void cli_progress_unlock(void);

/* At the end: takes the bars away for good. */
void cli_progress_finish(void);

#endif
