#include "support/t.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/dir_names.h"
#include "core/find.h"
#include "core/hash.h"
#include "core/path.h"
#include "core/text.h"
#include "core/uid.h"

static void test_first_cause_stays_and_context_goes_in_front(void)
{
    wk_error err = {0};

    CU_ASSERT_EQUAL(wk_fail(&err, WK_NET, "reset by %s", "peer"), WK_NET);
    CU_ASSERT_EQUAL(wk_fail(&err, WK_DATA, "later"), WK_DATA);
    CU_ASSERT_EQUAL(wk_fail_add(&err, "series %s: ", "1.2"), WK_NET);
    T_STR(err.message, "series 1.2: reset by peer");
}

static void test_an_error_without_a_struct_still_returns_the_code(void)
{
    CU_ASSERT_EQUAL(wk_fail(NULL, WK_IO, "x"), WK_IO);
}

static void test_messages_hold_no_control_characters(void)
{
    wk_error err = {0};

    wk_fail(&err, WK_DATA,
            "a\x1b[31mb\nc\xC2\x9B"
            "d\xFF\xE2\x80\xAE");
    T_STR(err.message, "a?[31mb?c?d??");
}

static void test_credentials_that_a_server_repeats_are_hidden(void)
{
    char text[] = "got 'bearer abc-123.x_y' and Basic dTpwOnc=; Basic authentication, Bearer token";

    wki_text_hide_credentials(text);
    T_STR(text, "got 'bearer ***********' and Basic ********; Basic authentication, Bearer token");
}

static void test_text_is_cut_at_a_whole_character(void)
{
    char out[5];

    CU_ASSERT_EQUAL(wki_text_clean(out, sizeof out, "abc\xC3\xA9", 5), 3);
    T_STR(out, "abc");
}

static void test_what_would_reorder_a_line_is_not_shown(void)
{
    static const char *const marks[] = {"\xD8\x9C",     "\xE2\x80\x8E", "\xE2\x80\x8F",
                                        "\xE2\x80\xAA", "\xE2\x80\xAE", "\xE2\x81\xA6",
                                        "\xE2\x81\xA9", "\xE2\x80\xA8"};
    static const char *const letters[] = {"\xD8\x9B", "\xE2\x80\x90", "\xE2\x81\xA5", "\xD7\x90"};
    char text[16], out[16];

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        snprintf(text, sizeof text, "a%sb", marks[i]);
        (void)wki_text_clean(out, sizeof out, text, strlen(text));
        T_STR(out, "a?b");
    }
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        (void)wki_text_clean(out, sizeof out, letters[i], strlen(letters[i]));
        T_STR(out, letters[i]);
    }
}

static void test_every_code_has_an_exit_status_of_the_contract(void)
{
    for (int i = 0; i < wk_code_count(); i++) {
        int status = wk_code_exit_status((wk_code)i);

        CU_ASSERT((status >= 0 && status <= 8) || status == 130);
    }
    CU_ASSERT_EQUAL(wk_code_exit_status((wk_code)999), 7);
}

static void test_uids_are_read_in_every_coat(void)
{
    static const char *const good[] = {"1.2.3", "urn:oid:1.2.3", "URN:OID:1.2.3", " 1.2.3 "};
    static const char *const bad[] = {"",     "1..2", ".1",           "1.",
                                      "../1", "1.2a", "urn:uuid:1.2", "1/2"};
    char uid[WK_UID_SIZE];

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CU_ASSERT_TRUE(wki_uid_read(uid, good[i], strlen(good[i])));
        T_STR(uid, "1.2.3");
    }
    CU_ASSERT_TRUE(wki_uid_read(uid, "1.2.3\0", 6));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(wki_uid_read(uid, bad[i], strlen(bad[i])));
}

static void test_a_uid_of_65_characters_is_refused(void)
{
    char long_uid[WK_UID_SIZE + 1], uid[WK_UID_SIZE];

    memset(long_uid, '1', sizeof long_uid);
    CU_ASSERT_TRUE(wki_uid_read(uid, long_uid, 64));
    CU_ASSERT_FALSE(wki_uid_read(uid, long_uid, 65));
}

