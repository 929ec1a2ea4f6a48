/*
 * Profiles: $XDG_CONFIG_HOME/wadokit/config (else ~/.config/wadokit/config), an INI file with one
 * section a site. Every key is a long option, of the program or of a command; the keys token, password
 * and client-secret exist only here, and a file that holds a secret must not be readable by others.
 *
 * The section named by --profile is used, else the one named "default" where there is one. What the
 * command line says beats the profile: a single value is replaced, a list is added to, and
 * credentials on the command line replace all of the profile's.
 *
 * The credentials of a profile belong to its own servers (fhir, dicomweb, base, allow-origin):
 * where the command line names another server, they stay at home.
 */
#ifndef WADOKIT_CLI_PROFILE_H
#define WADOKIT_CLI_PROFILE_H

#include "cli.h"
#include "opts.h"

typedef struct cli_profile_entry {
    char *section;
    char *key;
    char *value;
    int line;
} cli_profile_entry;

/* A file, read and checked for its form: entries in the order of the file. */
typedef struct cli_profile {
    char *path;
    bool exists;
    cli_profile_entry *entries;
    size_t n;
} cli_profile;

/* Reads --config FILE, else the standard place, which may be absent. WK_USAGE names file and line
 * of what is not INI, or a secret that others can read; WK_IO where the file cannot be read. */
wk_code cli_profile_load(cli_profile *p, wk_error *err) WK_MUST_USE;
void cli_profile_free(cli_profile *p);

/* Checks one entry against the options of the program and of all commands. */
wk_code cli_profile_check(const cli_profile *p, const cli_profile_entry *e,
                          wk_error *err) WK_MUST_USE;

/* Checks what concerns a whole section: credentials need a server that they are for. */
wk_code cli_profile_check_section(const cli_profile *p, const char *section,
                                  wk_error *err) WK_MUST_USE;

bool cli_profile_has_section(const cli_profile *p, const char *section);

/* The section to use: --profile, else "default" where it is there, else NULL. */
const char *cli_profile_section(const cli_profile *p);

/* True for keys and values that are not to be shown. */
bool cli_profile_is_secret(const cli_profile_entry *e);

/* Loads, and gives what the command line left open to the options of the program and of the
 * command. The strings live until cli_profile_clear(). */
wk_code cli_profile_apply(const cli_args *a, wk_error *err) WK_MUST_USE;
void cli_profile_clear(void);

#endif
