#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>

#include "auth/token_store.h"
#include "core/file_system.h"
#include "core/path.h"
#include "store/store.h"
#include "store/tmpfile.h"
#include "support/odd_fs.h"
#include "support/scratch.h"
#include "support/t.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static char told[4096];

static void hear(void *user, wk_log_level level, const char *message)
{
    size_t used = strlen(told);

    (void)user;
    (void)level;
    snprintf(told + used, sizeof told - used, "%s\n", message);
}

static const wk_log ear = {hear, NULL, WK_LOG_WARN};

static bool holds(const scratch *s, const char *name, const char *text)
{
    char have[64] = "";
    FILE *f = fopen(scratch_path(s, name), "rb");
    size_t n = f ? fread(have, 1, sizeof have - 1, f) : 0;

    if (f)
        fclose(f);
    return n == strlen(text) && memcmp(have, text, n) == 0;
}

/* Writes a file in each way that there is to give a name. */
static void check_names(bool with_name)
{
    wki_tmpfile t = {.with_name = with_name};
    wk_error err = {0};
    bool existed;
    scratch s;
    int fd;

    scratch_make(&s);
    fd = open(s.dir, O_RDONLY | O_DIRECTORY);
    CU_ASSERT_FATAL(fd >= 0);
    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_OK(wki_tmpfile_write(&t, "one", 3, &err), &err);
    T_OK(wki_tmpfile_commit_new(&t, fd, "f", &existed, &err), &err);
    CU_ASSERT_FALSE(existed);
    CU_ASSERT_TRUE(holds(&s, "f", "one"));

    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_OK(wki_tmpfile_write(&t, "two", 3, &err), &err);
    T_OK(wki_tmpfile_commit_new(&t, fd, "f", &existed, &err), &err);
    CU_ASSERT_TRUE(existed);
    CU_ASSERT_TRUE(holds(&s, "f", "one"));
    T_OK(wki_tmpfile_commit_new(&t, fd, "g", &existed, &err), &err);
    CU_ASSERT_FALSE(existed);
    CU_ASSERT_TRUE(holds(&s, "g", "two"));

    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_OK(wki_tmpfile_write(&t, "three", 5, &err), &err);
    T_OK(wki_tmpfile_commit(&t, "f", true, &existed, &err), &err);
    CU_ASSERT_TRUE(existed);
    CU_ASSERT_TRUE(holds(&s, "f", "one"));

    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_OK(wki_tmpfile_write(&t, "four", 4, &err), &err);
    T_OK(wki_tmpfile_commit(&t, "new", false, &existed, &err), &err);
    CU_ASSERT_TRUE(holds(&s, "new", "four"));
    wki_tmpfile_clear(&t);
    CU_ASSERT_EQUAL(scratch_count(&s, "."), 3);
    close(fd);
    scratch_remove(&s);
}

/* The first row has files without a name, which then cannot be linked. */
static void test_files_get_their_names_without_links_and_renames(void)
{
    static const char *const rows[] = {
        "nolink=1",
        "",
        "notmpfile",
        "notmpfile norename2",
        "notmpfile nolink=1",
        "notmpfile norename2 nolink=1",
        "notmpfile norename2 nolink=95",
        "notmpfile norename2 nolink=38",
        "notmpfile norename2 nolink=22",
        "notmpfile norename2 nolink=31",
        "notmpfile norename2 nolink=1 noreplace",
    };

    for (size_t i = 0; i < N(rows); i++) {
        odd_fs = rows[i];
        check_names(false);
        check_names(true);
    }
    odd_fs = "";
    told[0] = '\0';
    wki_fs_tell(&ear);
    T_HAS(told, "for want of hard links");
    told[0] = '\0';
    wki_fs_tell(&ear);
    T_STR(told, ""); /* once a run */
}

static void test_messages_name_the_place_and_the_cause(void)
{
    wki_tmpfile t = {0};
    wk_error err = {0};
    bool existed;
    scratch s;
    int fd;

    scratch_make(&s);
    fd = open(s.dir, O_RDONLY | O_DIRECTORY);
    CU_ASSERT_FATAL(fd >= 0);
    odd_fs = "names=40";
    T_OK(wki_tmpfile_open(&t, fd, &err), &err);
    T_FAILS(wki_tmpfile_commit(&t, "a-name-that-is-longer-than-all-of-forty-bytes", true, &existed,
                               &err),
            WK_IO, &err);
    T_HAS(err.message, s.dir);
    T_HAS(err.message, "a-name-that-is-longer");
    T_HAS(err.message, "File name too long");
    wki_tmpfile_clear(&t);
    odd_fs = "notmpfile readonly=/tmp";
    CU_ASSERT_EQUAL(wki_fs_name_max(fd), 255);
    odd_fs = "notmpfile names=143";
    CU_ASSERT_EQUAL(wki_fs_name_max(fd), 143);
    odd_fs = "";
    close(fd);
    scratch_remove(&s);
}

