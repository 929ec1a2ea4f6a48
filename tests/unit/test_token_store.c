#include "support/t.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/token_store.h"
#include "core/text.h"

static char dir[64];
static char key[WKI_SHA256_HEX_SIZE];
static wki_token_store *store;

static void open_store(void)
{
    wk_error err = {0};

    strcpy(dir, "/tmp/wadokit-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    T_OK(wki_token_store_open(dir, &store, &err), &err);
    T_OK(wki_token_key(key, "smart", "https://fhir", "app", "s", "", &err), &err);
}

static void close_store(void)
{
    char command[128];

    wki_token_store_free(store);
    store = NULL;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    CU_ASSERT_EQUAL(system(command), 0);
}

static void path_of(char *out, size_t size, const char *suffix)
{
    snprintf(out, size, "%s/wadokit/%s%s", dir, key, suffix);
}

static wki_token_record sample(const char *access, const char *refresh)
{
    wki_token_record r = {0};

    r.profile = wki_strdup("site");
    r.method = wki_strdup("smart");
    r.issuer = wki_strdup("https://fhir");
    r.token.access_token = wki_strdup(access);
    r.token.refresh_token = wki_strdup(refresh);
    r.token.patient = wki_strdup("p1");
    r.token.context = wki_strdup("[{\"reference\":\"ImagingStudy/1\"}]");
    r.token.obtained_s = 1790000000;
    r.token.expires_s = 1790003600;
    return r;
}

static void test_what_is_written_is_read_again(void)
{
    wki_token_record a = sample("A", "R"), b = {0};
    bool found = true;
    wk_error err = {0};

    open_store();
    T_OK(wki_token_store_read(store, key, &b, &found, &err), &err);
    CU_ASSERT_FALSE(found);
    T_OK(wki_token_record_add_origin(&a, "https://img.example", &err), &err);
    T_OK(wki_token_record_add_origin(&a, "https://img.example", &err), &err);
    T_OK(wki_token_store_write(store, key, &a, &err), &err);
    T_OK(wki_token_store_read(store, key, &b, &found, &err), &err);
    CU_ASSERT_TRUE(found);
    T_STR(b.profile, "site");
    T_STR(b.issuer, "https://fhir");
    T_STR(b.token.access_token, "A");
    T_STR(b.token.refresh_token, "R");
    T_STR(b.token.patient, "p1");
    T_STR(b.token.context, "[{\"reference\":\"ImagingStudy/1\"}]");
    CU_ASSERT_PTR_NULL(b.token.scope);
    CU_ASSERT_EQUAL(b.token.expires_s, 1790003600);
    CU_ASSERT_EQUAL(b.n_origins, 1);
    T_STR(b.origins[0], "https://img.example");
    wki_token_record_clear(&a);
    wki_token_record_clear(&b);
    close_store();
}

static void test_files_are_for_the_owner_alone(void)
{
    wki_token_record a = sample("A", "R");
    struct stat st;
    char path[256];
    int lock = -1;
    wk_error err = {0};
    mode_t old = umask(0);

    open_store();
    T_OK(wki_token_store_write(store, key, &a, &err), &err);
    T_OK(wki_token_store_lock(store, key, 0, wki_clock_system(), NULL, &lock, &err), &err);
    wki_token_store_unlock(lock);
    path_of(path, sizeof path, ".json");
    CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    path_of(path, sizeof path, ".lock");
    CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    snprintf(path, sizeof path, "%s/wadokit", dir);
    CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 07777) == 0700);
    umask(old);
    wki_token_record_clear(&a);
    close_store();
}

static void test_what_others_could_touch_is_refused(void)
{
    wki_token_record a = sample("A", "R"), b = {0};
    wki_token_store *again = NULL;
    char path[256];
    bool found = false;
    wk_error err = {0};

    open_store();
    T_OK(wki_token_store_write(store, key, &a, &err), &err);
    path_of(path, sizeof path, ".json");
    CU_ASSERT_EQUAL(chmod(path, 0640), 0);
    T_FAILS(wki_token_store_read(store, key, &b, &found, &err), WK_REFUSED, &err);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
    wk_error_clear(&err);
    CU_ASSERT_NOT_EQUAL(wki_token_store_read(store, key, &b, &found, &err), WK_OK);
    CU_ASSERT_PTR_NULL(b.token.access_token);
    snprintf(path, sizeof path, "%s/wadokit", dir);
    CU_ASSERT_EQUAL(chmod(path, 0770), 0);
    wk_error_clear(&err);
    T_FAILS(wki_token_store_open(dir, &again, &err), WK_REFUSED, &err);
    T_HAS(err.message, "chmod 700");
    wki_token_record_clear(&a);
    close_store();
}

static void test_a_broken_file_is_an_error_and_no_token(void)
{
    static const char *const rows[] = {"", "{", "{}", "[1]", "{\"wadokit-token\":2}"};
    char path[256];

    open_store();
    path_of(path, sizeof path, ".json");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_token_record b = {0};
        bool found = false;
        wk_error err = {0};
        FILE *f = fopen(path, "w");

        fputs(rows[i], f);
        fclose(f);
        CU_ASSERT_EQUAL(chmod(path, 0600), 0);
        T_FAILS(wki_token_store_read(store, key, &b, &found, &err), WK_DATA, &err);
        CU_ASSERT_FALSE(found);
    }
    close_store();
}

