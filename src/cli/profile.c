#include "profile.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "globals.h"
#include "presets.h"
#include "secrets.h"

/* inih cuts longer names of sections and keys without a word (its MAX_SECTION and MAX_NAME). */
enum {
    MAX_LINE = 8192,
    MAX_NAME = 48,
    MAX_ENTRIES = 4096
};

static cli_profile applied; /* what the options point into */

/* ---- reading ---- */

typedef struct loader {
    cli_profile *profile;
    FILE *file;
    int line;
    wk_error err;
} loader;

/* One line for inih; counts them, which the handler needs. */
static char *read_line(char *out, int size, void *user)
{
    loader *l = user;
    size_t n;

    if (l->err.code != WK_OK || !fgets(out, size, l->file))
        return NULL;
    l->line++;
    n = strlen(out);
    if (n + 1 == (size_t)size && out[n - 1] != '\n')
        wk_fail(&l->err, WK_USAGE, "%s:%d: the line is longer than %d bytes", l->profile->path,
                l->line, size - 2);
    return out;
}

static char *copy(const char *text, wk_error *err)
{
    char *s = strdup(text);

    if (!s)
        wk_fail(err, WK_NOMEM, "out of memory");
    return s;
}

static int keep_entry(void *user, const char *section, const char *name, const char *value)
{
    loader *l = user;
    cli_profile *p = l->profile;
    cli_profile_entry *e;

    if (l->err.code != WK_OK)
        return 0;
    if (strlen(section) >= MAX_NAME || strlen(name) >= MAX_NAME)
        return wk_fail(&l->err, WK_USAGE, "%s:%d: a name is longer than %d characters", p->path,
                       l->line, MAX_NAME - 1) == WK_OK;
    if (section[0] == '\0')
        return wk_fail(&l->err, WK_USAGE, "%s:%d: '%s' stands before the first [section]", p->path,
                       l->line, name) == WK_OK;
    if (p->n == MAX_ENTRIES)
        return wk_fail(&l->err, WK_LIMIT, "%s: more than %d keys", p->path, MAX_ENTRIES) == WK_OK;
    e = &p->entries[p->n++];
    *e = (cli_profile_entry){copy(section, &l->err), copy(name, &l->err), copy(value, &l->err),
                             l->line};
    return l->err.code == WK_OK;
}

static wk_code standard_path(char **out, wk_error *err)
{
    const char *xdg = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int n;

    if (xdg && xdg[0] == '/')
        n = asprintf(out, "%s/wadokit/config", xdg);
    else if (home && home[0])
        n = asprintf(out, "%s/.config/wadokit/config", home);
    else
        return wk_fail(err, WK_USAGE, "neither XDG_CONFIG_HOME nor HOME is set");
    return n < 0 ? wk_fail(err, WK_NOMEM, "out of memory") : WK_OK;
}

/* A secret that others can read is no secret. */
static wk_code check_rights(const cli_profile *p, const struct stat *st, wk_error *err)
{
    if (!(st->st_mode & (S_IRGRP | S_IROTH)))
        return WK_OK;
    for (size_t i = 0; i < p->n; i++) {
        if (cli_profile_is_secret(&p->entries[i]))
            return wk_fail(err, WK_USAGE,
                           "%s:%d: '%s' is a secret, but others can read the file; run: chmod 600 "
                           "%s",
                           p->path, p->entries[i].line, p->entries[i].key, p->path);
    }
    return WK_OK;
}

static wk_code parse(cli_profile *p, FILE *file, wk_error *err)
{
    loader l = {.profile = p, .file = file};
    int rc;

    ini_use_stack = false;
    ini_initial_alloc = MAX_LINE;
    ini_max_line = MAX_LINE;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false; /* a password may hold " ;" */
    ini_stop_on_first_error = true;
    rc = ini_parse_stream(read_line, &l, keep_entry, &l);
    if (l.err.code != WK_OK)
        return wk_fail(err, l.err.code, "%s", l.err.message);
    if (rc > 0)
        return wk_fail(err, WK_USAGE, "%s:%d: neither '[section]' nor 'key = value'", p->path, rc);
    if (rc < 0)
        return wk_fail(err, WK_NOMEM, "out of memory");
    return ferror(file) ? wk_fail_errno(err, WK_IO, errno, "%s", p->path) : WK_OK;
}

