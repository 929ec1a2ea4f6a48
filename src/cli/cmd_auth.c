#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "opts.h"

extern char **environ;

enum {
    MAX_PORT = 65535,
    HOUR_S = 3600
};

static struct {
    const char *iss, *launch, *redirect_uri, *prompt;
    int redirect_port;
    int timeout_s;
    bool no_browser;
    bool yes;
    bool all;
} req;

static const cli_opt opts[] = {
    {"iss", 0, CLI_STRING, (void *)&req.iss, "URL", "login: FHIR server that the EHR named", NULL,
     0, 0},
    {"launch", 0, CLI_STRING, (void *)&req.launch, "VALUE",
     "login: launch value that the EHR handed over", NULL, 0, 0},
    {"no-browser", 0, CLI_FLAG, &req.no_browser, NULL,
     "login: open no browser here; read the address that it was sent to from stdin", NULL, 0, 0},
    {"redirect-port", 0, CLI_INT, &req.redirect_port, "PORT",
     "login: await the browser's answer on this port (default: a free one)", NULL, 1, MAX_PORT},
    {"redirect-uri", 0, CLI_STRING, (void *)&req.redirect_uri, "URL",
     "login: redirect address as registered (default http://127.0.0.1:PORT/callback)", NULL, 0, 0},
    {"prompt", 0, CLI_STRING, (void *)&req.prompt, "VALUE",
     "login: ask the login server for consent, login or select_account", NULL, 0, 0},
    {"login-timeout", 0, CLI_INT, &req.timeout_s, "SECONDS",
     "login: await the answer this long (default 300)", NULL, 1, HOUR_S},
    {"yes", 0, CLI_FLAG, &req.yes, NULL, "token: print it even to a terminal", NULL, 0, 0},
    {"all", 0, CLI_FLAG, &req.all, NULL, "logout: remove all that is kept", NULL, 0, 0},
    {0},
};

/* ---- the browser ---- */

static bool is_in_path(const char *program)
{
    const char *path = getenv("PATH");
    size_t n;

    for (const char *p = path ? path : ""; *p; p += n + (p[n] == ':')) {
        char file[4096];

        n = strcspn(p, ":");
        if (n > 0 &&
            (size_t)snprintf(file, sizeof file, "%.*s/%s", (int)n, p, program) < sizeof file &&
            access(file, X_OK) == 0)
            return true;
    }
    return false;
}

