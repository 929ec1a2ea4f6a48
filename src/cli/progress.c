#include "progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum {
    BAR = 20,
    LINE = 512,
    WHAT = 40,
    DEFAULT_COLUMNS = 80
};

static const double REDRAW_S = 0.1;
static const double RATE_WINDOW_S = 3.0;

static struct {
    pthread_mutex_t lock;
    bool on;
    bool shown;
    bool started;
    double start, drawn;
    double mark; /* when the rate was last averaged, and at how many bytes */
    uint64_t mark_bytes;
    double rate;
    char line[LINE];
} bar = {.lock = PTHREAD_MUTEX_INITIALIZER};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int columns(void)
{
    struct winsize w;
    const char *given = getenv("COLUMNS");
    long n = given ? strtol(given, NULL, 10) : 0;

    if (n > 0 && n < LINE)
        return (int)n;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        return w.ws_col;
    return DEFAULT_COLUMNS;
}

void cli_progress_init(bool wanted)
{
    bar.on = wanted && isatty(STDERR_FILENO);
}

bool cli_progress_is_on(void)
{
    return bar.on;
}

/* How much is done, 0 to 1; bytes tell it best, items where the bytes are not known. */
static double fraction(const wk_progress *p)
{
    double f = -1;

    if (p->bytes_total > 0)
        f = (double)p->bytes / (double)p->bytes_total;
    else if (p->items_total > 0)
        f = (double)p->items / (double)p->items_total;
    return f > 1 ? 1 : f;
}

static void put(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);

    snprintf(out + used, size - used, "%s%s", used ? "  " : "", text);
}

static void put_bar(char *out, size_t size, double f)
{
    char text[BAR + 16] = "[";

    for (int i = 0; i < BAR; i++)
        text[i + 1] = i < (int)(f * BAR) ? '#' : '.';
    snprintf(text + BAR + 1, sizeof text - BAR - 1, "] %3d%%", (int)(f * 100));
    put(out, size, text);
}

static void put_eta(char *out, size_t size, double f, double seconds)
{
    char text[48];
    double left = seconds * (1 - f) / f;
    int s = left > 359999 ? 359999 : (int)(left + 0.5);

    if (s >= 3600)
        snprintf(text, sizeof text, "ETA %d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, sizeof text, "ETA %d:%02d", s / 60, s % 60);
    put(out, size, text);
}

static void put_what(char *out, size_t size, const char *what)
{
    char text[WHAT + 1];
    size_t n = strlen(what);
    const char *tail = n > WHAT ? what + n - WHAT : what;
    size_t i = 0;

    for (; tail[i] && i < WHAT; i++)
        text[i] = tail[i] >= ' ' && tail[i] <= '~' ? tail[i] : '?';
    text[i] = '\0';
    put(out, size, text);
}

void cli_progress_line(char *out, size_t size, int max_columns, const wk_progress *p,
                       double seconds, double bytes_per_second)
{
    char text[64], amount[32];
    double f = fraction(p);

    out[0] = '\0';
    if (f >= 0)
        put_bar(out, size, f);
    if (p->items_total >= 0)
        snprintf(text, sizeof text, "%llu/%lld", (unsigned long long)p->items,
                 (long long)p->items_total);
    else
        snprintf(text, sizeof text, "%llu", (unsigned long long)p->items);
    put(out, size, text);
    cli_human_bytes(amount, sizeof amount, p->bytes);
    put(out, size, amount);
    if (bytes_per_second >= 1) {
        cli_human_bytes(amount, sizeof amount, (uint64_t)bytes_per_second);
        snprintf(text, sizeof text, "%s/s", amount);
        put(out, size, text);
    }
    if (f > 0 && f < 1 && seconds >= 1)
        put_eta(out, size, f, seconds);
    if (p->what)
        put_what(out, size, p->what);
    if (max_columns > 0 && (size_t)max_columns < size && strlen(out) >= (size_t)max_columns)
        out[max_columns - 1] = '\0';
}

static void hide(void)
{
    if (bar.shown)
        fputs("\r\033[K", stderr);
    bar.shown = false;
}

static void draw(void)
{
    fprintf(stderr, "\r%s\033[K", bar.line);
    bar.shown = true;
}

static void measure_rate(double t, uint64_t bytes)
{
    double span = t - bar.mark;

    if (bytes < bar.mark_bytes) {
        bar.mark_bytes = bytes;
        bar.mark = t;
    } else if (span >= RATE_WINDOW_S || (bar.rate <= 0 && span >= 1)) {
        bar.rate = (double)(bytes - bar.mark_bytes) / span;
        bar.mark_bytes = bytes;
        bar.mark = t;
    }
}

void cli_progress_update(void *user, const wk_progress *p)
{
    double t;

    (void)user;
    if (!bar.on)
        return;
    pthread_mutex_lock(&bar.lock);
    t = now();
    if (!bar.started) {
        bar.started = true;
        bar.start = bar.mark = t;
    }
    measure_rate(t, p->bytes);
    if (t - bar.drawn >= REDRAW_S) {
        bar.drawn = t;
        cli_progress_line(bar.line, sizeof bar.line, columns(), p, t - bar.start, bar.rate);
        draw();
    }
    pthread_mutex_unlock(&bar.lock);
}

void cli_progress_lock(void)
{
    pthread_mutex_lock(&bar.lock);
    hide();
}

void cli_progress_unlock(void)
{
    pthread_mutex_unlock(&bar.lock);
}

void cli_progress_finish(void)
{
    cli_progress_lock();
    bar.on = false;
    cli_progress_unlock();
}