static wk_code read_file(cli_profile *p, int fd, wk_error *err)
{
    struct stat st;
    FILE *file = NULL;
    wk_code rc = WK_OK;

    if (fstat(fd, &st) != 0 || (file = fdopen(fd, "r")) == NULL) {
        rc = wk_fail_errno(err, WK_IO, errno, "%s", p->path);
        close(fd);
        return rc;
    }
    p->exists = true;
    p->entries = calloc(MAX_ENTRIES, sizeof *p->entries);
    if (S_ISDIR(st.st_mode))
        rc = wk_fail(err, WK_USAGE, "%s: is a directory", p->path);
    else if (!p->entries)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    else
        rc = parse(p, file, err);
    if (rc == WK_OK)
        rc = check_rights(p, &st, err);
    fclose(file);
    return rc;
}

wk_code cli_profile_load(cli_profile *p, wk_error *err)
{
    wk_code rc = WK_OK;
    int fd;

    *p = (cli_profile){0};
    if (cli_globals.config) {
        p->path = copy(cli_globals.config, err);
        rc = p->path ? WK_OK : WK_NOMEM;
    } else {
        rc = standard_path(&p->path, err);
    }
    if (rc != WK_OK)
        return rc;
    fd = open(p->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
        rc = read_file(p, fd, err);
    else if (errno != ENOENT || cli_globals.config)
        rc = wk_fail_errno(err, WK_USAGE, errno, "%s", p->path);
    if (rc == WK_OK && !p->entries && !(p->entries = calloc(MAX_ENTRIES, sizeof *p->entries)))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    return rc == WK_OK ? cli_presets_merge(p, cli_globals.profile, MAX_ENTRIES, err) : rc;
}

void cli_profile_free(cli_profile *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->entries[i].section);
        free(p->entries[i].key);
        free(p->entries[i].value);
    }
    free(p->entries);
    free(p->path);
    *p = (cli_profile){0};
}

/* ---- what keys mean ---- */

static bool is_one_of(const char *key, const char *const *keys)
{
    for (size_t i = 0; keys[i]; i++) {
        if (strcmp(key, keys[i]) == 0)
            return true;
    }
    return false;
}

static const char *const secret_keys[] = {"token", "password", "client-secret", NULL};
static const char *const server_keys[] = {"fhir", "dicomweb", "base", NULL};
static const char *const login_keys[] = {"token-file",    "token-command", "token", "user",
                                         "password-file", "password",      "netrc", NULL};
/* Of a client that logs in by OAuth. */
static const char *const client_keys[] = {
    "auth",        "token-url", "authorize-url", "client-id", "client-secret", "client-secret-file",
    "client-auth", "scope",     "private-key",   "key-id",    "jwt-alg",       NULL};
/* What may go to the profile's own servers only. */
static const char *const private_keys[] = {"token-file",    "token-command", "token",  "user",
                                           "password-file", "password",      "header", "source-id",
                                           "cert",          "key",           "key-password-file",
                                           NULL};
static const char *const no_keys[] = {"help", "version", "profile", "config", NULL};

bool cli_profile_is_secret(const cli_profile_entry *e)
{
    if (strcmp(e->key, "header") == 0)
        return cli_is_secret_header(e->value);
    return is_one_of(e->key, secret_keys) || cli_is_secret_url(e->value);
}

static const char **secret_value(const char *key)
{
    if (strcmp(key, "token") == 0)
        return &cli_globals.session.token;
    if (strcmp(key, "password") == 0)
        return &cli_globals.session.password;
    if (strcmp(key, "client-secret") == 0)
        return &cli_globals.session.client_secret;
    return NULL;
}

/* The option of that name in the command, the program, or (to check only) any command. */
static const cli_opt *find_option(const char *key, const cli_command *command)
{
    const cli_opt *opt = command ? cli_opt_find(command->opts, key) : NULL;

    return opt ? opt : cli_opt_find(cli_global_opts, key);
}

static const cli_opt *find_anywhere(const char *key)
{
    const cli_opt *opt = cli_opt_find(cli_global_opts, key);

    for (size_t i = 0; cli_commands[i] && !opt; i++)
        opt = cli_opt_find(cli_commands[i]->opts, key);
    return opt;
}

static const char *nearest_key(const char *key)
{
    const char *near = cli_opt_nearest(key, NULL);

    for (size_t i = 0; cli_commands[i] && !near; i++)
        near = cli_opt_nearest(key, cli_commands[i]->opts);
    return near && !is_one_of(near, no_keys) ? near : NULL;
}

/* An earlier line of the section with the same key. */
static const cli_profile_entry *earlier(const cli_profile *p, const cli_profile_entry *e)
{
    for (const cli_profile_entry *o = p->entries; o < e; o++) {
        if (strcmp(o->section, e->section) == 0 && strcmp(o->key, e->key) == 0)
            return o;
    }
    return NULL;
}