/* What it prints is not ours to show. */
static bool open_browser(const char *url)
{
    char program[] = "xdg-open";
    char *copy = strdup(url);
    char *argv[] = {program, copy, NULL};
    posix_spawn_file_actions_t actions;
    int failed, status = 0;
    pid_t pid;

    if (!copy)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    failed = posix_spawnp(&pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(copy);
    /* It comes back at once or becomes the browser: only an early failure is of interest. */
    for (int i = 0; !failed && i < 20; i++) {
        struct timespec t = {.tv_nsec = 10000000};
        pid_t ended = waitpid(pid, &status, WNOHANG);

        if (ended == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        nanosleep(&t, NULL);
    }
    return !failed;
}

static bool has_display(void)
{
    const char *x = getenv("DISPLAY");
    const char *wayland = getenv("WAYLAND_DISPLAY");

    return ((x && *x) || (wayland && *wayland)) && is_in_path("xdg-open");
}

static wk_code show_url(void *user, const char *url, wk_error *err)
{
    const cli_context *ctx = user;
    bool opened = !req.no_browser && has_display() && open_browser(url);

    (void)err;
    if (opened)
        cli_note(ctx, "a browser was opened for the login; if you do not see it, open this there:");
    else
        cli_note(ctx, "open this address in a browser to log in:");
    /* Needed even when nothing else is to be said, and longer than a note may be. */
    fprintf(stderr, "%s\n", url);
    return WK_OK;
}

static wk_code read_answer(void *user, char *out, size_t size, wk_error *err)
{
    const cli_context *ctx = user;
    size_t n;

    cli_note(ctx,
             "paste the address that the browser was sent to (the page itself need not load):");
    if (!fgets(out, (int)size, stdin)) {
        if (ctx->cancel && ctx->cancel->requested)
            return wk_fail(err, WK_CANCELLED, "interrupted");
        return wk_fail(err, WK_AUTH, "no address was given: the login is not done");
    }
    n = strcspn(out, "\r\n");
    if (out[n] == '\0' && n + 1 == size)
        return wk_fail(err, WK_LIMIT, "the address is longer than %zu bytes", size - 1);
    out[n] = '\0';
    return WK_OK;
}

/* ---- what is known ---- */

static void print_time(char *out, size_t size, int64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm;

    out[0] = '\0';
    if (unix_s > 0 && gmtime_r(&t, &tm))
        strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void print_json(const cli_context *ctx, const wk_auth_info *i)
{
    wk_json_line *line = wk_json_line_new("login");
    char obtained[40], expires[40];

    print_time(obtained, sizeof obtained, i->obtained);
    print_time(expires, sizeof expires, i->expires);
    wk_json_set_string(line, "profile", i->profile);
    wk_json_set_string(line, "auth", i->auth);
    wk_json_set_string(line, "issuer", i->issuer);
    wk_json_set_string(line, "tokenUrl", i->token_url);
    wk_json_set_string(line, "clientId", i->client_id);
    wk_json_set_string(line, "scope", i->scope);
    wk_json_set_string(line, "patient", i->patient);
    wk_json_set_string(line, "encounter", i->encounter);
    if (!i->context || !wk_json_set_raw(line, "fhirContext", i->context))
        wk_json_set_null(line, "fhirContext");
    wk_json_set_string(line, "obtained", *obtained ? obtained : NULL);
    wk_json_set_string(line, "expires", *expires ? expires : NULL);
    wk_json_set_bool(line, "token", i->has_token);
    wk_json_set_bool(line, "good", i->is_fresh);
    wk_json_set_bool(line, "renewable", i->can_refresh);
    wk_json_set_string(line, "error", i->trouble);
    cli_out_json(ctx, line);
}

static void print_row(const cli_context *ctx, const char *name, const char *value)
{
    if (value && *value)
        cli_out(ctx, "%-9s %s", name, value);
}

static void token_words(char *out, size_t size, const wk_auth_info *i)
{
    char expires[40];

    print_time(expires, sizeof expires, i->expires);
    if (!i->has_token)
        snprintf(out, size, "none%s", i->can_refresh ? " yet, asked for when needed" : "");
    else if (i->is_fresh && *expires)
        snprintf(out, size, "good until %s%s", expires, i->can_refresh ? ", then renewed" : "");
    else if (i->is_fresh)
        snprintf(out, size, "good, its end is not known%s", i->can_refresh ? "; renewed then" : "");
    else
        snprintf(out, size, "at its end%s%s%s", *expires ? " since " : "", expires,
                 i->can_refresh ? ", renewed when needed" : "; run: wadokit auth login");
}

static void print_rows(const cli_context *ctx, const wk_auth_info *i)
{
    char words[128];

    print_row(ctx, "profile", i->profile);
    print_row(ctx, "auth", i->auth);
    print_row(ctx, "issuer", i->issuer);
    print_row(ctx, "client", i->client_id);
    print_row(ctx, "scope", i->scope);
    print_row(ctx, "patient", i->patient);
    print_row(ctx, "encounter", i->encounter);
    print_row(ctx, "context", i->context);
    token_words(words, sizeof words, i);
    print_row(ctx, "token", i->trouble ? i->trouble : words);
}

struct listing {
    const cli_context *ctx;
    int n;
    bool needs_login;
};

static wk_code print_info(void *user, const wk_auth_info *info)
{
    struct listing *l = user;

    if (l->n++ > 0 && !l->ctx->json)
        cli_out(l->ctx, "%s", "");
    if (info->trouble || (!info->is_fresh && !info->can_refresh))
        l->needs_login = true;
    if (l->ctx->json)
        print_json(l->ctx, info);
    else
        print_rows(l->ctx, info);
    return WK_OK;
}

/* ---- the words ---- */

static int status(cli_context *ctx)
{
    struct listing l = {.ctx = ctx};
    wk_error err = {0};

    if (wk_auth_status(ctx->session, print_info, &l, &err) != WK_OK)
        return cli_fail(ctx, &err);
    if (l.n == 0) {
        cli_note(ctx, "no login is kept");
        return wk_code_exit_status(WK_NOT_FOUND);
    }
    return l.needs_login ? wk_code_exit_status(WK_AUTH) : 0;
}

static int login(cli_context *ctx)
{
    wk_login_opts o = {.iss = req.iss,
                       .launch = req.launch,
                       .redirect_port = req.redirect_port,
                       .redirect_uri = req.redirect_uri,
                       .prompt = req.prompt,
                       .timeout_s = req.timeout_s,
                       .show = show_url,
                       .read_answer = req.no_browser ? read_answer : NULL,
                       .user = ctx};
    wk_error err = {0};

    if (wk_auth_login(ctx->session, &o, &err) != WK_OK)
        return cli_fail(ctx, &err);
    cli_note(ctx, "logged in");
    return status(ctx);
}

static int token(cli_context *ctx)
{
    char *text = NULL;
    wk_error err = {0};

    if (ctx->tty_out && !req.yes)
        return cli_usage(ctx, "auth token: a token is not printed to a terminal; send it into a "
                              "pipe, or say --yes");
    if (wk_auth_token(ctx->session, &text, &err) != WK_OK)
        return cli_fail(ctx, &err);
    puts(text); /* longer than a line of cli_out() may be; main() looks whether it was written */
    explicit_bzero(text, strlen(text));
    free(text);
    return 0;
}

static int logout(cli_context *ctx)
{
    size_t removed = 0;
    wk_error err = {0};

    if (wk_auth_logout(ctx->session, req.all, &removed, &err) != WK_OK)
        return cli_fail(ctx, &err);
    if (removed == 0)
        cli_note(ctx, "there was no login to forget");
    else if (req.all)
        cli_note(ctx, "%zu login%s forgotten", removed, removed == 1 ? "" : "s");
    else
        cli_note(ctx, "logged out");
    return 0;
}

static const struct {
    const char *name;
    int (*run)(cli_context *ctx);
} words[] = {{"login", login}, {"token", token}, {"status", status}, {"logout", logout}};

static int run(cli_context *ctx, int argc, char **argv)
{
    static const char *const names[] = {"login", "token", "status", "logout", NULL};
    const char *near;

    (void)argc;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(argv[0], words[i].name) == 0)
            return words[i].run(ctx);
    }
    near = cli_nearest(argv[0], names);
    return cli_usage(ctx,
                     near ? "auth: unknown word '%s'; did you mean '%s'?"
                          : "auth: '%s' is none of login, token, status, logout",
                     argv[0], near);
}

/* A client alone says what it is for; an EHR names the server. */
static wk_code prepare(wk_session_opts *o, wk_error *err)
{
    (void)err;
    if (req.iss && !o->fhir)
        o->fhir = req.iss;
    if (o->auth || !o->client_id || o->user || o->token_command)
        return WK_OK;
    if (o->private_key && !req.launch)
        o->auth = "backend-services";
    else if ((o->client_secret || o->client_secret_file || getenv("WADOKIT_CLIENT_SECRET")) &&
             o->token_url && !req.launch)
        o->auth = "client-credentials";
    else if (o->fhir)
        o->auth = "smart";
    return WK_OK;
}

const cli_command cli_cmd_auth = {
    .name = "auth",
    .args = "login|token|status|logout",
    .summary = "log in, and see what is kept of it",
    .description =
        "login asks for a token with the client's secret or key, or has a person log in with a "
        "browser (SMART App Launch with PKCE), and keeps what comes of it. token prints a token "
        "that is good now, into a pipe. status tells issuer, scope, expiry and patient, never the "
        "token. logout forgets it, and tells the server where that is possible.\n"
        "\n"
        "Tokens are kept in $XDG_STATE_HOME/wadokit (else ~/.local/state/wadokit), readable by "
        "their owner alone, shared by all runs of the same client, and renewed by all commands "
        "as needed.",
    .examples =
        "WADOKIT_CLIENT_SECRET=... wadokit --auth client-credentials "
        "--token-url https://oauth.netsmartcloud.com/token --client-id ID --scope CCD auth login\n"
        "wadokit -p redox auth token | some-program\n"
        "wadokit --fhir https://fhir.example/r4 --client-id ID auth login\n"
        "wadokit -p clinic auth login --no-browser\n"
        "wadokit --client-id ID auth login --iss https://fhir.example/r4 --launch xyz123\n",
    .opts = opts,
    .min_args = 1,
    .max_args = 1,
    .prepare = prepare,
    .run = run,
};
