#include "support/t.h"

#include <stdlib.h>

#include "bars.h"

/* ---- a small terminal: what is on the screen after the bytes ---- */

enum {
    ROWS = 30,
    COLUMNS = 120
};

typedef struct terminal {
    char cells[ROWS]
              [COLUMNS + 1]; /* '@' for a full block, '-' for an empty one, '~' for the dots */
    int row, column, columns;
    bool overflow; /* something was written behind the last column */
} terminal;

static void clear_rest(terminal *t, bool below)
{
    memset(t->cells[t->row] + t->column, 0, (size_t)(COLUMNS - t->column));
    for (int r = t->row + 1; below && r < ROWS; r++)
        memset(t->cells[r], 0, COLUMNS);
}

static const char *escape(terminal *t, const char *p)
{
    if (strncmp(p, "[K", 2) == 0)
        clear_rest(t, false);
    else if (strncmp(p, "[J", 2) == 0)
        clear_rest(t, true);
    else if (strncmp(p, "[A", 2) == 0 && t->row > 0)
        t->row--;
    else
        CU_FAIL("an escape sequence that is not known, or out of the screen");
    return p + 2;
}

static void show(terminal *t, const char *bytes)
{
    for (const char *p = bytes; *p;) {
        char c = *p++;

        if (c == '\033') {
            p = escape(t, p);
        } else if (c == '\r') {
            t->column = 0;
        } else if (c == '\n') {
            t->column = 0;
            t->row++;
        } else {
            if ((unsigned char)c >= 0xE0) { /* all of ours have three bytes */
                c = p[0] == '\x80' ? '~' : p[1] == '\x88' ? '@' : '-';
                p += 2;
            }
            t->overflow = t->overflow || t->column >= t->columns;
            if (t->column < COLUMNS)
                t->cells[t->row][t->column++] = c;
        }
    }
}

static const cli_screen wide = {100, 24, false};

/* Draws, and puts it on the screen. False where it was too soon. */
static bool draw(cli_bars *b, const cli_screen *s, const wk_progress *p, int64_t ms, terminal *t)
{
    static char text[CLI_BARS_TEXT];
    const char *bytes = cli_bars_draw(b, s, p, ms, text);

    t->columns = s->columns;
    if (bytes)
        show(t, bytes);
    return bytes != NULL;
}

static const wk_progress_part studies[] = {
    {"studies/1.2.840.113619.2.55.3.604688119.971.1234567890.567", 30 << 20, -1, 120, 312},
    {"studies/1.2.3", 3 << 20, -1, 12, 99},
};

static wk_progress two(void)
{
    return (wk_progress){.bytes = 33 << 20,
                         .bytes_total = -1,
                         .items = 132,
                         .items_total = 411,
                         .targets_total = 2,
                         .parts = studies,
                         .n_parts = 2};
}

/* ---- tests ---- */

static void test_what_is_under_way_has_a_bar_and_so_has_all_of_it(void)
{
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();

    CU_ASSERT(draw(&b, &wide, &p, 1000, &t));
    T_STR(t.cells[0], "...688119.971.1234567890.567  #######.............   38%  120/312   30 MiB");
    T_STR(t.cells[1], "1.2.3                         ##..................   12%    12/99  3.0 MiB");
    T_STR(t.cells[2], "total                         ######..............   32%  132/411   33 MiB");
    T_STR(t.cells[3], "");
}

static void test_one_thing_alone_has_one_bar_with_its_name(void)
{
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();

    p.parts = studies + 1;
    p.n_parts = 1;
    p.items = 12;
    p.items_total = 99;
    p.bytes = 3 << 20;
    CU_ASSERT(draw(&b, &wide, &p, 1000, &t));
    T_STR(t.cells[0], "1.2.3  ##..................   12%  12/99  3.0 MiB");
    T_STR(t.cells[1], "");
}