wk_code cli_profile_check(const cli_profile *p, const cli_profile_entry *e, wk_error *err)
{
    const cli_opt *opt = is_one_of(e->key, no_keys) ? NULL : find_anywhere(e->key);
    bool secret = secret_value(e->key) != NULL;
    const char *near;

    if (!opt && !secret) {
        near = nearest_key(e->key);
        if (near)
            return wk_fail(err, WK_USAGE, "%s:%d: unknown key '%s'; did you mean '%s'?", p->path,
                           e->line, e->key, near);
        return wk_fail(err, WK_USAGE, "%s:%d: unknown key '%s'", p->path, e->line, e->key);
    }
    if ((secret || opt->kind != CLI_LIST) && earlier(p, e))
        return wk_fail(err, WK_USAGE, "%s:%d: '%s' was given in line %d already", p->path, e->line,
                       e->key, earlier(p, e)->line);
    if (secret && e->value[0] == '\0')
        return wk_fail(err, WK_USAGE, "%s:%d: %s: the value is empty", p->path, e->line, e->key);
    if (!secret && cli_opt_value(opt, e->value, false, err) != WK_OK)
        return wk_fail_add(err, "%s:%d: %s: ", p->path, e->line, e->key);
    return WK_OK;
}

bool cli_profile_has_section(const cli_profile *p, const char *section)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->entries[i].section, section) == 0)
            return true;
    }
    return false;
}

const char *cli_profile_section(const cli_profile *p)
{
    if (cli_globals.profile)
        return cli_globals.profile;
    return cli_profile_has_section(p, "default") ? "default" : NULL;
}

wk_code cli_profile_check_section(const cli_profile *p, const char *section, wk_error *err)
{
    bool login = false, server = false;

    for (size_t i = 0; i < p->n; i++) {
        const cli_profile_entry *e = &p->entries[i];

        if (strcmp(e->section, section) != 0)
            continue;
        login = login || cli_profile_is_secret(e) ||
                (is_one_of(e->key, login_keys) && strcmp(e->key, "netrc") != 0) ||
                strcmp(e->key, "client-secret-file") == 0 || strcmp(e->key, "private-key") == 0;
        server = server || is_one_of(e->key, server_keys) || strcmp(e->key, "allow-origin") == 0;
    }
    if (login && !server)
        return wk_fail(err, WK_USAGE,
                       "%s: [%s] has credentials, but names no server that they are for (fhir, "
                       "dicomweb, base or allow-origin)",
                       p->path, section);
    return WK_OK;
}

/* ---- applying ---- */

/* "https://host[:port]" of a URL: its length. Compared as text, which errs on the safe side. */
static size_t origin_length(const char *url)
{
    const char *host = strstr(url, "://");

    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

static bool same_origin(const char *a, const char *b)
{
    size_t n = origin_length(a);

    return n > 0 && n == origin_length(b) && strncasecmp(a, b, n) == 0;
}

static bool is_allowed(const char *url)
{
    for (size_t i = 0; i < cli_globals.allow_origins.n; i++) {
        if (same_origin(url, cli_globals.allow_origins.items[i]))
            return true;
    }
    return false;
}

static bool is_at_home(const cli_profile *p, const char *section, const char *url)
{
    for (size_t i = 0; i < p->n; i++) {
        const cli_profile_entry *e = &p->entries[i];

        if (strcmp(e->section, section) == 0 &&
            (is_one_of(e->key, server_keys) || strcmp(e->key, "allow-origin") == 0) &&
            same_origin(url, e->value))
            return true;
    }
    return is_allowed(url);
}

/* The server of the command line that is none of the profile's, NULL where all are. */
static const char *foreign_server(const cli_profile *p, const char *section)
{
    const char *const urls[] = {cli_globals.session.fhir, cli_globals.session.dicomweb,
                                cli_globals.session.base};

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (urls[i] && !is_at_home(p, section, urls[i]))
            return urls[i];
    }
    return NULL;
}

/* The command line fills the same {{NAME}}, or sends the same header. */
static bool is_replaced(const cli_opt *opt, const char *value, size_t n_given)
{
    const cli_list *list = opt->value;
    size_t n = strcspn(value, strcmp(opt->name, "set") == 0 ? "=" : ":") + 1;

    if (strcmp(opt->name, "set") != 0 && strcmp(opt->name, "header") != 0)
        return false;
    for (size_t i = 0; i < n_given; i++) {
        if (strncasecmp(list->items[i], value, n) == 0)
            return true;
    }
    return false;
}

