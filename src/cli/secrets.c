#include "secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

static struct {
    const char *name;
    char *value;
} taken[] = {
    {"WADOKIT_TOKEN", NULL},
    {"WADOKIT_CLIENT_SECRET", NULL},
    {"WADOKIT_PASSWORD", NULL},
    {"WADOKIT_KEY_PASSWORD", NULL},
};
static char phrase[1024]; /* as typed */

#define N_TAKEN (sizeof taken / sizeof taken[0])

bool cli_is_secret_header(const char *line)
{
    static const char *const names[] = {"authorization:", "proxy-authorization:", "cookie:"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncasecmp(line, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

bool cli_is_secret_url(const char *value)
{
    const char *authority = strstr(value, "://");
    const char *at, *colon;
    size_t n;

    if (!authority)
        return false;
    authority += 3;
    n = strcspn(authority, "/?#");
    at = memrchr(authority, '@', n);
    colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
    return colon && colon + 1 < at;
}

void cli_secrets_take(void)
{
    for (size_t i = 0; i < N_TAKEN; i++) {
        const char *value = getenv(taken[i].name);

        if (value && *value)
            taken[i].value = strdup(value);
        if (value)
            cli_secrets_guard();
        (void)unsetenv(taken[i].name);
    }
}

const char *cli_secrets_get(const char *name)
{
    for (size_t i = 0; i < N_TAKEN; i++) {
        if (strcmp(taken[i].name, name) == 0)
            return taken[i].value;
    }
    return NULL;
}

void cli_secrets_guard(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Both ways in which PEM files say it: PKCS#8, and what OpenSSL wrote before. */
static bool is_under_phrase(const char *path)
{
    char line[256];
    bool found = false;
    FILE *file = fopen(path, "re");

    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, "ENCRYPTED") && (strstr(line, "BEGIN") || strstr(line, "Proc-Type"));
    if (file)
        (void)fclose(file);
    return found;
}

/* What is typed is not shown from before the question on. */
static bool ask_unseen(FILE *in, FILE *out, const char *path)
{
    struct termios was, quiet;
    bool told = tcgetattr(fileno(in), &was) == 0, read;

    if (told) {
        quiet = was;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(fileno(in), TCSADRAIN, &quiet);
    }
    (void)fprintf(out, "Pass phrase of %s: ", path);
    (void)fflush(out);
    read = fgets(phrase, sizeof phrase, in) != NULL;
    if (told)
        (void)tcsetattr(fileno(in), TCSADRAIN, &was);
    (void)fputc('\n', out);
    phrase[strcspn(phrase, "\r\n")] = '\0';
    return read && phrase[0];
}

wk_code cli_secrets_ask_key(const char *path, const char **out, wk_error *err)
{
    FILE *from, *to;
    bool got;

    *out = NULL;
    if (!is_under_phrase(path))
        return WK_OK;
    from = fopen("/dev/tty", "re");
    to = from ? fopen("/dev/tty", "we") : NULL;
    if (!to) {
        if (from)
            (void)fclose(from);
        return wk_fail(err, WK_USAGE,
                       "--key: %s is under a pass phrase: give it by --key-password-file, or by "
                       "WADOKIT_KEY_PASSWORD",
                       path);
    }
    cli_secrets_guard();
    got = ask_unseen(from, to, path);
    (void)fclose(from);
    (void)fclose(to);
    if (!got)
        return wk_fail(err, WK_USAGE, "--key: no pass phrase was given");
    *out = phrase;
    return WK_OK;
}

void cli_secrets_clear(void)
{
    for (size_t i = 0; i < N_TAKEN; i++) {
        if (taken[i].value)
            explicit_bzero(taken[i].value, strlen(taken[i].value));
        free(taken[i].value);
        taken[i].value = NULL;
    }
    explicit_bzero(phrase, sizeof phrase);
}
