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
    scratch s;
    int fd;
    wki_journal *j;

    scratch_make(&s);
    fd = open_dir(&s);
    j = open_journal(fd);
    add(j, "1.1", "a");
    add(j, "1.2", "b");
    add(j, "1.1", "a.2");
    T_STR(paths(j, "1.1"), "a;a.2;");
    wki_journal_close(j);
    j = open_journal(fd);
    T_STR(paths(j, "1.1"), "a;a.2;");
    T_STR(paths(j, "1.2"), "b;");
    T_STR(paths(j, "1.3"), "");
    T_STR(paths(j, NULL), "a;b;a.2;");
    CU_ASSERT_EQUAL(wki_journal_count(j), 3);
    wki_journal_close(j);
    close(fd);
    scratch_remove(&s);
}

/* Cut at any byte: what was whole is there, and what is added next is not lost. */
static void test_torn(void)
{
    scratch s;
    long whole, one;
    int fd;
    wki_journal *j;

    scratch_make(&s);
    fd = open_dir(&s);
    j = open_journal(fd);
    add(j, "1.1", "a");
    flush(j);
    one = scratch_size(&s, WKI_JOURNAL_NAME);
    add(j, "1.2", "b");
    wki_journal_close(j);
    whole = scratch_size(&s, WKI_JOURNAL_NAME);
    for (long cut = whole - 1; cut >= one; cut--) {
        CU_ASSERT_EQUAL(truncate(scratch_path(&s, WKI_JOURNAL_NAME), cut), 0);
        j = open_journal(fd);
        T_STR(paths(j, NULL), "a;");
        add(j, "1.3", "c");
        T_STR(paths(j, NULL), "a;c;");
        wki_journal_close(j);
    }
    close(fd);
    scratch_remove(&s);
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
    scratch s;
    int fd;
    wki_journal *j;
    FILE *f;

    scratch_make(&s);
    fd = open_dir(&s);
    j = open_journal(fd);
    add(j, "1.1", "a");
    wki_journal_close(j);
    f = fopen(scratch_path(&s, WKI_JOURNAL_NAME), "a");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    for (int i = 0; i < 200000; i++)
        fputc('x', f);
    fputc('\n', f);
    fclose(f);
    j = open_journal(fd);
    for (int i = 0; i < 3000; i++) {
        char sop[32];

        snprintf(sop, sizeof sop, "2.%d", i);
        add(j, sop, "b");
    }
    wki_journal_close(j);
    j = open_journal(fd);
    CU_ASSERT_EQUAL(wki_journal_count(j), 3001);
    T_STR(paths(j, "1.1"), "a;");
    T_STR(paths(j, "2.2999"), "b;");
    wki_journal_close(j);
    close(fd);
    scratch_remove(&s);
}

static void test_gathers(void)
{
    scratch s;
    long before;
    int fd;
    wki_journal *j;

    scratch_make(&s);
    fd = open_dir(&s);
    j = open_journal(fd);
    add(j, "1.1", "a");
    CU_ASSERT_EQUAL(scratch_size(&s, WKI_JOURNAL_NAME), 0);
    flush(j);
    before = scratch_size(&s, WKI_JOURNAL_NAME);
    CU_ASSERT(before > 0);
    flush(j);
    CU_ASSERT_EQUAL(scratch_size(&s, WKI_JOURNAL_NAME), before);
    for (int i = 0; i < 2000; i++)
        add(j, "1.2", "b");
    CU_ASSERT(scratch_size(&s, WKI_JOURNAL_NAME) > before);
    add(j, "1.3", "c");
    T_STR(paths(j, "1.3"), "c;"); /* what waits is found too */
    T_STR(paths(j, "1.1"), "a;");
    CU_ASSERT_EQUAL(wki_journal_count(j), 2002);
    wki_journal_close(j);
    j = open_journal(fd);
    CU_ASSERT_EQUAL(wki_journal_count(j), 2002);
    wki_journal_close(j);
    close(fd);
    scratch_remove(&s);
}

/* As on a full disk: half of what waits is written, taken back, and written whole later. */
static void test_full(void)
{
    struct rlimit was, small;
    wk_error err = {0};
    scratch s;
    long before;
    int fd;
    wki_journal *j;

    scratch_make(&s);
    fd = open_dir(&s);
    j = open_journal(fd);
    add(j, "1.1", "a");
    flush(j);
    before = scratch_size(&s, WKI_JOURNAL_NAME);
    add(j, "1.2", "b");
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = was;
    small.rlim_cur = (rlim_t)before + 10;
    signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    T_FAILS(wki_journal_flush(j, &err), WK_IO, &err);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &was), 0);
    signal(SIGXFSZ, SIG_DFL);
    CU_ASSERT_EQUAL(scratch_size(&s, WKI_JOURNAL_NAME), before);
    add(j, "1.3", "c");
    flush(j);
    T_STR(paths(j, NULL), "a;b;c;");
    T_STR(paths(j, "1.3"), "c;");
    wki_journal_close(j);
    close(fd);
    scratch_remove(&s);
}

static CU_TestInfo tests[] = {
    {"what was written is found again", test_again},
    {"a torn last line is cut off", test_torn},
    {"lines gather until they are flushed or many", test_gathers},
    {"lines that find no room wait for it", test_full},
    {"lines that are no entries are left alone", test_hostile},
    {"many entries and overlong lines are no trouble", test_long_lines},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_journal = {"journal", NULL, NULL, NULL, NULL, tests};
