/*
 * Operands of the command line together with those of a file, one a line.
 */
#ifndef WADOKIT_CLI_OPERANDS_H
#define WADOKIT_CLI_OPERANDS_H

#include "cli.h"

/* The first n_given items are argv's, the others are owned. */
typedef struct cli_operands {
    char **items;
    size_t n, n_given, capacity;
} cli_operands;

/* argv's, then the lines of `file` ("-" is standard input; NULL: none), without blanks around them;
 * blank lines and lines that begin with '#' are passed over. WK_USAGE where it cannot be opened or
 * has a NUL, WK_IO, WK_LIMIT, WK_CANCELLED. Clear in any case. */
wk_code cli_operands_collect(cli_operands *o, int argc, char **argv, const char *file,
                             wk_error *err) WK_MUST_USE;
void cli_operands_clear(cli_operands *o);

#endif