static void test_a_buffer_stops_at_its_maximum(void)
{
    wk_error err = {0};
    wki_buf b;

    wki_buf_init(&b, 10, "test");
    T_OK(wki_buf_add(&b, "12345", 5, &err), &err);
    T_OK(wki_buf_addf(&b, &err, "%d", 67890), &err);
    T_FAILS(wki_buf_add(&b, "x", 1, &err), WK_LIMIT, &err);
    T_STR(wki_buf_text(&b), "1234567890");
    wki_buf_clear(&b);
}

static void test_products_do_not_wrap(void)
{
    size_t out = 7;

    CU_ASSERT_FALSE(wki_mul_size(SIZE_MAX / 2, 3, &out));
    CU_ASSERT_FALSE(wki_add_size(SIZE_MAX, 1, &out));
    CU_ASSERT_EQUAL(out, 7);
}

static void test_names_cannot_leave_the_folder(void)
{
    char out[64], small[8];

    wki_path_encode(out, sizeof out, "../a b/\xC3\xA9");
    T_STR(out, "%2E.%2Fa%20b%2F%C3%A9");
    wki_path_encode(out, sizeof out, "");
    T_STR(out, "_");
    wki_path_encode(small, sizeof small, "abcde/");
    T_STR(small, "abcde");
}

static void test_nothing_is_made_through_a_link(void)
{
    char dir[] = "/tmp/wadokit-test-XXXXXX";
    wk_error err = {0};
    int root, parent = -1;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    root = open(dir, O_RDONLY | O_DIRECTORY);
    T_OK(wki_path_open_parent(root, "a/b/file", &parent, &err), &err);
    close(parent);
    CU_ASSERT_EQUAL(symlinkat("/tmp", root, "link"), 0);
    T_FAILS(wki_path_open_parent(root, "link/file", &parent, &err), WK_REFUSED, &err);
    unlinkat(root, "link", 0);
    unlinkat(root, "a/b", AT_REMOVEDIR);
    unlinkat(root, "a", AT_REMOVEDIR);
    close(root);
    rmdir(dir);
}