static void test_rate_and_time_left_come_from_the_clock(void)
{
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = {.bytes_total = -1, .items_total = 100, .targets_total = -1};

    CU_ASSERT(draw(&b, &wide, &p, 1000, &t));
    T_STR(t.cells[0], "....................    0%  0/100");
    p.bytes = 4 << 20;
    p.items = 20;
    CU_ASSERT(draw(&b, &wide, &p, 3000, &t));
    T_STR(t.cells[0], "####................   20%  20/100  4.0 MiB  2.0 MiB/s  ETA 0:08");
    p.items = 21;
    CU_ASSERT(draw(&b, &wide, &p, 4000 * 1000, &t));
    T_HAS(t.cells[0], "ETA 4:10:");
}

static void test_what_was_there_at_the_start_makes_no_hopes(void)
{
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = {.bytes_total = -1, .items = 50, .items_total = 100, .targets_total = -1};

    CU_ASSERT(draw(&b, &wide, &p, 0, &t));
    p.items = 60;
    CU_ASSERT(draw(&b, &wide, &p, 10000, &t));
    T_HAS(t.cells[0], "ETA 0:40");
}

static void test_it_is_drawn_at_most_ten_times_a_second(void)
{
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();
    int drawn = 0;

    for (int64_t ms = 5000; ms < 6000; ms++)
        drawn += draw(&b, &wide, &p, ms, &t);
    CU_ASSERT_EQUAL(drawn, 10);
}

static void test_a_large_instance_moves_the_bar_before_it_is_there(void)
{
    wk_progress_part part = {"studies/1.2", 1 << 30, 4ll << 30, 0, 1};
    wk_progress p = {.bytes = 1 << 30,
                     .bytes_total = -1,
                     .items_total = 1,
                     .targets_total = -1,
                     .parts = &part,
                     .n_parts = 1};
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};

    CU_ASSERT(draw(&b, &wide, &p, 0, &t));
    T_STR(t.cells[0], "1.2  #####...............   25%  0/1  1.0 GiB");
}

static void test_while_targets_are_looked_at_they_are_what_is_counted(void)
{
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();

    p.growing = true;
    p.targets = 250;
    p.targets_total = 10000;
    CU_ASSERT(draw(&b, &wide, &p, 0, &t));
    T_STR(t.cells[2],
          "250 of 10000 targets          ....................    2%  132/411+   33 MiB");
}

static void test_without_totals_there_are_numbers_and_no_bar(void)
{
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = {.what = "/data/in/ct.dcm",
                     .bytes = 2048,
                     .bytes_total = -1,
                     .items = 7,
                     .items_total = -1,
                     .targets_total = -1};

    CU_ASSERT(draw(&b, &wide, &p, 0, &t));
    T_STR(t.cells[0], "ct.dcm  7  2.0 KiB");
}

static void test_no_line_is_longer_than_any_terminal_is_wide(void)
{
    for (int columns = 1; columns <= 110; columns++) {
        cli_screen s = {columns, 24, columns % 2 == 0};
        cli_bars b = {.begun = false};
        terminal t = {.row = 0};
        wk_progress p = two();

        p.wait_origin = "https://pacs.example";
        p.wait_status = 503;
        p.wait_asked = true;
        p.wait_ms = 30000;
        draw(&b, &s, &p, 0, &t);
        p.bytes *= 2;
        p.items += 100;
        draw(&b, &s, &p, 5000, &t);
        CU_ASSERT_FALSE(t.overflow);
        for (int r = 0; r < 4; r++)
            CU_ASSERT(columns == 1 || (int)strlen(t.cells[r]) < columns);
        T_STR(t.cells[4], "");
        CU_ASSERT(columns < 9 || strstr(t.cells[2], "232/411"));
        CU_ASSERT(columns < 60 || strstr(t.cells[2], "ETA"));
    }
}

