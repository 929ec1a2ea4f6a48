#include "opts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "globals.h"

enum {
    MAX_NAME = 48,
    MAX_NAMES = 256
};

/* ---- values ---- */

static wk_code store_flag(const cli_opt *opt, const char *value, bool store, wk_error *err)
{
    static const char *const yes[] = {"yes", "true", "on", "1"};
    static const char *const no[] = {"no", "false", "off", "0"};
    bool on = !value;
    bool known = !value;

    for (size_t i = 0; value && i < sizeof yes / sizeof yes[0]; i++) {
        on = on || strcasecmp(value, yes[i]) == 0;
        known = known || on || strcasecmp(value, no[i]) == 0;
    }
    if (!known)
        return wk_fail(err, WK_USAGE, "'%s' is neither yes nor no", value);
    if (store)
        *(bool *)opt->value = on;
    return WK_OK;
}

static wk_code store_int(const cli_opt *opt, const char *value, bool store, wk_error *err)
{
    char *end;
    long n;
    bool ranged = opt->min != opt->max;

    errno = 0;
    n = strtol(value, &end, 10);
    if (*end != '\0' || end == value || errno || n < INT_MIN || n > INT_MAX ||
        (ranged && (n < opt->min || n > opt->max))) {
        if (ranged)
            return wk_fail(err, WK_USAGE, "'%s' is not a whole number from %d to %d", value,
                           opt->min, opt->max);
        return wk_fail(err, WK_USAGE, "'%s' is not a whole number", value);
    }
    if (store)
        *(int *)opt->value = (int)n;
    return WK_OK;
}

static wk_code store_bytes(const cli_opt *opt, const char *value, bool store, wk_error *err)
{
    static const char units[] = "kMG";
    char *end;
    uint64_t n;
    unsigned shift = 0;

    errno = 0;
    n = strtoull(value, &end, 10);
    if (end != value && *end != '\0') {
        const char *unit = strchr(units, *end == 'K' ? 'k' : *end);

        if (unit) {
            shift = 10 * (unsigned)(unit - units + 1);
            end++;
        }
    }
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno || n > UINT64_MAX >> shift)
        return wk_fail(err, WK_USAGE, "'%s' is not a number of bytes (such as 500k, 20M, 4G)",
                       value);
    if (store)
        *(uint64_t *)opt->value = n << shift;
    return WK_OK;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);

    for (const char *c = choices; c; c = strchr(c, '|') ? strchr(c, '|') + 1 : NULL) {
        if (strcspn(c, "|") == n && strncmp(c, value, n) == 0)
            return true;
    }
    return false;
}

static wk_code store_string(const cli_opt *opt, const char *value, bool store, wk_error *err)
{
    if (value[0] == '\0')
        return wk_fail(err, WK_USAGE, "the value is empty");
    if (opt->choices && !is_choice(opt->choices, value))
        return wk_fail(err, WK_USAGE, "'%s' is not one of %s", value, opt->choices);
    if (store)
        *(const char **)opt->value = value;
    return WK_OK;
}

static wk_code store_list(const cli_opt *opt, const char *value, bool store, wk_error *err)
{
    cli_list *list = opt->value;
    const char **items;

    if (store_string(opt, value, false, err) != WK_OK)
        return WK_USAGE;
    if (!store)
        return WK_OK;
    items = realloc(list->items, (list->n + 1) * sizeof *items);
    if (!items)
        return wk_fail(err, WK_NOMEM, "out of memory");
    items[list->n++] = value;
    list->items = items;
    return WK_OK;
}

wk_code cli_opt_value(const cli_opt *opt, const char *value, bool store, wk_error *err)
{
    if (opt->kind == CLI_FLAG)
        return store_flag(opt, value, store, err);
    if (opt->kind == CLI_COUNT && !value) {
        if (store)
            ++*(int *)opt->value;
        return WK_OK;
    }
    if (!value)
        return wk_fail(err, WK_USAGE, "a value is missing: %s", opt->arg ? opt->arg : "VALUE");
    switch (opt->kind) {
    case CLI_COUNT:
    case CLI_INT:
        return store_int(opt, value, store, err);
    case CLI_BYTES:
        return store_bytes(opt, value, store, err);
    case CLI_LIST:
        return store_list(opt, value, store, err);
    default:
        return store_string(opt, value, store, err);
    }
}