static void test_keys_differ_in_every_part(void)
{
    static const char *const rows[][5] = {
        {"smart", "i", "c", "s", "p"}, {"smart", "i", "c", "s", ""}, {"smart", "i", "c", "", "p"},
        {"smart", "i", "", "s", "p"},  {"smart", "", "c", "s", "p"}, {"", "i", "c", "s", "p"},
        {"smart", "ic", "", "s", "p"}, {"smart", "i", "cs", "", "p"}};
    char keys[8][WKI_SHA256_HEX_SIZE];
    wk_error err = {0};

    for (size_t i = 0; i < 8; i++) {
        T_OK(wki_token_key(keys[i], rows[i][0], rows[i][1], rows[i][2], rows[i][3], rows[i][4],
                           &err),
             &err);
        for (size_t k = 0; k < i; k++)
            CU_ASSERT_STRING_NOT_EQUAL(keys[i], keys[k]);
    }
}

static wk_code count(void *user, const char *name, const wki_token_record *r,
                     const wk_error *trouble)
{
    (void)trouble;
    CU_ASSERT_EQUAL(strlen(name), 64);
    ((int *)user)[r ? 0 : 1]++;
    return WK_OK;
}

static void test_all_logins_are_listed_and_removed(void)
{
    wki_token_record a = sample("A", "R");
    char path[256];
    int n[2] = {0};
    bool existed = false;
    wk_error err = {0};

    open_store();
    T_OK(wki_token_store_write(store, key, &a, &err), &err);
    T_OK(wki_token_key(key, "x", "", "", "", "", &err), &err);
    T_OK(wki_token_store_write(store, key, &a, &err), &err);
    path_of(path, sizeof path, ".json");
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    T_OK(wki_token_store_each(store, count, n, &err), &err);
    CU_ASSERT(n[0] == 1 && n[1] == 1);
    T_OK(wki_token_store_remove(store, key, &existed, &err), &err);
    CU_ASSERT_TRUE(existed);
    T_OK(wki_token_store_remove(store, key, &existed, &err), &err);
    CU_ASSERT_FALSE(existed);
    wki_token_record_clear(&a);
    close_store();
}

static void test_a_lock_held_too_long_is_an_error(void)
{
    int one = -1, two = -1;
    wk_error err = {0};

    open_store();
    T_OK(wki_token_store_lock(store, key, 0, wki_clock_system(), NULL, &one, &err), &err);
    T_FAILS(wki_token_store_lock(store, key, 60, wki_clock_system(), NULL, &two, &err), WK_IO,
            &err);
    wki_token_store_unlock(one);
    wk_error_clear(&err);
    T_OK(wki_token_store_lock(store, key, 0, wki_clock_system(), NULL, &two, &err), &err);
    wki_token_store_unlock(two);
    close_store();
}

/* What a renewing process does: the refresh token counts up, and each number is used once. */
static int renew_often(int times)
{
    for (int i = 0; i < times; i++) {
        wki_token_record r = {0}, next;
        char number[16];
        bool found = false;
        int lock = -1;
        bool good = wki_token_store_lock(store, key, 20000, wki_clock_system(), NULL, &lock,
                                         NULL) == WK_OK &&
                    wki_token_store_read(store, key, &r, &found, NULL) == WK_OK && found;

        if (good) {
            snprintf(number, sizeof number, "%d", atoi(r.token.refresh_token) + 1);
            next = sample("A", number);
            good = wki_token_store_write(store, key, &next, NULL) == WK_OK;
            wki_token_record_clear(&next);
        }
        wki_token_store_unlock(lock);
        wki_token_record_clear(&r);
        if (!good)
            return 1;
    }
    return 0;
}

static void test_two_processes_lose_no_rotation(void)
{
    enum {
        CHILDREN = 3,
        TIMES = 20
    };
    wki_token_record r = sample("A", "0");
    pid_t children[CHILDREN];
    bool found = false;
    wk_error err = {0};

    open_store();
    T_OK(wki_token_store_write(store, key, &r, &err), &err);
    wki_token_record_clear(&r);
    fflush(stdout);
    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(renew_often(TIMES));
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status = -1;

        CU_ASSERT_EQUAL(waitpid(children[i], &status, 0), children[i]);
        CU_ASSERT_EQUAL(status, 0);
    }
    T_OK(wki_token_store_read(store, key, &r, &found, &err), &err);
    CU_ASSERT_TRUE_FATAL(found);
    CU_ASSERT_EQUAL(atoi(r.token.refresh_token), CHILDREN * TIMES);
    wki_token_record_clear(&r);
    close_store();
}

static CU_TestInfo tests[] = {
    {"what is written is read again", test_what_is_written_is_read_again},
    {"files are for the owner alone", test_files_are_for_the_owner_alone},
    {"what others could touch is refused", test_what_others_could_touch_is_refused},
    {"a broken file is an error and no token", test_a_broken_file_is_an_error_and_no_token},
    {"keys differ in every part", test_keys_differ_in_every_part},
    {"all logins are listed and removed", test_all_logins_are_listed_and_removed},
    {"a lock held too long is an error", test_a_lock_held_too_long_is_an_error},
    {"processes that renew at once lose no rotation", test_two_processes_lose_no_rotation},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_token_store = {"token_store", NULL, NULL, NULL, NULL, tests};
