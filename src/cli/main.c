#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "globals.h"
#include "help.h"
#include "opts.h"
#include "profile.h"
#include "progress.h"
#include "report.h"
#include "secrets.h"

static wk_cancel cancel;

/* The first signal asks the run to stop and to remove its temporary files; the second, whose
 * handler is the default one again, ends the program. */
static void on_signal(int number)
{
    (void)number;
    cancel.requested = 1;
}

static void set_up_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    struct sigaction old;

    sigemptyset(&stop.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        /* What the parent ignores (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(numbers[i], &stop, NULL);
    }
    cli_report_ignore_pipe();
}

/* Frames come and go: memory that is kept between them need not be given, cleared, by the system
 * each time, which takes longer than to draw a small one. */
static void set_up_memory(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

static wk_code check_operands(const cli_args *a, wk_error *err)
{
    const cli_command *c = a->command;

    if (a->n_operands < c->min_args)
        return wk_fail(err, WK_USAGE, "%s: an argument is missing: %s", c->name, c->args);
    if (c->max_args >= 0 && a->n_operands > c->max_args)
        return wk_fail(err, WK_USAGE, "%s: too many arguments: '%s'", c->name,
                       a->operands[c->max_args]);
    return WK_OK;
}

static void fill_context(cli_context *ctx)
{
    ctx->json = cli_globals.json;
    ctx->quiet = cli_globals.quiet;
    ctx->verbose = cli_globals.verbose;
}

static wk_code open_session(cli_context *ctx, wk_error *err)
{
    wk_session_opts *s = &cli_globals.session;

    s->log.write = cli_log;
    s->log.user = ctx;
    s->log.level = ctx->verbose > 1 ? WK_LOG_DEBUG : ctx->verbose ? WK_LOG_INFO : WK_LOG_WARN;
    s->cancel = &cancel;
    cli_progress_init(!ctx->quiet && !cli_globals.no_progress, ctx->verbose > 0);
    if (cli_progress_is_on())
        s->progress = cli_progress_update;
    return wk_session_new(s, &ctx->session, err);
}

static wk_code prepare(cli_context *ctx, const cli_args *a, wk_error *err)
{
    const wk_session_opts *o = &cli_globals.session;
    wk_code rc = check_operands(a, err);

    ctx->names_server = o->dicomweb || o->fhir || cli_globals.profile;

    if (rc == WK_OK)
        rc = cli_globals_check_argv(err);
    if (rc == WK_OK && !ctx->command->no_session)
        rc = cli_profile_apply(a, err);
    if (rc == WK_OK && ctx->command->prepare)
        rc = ctx->command->prepare(&cli_globals.session, err);
    if (rc == WK_OK)
        rc = cli_globals_finish(err);
    fill_context(ctx);
    if (rc == WK_OK && !ctx->command->no_session)
        rc = open_session(ctx, err);
    return rc;
}

static int report_failure(const cli_context *ctx, const wk_error *err, bool hint)
{
    char text[2 * WK_ERROR_MESSAGE_SIZE];

    if (err->code == WK_USAGE && hint) {
        cli_error_text(text, sizeof text, err);
        return cli_usage(ctx, "%s", text);
    }
    return cli_fail(ctx, err);
}

static int run_command(cli_context *ctx, cli_args *a)
{
    wk_error err = {0};
    int status;

    if (prepare(ctx, a, &err) != WK_OK)
        return report_failure(ctx, &err, true);
    status = ctx->command->run(ctx, a->n_operands, a->operands);
    wk_session_free(ctx->session);
    return status;
}

static int run(cli_context *ctx, cli_args *a, int argc, char **argv)
{
    wk_error err = {0};
    wk_code rc = cli_args_parse(a, argc, argv, &err);

    ctx->command = a->command;
    fill_context(ctx);
    if (rc != WK_OK && !a->help) {
        if (a->command)
            wk_fail_add(&err, "%s: ", a->command->name);
        return report_failure(ctx, &err, true);
    }
    if (a->help && a->command)
        cli_help_command(ctx, a->command);
    else if (a->help)
        cli_help_program(ctx);
    else if (a->version)
        cli_help_version(ctx);
    else if (!a->command)
        return cli_usage(ctx, "no command given");
    else
        return run_command(ctx, a);
    return 0;
}

/* The leak sanitizer looks into the process when it ends. */
static void end_guard(void)
{
#ifdef WADOKIT_SANITIZED
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
    cli_context ctx = {.cancel = &cancel, .global = &cli_globals};
    cli_args args = {0};
    int status;

    cli_secrets_take();
    set_up_memory();
    set_up_signals();
    cli_report_init(&cancel);
    ctx.tty_out = isatty(STDOUT_FILENO);
    status = run(&ctx, &args, argc, argv);
    if (args.command)
        cli_opts_clear(args.command->opts);
    cli_opts_clear(cli_global_opts);
    cli_profile_clear();
    cli_args_clear(&args);
    cli_secrets_clear();
    end_guard();
    return cli_report_finish(status);
}
