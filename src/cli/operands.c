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

static wk_code take_line(cli_operands *o, const char *file, char *line, wk_error *err)
{
    size_t n = strlen(line);
    char *copy;

    if (n == MAX_LINE - 1 && line[n - 1] != '\n')
        return wk_fail(err, WK_LIMIT, "%s: a line of more than %d bytes", file, MAX_LINE);
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || line[0] == '#')
        return WK_OK;
    copy = strdup(line);
    if (!copy || !add(o, copy)) {
        free(copy);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    return WK_OK;
}

static wk_code read_file(cli_operands *o, const char *file, wk_error *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(file, "r");
    char line[MAX_LINE];
    wk_code rc = WK_OK;

    if (!f)
        return wk_fail_errno(err, WK_USAGE, errno, "%s: cannot open", file);
    while (rc == WK_OK && fgets(line, sizeof line, f))
        rc = take_line(o, file, line, err);
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
