#include <fcntl.h>
#include <stdlib.h>

#include "store/tmpfile.h"
#include "support/scratch.h"
#include "support/t.h"

static int open_dir(const scratch *s)
{
    int fd = open(s->dir, O_RDONLY | O_DIRECTORY);

    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static void commits(bool with_name)
{
    static const size_t sizes[] = {0, 1, 262143, 262144, 262145, 1000000};
    wki_tmpfile t = {.with_name = with_name};
    wk_error err = {0};
    char *data = malloc(1000000);
    scratch s;
    int fd;

    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    memset(data, 'x', 1000000);
    scratch_make(&s);
    fd = open_dir(&s);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        T_OK(wki_tmpfile_open(&t, fd, &err), &err);
        for (size_t at = 0; at < sizes[i]; at += 70000) {
            size_t left = sizes[i] - at;

            T_OK(wki_tmpfile_write(&t, data, left < 70000 ? left : 70000, &err), &err);
        }
        CU_ASSERT_EQUAL(scratch_size(&s, "f"), i ? (long)sizes[i - 1] : -1);
        T_OK(wki_tmpfile_commit(&t, "f", false, NULL, &err), &err);
        CU_ASSERT_EQUAL(scratch_size(&s, "f"), (long)sizes[i]);
        CU_ASSERT_EQUAL(t.bytes, sizes[i]);
    }
    wki_tmpfile_clear(&t);
    CU_ASSERT_EQUAL(scratch_count(&s, "."), 1);
    close(fd);
    free(data);
    scratch_remove(&s);
}

static void clears(bool with_name)
{
    wki_tmpfile t = {.with_name = with_name};
    wk_error err = {0};
    scratch s;
    int fd;

    scratch_make(&s);
    fd = open_dir(&s);
    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_OK(wki_tmpfile_write(&t, "x", 1, &err), &err);
    CU_ASSERT_EQUAL(scratch_count(&s, "."), with_name);
    wki_tmpfile_clear(&t);
    wki_tmpfile_clear(&t);
    CU_ASSERT_EQUAL(scratch_count(&s, "."), 0);
    close(fd);
    scratch_remove(&s);
}

static void keeps_existing(bool with_name)
{
    wki_tmpfile t = {.with_name = with_name};
    wk_error err = {0};
    bool existed = false;
    scratch s;
    int fd;

    scratch_make(&s);
    scratch_write(&s, "f", "old", 3);
    fd = open_dir(&s);
    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_OK(wki_tmpfile_write(&t, "newer", 5, &err), &err);
    T_OK(wki_tmpfile_commit(&t, "f", true, &existed, &err), &err);
    CU_ASSERT_TRUE(existed);
    CU_ASSERT_EQUAL(scratch_size(&s, "f"), 3);
    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_OK(wki_tmpfile_commit(&t, "g", true, &existed, &err), &err);
    CU_ASSERT_FALSE(existed);
    CU_ASSERT_EQUAL(scratch_count(&s, "."), 2);
    wki_tmpfile_clear(&t);
    close(fd);
    scratch_remove(&s);
}

static void takes_free_names_only(bool with_name)
{
    wki_tmpfile t = {.with_name = with_name};
    wk_error err = {0};
    bool existed = false;
    char seen[3] = "";
    scratch s;
    int fd, tmp_fd = -1;

    scratch_make(&s);
    scratch_write(&s, "f", "old", 3);
    fd = open_dir(&s);
    T_OK(wki_tmpfile_open_in(&t, fd, &err), &err);
    T_OK(wki_tmpfile_write(&t, "new", 3, &err), &err);
    T_OK(wki_tmpfile_commit_new(&t, fd, "f", &existed, &err), &err);
    CU_ASSERT_TRUE(existed);
    T_OK(wki_tmpfile_flush(&t, &tmp_fd, &err), &err);
    CU_ASSERT_EQUAL(pread(tmp_fd, seen, 3, 0), 3);
    CU_ASSERT_EQUAL(memcmp(seen, "new", 3), 0);
    T_OK(wki_tmpfile_commit_new(&t, fd, "g", &existed, &err), &err);
    CU_ASSERT_FALSE(existed);
    CU_ASSERT_EQUAL(scratch_size(&s, "g"), 3);
    CU_ASSERT_EQUAL(scratch_count(&s, "."), 2);
    wki_tmpfile_clear(&t);
    CU_ASSERT_EQUAL(close(fd), 0);
    scratch_remove(&s);
}

static void test_commit(void)
{
    commits(false);
    commits(true);
}

static void test_clear(void)
{
    clears(false);
    clears(true);
}

static void test_existing(void)
{
    keeps_existing(false);
    keeps_existing(true);
}

static void test_new(void)
{
    takes_free_names_only(false);
    takes_free_names_only(true);
}

static void test_open_for(void)
{
    wki_tmpfile t = {0};
    wk_error err = {0};
    const char *base = NULL;
    scratch s;

    scratch_make(&s);
    T_OK(wki_tmpfile_open_for(&t, scratch_path(&s, "a.png"), &base, &err), &err);
    T_STR(base, "a.png");
    T_OK(wki_tmpfile_commit(&t, base, false, NULL, &err), &err);
    CU_ASSERT_EQUAL(scratch_size(&s, "a.png"), 0);
    T_FAILS(wki_tmpfile_open_for(&t, scratch_path(&s, "no/a.png"), &base, &err), WK_IO, &err);
    T_HAS(err.message, "no");
    wk_error_clear(&err);
    T_FAILS(wki_tmpfile_open_for(&t, scratch_path(&s, ""), &base, &err), WK_USAGE, &err);
    wki_tmpfile_clear(&t);
    scratch_remove(&s);
}

static CU_TestInfo tests[] = {
    {"a file has its name only when it is whole", test_commit},
    {"what is not committed is removed", test_clear},
    {"a file that is there may be kept", test_existing},
    {"a name that is taken leaves the file as it was", test_new},
    {"a path that the user named is checked", test_open_for},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_tmpfile = {"tmpfile", NULL, NULL, NULL, NULL, tests};
