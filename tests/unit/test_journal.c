#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "store/journal.h"
#include "support/scratch.h"
#include "support/t.h"

static int open_dir(const scratch *s)
{
    int fd = open(s->dir, O_RDONLY | O_DIRECTORY);

    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static wki_journal *open_journal(int fd)
{
    wki_journal *j = NULL;
    wk_error err = {0};

    T_OK(wki_journal_open(fd, &j, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    return j;
}

/* A folder with a journal in it. */
typedef struct desk {
    scratch s;
    int fd;
    wki_journal *j;
} desk;

static void desk_make(desk *d)
{
    scratch_make(&d->s);
    d->fd = open_dir(&d->s);
    d->j = open_journal(d->fd);
}

/* As the next run does. */
static void desk_reopen(desk *d)
{
    wki_journal_close(d->j);
    d->j = open_journal(d->fd);
}

static void desk_remove(desk *d)
{
    wki_journal_close(d->j);
    close(d->fd);
    scratch_remove(&d->s);
}

static long desk_size(const desk *d)
{
    return scratch_size(&d->s, WKI_JOURNAL_NAME);
}

static void add(wki_journal *j, const char *sop, const char *path)
{
    wki_journal_entry e = {.study = "1.2", .series = "1.2.3", .bytes = 5};
    wk_error err = {0};

    snprintf(e.sop, sizeof e.sop, "%s", sop);
    snprintf(e.path, sizeof e.path, "%s", path);
    T_OK(wki_journal_add(j, &e, &err), &err);
}

static void flush(wki_journal *j)
{
    wk_error err = {0};

    T_OK(wki_journal_flush(j, &err), &err);
}

static bool join(void *user, const wki_journal_entry *e)
{
    char *text = user;

    snprintf(text + strlen(text), 200 - strlen(text), "%s;", e->path);
    return true;
}

static const char *paths(wki_journal *j, const char *sop)
{
    static char text[200];
    wk_error err = {0};

    text[0] = '\0';
    T_OK(wki_journal_each(j, sop, join, text, &err), &err);
    return text;
}

static void test_again(void)
{
    desk d;

    desk_make(&d);
    add(d.j, "1.1", "a");
    add(d.j, "1.2", "b");
    add(d.j, "1.1", "a.2");
    T_STR(paths(d.j, "1.1"), "a;a.2;");
    desk_reopen(&d);
    T_STR(paths(d.j, "1.1"), "a;a.2;");
    T_STR(paths(d.j, "1.2"), "b;");
    T_STR(paths(d.j, "1.3"), "");
    T_STR(paths(d.j, NULL), "a;b;a.2;");
    CU_ASSERT_EQUAL(wki_journal_count(d.j), 3);
    desk_remove(&d);
}

/* Cut at any byte: what was whole is there, and what is added next is not lost. */
static void test_torn(void)
{
    long whole, one;
    desk d;

    desk_make(&d);
    add(d.j, "1.1", "a");
    flush(d.j);
    one = desk_size(&d);
    add(d.j, "1.2", "b");
    flush(d.j);
    whole = desk_size(&d);
    for (long cut = whole - 1; cut >= one; cut--) {
        CU_ASSERT_EQUAL(truncate(scratch_path(&d.s, WKI_JOURNAL_NAME), cut), 0);
        desk_reopen(&d);
        T_STR(paths(d.j, NULL), "a;");
        add(d.j, "1.3", "c");
        T_STR(paths(d.j, NULL), "a;c;");
    }
    desk_remove(&d);
}

static void test_hostile(void)
{
    static const char lines[] =
        "garbage\n\n{}\n[1,2]\n"
        "{\"study\":\"1\",\"series\":\"2\",\"sop\":\"3\",\"path\":\"../up\",\"bytes\":1}\n"
        "{\"study\":\"1\",\"series\":\"2\",\"sop\":\"3\",\"path\":\"/abs\",\"bytes\":1}\n"
        "{\"study\":\"1\",\"series\":\"2\",\"sop\":\"../3\",\"path\":\"x\",\"bytes\":1}\n"
        "{\"study\":\"1\",\"series\":\"2\",\"sop\":\"3\",\"path\":\"ok\",\"bytes\":1}\n";
    wki_journal *j = NULL;
    wk_error err = {0};
    scratch s;
    int fd;

    scratch_make(&s);
    scratch_write(&s, WKI_JOURNAL_NAME, lines, sizeof lines - 1);
    fd = open_dir(&s);
    j = open_journal(fd);
    T_STR(paths(j, NULL), "ok;");
    T_STR(paths(j, "3"), "ok;");
    wki_journal_close(j);
    unlink(scratch_path(&s, WKI_JOURNAL_NAME));
    CU_ASSERT_EQUAL(symlink("/dev/null", scratch_path(&s, WKI_JOURNAL_NAME)), 0);
    T_FAILS(wki_journal_open(fd, &j, &err), WK_IO, &err);
    close(fd);
    scratch_remove(&s);
}

static void test_long_lines(void)
{
    desk d;
    FILE *f;

    desk_make(&d);
    add(d.j, "1.1", "a");
    flush(d.j);
    f = fopen(scratch_path(&d.s, WKI_JOURNAL_NAME), "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    for (int i = 0; i < 200000; i++)
        fputc('x', f);
    fputc('\n', f);
    fclose(f);
    desk_reopen(&d);
    for (int i = 0; i < 3000; i++) {
        char sop[32];

        snprintf(sop, sizeof sop, "2.%d", i);
        add(d.j, sop, "b");
    }
    desk_reopen(&d);
    CU_ASSERT_EQUAL(wki_journal_count(d.j), 3001);
    T_STR(paths(d.j, "1.1"), "a;");
    T_STR(paths(d.j, "2.2999"), "b;");
    desk_remove(&d);
}

static void test_gathers(void)
{
    long before;
    desk d;

    desk_make(&d);
    add(d.j, "1.1", "a");
    CU_ASSERT_EQUAL(desk_size(&d), 0);
    flush(d.j);
    before = desk_size(&d);
    CU_ASSERT(before > 0);
    flush(d.j);
    CU_ASSERT_EQUAL(desk_size(&d), before);
    for (int i = 0; i < 2000; i++)
        add(d.j, "1.2", "b");
    CU_ASSERT(desk_size(&d) > before);
    add(d.j, "1.3", "c");
    T_STR(paths(d.j, "1.3"), "c;"); /* what waits is found too */
    T_STR(paths(d.j, "1.1"), "a;");
    CU_ASSERT_EQUAL(wki_journal_count(d.j), 2002);
    add(d.j, "1.4", "d");
    desk_reopen(&d);
    CU_ASSERT_EQUAL(wki_journal_count(d.j), 2003);
    desk_remove(&d);
}

/* As on a full disk: half of what waits is written, taken back, and written whole later. */
static void test_full(void)
{
    struct rlimit was, small;
    wk_error err = {0};
    long before;
    desk d;

    desk_make(&d);
    add(d.j, "1.1", "a");
    flush(d.j);
    before = desk_size(&d);
    add(d.j, "1.2", "b");
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = was;
    small.rlim_cur = (rlim_t)before + 10;
    signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    T_FAILS(wki_journal_flush(d.j, &err), WK_IO, &err);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, SIG_DFL);
    CU_ASSERT_EQUAL(desk_size(&d), before);
    add(d.j, "1.3", "c");
    flush(d.j);
    T_STR(paths(d.j, NULL), "a;b;c;");
    T_STR(paths(d.j, "1.3"), "c;");
    desk_remove(&d);
}

static void test_links(void)
{
    wki_journal *other = NULL;
    wk_error err = {0};
    desk d;

    desk_make(&d);
    add(d.j, "1.2.3", "a.dcm");
    wki_journal_close(d.j);
    d.j = NULL;
    CU_ASSERT_EQUAL(link(scratch_path(&d.s, WKI_JOURNAL_NAME), scratch_path(&d.s, "another-name")),
                    0);
    T_FAILS(wki_journal_open(d.fd, &other, &err), WK_REFUSED, &err);
    T_HAS(err.message, "has 2 names");
    wk_error_clear(&err);
    T_OK(wki_journal_open_read(d.fd, &other, &err), &err);
    CU_ASSERT_EQUAL(wki_journal_count(other), 1);
    wki_journal_close(other);
    desk_remove(&d);
}

static CU_TestInfo tests[] = {
    {"what was written is found again", test_again},
    {"a torn last line is cut off", test_torn},
    {"lines gather until they are flushed or many", test_gathers},
    {"lines that find no room wait for it", test_full},
    {"lines that are no entries are left alone", test_hostile},
    {"a journal with another name is read, and not written to", test_links},
    {"many entries and overlong lines are no trouble", test_long_lines},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_journal = {"journal", NULL, NULL, NULL, NULL, tests};
