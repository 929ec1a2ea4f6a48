#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "globals.h"
#include "progress.h"

enum {
    WORDS = 2048
};

static struct {
    wk_cancel *cancel;
    int write_errno;   /* of the first write to stdout that failed */
    bool pipe_ignored; /* by the parent: then a broken pipe is an error like others */
} out_state;

void cli_report_init(wk_cancel *cancel)
{
    out_state.cancel = cancel;
    /* Lines reach a pipe at once, so that the next program can start. */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

void cli_report_ignore_pipe(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;

    sigemptyset(&ignore.sa_mask);
    if (sigaction(SIGPIPE, &ignore, &old) == 0)
        out_state.pipe_ignored = old.sa_handler == SIG_IGN;
}

bool cli_color(int fd)
{
    const char *when = cli_globals.color, *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (when && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

/* Nobody reads any more, so there is nothing to be said. */
static bool reader_is_gone(void)
{
    return out_state.write_errno == EPIPE && !out_state.pipe_ignored;
}

/* C0, DEL, and C1 in UTF-8: what a terminal may take for a command. */
void cli_clean(char *line)
{
    unsigned char *c = (unsigned char *)line;

    for (; *c; c++) {
        bool c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0;

        if ((*c < ' ' && *c != '\t') || *c == 0x7F)
            *c = '?';
        if (c1) {
            c[0] = '?';
            c[1] = '?';
        }
    }
}

/* Nothing more can be printed: what is going on is asked to stop. */
static void note_write(int rc)
{
    if (rc >= 0 && !ferror(stdout))
        return;
    if (!out_state.write_errno)
        out_state.write_errno = errno ? errno : EIO;
    if (out_state.cancel)
        out_state.cancel->requested = 1;
}

static void print_line(const char *text)
{
    cli_progress_lock();
    errno = 0;
    note_write(puts(text));
    cli_progress_unlock();
}

void cli_out_styled(const char *line)
{
    print_line(line);
}

/* A formatted line on the heap, without the newline that callers may end it with. */
static char *format(const char *fmt, va_list args)
{
    char *text = NULL;
    size_t n;

    if (vasprintf(&text, fmt, args) < 0)
        return NULL;
    n = strlen(text);
    if (n > 0 && text[n - 1] == '\n')
        text[n - 1] = '\0';
    cli_clean(text);
    return text;
}

void cli_out(const cli_context *ctx, const char *fmt, ...)
{
    char *text;
    va_list args;

    (void)ctx;
    va_start(args, fmt);
    text = format(fmt, args);
    va_end(args);
    if (text)
        print_line(text);
    else
        note_write(-1);
    free(text);
}

void cli_out_text(const cli_context *ctx, const char *text, size_t n)
{
    bool ended = n > 0 && text[n - 1] == '\n';

    cli_progress_lock();
    errno = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool plain = c >= ' ' ? c != 0x7F : c == '\n' || c == '\t';

        if (putc(ctx->tty_out && !plain ? '?' : c, stdout) == EOF)
            break;
    }
    if (ctx->tty_out && !ended)
        (void)putc('\n', stdout);
    note_write(fflush(stdout));
    cli_progress_unlock();
}

void cli_out_json(const cli_context *ctx, wk_json_line *line)
{
    char *text = wk_json_line_text(line);

    (void)ctx;
    if (text) {
        print_line(text);
    } else {
        errno = ENOMEM;
        note_write(-1);
    }
    free(text);
    wk_json_line_free(line);
}

static void words(const char *style, const char *prefix, const char *text)
{
    bool color = *style && cli_color(STDERR_FILENO);

    if (reader_is_gone())
        return;
    cli_progress_lock();
    fprintf(stderr, "%swadokit: %s%s%s\n", color ? style : "", prefix, color ? "\033[0m" : "",
            text);
    cli_progress_unlock();
}

void cli_note(const cli_context *ctx, const char *fmt, ...)
{
    char text[WORDS];
    va_list args;

    if (ctx && ctx->quiet)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_clean(text);
    words("", "", text);
}

void cli_log(void *user, wk_log_level level, const char *message)
{
    const cli_context *ctx = user;

    if (ctx && ctx->quiet)
        return;
    words(level == WK_LOG_WARN ? "\033[33m" : "",
          level == WK_LOG_WARN    ? "warning: "
          : level == WK_LOG_DEBUG ? "debug: "
                                  : "",
          message);
}

/* "--max-bytes", or for what the command line never takes the variable that is read. */
static void add_option(char *out, size_t size, const char *name, size_t n)
{
    static const char *const variables[][2] = {{"token", "WADOKIT_TOKEN"},
                                               {"password", "WADOKIT_PASSWORD"},
                                               {"client-secret", "WADOKIT_CLIENT_SECRET"}};
    size_t used = strlen(out);

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        if (strlen(variables[i][0]) == n && strncmp(variables[i][0], name, n) == 0) {
            snprintf(out + used, size - used, "%s", variables[i][1]);
            return;
        }
    }
    snprintf(out + used, size - used, "--%.*s", (int)n, name);
}

void cli_setting_text(char *out, size_t size, const char *words, const char *setting)
{
    size_t n = strcspn(setting, " ");
    bool begins = n > 0 && strncmp(words, setting, n) == 0 && strchr(": ", words[n]);
    const char *before = " (see ";

    out[0] = '\0';
    if (begins) {
        add_option(out, size, setting, n);
        words += n;
        setting += n;
    }
    snprintf(out + strlen(out), size - strlen(out), "%s", words);
    for (setting += strspn(setting, " "); *setting; setting += strspn(setting, " ")) {
        n = strcspn(setting, " ");
        snprintf(out + strlen(out), size - strlen(out), "%s", before);
        add_option(out, size, setting, n);
        before = ", ";
        setting += n;
    }
    if (*before == ',')
        snprintf(out + strlen(out), size - strlen(out), ")");
}

void cli_error_text(char *out, size_t size, const wk_error *err)
{
    cli_setting_text(out, size, err->message[0] ? err->message : wk_code_text(err->code),
                     err->setting);
    cli_clean(out);
}

void cli_json_error(wk_json_line *line, const wk_error *err)
{
    wk_json_set_string(line, "error", err->code != WK_OK ? err->message : NULL);
    if (err->setting[0])
        wk_json_set_string(line, "setting", err->setting);
}

int cli_fail(const cli_context *ctx, const wk_error *err)
{
    char text[WORDS];

    (void)ctx;
    /* Pictures and pages go to stdout past stdio. */
    if (err->code == WK_IO && err->sys_errno == EPIPE && !out_state.write_errno)
        out_state.write_errno = EPIPE;
    cli_error_text(text, sizeof text, err);
    words("\033[1;31m", "", text);
    return wk_code_exit_status(err->code);
}

int cli_usage(const cli_context *ctx, const char *fmt, ...)
{
    char text[WORDS];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_clean(text);
    words("\033[1;31m", "", text);
    fprintf(stderr, "Try 'wadokit %s%s--help'.\n", ctx && ctx->command ? ctx->command->name : "",
            ctx && ctx->command ? " " : "");
    return wk_code_exit_status(WK_USAGE);
}

int cli_report_finish(int status)
{
    cli_progress_finish();
    errno = 0;
    if (fclose(stdout) != 0 && !out_state.write_errno)
        out_state.write_errno = errno ? errno : EIO;
    if (!out_state.write_errno)
        return status;
    if (reader_is_gone()) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    fprintf(stderr, "wadokit: standard output: %s\n", strerror(out_state.write_errno));
    return wk_code_exit_status(WK_IO);
}