static void test_a_folder_without_locks_is_used_with_a_warning(void)
{
    static const char *const rows[] = {"noflock=38", "noflock=37", "noflock=95"};

    for (size_t i = 0; i < N(rows); i++) {
        wki_store *store = NULL;
        wk_error err = {0};
        scratch s;
        wki_store_opts opts;

        scratch_make(&s);
        opts = (wki_store_opts){.dir = s.dir};
        odd_fs = rows[i];
        T_OK(wki_store_open(&opts, &store, &err), &err);
        wki_store_close(store);
        /* What another run may be writing stays. */
        scratch_write(&s, ".wadokit/tmp/.wadokit-1-x", "x", 1);
        T_OK(wki_store_open(&opts, &store, &err), &err);
        CU_ASSERT_EQUAL(scratch_size(&s, ".wadokit/tmp/.wadokit-1-x"), 1);
        wki_store_close(store);
        odd_fs = "";
        T_OK(wki_store_open(&opts, &store, &err), &err);
        CU_ASSERT_EQUAL(scratch_size(&s, ".wadokit/tmp/.wadokit-1-x"), -1);
        wki_store_close(store);
        scratch_remove(&s);
    }
    told[0] = '\0';
    wki_fs_tell(&ear);
    T_HAS(told, "cannot be locked here (Function not implemented)");
}

static void test_tokens_need_neither_locks_nor_fsync_nor_a_folder_to_write_into(void)
{
    static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char method[] = "smart";
    wki_token_record record = {.method = method};
    wki_token_store *store = NULL;
    wk_error err = {0};
    int lock = -1;
    scratch s;

    scratch_make(&s);
    T_OK(wki_token_store_open(s.dir, &store, &err), &err);
    odd_fs = "noflock=95 nosync";
    T_OK(wki_token_store_lock(store, key, 1000, wki_clock_system(), NULL, &lock, &err), &err);
    wki_token_store_unlock(lock);
    T_OK(wki_token_store_write(store, key, &record, &err), &err);
    odd_fs = "readonly=/wadokit";
    T_OK(wki_token_store_lock(store, "b", 1000, wki_clock_system(), NULL, &lock, &err), &err);
    CU_ASSERT_EQUAL(lock, -1);
    T_FAILS(wki_token_store_write(store, key, &record, &err), WK_IO, &err);
    T_HAS(err.message, "Read-only file system");
    wk_error_clear(&err);
    odd_fs = "noflock=5";
    T_FAILS(wki_token_store_lock(store, key, 1000, wki_clock_system(), NULL, &lock, &err), WK_IO,
            &err);
    T_HAS(err.message, "cannot be locked");
    odd_fs = "";
    wki_token_store_free(store);
    scratch_remove(&s);
}

static void test_names_are_fit_for_every_file_system(void)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"a.b-c_d", "a.b-c_d"},
        {"-rf", "%2Drf"},
        {".hidden", "%2Ehidden"},
        {"ends.", "ends%2E"},
        {".", "%2E"},
        {"a:b*c", "a%3Ab%2Ac"},
        {"NUL", "%4EUL"},
        {"nul.txt", "%6Eul.txt"},
        {"com1", "%63om1"},
        {"com0", "com0"},
        {"console", "console"},
        {"a b ", "a%20b%20"},
    };
    char out[121], long_a[300], long_b[300], other[121];

    for (size_t i = 0; i < N(rows); i++) {
        wki_path_encode(out, sizeof out, rows[i].text);
        T_STR(out, rows[i].name);
    }
    memset(long_a, 'x', sizeof long_a);
    memset(long_b, 'x', sizeof long_b);
    long_a[298] = 'a';
    long_a[299] = long_b[299] = '\0';
    wki_path_encode(out, sizeof out, long_a);
    wki_path_encode(other, sizeof other, long_b);
    CU_ASSERT_EQUAL(strlen(out), 120);
    CU_ASSERT_EQUAL(strlen(other), 120);
    CU_ASSERT_NOT_EQUAL(strcmp(out, other), 0);
}

static CU_TestInfo tests[] = {
    {"files get their names without links and renames",
     test_files_get_their_names_without_links_and_renames},
    {"messages name the place and the cause", test_messages_name_the_place_and_the_cause},
    {"a folder without locks is used, with a warning",
     test_a_folder_without_locks_is_used_with_a_warning},
    {"tokens need neither locks nor fsync nor a folder to write into",
     test_tokens_need_neither_locks_nor_fsync_nor_a_folder_to_write_into},
    {"names are fit for every file system", test_names_are_fit_for_every_file_system},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_file_system = {"file_system", NULL, NULL, NULL, NULL, tests};
