#include "bars.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"

enum {
    CELL = 64,
    RATE_WINDOW_MS = 3000,
    FIRST_WINDOW_MS = 1000,
    MOST_ROWS = CLI_BARS_PARTS + 1,
    MOST_COLUMNS = 400,
    LINE = 4 * MOST_COLUMNS, /* a block of a bar has three bytes */
    MOST_S = 359999          /* 99:59:59 */
};

/* ---- arithmetic ---- */

static double at_most_one(double f)
{
    return f > 1 ? 1 : f;
}

/* 0 to 1, -1 unknown. Instances tell it, and the bytes of one that is still on its way. */
static double part_fraction(const wk_progress_part *p)
{
    double f = -1;

    if (p->items_total > 0)
        f = (double)p->items / (double)p->items_total;
    if (p->bytes_total > 0 && (double)p->bytes / (double)p->bytes_total > f)
        f = (double)p->bytes / (double)p->bytes_total;
    return at_most_one(f);
}

static double items_done(const wk_progress *p)
{
    double items = (double)p->items;

    for (size_t i = 0; i < p->n_parts; i++) {
        const wk_progress_part *part = &p->parts[i];

        if (part->items_total > 0)
            items += part_fraction(part) * (double)part->items_total - (double)part->items;
    }
    return items;
}

static double total_fraction(const wk_progress *p)
{
    if (p->items_total > 0 && !p->growing)
        return at_most_one(items_done(p) / (double)p->items_total);
    if (p->targets_total > 1)
        return at_most_one((double)p->targets / (double)p->targets_total);
    if (p->bytes_total > 0)
        return at_most_one((double)p->bytes / (double)p->bytes_total);
    return p->n_parts == 1 && !p->growing ? part_fraction(&p->parts[0]) : -1;
}

static void rate_begin(cli_rate *r, const char *what, uint64_t bytes, double fraction,
                       int64_t now_ms)
{
    *r = (cli_rate){.began_ms = now_ms,
                    .mark_ms = now_ms,
                    .mark_bytes = bytes,
                    .fraction = fraction > 0 ? fraction : 0};
    snprintf(r->what, sizeof r->what, "%s", what);
}

static void rate_take(cli_rate *r, uint64_t bytes, int64_t now_ms)
{
    int64_t span = now_ms - r->mark_ms;

    if (bytes >= r->mark_bytes && span < RATE_WINDOW_MS &&
        (r->per_second > 0 || span < FIRST_WINDOW_MS))
        return;
    if (bytes >= r->mark_bytes)
        r->per_second = (double)(bytes - r->mark_bytes) * 1000 / (double)span;
    r->mark_bytes = bytes;
    r->mark_ms = now_ms;
}

/* The one that measures `part`; that of a part which is gone is free for another one. */
static cli_rate *rate_of(cli_bars *b, const wk_progress_part *part)
{
    for (size_t i = 0; i < CLI_BARS_PARTS; i++) {
        if (b->parts[i].what[0] && strcmp(b->parts[i].what, part->what) == 0)
            return &b->parts[i];
    }
    return NULL;
}

static void forget_gone(cli_bars *b)
{
    for (size_t i = 0; i < CLI_BARS_PARTS; i++) {
        if (!b->parts[i].used)
            b->parts[i].what[0] = '\0';
    }
}

static size_t n_parts(const wk_progress *p)
{
    return p->n_parts < CLI_BARS_PARTS ? p->n_parts : CLI_BARS_PARTS;
}

static void measure(cli_bars *b, const wk_progress *p, int64_t now_ms)
{
    if (!b->begun)
        rate_begin(&b->total, "", p->bytes, total_fraction(p), now_ms);
    b->begun = true;
    rate_take(&b->total, p->bytes, now_ms);
    for (size_t i = 0; i < CLI_BARS_PARTS; i++)
        b->parts[i].used = false;
    for (size_t i = 0; i < n_parts(p); i++) {
        cli_rate *r = rate_of(b, &p->parts[i]);

        if (r) {
            r->used = true;
            rate_take(r, p->parts[i].bytes, now_ms);
        }
    }
    forget_gone(b);
    for (size_t i = 0; i < n_parts(p); i++) {
        for (size_t k = 0; k < CLI_BARS_PARTS && !rate_of(b, &p->parts[i]); k++) {
            if (!b->parts[k].what[0])
                rate_begin(&b->parts[k], p->parts[i].what, p->parts[i].bytes,
                           part_fraction(&p->parts[i]), now_ms);
        }
    }
}

