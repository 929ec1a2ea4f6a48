/*
 * Progress as text: a bar for each thing that is under way, one for all of it, and a line that says
 * what is waited for. Knows no terminal and no clock: its width and the time come in, bytes to be
 * written go out.
 *
 *   ...4567.8  ######..........  38%   120/312   61 MiB  8.1 MiB/s  ETA 0:12
 *   ...4567.9  ##..............  12%    12/99   6.1 MiB  1.1 MiB/s  ETA 1:02
 *   total      #####...........  32%   132/411   67 MiB  9.3 MiB/s  ETA 0:31
 *   https://pacs.example: 503: the server is fetching, waiting 30 s
 *
 * Columns that a narrow terminal has no room for are left out, the least told ones first.
 */
#ifndef WADOKIT_CLI_BARS_H
#define WADOKIT_CLI_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/session.h>

enum {
    CLI_BARS_PARTS = 8,       /* told of; as many as fit are drawn */
    CLI_BARS_TEXT = 8192,     /* room for any drawing */
    CLI_BARS_PAUSE_MS = 100,  /* from one drawing to the next */
    CLI_BARS_PLAIN_MS = 10000 /* from one plain line to the next */
};

/* The terminal. */
typedef struct cli_screen {
    int columns, rows;
    bool utf8;
} cli_screen;

/* How fast something grows, over the last seconds. */
typedef struct cli_rate {
    char what[160];
    int64_t began_ms, mark_ms;
    uint64_t mark_bytes;
    double fraction; /* that was there when it began */
    double per_second;
    bool used;
} cli_rate;

/* One display; {0} before the first use. */
typedef struct cli_bars {
    cli_rate total, parts[CLI_BARS_PARTS];
    bool begun;
    int64_t drawn_ms;
    int widths[CLI_BARS_PARTS + 2]; /* of the lines that are on the screen */
    size_t n_lines;
} cli_bars;

/* The bytes that put `p` on the screen in place of what is there; NULL where it is too soon to draw
 * again. `out` has CLI_BARS_TEXT bytes. */
const char *cli_bars_draw(cli_bars *b, const cli_screen *screen, const wk_progress *p,
                          int64_t now_ms, char *out);

/* The bytes that take it off the screen; "" where nothing is on it. A terminal that has become
 * narrower since has broken its lines: they are taken off all the same. */
const char *cli_bars_hide(cli_bars *b, const cli_screen *screen, char *out);

/* One line for those who want no bars: "38%, 120/312, 61 MiB, 8.1 MiB/s, ETA 0:12", of at most
 * `size` bytes. False where it is too soon for one: the first comes some time after the first call.
 */
bool cli_bars_plain(cli_bars *b, const wk_progress *p, int64_t now_ms, char *out, size_t size);

/* What is waited for, in words and without a line's end; "" where nothing is. */
void cli_bars_waiting(const wk_progress *p, char *out, size_t size);

#endif