static void test_a_low_terminal_shows_the_total_and_what_there_is_room_for(void)
{
    cli_screen s = {100, 4, false};
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();

    CU_ASSERT(draw(&b, &s, &p, 0, &t));
    T_HAS(t.cells[0], "688119");
    T_HAS(t.cells[1], "total");
    T_STR(t.cells[2], "");
}

static void test_bars_of_blocks_where_the_terminal_has_them(void)
{
    cli_screen s = {100, 24, true};
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();

    CU_ASSERT(draw(&b, &s, &p, 0, &t));
    T_STR(t.cells[0], "~04688119.971.1234567890.567  @@@@@@@-------------   38%  120/312   30 MiB");
}

static void test_a_new_drawing_takes_the_place_of_the_old_one(void)
{
    static char text[CLI_BARS_TEXT];
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();

    show(&t, "$ wadokit get\n");
    CU_ASSERT(draw(&b, &wide, &p, 0, &t));
    p.n_parts = 1;
    CU_ASSERT(draw(&b, &wide, &p, 100, &t));
    T_STR(t.cells[0], "$ wadokit get");
    T_HAS(t.cells[1], "132/411");
    T_STR(t.cells[2], "");
    T_STR(t.cells[3], "");
    p.n_parts = 2;
    CU_ASSERT(draw(&b, &wide, &p, 200, &t));
    show(&t, cli_bars_hide(&b, &wide, text));
    show(&t, "a message");
    T_STR(t.cells[0], "$ wadokit get");
    T_STR(t.cells[1], "a message");
    T_STR(t.cells[2], "");
    T_STR(cli_bars_hide(&b, &wide, text), "");
}

/* 75 cells on 40 columns: each of the three lines lies on two rows. */
static void test_lines_that_a_narrower_terminal_broke_are_taken_off(void)
{
    static char text[CLI_BARS_TEXT];
    cli_screen narrow = {40, 24, false};
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};
    wk_progress p = two();
    size_t ups = 0;

    CU_ASSERT(draw(&b, &wide, &p, 0, &t));
    for (const char *c = cli_bars_hide(&b, &narrow, text); (c = strstr(c, "\033[A")); c++)
        ups++;
    CU_ASSERT_EQUAL(ups, 5);
}