/* ---- cells ---- */

typedef enum column {
    NAME,
    BAR,
    PERCENT,
    COUNT,
    BYTES,
    RATE,
    ETA,
    N_COLUMNS
} column;

/* One line: cells as text; what a bar is drawn from. */
typedef struct row {
    char cells[N_COLUMNS][CELL];
    const char *what; /* cut to the column when it is drawn */
    double fraction;
} row;

static void write_eta(char *out, size_t size, const cli_rate *r, double f, int64_t now_ms)
{
    double elapsed = (double)(now_ms - r->began_ms) / 1000;
    double left;
    int s;

    out[0] = '\0';
    if (f >= 1 || f <= r->fraction || elapsed < 1)
        return;
    left = elapsed * (1 - f) / (f - r->fraction);
    s = left > MOST_S ? MOST_S : (int)(left + 0.5);
    if (s >= 3600)
        snprintf(out, size, "ETA %d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, size, "ETA %d:%02d", s / 60, s % 60);
}

static void write_count(char *out, size_t size, uint64_t items, int64_t total, bool growing)
{
    if (total >= 0)
        snprintf(out, size, "%llu/%lld%s", (unsigned long long)items, (long long)total,
                 growing ? "+" : "");
    else
        snprintf(out, size, "%llu", (unsigned long long)items);
}

static void write_rate(char *out, size_t size, const cli_rate *r)
{
    char amount[32];

    out[0] = '\0';
    if (!r || r->per_second < 1)
        return;
    cli_human_bytes(amount, sizeof amount, (uint64_t)r->per_second);
    snprintf(out, size, "%s/s", amount);
}

static void fill(row *out, const wk_progress_part *p, double f, const cli_rate *r, bool growing,
                 int64_t now_ms)
{
    memset(out, 0, sizeof *out);
    out->what = p->what;
    out->fraction = f;
    if (f >= 0)
        snprintf(out->cells[PERCENT], CELL, "%3d%%", (int)(f * 100));
    write_count(out->cells[COUNT], CELL, p->items, p->items_total, growing);
    if (p->bytes > 0)
        cli_human_bytes(out->cells[BYTES], CELL, p->bytes);
    write_rate(out->cells[RATE], CELL, r);
    if (r)
        write_eta(out->cells[ETA], CELL, r, f, now_ms);
}

static wk_progress_part total_of(const wk_progress *p, const char *name)
{
    return (wk_progress_part){name, p->bytes, p->bytes_total, p->items, p->items_total};
}

/* The rows from top to bottom; a single thing under way and the total of all are one. */
static size_t make_rows(cli_bars *b, const cli_screen *screen, const wk_progress *p, int64_t now_ms,
                        char *name, size_t name_size, row *rows)
{
    bool many = p->growing && p->targets_total > 1;
    size_t n = 0, room = screen->rows > 3 ? (size_t)screen->rows - 3 : 0;
    wk_progress_part all;

    if (n_parts(p) > 1 || many) {
        for (; n < n_parts(p) && n < room; n++)
            fill(&rows[n], &p->parts[n], part_fraction(&p->parts[n]), rate_of(b, &p->parts[n]),
                 false, now_ms);
    }
    if (many)
        snprintf(name, name_size, "%llu of %lld targets", (unsigned long long)p->targets,
                 (long long)p->targets_total);
    else if (n > 0)
        snprintf(name, name_size, "total");
    else
        snprintf(name, name_size, "%s", p->n_parts > 0 ? p->parts[0].what : p->what ? p->what : "");
    all = total_of(p, name);
    fill(&rows[n], &all, total_fraction(p), &b->total, p->growing, now_ms);
    return n + 1;
}

/* ---- lines ---- */

/* How wide each column is, 0 where it is left out. */
typedef struct layout {
    int width[N_COLUMNS];
} layout;

static int whole_width(const layout *l)
{
    int sum = 0;

    for (int c = 0; c < N_COLUMNS; c++)
        sum += l->width[c] > 0 ? l->width[c] + 2 : 0;
    return sum > 0 ? sum - 2 : 0;
}

static const char *last_step(const char *what)
{
    const char *slash = strrchr(what, '/');

    return slash && slash[1] ? slash + 1 : what;
}

static int longest(const row *rows, size_t n, int c)
{
    int most = 0;

    for (size_t i = 0; i < n; i++) {
        int w = (int)strlen(c == NAME ? last_step(rows[i].what) : rows[i].cells[c]);

        if (c == BAR)
            w = rows[i].fraction >= 0 ? MOST_COLUMNS : 0;
        most = w > most ? w : most;
    }
    return most;
}

static void narrow(int *width, int most)
{
    if (*width > most)
        *width = most;
}

/* What gives way, step by step, until the rows fit. */
static layout lay_out(const row *rows, size_t n, int columns)
{
    static const struct {
        column c;
        int most;
    } steps[] = {{NAME, 28}, {BAR, 20},  {NAME, 20}, {BAR, 12}, {NAME, 12}, {BAR, 8},    {RATE, 0},
                 {NAME, 8},  {BYTES, 0}, {ETA, 0},   {NAME, 0}, {BAR, 0},   {PERCENT, 0}};
    layout l;

    for (int c = 0; c < N_COLUMNS; c++)
        l.width[c] = longest(rows, n, c);
    /* The first two hold for any terminal. */
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (i < 2 || whole_width(&l) > columns)
            narrow(&l.width[steps[i].c], steps[i].most);
    }
    return l;
}

