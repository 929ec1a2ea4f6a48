/*
 * Reading the command line: tables of cli_opt, the program's own rules.
 *
 * Long options take their value as "--name=value" or "--name value", short ones as "-nvalue" or
 * "-n value"; short flags cluster ("-qv"). Names are never shortened. Options may come after
 * operands; "--" ends them. "--no-NAME" clears a flag. Global options may stand anywhere, those of
 * a command behind its name.
 */
#ifndef WADOKIT_CLI_OPTS_H
#define WADOKIT_CLI_OPTS_H

#include "cli.h"

enum {
    CLI_MAX_GIVEN = 256
};

/* What a command line says. Operands point into argv; the array of them is owned. */
typedef struct cli_args {
    const cli_command *command; /* NULL where none was named */
    char **operands;            /* n_operands, NULL behind the last */
    int n_operands;
    bool help; /* --help or -h; what follows it was not looked at */
    bool version;
    const cli_opt *given[CLI_MAX_GIVEN]; /* each option that was given, once */
    size_t n_given;
} cli_args;

/* Reads argv and stores the options' values. WK_USAGE with a message for the user. */
wk_code cli_args_parse(cli_args *a, int argc, char **argv, wk_error *err) WK_MUST_USE;
void cli_args_clear(cli_args *a);
bool cli_args_has(const cli_args *a, const cli_opt *opt);

/* The option of that name in a table, NULL where there is none. The table may be NULL. */
const cli_opt *cli_opt_find(const cli_opt *table, const char *name);

/* Checks one value, and stores it where `store` is set. A flag's value is NULL for "present", or
 * yes/no/true/false/on/off/1/0. Errors do not name the option. */
wk_code cli_opt_value(const cli_opt *opt, const char *value, bool store, wk_error *err) WK_MUST_USE;

/* Frees the lists of a table. */
void cli_opts_clear(const cli_opt *table);

/* The name among `names` (NULL at the end) that was probably meant; NULL where none is near. */
const char *cli_nearest(const char *typed, const char *const *names);

const cli_command *cli_command_find(const char *name);

/* The nearest name of an option of the command (may be NULL) or of the program. */
const char *cli_opt_nearest(const char *typed, const cli_opt *command_table);

#endif