static void test_patience_is_said(void)
{
    static const struct {
        int status;
        bool asked;
        int64_t ms;
        const char *words;
    } rows[] = {
        {202, true, 29001, "https://pacs.example: 202: the server is fetching, waiting 30 s"},
        {503, true, 29001, "https://pacs.example: 503: the server is fetching, waiting 30 s"},
        {503, false, 2000, "https://pacs.example: 503: the server is busy, waiting 2 s"},
        {429, true, 60000,
         "https://pacs.example: 429: the server asks for fewer requests, waiting 60 s"},
        {502, false, 1000, "https://pacs.example: 502, trying again in 1 s"},
        {0, false, 500, "https://pacs.example: no answer, trying again in 1 s"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cli_bars b = {.begun = false};
        terminal t = {.row = 0};
        wk_progress p = two();

        p.wait_origin = "https://pacs.example";
        p.wait_status = rows[i].status;
        p.wait_asked = rows[i].asked;
        p.wait_ms = rows[i].ms;
        CU_ASSERT(draw(&b, &wide, &p, 0, &t));
        T_STR(t.cells[3], rows[i].words);
    }
}

/* The terminal above fails the test for any sequence but ours. */
static void test_nothing_of_a_name_or_a_server_reaches_the_terminal_raw(void)
{
    wk_progress_part part = {"in/a\033]0;x\a\r\n\xC2\x9B.dcm", 0, -1, 1, 2};
    wk_progress p = {.bytes_total = -1,
                     .items = 1,
                     .items_total = 2,
                     .targets_total = -1,
                     .parts = &part,
                     .n_parts = 1,
                     .wait_origin = "https://a\033[2J",
                     .wait_status = 503};
    cli_bars b = {.begun = false};
    terminal t = {.row = 0};

    CU_ASSERT(draw(&b, &wide, &p, 0, &t));
    T_HAS(t.cells[0], "a?]0;x?????.dcm");
    T_HAS(t.cells[1], "https://a?[2J: 503");
}

static void test_plain_lines_come_every_ten_seconds(void)
{
    cli_bars b = {.begun = false};
    wk_progress p = two();
    char line[200];
    int lines = 0;

    for (int64_t ms = 1000; ms <= 61000; ms += 100) {
        p.bytes += 100 << 10;
        p.items++;
        lines += cli_bars_plain(&b, &p, ms, line, sizeof line);
    }
    CU_ASSERT_EQUAL(lines, 6);
    p.items = 200;
    p.wait_origin = "https://pacs.example";
    p.wait_status = 503;
    p.wait_asked = true;
    p.wait_ms = 4000;
    CU_ASSERT(cli_bars_plain(&b, &p, 71000, line, sizeof line));
    T_STR(line, "48%, 200/411, 92 MiB, 167 KiB/s, ETA 3:40; https://pacs.example: 503: the server "
                "is fetching, "
                "waiting 4 s");
}

static void test_many_parts_and_long_names_stay_within_bounds(void)
{
    static char text[CLI_BARS_TEXT];
    wk_progress_part parts[40];
    char name[600];
    cli_screen s = {9999, 9999, true};
    cli_bars b = {.begun = false};
    wk_progress p = two();

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < 40; i++)
        parts[i] = (wk_progress_part){name, UINT64_MAX, INT64_MAX, UINT64_MAX, INT64_MAX};
    p.parts = parts;
    p.n_parts = 40;
    p.what = name;
    for (int64_t ms = 0; ms < 10000; ms += 1000) {
        const char *bytes = cli_bars_draw(&b, &s, &p, ms, text);

        CU_ASSERT(bytes && strlen(bytes) < CLI_BARS_TEXT);
        s.columns = 1 + (int)ms / 100;
    }
}

static CU_TestInfo tests[] = {
    {"what is under way has a bar, and so has all of it",
     test_what_is_under_way_has_a_bar_and_so_has_all_of_it},
    {"one thing alone has one bar with its name", test_one_thing_alone_has_one_bar_with_its_name},
    {"rate and time left come from the clock", test_rate_and_time_left_come_from_the_clock},
    {"what was there at the start makes no hopes", test_what_was_there_at_the_start_makes_no_hopes},
    {"it is drawn at most ten times a second", test_it_is_drawn_at_most_ten_times_a_second},
    {"a large instance moves the bar before it is there",
     test_a_large_instance_moves_the_bar_before_it_is_there},
    {"while targets are looked at they are what is counted",
     test_while_targets_are_looked_at_they_are_what_is_counted},
    {"without totals there are numbers and no bar",
     test_without_totals_there_are_numbers_and_no_bar},
    {"no line is longer than any terminal is wide",
     test_no_line_is_longer_than_any_terminal_is_wide},
    {"a low terminal shows the total and what there is room for",
     test_a_low_terminal_shows_the_total_and_what_there_is_room_for},
    {"bars of blocks where the terminal has them", test_bars_of_blocks_where_the_terminal_has_them},
    {"a new drawing takes the place of the old one",
     test_a_new_drawing_takes_the_place_of_the_old_one},
    {"lines that a narrower terminal broke are taken off",
     test_lines_that_a_narrower_terminal_broke_are_taken_off},
    {"patience is said", test_patience_is_said},
    {"nothing of a name or a server reaches the terminal raw",
     test_nothing_of_a_name_or_a_server_reaches_the_terminal_raw},
    {"plain lines come every ten seconds", test_plain_lines_come_every_ten_seconds},
    {"many parts and long names stay within bounds",
     test_many_parts_and_long_names_stay_within_bounds},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_bars = {.pName = "bars", .pTests = tests};