typedef struct line {
    char text[LINE];
    size_t n;  /* bytes */
    int width; /* cells */
} line;

static void put(line *l, const char *text, int cells)
{
    size_t n = strlen(text);

    if (l->n + n >= sizeof l->text)
        return;
    memcpy(l->text + l->n, text, n + 1);
    l->n += n;
    l->width += cells;
}

static void put_blanks(line *l, int n)
{
    while (n-- > 0)
        put(l, " ", 1);
}

/* The end of a name, which tells UIDs apart; nothing but plain characters reaches the terminal. */
static void put_name(line *l, const char *what, int width, bool utf8)
{
    const char *name = last_step(what);
    int n = (int)strlen(name), dots = utf8 ? 1 : 3;
    char one[2] = "";

    if (n > width && width > dots) {
        put(l, utf8 ? "\xE2\x80\xA6" : "...", dots);
        name += n - (width - dots);
    } else if (n > width) {
        name += n - width;
    }
    for (; *name; name++) {
        one[0] = *name >= ' ' && *name <= '~' ? *name : '?';
        put(l, one, 1);
    }
}

static void put_bar(line *l, double f, int width, bool utf8)
{
    int full = f < 0 ? 0 : (int)(f * width);

    for (int i = 0; i < width; i++) {
        if (f < 0)
            put(l, " ", 1);
        else if (i < full)
            put(l, utf8 ? "\xE2\x96\x88" : "#", 1);
        else
            put(l, utf8 ? "\xE2\x96\x91" : ".", 1);
    }
}

static void put_row(line *l, const row *r, const layout *lay, bool utf8)
{
    for (int c = 0; c < N_COLUMNS; c++) {
        int width = lay->width[c], before = l->width;

        if (width == 0)
            continue;
        if (l->n > 0) {
            put(l, "  ", 2);
            before += 2;
        }
        if (c == NAME) {
            put_name(l, r->what, width, utf8);
            put_blanks(l, width - (l->width - before));
        } else if (c == BAR) {
            put_bar(l, r->fraction, width, utf8);
        } else {
            put_blanks(l, width - (int)strlen(r->cells[c]));
            put(l, r->cells[c], (int)strlen(r->cells[c]));
        }
    }
    while (l->n > 0 && l->text[l->n - 1] == ' ') {
        l->text[--l->n] = '\0';
        l->width--;
    }
}

/* Plain text: as many bytes as cells. */
static void cut(line *l, int columns)
{
    if (l->width <= columns || (size_t)l->width != l->n)
        return;
    l->n = (size_t)columns;
    l->text[l->n] = '\0';
    l->width = columns;
}

void cli_bars_waiting(const wk_progress *p, char *out, size_t size)
{
    const char *why = "no answer";
    int seconds = (int)((p->wait_ms + 999) / 1000);

    out[0] = '\0';
    if (!p->wait_origin)
        return;
    if (p->wait_status == 202)
        why = "202: the server is fetching";
    else if (p->wait_status == 503 && p->wait_asked)
        why = "503: the server is fetching";
    else if (p->wait_status == 429)
        why = "429: the server asks for fewer requests";
    else if (p->wait_status == 503)
        why = "503: the server is busy";
    if (p->wait_status >= 400 && p->wait_status != 429 && p->wait_status != 503)
        snprintf(out, size, "%s: %d, trying again in %d s", p->wait_origin, p->wait_status,
                 seconds);
    else if (p->wait_status == 202 || p->wait_status == 429 || p->wait_status == 503)
        snprintf(out, size, "%s: %s, waiting %d s", p->wait_origin, why, seconds);
    else
        snprintf(out, size, "%s: %s, trying again in %d s", p->wait_origin, why, seconds);
}