void cli_opts_clear(const cli_opt *table)
{
    for (const cli_opt *o = table; o && o->name; o++) {
        if (o->kind == CLI_LIST) {
            cli_list *list = o->value;

            free(list->items);
            *list = (cli_list){0};
        }
    }
}

/* ---- names ---- */

static const cli_opt *find_span(const cli_opt *table, const char *name, size_t n)
{
    for (const cli_opt *o = table; o && o->name; o++) {
        if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
            return o;
    }
    return NULL;
}

const cli_opt *cli_opt_find(const cli_opt *table, const char *name)
{
    return find_span(table, name, strlen(name));
}

static const cli_opt *find_letter(const cli_opt *table, char letter)
{
    for (const cli_opt *o = table; o && o->name; o++) {
        if (o->letter == letter)
            return o;
    }
    return NULL;
}

const cli_command *cli_command_find(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++) {
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    }
    return NULL;
}

/* Levenshtein's distance; names longer than MAX_NAME are far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t row[MAX_NAME + 1];
    size_t na = strlen(a), nb = strlen(b);

    if (na > MAX_NAME || nb > MAX_NAME)
        return MAX_NAME;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t best = corner + (a[i - 1] != b[j - 1]);

            corner = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[nb];
}

const char *cli_nearest(const char *typed, const char *const *names)
{
    const char *best = NULL;
    size_t n = strlen(typed);
    size_t limit = n < 4 ? 1 : n < 7 ? 2 : 3;

    for (size_t i = 0; names[i]; i++) {
        size_t d = distance(typed, names[i]);

        if (n >= 3 && strncmp(typed, names[i], n) == 0)
            d = 1;
        if (d <= limit) {
            limit = d - (d > 0);
            best = names[i];
        }
    }
    return best;
}

const char *cli_opt_nearest(const char *typed, const cli_opt *command_table)
{
    const cli_opt *const tables[] = {command_table, cli_global_opts};
    const char *names[MAX_NAMES + 1] = {NULL};
    size_t n = 0;

    for (size_t t = 0; t < 2; t++) {
        for (const cli_opt *o = tables[t]; o && o->name && n < MAX_NAMES; o++)
            names[n++] = o->name;
    }
    return cli_nearest(typed, names);
}

/* ---- the command line ---- */

typedef struct reader {
    cli_args *a;
    int argc;
    char **argv;
    int at;
} reader;

bool cli_args_has(const cli_args *a, const cli_opt *opt)
{
    for (size_t i = 0; i < a->n_given; i++) {
        if (a->given[i] == opt)
            return true;
    }
    return false;
}

static const cli_opt *command_table(const cli_args *a)
{
    return a->command ? a->command->opts : NULL;
}

/* Stores; --help and --version, which are flags of no variable, end the reading or are kept. */
static wk_code give(reader *r, const cli_opt *opt, const char *value, wk_error *err)
{
    cli_args *a = r->a;

    if (opt == cli_help_opt) {
        a->help = true;
        return WK_OK;
    }
    if (opt == cli_version_opt) {
        a->version = true;
        return WK_OK;
    }
    if (!cli_args_has(a, opt)) {
        if (a->n_given == CLI_MAX_GIVEN)
            return wk_fail(err, WK_USAGE, "too many options");
        a->given[a->n_given++] = opt;
    }
    return cli_opt_value(opt, value, true, err);
}

/* A secret in argv is seen by every user of the machine. */
static bool is_secret_name(const char *name, size_t n)
{
    static const char *const secrets[] = {"token",  "password", "client-secret",
                                          "bearer", "secret",   "pass"};

    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (strlen(secrets[i]) == n && strncmp(secrets[i], name, n) == 0)
            return true;
    }
    return false;
}

static wk_code unknown_long(const reader *r, const char *name, size_t n, wk_error *err)
{
    char typed[MAX_NAME + 1];
    const char *near;

    if (is_secret_name(name, n))
        return wk_fail(
            err, WK_USAGE,
            "a secret is not taken from the command line, where others can read it; "
            "use --token-file, --token-command, --password-file or --client-secret-file, or "
            "set WADOKIT_TOKEN, WADOKIT_PASSWORD or WADOKIT_CLIENT_SECRET in the "
            "environment");
    if (n > MAX_NAME)
        n = MAX_NAME;
    memcpy(typed, name, n);
    typed[n] = '\0';
    near = cli_opt_nearest(typed, command_table(r->a));
    if (near)
        return wk_fail(err, WK_USAGE, "unknown option '--%s'; did you mean '--%s'?", typed, near);
    if (!r->a->command)
        return wk_fail(err, WK_USAGE,
                       "unknown option '--%s' (options of a command come after its name)", typed);
    return wk_fail(err, WK_USAGE, "unknown option '--%s'", typed);
}

