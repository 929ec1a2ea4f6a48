/*
 * The program's own vocabulary: commands and options are data, help and man pages are held against
 * them, and a command fills a request, makes one library call, prints the report and returns the
 * exit status. No decisions about DICOM or HTTP here.
 */
#ifndef WADOKIT_CLI_CLI_H
#define WADOKIT_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <wadokit/wadokit.h>

typedef enum cli_opt_kind {
    CLI_FLAG,   /* bool: --NAME sets it, --no-NAME clears it (as does "NAME = no" in a profile) */
    CLI_COUNT,  /* int: times given (-vv) */
    CLI_STRING, /* const char * */
    CLI_INT,    /* int, whole, checked against min and max */
    CLI_BYTES,  /* uint64_t, with k, M, G (1024) */
    CLI_LIST,   /* cli_list: may repeat */
} cli_opt_kind;

typedef struct cli_list {
    const char **items; /* the array is owned, the strings are argv's or the profile's */
    size_t n;
} cli_list;

/* One option of the program or of a command. A table ends with {0}. Every option is also a key of
 * a profile. What `value` points to holds the default before the parsing. `choices`
 * ("png|jpeg|npy") are checked where not NULL; min == max: any whole number. A command's option has
 * neither the name nor the letter of a global one. */
typedef struct cli_opt {
    const char *name;
    char letter; /* 0: none */
    cli_opt_kind kind;
    void *value;
    const char *arg;  /* "DIR"; NULL for flags */
    const char *help; /* one line, without the period */
    const char *choices;
    int min, max;
} cli_opt;

/* What a command gets. The session is made before run() from the global options and the profile,
 * unless the command says no_session. */
typedef struct cli_context {
    wk_session *session;
    bool json; /* JSON Lines on stdout */
    bool quiet;
    int verbose;
    bool tty_out;      /* stdout is a terminal */
    bool names_server; /* the command line does: --dicomweb, --fhir, --profile */
    const wk_cancel *cancel;
    const struct cli_global *global;
    const struct cli_command *command;
} cli_context;

typedef struct cli_command {
    const char *name;
    const char *args;        /* "TARGET..." */
    const char *summary;     /* one line for the list of commands */
    const char *description; /* paragraphs, divided by newlines, wrapped here; NULL: the summary */
    const char *examples;    /* lines, each ended by a newline, shown as they are; NULL: none */
    const cli_opt *opts;     /* ends with {0}; NULL: none */
    int min_args;
    int max_args; /* -1: any number */
    bool no_session;
    /* NULL, or called before the session is made: last changes to its options. */
    wk_code (*prepare)(wk_session_opts *opts, wk_error *err);
    int (*run)(cli_context *ctx, int argc, char **argv); /* argc, argv: what is left, no name */
} cli_command;

/* All commands, NULL at the end. cmd_NAME.c defines `const cli_command cli_cmd_NAME`, and NAME
 * stands in the list of src/cli/CMakeLists.txt. */
extern const cli_command *const cli_commands[];

/* The global options, as given on the command line over the profile over the environment. */
typedef struct cli_global {
    const char *profile;
    const char *config;
    bool json;
    bool quiet;
    int verbose;
    bool no_progress;
    int speed_limit;   /* -1: not given */
    const char *color; /* "auto" (also NULL), "always", "never" */
    const char *sandbox; /* "auto" (also NULL), "require", "off" */
    wk_session_opts session; /* what wk_session_new() gets */
    cli_list headers, allow_origins, map_origins, sets;
} cli_global;

/* The words of an error for people, control characters aside: the message, and the settings that
 * would help as options: "no server to search (see --fhir, --dicomweb)". Where the message begins
 * with the first of them it is about its value: "--jobs: 1 to 256". */
void cli_error_text(char *out, size_t size, const wk_error *err);

/* The same for words whose settings stand beside them. */
void cli_setting_text(char *out, size_t size, const char *words, const char *setting);

/* The members "error", null where `err` holds none, and "setting", absent where none would help. */
void cli_json_error(wk_json_line *line, const wk_error *err);

/* Prints "wadokit: MESSAGE" to stderr unless quiet (errors are always printed), and gives the exit
 * status of the error's code. */
int cli_fail(const cli_context *ctx, const wk_error *err);

/* A usage error: prints it with a hint to --help, and gives exit status 2. */
int cli_usage(const cli_context *ctx, const char *fmt, ...) WK_PRINTF(2, 3);

/* Prints one line of results to stdout; the newline is added. Control characters within it become
 * '?', so that nothing from outside reaches the terminal. Progress is taken off and put back. */
void cli_out(const cli_context *ctx, const char *fmt, ...) WK_PRINTF(2, 3);

/* Writes text to stdout as it is; on a terminal control characters become '?'. */
void cli_out_text(const cli_context *ctx, const char *text, size_t n);

/* Prints a JSON line to stdout and frees it. */
void cli_out_json(const cli_context *ctx, wk_json_line *line);

/* One line of words to stderr, unless quiet: "wadokit: ..."; the newline is added. */
void cli_note(const cli_context *ctx, const char *fmt, ...) WK_PRINTF(2, 3);

/* "1.4 MiB" */
void cli_human_bytes(char *out, size_t size, uint64_t bytes);

/* A table for people: columns are aligned, cut to the terminal's width where stdout is one. */
typedef struct cli_table cli_table;
cli_table *cli_table_new(const char *const *headings, size_t n_columns);
void cli_table_add(cli_table *t, const char *const *cells); /* copies; NULL cells are empty */
void cli_table_print(const cli_context *ctx, cli_table *t); /* prints and frees */

#endif
