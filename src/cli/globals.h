/* The global options, and what becomes of them. */
#ifndef WADOKIT_CLI_GLOBALS_H
#define WADOKIT_CLI_GLOBALS_H

#include "cli.h"

extern const cli_opt cli_global_opts[];
extern const cli_opt *const cli_help_opt;
extern const cli_opt *const cli_version_opt;

/* The values; the parsing fills them. */
extern cli_global cli_globals;

/* Once command line and profile are read: takes what is still missing (WADOKIT_TOKEN,
 * WADOKIT_PASSWORD, WADOKIT_CLIENT_SECRET) from the environment, and hands the lists over to the
 * session's options. */
wk_code cli_globals_finish(wk_error *err) WK_MUST_USE;

/* Refuses headers on the command line that carry a secret. Call before the profile is read. */
wk_code cli_globals_check_argv(wk_error *err) WK_MUST_USE;

/* True where the command line or the profile named credentials of any kind. */
bool cli_globals_have_credentials(void);

#endif