static wk_code read_negated(reader *r, const char *name, size_t n, bool has_value, wk_error *err)
{
    const cli_opt *opt = NULL;

    if (n > 3 && strncmp(name, "no-", 3) == 0) {
        opt = find_span(command_table(r->a), name + 3, n - 3);
        if (!opt)
            opt = find_span(cli_global_opts, name + 3, n - 3);
    }
    if (!opt || opt->kind != CLI_FLAG || !opt->value)
        return unknown_long(r, name, n, err);
    if (has_value)
        return wk_fail(err, WK_USAGE, "--no-%s takes no value", opt->name);
    return give(r, opt, "no", err);
}

static wk_code read_long(reader *r, const char *arg, wk_error *err)
{
    const char *name = arg + 2;
    size_t n = strcspn(name, "=");
    const char *value = name[n] == '=' ? name + n + 1 : NULL;
    const cli_opt *opt = find_span(command_table(r->a), name, n);
    wk_code rc;

    if (!opt)
        opt = find_span(cli_global_opts, name, n);
    if (!opt)
        return read_negated(r, name, n, value != NULL, err);
    if (opt->kind == CLI_FLAG || opt->kind == CLI_COUNT) {
        if (value)
            return wk_fail(err, WK_USAGE, "--%s takes no value", opt->name);
    } else if (!value && r->at + 1 < r->argc) {
        value = r->argv[++r->at];
    }
    rc = give(r, opt, value, err);
    if (rc != WK_OK)
        wk_fail_add(err, "--%s: ", opt->name);
    return rc;
}

static wk_code read_short(reader *r, const char *arg, wk_error *err)
{
    for (const char *c = arg + 1; *c; c++) {
        const cli_opt *opt = find_letter(command_table(r->a), *c);
        const char *value = NULL;
        bool takes;

        if (!opt)
            opt = find_letter(cli_global_opts, *c);
        if (!opt)
            return wk_fail(err, WK_USAGE, "unknown option '-%c'", *c);
        takes = opt->kind != CLI_FLAG && opt->kind != CLI_COUNT;
        if (takes && c[1] != '\0')
            value = c + 1;
        else if (takes && r->at + 1 < r->argc)
            value = r->argv[++r->at];
        if (give(r, opt, value, err) != WK_OK)
            return wk_fail_add(err, "-%c: ", *c);
        if (takes)
            return WK_OK;
    }
    return WK_OK;
}

static wk_code unknown_command(const char *name, wk_error *err)
{
    const char *names[MAX_NAMES + 1] = {NULL};
    const char *near;

    for (size_t i = 0; cli_commands[i] && i < MAX_NAMES; i++)
        names[i] = cli_commands[i]->name;
    near = cli_nearest(name, names);
    if (near)
        return wk_fail(err, WK_USAGE, "unknown command '%s'; did you mean '%s'?", name, near);
    return wk_fail(err, WK_USAGE, "unknown command '%s'", name);
}

static wk_code read_operand(reader *r, char *arg, wk_error *err)
{
    cli_args *a = r->a;

    if (a->command) {
        a->operands[a->n_operands++] = arg;
        return WK_OK;
    }
    a->command = cli_command_find(arg);
    return a->command ? WK_OK : unknown_command(arg, err);
}

wk_code cli_args_parse(cli_args *a, int argc, char **argv, wk_error *err)
{
    reader r = {a, argc, argv, 1};
    bool ended = false;
    wk_code rc = WK_OK;

    *a = (cli_args){0};
    a->operands = calloc((size_t)argc + 1, sizeof *a->operands);
    if (!a->operands)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (; r.at < argc && rc == WK_OK && !a->help; r.at++) {
        char *arg = argv[r.at];

        if (ended || arg[0] != '-' || arg[1] == '\0')
            rc = read_operand(&r, arg, err);
        else if (strcmp(arg, "--") == 0)
            ended = true;
        else if (arg[1] == '-')
            rc = read_long(&r, arg, err);
        else
            rc = read_short(&r, arg, err);
    }
    return rc;
}

void cli_args_clear(cli_args *a)
{
    free(a->operands);
    *a = (cli_args){0};
}
