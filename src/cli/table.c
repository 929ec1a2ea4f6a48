#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report.h"

enum {
    GAP = 2,
    NARROWEST = 8,
    MAX_COLUMNS = 32,
    DEFAULT_WIDTH = 80,
    SHORTEST_UID = 12
};

struct cli_table {
    size_t n_columns;
    char **cells; /* n_rows * n_columns; the headings are row 0 */
    size_t n_rows, capacity;
    bool broken; /* memory was out */
};

/* ---- the width of text on a terminal ---- */

static unsigned decode(const unsigned char **s)
{
    const unsigned char *c = *s;
    unsigned n = *c < 0xC0 ? 0 : *c < 0xE0 ? 1 : *c < 0xF0 ? 2 : 3;
    unsigned code = n == 0 ? *c : *c & (0x3Fu >> n);

    for (c++; n > 0 && (*c & 0xC0) == 0x80; n--, c++)
        code = code << 6 | (*c & 0x3F);
    *s = c;
    return code;
}

static size_t width_of(unsigned code)
{
    static const unsigned wide[][2] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                       {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                       {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};

    if (code >= 0x300 && code <= 0x36F)
        return 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (code >= wide[i][0] && code <= wide[i][1])
            return 2;
    }
    return 1;
}

static size_t text_width(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t width = 0;

    while (*c)
        width += width_of(decode(&c));
    return width;
}

/* The bytes of `text` that fit in `width` columns. */
static size_t fitting(const char *text, size_t width)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t used = 0, bytes = 0;

    while (*c) {
        used += width_of(decode(&c));
        if (used > width)
            break;
        bytes = (size_t)((const char *)c - text);
    }
    return bytes;
}

/* ---- the table ---- */

static void add_row(cli_table *t, const char *const *cells)
{
    if (t->n_rows == t->capacity) {
        size_t more = t->capacity ? 2 * t->capacity : 16;
        char **bigger = realloc(t->cells, more * t->n_columns * sizeof *bigger);

        if (!bigger) {
            t->broken = true;
            return;
        }
        t->cells = bigger;
        t->capacity = more;
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        char *copy = strdup(cells[i] ? cells[i] : "");

        if (copy)
            cli_clean(copy);
        else
            t->broken = true;
        t->cells[t->n_rows * t->n_columns + i] = copy;
    }
    t->n_rows++;
}

cli_table *cli_table_new(const char *const *headings, size_t n_columns)
{
    cli_table *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->n_columns = n_columns < MAX_COLUMNS ? n_columns : MAX_COLUMNS;
    add_row(t, headings);
    return t;
}

void cli_table_add(cli_table *t, const char *const *cells)
{
    if (t && !t->broken)
        add_row(t, cells);
}

static size_t terminal_width(void)
{
    struct winsize w;
    const char *columns = getenv("COLUMNS");
    unsigned long n = columns ? strtoul(columns, NULL, 10) : 0;

    if (n > 0 && n < UINT16_MAX)
        return n;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        return w.ws_col;
    return DEFAULT_WIDTH;
}

static void measure(const cli_table *t, size_t *widths)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        widths[c] = 0;
        for (size_t r = 0; r < t->n_rows; r++) {
            size_t w = text_width(t->cells[r * t->n_columns + c]);

            if (w > widths[c])
                widths[c] = w;
        }
    }
}

static bool has_uids(const cli_table *t, size_t column)
{
    for (size_t r = 1; r < t->n_rows; r++) {
        const char *cell = t->cells[r * t->n_columns + column];

        if (strlen(cell) >= SHORTEST_UID && cell[strspn(cell, "0123456789.")] == '\0')
            return true;
    }
    return false;
}

/* Takes columns from the widest until the table fits. UIDs stay whole: cut, they are of no use. */
static void squeeze(const cli_table *t, size_t *widths, size_t room)
{
    for (;;) {
        size_t total = 0, widest = t->n_columns;

        for (size_t c = 0; c < t->n_columns; c++) {
            total += widths[c] + (c ? GAP : 0);
            if (widths[c] > NARROWEST && !has_uids(t, c) &&
                (widest == t->n_columns || widths[c] > widths[widest]))
                widest = c;
        }
        if (total <= room || widest == t->n_columns)
            return;
        widths[widest]--;
    }
}

static void print_row(const cli_context *ctx, const cli_table *t, size_t row, const size_t *widths)
{
    char *line = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&line, &size);

    if (!f)
        return;
    for (size_t c = 0; c < t->n_columns; c++) {
        const char *cell = t->cells[row * t->n_columns + c];
        size_t width = text_width(cell);
        bool cut = width > widths[c];
        size_t bytes = cut ? fitting(cell, widths[c] - 1) : strlen(cell);

        fprintf(f, "%.*s%s", (int)bytes, cell, cut ? "~" : "");
        if (c + 1 < t->n_columns)
            fprintf(f, "%*s", (int)(cut ? GAP : widths[c] - width + GAP), "");
    }
    fclose(f);
    for (size_t n = line ? strlen(line) : 0; n > 0 && line[n - 1] == ' '; n--)
        line[n - 1] = '\0';
    if (line && row == 0 && cli_color(STDOUT_FILENO)) {
        char *bold = NULL;

        if (asprintf(&bold, "\033[1m%s\033[0m", line) >= 0)
            cli_out_styled(bold);
        free(bold);
    } else if (line) {
        cli_out(ctx, "%s", line);
    }
    free(line);
}

void cli_table_print(const cli_context *ctx, cli_table *t)
{
    size_t widths[MAX_COLUMNS];

    if (!t || t->broken) {
        cli_note(ctx, "out of memory: the table is not shown");
    } else if (t->n_rows > 1) {
        measure(t, widths);
        if (ctx->tty_out)
            squeeze(t, widths, terminal_width());
        for (size_t r = 0; r < t->n_rows; r++)
            print_row(ctx, t, r, widths);
    }
    for (size_t i = 0; t && i < t->n_rows * t->n_columns; i++)
        free(t->cells[i]);
    if (t)
        free(t->cells);
    free(t);
}
