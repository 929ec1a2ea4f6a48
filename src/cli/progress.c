#include "progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bars.h"
#include "report.h"

enum {
    DEFAULT_COLUMNS = 80,
    DEFAULT_ROWS = 24,
    MOST_COLUMNS = 10000
};

typedef enum manner {
    NOTHING,
    BARS,
    LINES
} manner;

static struct {
    pthread_mutex_t lock;
    manner manner;
    bool utf8;
    cli_bars bars;
    char text[CLI_BARS_TEXT];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the terminal ---- */

static bool is_utf8(void)
{
    const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *value = NULL;

    for (size_t i = 0; i < 3 && !(value && *value); i++)
        value = getenv(names[i]);
    if (!value || !*value)
        return false;
    /* There the characters of bars may be two columns wide. */
    if (strncmp(value, "zh", 2) == 0 || strncmp(value, "ja", 2) == 0 ||
        strncmp(value, "ko", 2) == 0)
        return false;
    return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
}

static bool is_capable(void)
{
    const char *term = getenv("TERM");

    return isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

static cli_screen screen(void)
{
    struct winsize w = {0};
    const char *given = getenv("COLUMNS");
    long n = given ? strtol(given, NULL, 10) : 0;
    cli_screen s = {DEFAULT_COLUMNS, DEFAULT_ROWS, state.utf8};

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        s.columns = w.ws_col;
    if (w.ws_row > 0)
        s.rows = w.ws_row;
    if (n > 0 && n < MOST_COLUMNS)
        s.columns = (int)n;
    return s;
}

/* Who was sent to the background leaves the terminal to others. */
static bool is_in_front(void)
{
    pid_t front = tcgetpgrp(STDERR_FILENO);

    return front <= 0 || front == getpgrp();
}

/* ---- the face ---- */

void cli_progress_init(bool wanted, bool verbose)
{
    state.manner = !wanted ? NOTHING : verbose ? LINES : is_capable() ? BARS : NOTHING;
    state.utf8 = is_utf8();
}

bool cli_progress_is_on(void)
{
    return state.manner != NOTHING;
}

static void draw(const wk_progress *p)
{
    cli_screen s;
    const char *bytes;

    if (!is_in_front())
        return;
    s = screen();
    bytes = cli_bars_draw(&state.bars, &s, p, now_ms(), state.text);
    if (bytes)
        fputs(bytes, stderr);
}

void cli_progress_update(void *user, const wk_progress *p)
{
    char line[256];

    (void)user;
    pthread_mutex_lock(&state.lock);
    if (state.manner == BARS) {
        draw(p);
    } else if (state.manner == LINES &&
               cli_bars_plain(&state.bars, p, now_ms(), line, sizeof line)) {
        cli_clean(line);
        fprintf(stderr, "wadokit: %s\n", line);
    }
    pthread_mutex_unlock(&state.lock);
}

void cli_progress_lock(void)
{
    pthread_mutex_lock(&state.lock);
    if (state.bars.n_lines > 0) {
        cli_screen s = screen();

        fputs(cli_bars_hide(&state.bars, &s, state.text), stderr);
    }
}

void cli_progress_unlock(void)
{
    pthread_mutex_unlock(&state.lock);
}

void cli_progress_finish(void)
{
    cli_progress_lock();
    state.manner = NOTHING;
    cli_progress_unlock();
}