typedef struct applying {
    const cli_args *args;
    bool login_given; /* the command line has credentials of its own */
    bool other_given; /* ... of a kind that no login by OAuth begins with */
    bool foreign;
    size_t n_sets, n_headers; /* of the command line */
} applying;

static bool is_skipped(const applying *s, const cli_profile_entry *e)
{
    if (s->foreign && (is_one_of(e->key, private_keys) || is_one_of(e->key, client_keys)))
        return true;
    if (s->other_given && is_one_of(e->key, client_keys))
        return true;
    if (s->login_given && is_one_of(e->key, login_keys))
        return true;
    return strcmp(e->key, "password") == 0 && cli_globals.session.password_file;
}

static wk_code apply_entry(const applying *s, const cli_profile_entry *e, wk_error *err)
{
    const cli_opt *opt = find_option(e->key, s->args->command);
    const char **secret = secret_value(e->key);

    if (is_skipped(s, e))
        return WK_OK;
    if (secret) {
        *secret = e->value;
        return WK_OK;
    }
    if (!opt || (opt->kind != CLI_LIST && cli_args_has(s->args, opt)))
        return WK_OK; /* another command's, or the command line's */
    if (opt->kind == CLI_LIST &&
        is_replaced(opt, e->value, opt->name[0] == 's' ? s->n_sets : s->n_headers))
        return WK_OK;
    return cli_opt_value(opt, e->value, true, err);
}

static bool is_given(const cli_args *a, const char *name)
{
    return cli_args_has(a, cli_opt_find(cli_global_opts, name));
}

/* A ready-made profile without what only the site knows. */
static wk_code check_preset(const char *section, wk_error *err)
{
    char missing[512];

    if (!cli_preset_missing(&applied, section, missing, sizeof missing))
        return WK_OK;
    return wk_fail(err, WK_USAGE,
                   "profile '%s' still needs: %s; put it into [%s] of %s, or on the command line",
                   section, missing, section, applied.path);
}

static wk_code apply_section(const cli_args *a, const char *section, wk_error *err)
{
    const char *server = foreign_server(&applied, section);
    applying s = {.args = a, .foreign = server != NULL};
    bool kept_back = false;

    s.login_given = is_given(a, "token-file") || is_given(a, "token-command") ||
                    is_given(a, "user") || is_given(a, "netrc");
    s.other_given = is_given(a, "token-command") || is_given(a, "user") || is_given(a, "netrc");
    s.n_sets = cli_globals.sets.n;
    s.n_headers = cli_globals.headers.n;
    if (cli_profile_check_section(&applied, section, err) != WK_OK ||
        (!s.foreign && check_preset(section, err) != WK_OK))
        return err->code;
    for (size_t i = 0; i < applied.n; i++) {
        const cli_profile_entry *e = &applied.entries[i];

        if (strcmp(e->section, section) != 0)
            continue;
        if (cli_profile_check(&applied, e, err) != WK_OK)
            return WK_USAGE;
        if (apply_entry(&s, e, err) != WK_OK)
            return wk_fail_add(err, "%s:%d: %s: ", applied.path, e->line, e->key);
        kept_back =
            kept_back ||
            (s.foreign && (is_one_of(e->key, private_keys) || is_one_of(e->key, client_keys)));
    }
    if (kept_back && !cli_globals.quiet)
        fprintf(stderr,
                "wadokit: warning: %.*s is not a server of profile '%s': its credentials are not "
                "used (--allow-origin would send them there)\n",
                (int)origin_length(server), server, section);
    return WK_OK;
}

wk_code cli_profile_apply(const cli_args *a, wk_error *err)
{
    const char *section;

    if (!cli_globals.config && !cli_globals.profile && !getenv("XDG_CONFIG_HOME") &&
        !getenv("HOME"))
        return WK_OK;
    if (cli_profile_load(&applied, err) != WK_OK)
        return err->code;
    section = cli_profile_section(&applied);
    if (!section)
        return WK_OK;
    if (!cli_profile_has_section(&applied, section))
        return wk_fail(err, WK_USAGE,
                       applied.exists ? "%s: no section [%s] (ready-made are %s)"
                                      : "%s: not there, so "
                                        "there is no profile '%s' (ready-made are %s)",
                       applied.path, section, cli_preset_names());
    return apply_section(a, section, err);
}

void cli_profile_clear(void)
{
    cli_profile_free(&applied);
}