/* ---- drawing ---- */

/* A terminal that puts lines together again when it is made narrower breaks ours too. */
static int rows_of(int width, int columns)
{
    return columns > 0 && width > columns ? (width + columns - 1) / columns : 1;
}

static size_t put_home(const cli_bars *b, const cli_screen *screen, char *out)
{
    size_t n = 0;
    int up = -1;

    for (size_t i = 0; i < b->n_lines; i++)
        up += rows_of(b->widths[i], screen->columns);
    out[n++] = '\r';
    for (; up > 0 && n + 8 < CLI_BARS_TEXT / 2; up--) {
        memcpy(out + n, "\033[A", 3);
        n += 3;
    }
    out[n] = '\0';
    return n;
}

static size_t add_line(cli_bars *b, const line *l, char *out, size_t n)
{
    const char *before = b->n_lines > 0 ? "\n" : "";

    if (n + l->n + 16 > CLI_BARS_TEXT)
        return n;
    b->widths[b->n_lines++] = l->width;
    return n + (size_t)snprintf(out + n, CLI_BARS_TEXT - n, "%s%s\033[K", before, l->text);
}

static const char *draw_rows(cli_bars *b, const cli_screen *screen, const row *rows, size_t n_rows,
                             const wk_progress *p, char *out)
{
    int columns = screen->columns > 1 ? screen->columns - 1 : 1;
    layout lay = lay_out(rows, n_rows, columns < MOST_COLUMNS ? columns : MOST_COLUMNS);
    size_t n = put_home(b, screen, out);
    char words[256];
    line l;

    b->n_lines = 0;
    for (size_t i = 0; i < n_rows; i++) {
        memset(&l, 0, sizeof l);
        put_row(&l, &rows[i], &lay, screen->utf8);
        cut(&l, columns);
        n = add_line(b, &l, out, n);
    }
    cli_bars_waiting(p, words, sizeof words);
    if (words[0] && screen->rows > 1) {
        memset(&l, 0, sizeof l);
        for (const char *c = words; *c; c++)
            put(&l, (char[2]){*c >= ' ' && *c <= '~' ? *c : '?', '\0'}, 1);
        cut(&l, columns);
        n = add_line(b, &l, out, n);
    }
    memcpy(out + n, "\033[J", 4);
    return out;
}

const char *cli_bars_draw(cli_bars *b, const cli_screen *screen, const wk_progress *p,
                          int64_t now_ms, char *out)
{
    row rows[MOST_ROWS];
    char name[160];
    size_t n;

    if (b->begun && now_ms - b->drawn_ms < CLI_BARS_PAUSE_MS)
        return NULL;
    b->drawn_ms = now_ms;
    measure(b, p, now_ms);
    n = make_rows(b, screen, p, now_ms, name, sizeof name, rows);
    return draw_rows(b, screen, rows, n, p, out);
}

const char *cli_bars_hide(cli_bars *b, const cli_screen *screen, char *out)
{
    size_t n;

    out[0] = '\0';
    if (b->n_lines == 0)
        return out;
    n = put_home(b, screen, out);
    memcpy(out + n, "\033[J", 4);
    b->n_lines = 0;
    return out;
}

bool cli_bars_plain(cli_bars *b, const wk_progress *p, int64_t now_ms, char *out, size_t size)
{
    wk_progress_part all = total_of(p, "");
    char waiting[256];
    size_t n = 0;
    row r;

    if (!b->begun)
        b->drawn_ms = now_ms;
    measure(b, p, now_ms);
    if (now_ms - b->drawn_ms < CLI_BARS_PLAIN_MS)
        return false;
    b->drawn_ms = now_ms;
    fill(&r, &all, total_fraction(p), &b->total, p->growing, now_ms);
    out[0] = '\0';
    for (int c = PERCENT; c < N_COLUMNS; c++) {
        const char *cell = r.cells[c] + strspn(r.cells[c], " ");

        if (*cell && n < size)
            n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? ", " : "", cell);
    }
    cli_bars_waiting(p, waiting, sizeof waiting);
    if (waiting[0] && n < size)
        snprintf(out + n, size - n, "; %s", waiting);
    return true;
}
