/*
 * One line at the bottom of the terminal that says how far a run is. Drawn only where stderr is a
 * terminal, at most ten times a second, and taken away before anything else is printed.
 */
#ifndef WADOKIT_CLI_PROGRESS_H
#define WADOKIT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/session.h>

/* Before the session: `wanted` is false with --quiet or --no-progress. */
void cli_progress_init(bool wanted);
bool cli_progress_is_on(void);

/* For wk_session_opts.progress. */
void cli_progress_update(void *user, const wk_progress *progress);

/* Around everything else that is printed; safe from any thread, not nested. */
void cli_progress_lock(void);
void cli_progress_unlock(void);

/* At the end: takes the line away for good. */
void cli_progress_finish(void);

/* The line as text of at most `columns` columns, without escapes; `seconds` since the start. */
void cli_progress_line(char *out, size_t size, int columns, const wk_progress *progress,
                       double seconds, double bytes_per_second);

#endif
