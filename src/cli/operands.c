#include "operands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LINE = 16384
};

static bool add(cli_operands *o, char *item)
{
    if (o->n == o->capacity) {
        size_t capacity = o->capacity ? 2 * o->capacity : 64;
        char **grown = realloc(o->items, capacity * sizeof *grown);

        if (!grown)
            return false;
        o->items = grown;
        o->capacity = capacity;
    }
    o->items[o->n++] = item;
    return true;
}

void cli_operands_clear(cli_operands *o)
{
    for (size_t i = o->n_given; i < o->n; i++)
        free(o->items[i]);
    free(o->items);
    memset(o, 0, sizeof *o);
}

/* Without the byte order mark and the blanks that spreadsheets and databases leave around a value.
 */
static char *trimmed(char *line)
{
    size_t n;

    if (strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        line += 3;
    line += strspn(line, " \t");
    n = strlen(line);
    while (n > 0 && strchr(" \t\r\n", line[n - 1]))
        line[--n] = '\0';
    return line;
}

static wk_code take_line(cli_operands *o, const char *file, char *line, size_t n, wk_error *err)
{
    char *copy;

    if (n >= MAX_LINE)
        return wk_fail(err, WK_LIMIT, "%s: a line of more than %d bytes", file, MAX_LINE);
    if (memchr(line, '\0', n))
        return wk_fail(err, WK_USAGE, "%s: a NUL in it; the items are to be one a line", file);
    line = trimmed(line);
    if (line[0] == '\0' || line[0] == '#')
        return WK_OK;
    copy = strdup(line);
    if (!copy || !add(o, copy)) {
        free(copy);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    return WK_OK;
}

/* One line with its end, as fgets() does it, and how many bytes it has; 0 at the end. */
static size_t read_line(FILE *f, char *line, size_t size)
{
    size_t n = 0;
    int c = '\0';

    while (n + 1 < size && c != '\n' && (c = getc(f)) != EOF)
        line[n++] = (char)c;
    line[n] = '\0';
    return n;
}

static wk_code read_file(cli_operands *o, const char *file, wk_error *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(file, "r");
    char line[MAX_LINE + 1];
    wk_code rc = WK_OK;
    size_t n;

    if (!f)
        return wk_fail_errno(err, WK_USAGE, errno, "%s: cannot open", file);
    while (rc == WK_OK && (n = read_line(f, line, sizeof line)) > 0)
        rc = take_line(o, file, line, n, err);
    if (rc == WK_OK && ferror(f))
        rc = errno == EINTR ? wk_fail(err, WK_CANCELLED, "interrupted")
                            : wk_fail_errno(err, WK_IO, errno, "%s: cannot read", file);
    if (!is_stdin)
        fclose(f);
    return rc;
}

wk_code cli_operands_collect(cli_operands *o, int argc, char **argv, const char *file,
                             wk_error *err)
{
    for (int i = 0; i < argc; i++) {
        if (!add(o, argv[i]))
            return wk_fail(err, WK_NOMEM, "out of memory");
        o->n_given++;
    }
    return file ? read_file(o, file, err) : WK_OK;
}