static void test_sha256_of_abc(void)
{
    char hex[WKI_SHA256_HEX_SIZE];
    wk_error err = {0};
    wki_sha256 *h = NULL;

    T_OK(wki_sha256_new(&h, &err), &err);
    for (int round = 0; round < 2; round++) {
        wki_sha256_add(h, "abc", 3);
        wki_sha256_finish(h, hex);
        T_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
    wki_sha256_free(h);
}

/* Bytes of two letters, so that beginnings and ends of what is looked for are everywhere. */
static void test_what_is_looked_for_is_found_where_memmem_finds_it(void)
{
    char data[2000];
    uint32_t seed = 1;

    for (size_t i = 0; i < sizeof data; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = seed >> 31 ? 'a' : 'b';
    }
    for (size_t round = 0; round < 4000; round++) {
        size_t from, n, m, at;
        char what[40];
        const char *want;

        seed = seed * 1664525u + 1013904223u;
        from = seed >> 8 & 63;
        n = (seed >> 14) % (sizeof data - from);
        m = 1 + round % sizeof what;
        at = (seed >> 20) % (sizeof data - m);
        memcpy(what, data + at, m);
        what[m - 1] = (char)(round % 3 ? what[m - 1] : 'c');
        want = memmem(data + from, n, what, m);
        CU_ASSERT_PTR_EQUAL(wki_find(data + from, n, what, m), want);
        CU_ASSERT_PTR_EQUAL(wki_find_plain(data + from, n, what, m), want);
    }
}

static void test_the_first_error_keeps_its_setting(void)
{
    wk_error err = {0};

    CU_ASSERT_EQUAL(wk_fail_setting(&err, WK_LIMIT, "max-bytes", "more than %d", 7), WK_LIMIT);
    CU_ASSERT_EQUAL(wk_fail_setting(&err, WK_USAGE, "jobs", "jobs: %d", 0), WK_USAGE);
    wk_fail_add(&err, "here: ");
    CU_ASSERT_EQUAL(err.code, WK_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.message, "here: more than 7");
    CU_ASSERT_STRING_EQUAL(err.setting, "max-bytes");
    wk_error_clear(&err);
    wk_fail_setting(&err, WK_DATA, NULL, "none helps");
    CU_ASSERT_STRING_EQUAL(err.setting, "");
}

static void test_a_cause_is_handed_on_whole(void)
{
    wk_error cause = {.http_status = 503}, err = {0};

    wk_fail_setting(&cause, WK_NET, "max-wait", "busy");
    CU_ASSERT_EQUAL(wk_fail_from(&err, WK_PARTIAL, &cause), WK_PARTIAL);
    CU_ASSERT_EQUAL(err.code, WK_PARTIAL);
    CU_ASSERT_EQUAL(err.http_status, 503);
    CU_ASSERT_STRING_EQUAL(err.message, "busy");
    CU_ASSERT_STRING_EQUAL(err.setting, "max-wait");
    CU_ASSERT_EQUAL(wk_fail_from(&err, WK_DATA, &cause), WK_DATA);
    CU_ASSERT_EQUAL(err.code, WK_PARTIAL);
}

static bool ends_in_dcm(const char *name)
{
    return wki_str_ends(name, ".dcm");
}

static void test_names_in_a_folder_are_picked_and_sorted(void)
{
    static const char *const made[] = {"b.dcm", "a.dcm", "c.txt", "\xFF.dcm", "B.dcm"};
    char path[] = "/tmp/wadokit-names-XXXXXX";
    int fd = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY) : -1;
    wki_dir_names d;

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        close(openat(fd, made[i], O_CREAT | O_WRONLY, 0600));
    for (int again = 0; again < 2; again++) {
        CU_ASSERT_TRUE_FATAL(wki_dir_names_read(fd, ends_in_dcm, &d));
        CU_ASSERT_EQUAL_FATAL(d.n, 4);
        T_STR(d.names[0], "B.dcm");
        T_STR(d.names[1], "a.dcm");
        T_STR(d.names[2], "b.dcm");
        T_STR(d.names[3], "\xFF.dcm");
        wki_dir_names_clear(&d);
    }
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        unlinkat(fd, made[i], 0);
    CU_ASSERT_TRUE(wki_dir_names_read(fd, ends_in_dcm, &d));
    CU_ASSERT_EQUAL(d.n, 0);
    rmdir(path);
    close(fd);
    CU_ASSERT_FALSE(wki_dir_names_read(fd, ends_in_dcm, &d));
}

static CU_TestInfo tests[] = {
    {"names in a folder are picked and sorted", test_names_in_a_folder_are_picked_and_sorted},
    {"a cause is handed on whole", test_a_cause_is_handed_on_whole},
    {"the first error keeps its setting", test_the_first_error_keeps_its_setting},
    {"first cause stays, context goes in front", test_first_cause_stays_and_context_goes_in_front},
    {"an error without a struct still returns the code",
     test_an_error_without_a_struct_still_returns_the_code},
    {"credentials that a server repeats are hidden",
     test_credentials_that_a_server_repeats_are_hidden},
    {"messages hold no control characters", test_messages_hold_no_control_characters},
    {"text is cut at a whole character", test_text_is_cut_at_a_whole_character},
    {"what would reorder a line is not shown", test_what_would_reorder_a_line_is_not_shown},
    {"every code has an exit status of the contract",
     test_every_code_has_an_exit_status_of_the_contract},
    {"UIDs are read in every coat", test_uids_are_read_in_every_coat},
    {"a UID of 65 characters is refused", test_a_uid_of_65_characters_is_refused},
    {"a buffer stops at its maximum", test_a_buffer_stops_at_its_maximum},
    {"products do not wrap", test_products_do_not_wrap},
    {"names cannot leave the folder", test_names_cannot_leave_the_folder},
    {"nothing is made through a link", test_nothing_is_made_through_a_link},
    {"SHA-256 of abc", test_sha256_of_abc},
    {"what is looked for is found where memmem finds it",
     test_what_is_looked_for_is_found_where_memmem_finds_it},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_core = {"core", NULL, NULL, NULL, NULL, tests};
