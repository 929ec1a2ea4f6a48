#include <fcntl.h>

#include "store/store.h"
#include "support/scratch.h"
#include "support/small_dicom.h"
#include "support/t.h"

static const wki_store_expect any = {.study = "", .series = "", .sop = ""};

static wki_store *open_store(const scratch *s, const char *template)
{
    wki_store_opts opts = {.dir = s->dir, .name_template = template};
    wki_store *st = NULL;
    wk_error err = {0};

    T_OK(wki_store_open(&opts, &st, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(st);
    return st;
}

/* Puts bytes in as one instance; the path goes to the entry. */
static wk_code put(wki_store *st, const void *data, size_t n, const wki_store_expect *expect,
                   wki_store_outcome *outcome, wki_journal_entry *entry, wk_error *err)
{
    wki_store_part *p = NULL;
    wk_code rc = wki_store_part_new(st, &p, err);

    if (rc == WK_OK)
        rc = wki_store_part_begin(p, NULL, err);
    for (size_t at = 0; at < n && rc == WK_OK; at += 100)
        rc = wki_store_part_write(p, (const char *)data + at, n - at < 100 ? n - at : 100, err);
    if (rc == WK_OK)
        rc = wki_store_part_finish(p, expect, outcome, entry, err);
    wki_store_part_free(p);
    return rc;
}

#define FILE_1 "1.2/1.2.3/1.2.3.4.dcm"

static void test_rerun(void)
{
    char data[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    wki_store_outcome how = WKI_STORE_CONFLICT;
    wki_journal_entry e;
    wk_error err = {0};
    wki_store_state found = WKI_STORE_WHOLE;
    wki_store *st;
    scratch s;

    scratch_make(&s);
    st = open_store(&s, NULL);
    T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.4", &e, &found, &err), &err);
    CU_ASSERT_EQUAL(found, WKI_STORE_ABSENT);
    T_OK(put(st, data, n, &any, &how, &e, &err), &err);
    CU_ASSERT_EQUAL(how, WKI_STORE_SAVED);
    T_STR(e.path, FILE_1);
    CU_ASSERT_EQUAL(strlen(e.sha256), 64);
    CU_ASSERT_EQUAL(scratch_size(&s, FILE_1), (long)n);
    T_OK(put(st, data, n, &any, &how, &e, &err), &err);
    CU_ASSERT_EQUAL(how, WKI_STORE_KEPT);
    wki_store_close(st);
    st = open_store(&s, NULL);
    T_OK(wki_store_find(st, "1.2", "", "1.2.3.4", &e, &found, &err), &err);
    CU_ASSERT_EQUAL(found, WKI_STORE_WHOLE);
    T_OK(wki_store_find(st, "1.9", "", "1.2.3.4", &e, &found, &err), &err);
    CU_ASSERT_EQUAL(found, WKI_STORE_ABSENT);
    /* A file that lost bytes is not there, and is replaced. */
    CU_ASSERT_EQUAL(truncate(scratch_path(&s, FILE_1), (long)n - 10), 0);
    T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.4", &e, &found, &err), &err);
    CU_ASSERT_EQUAL(found, WKI_STORE_CHANGED);
    T_OK(put(st, data, n, &any, &how, &e, &err), &err);
    CU_ASSERT_EQUAL(how, WKI_STORE_SAVED);
    CU_ASSERT_EQUAL(scratch_size(&s, FILE_1), (long)n);
    CU_ASSERT_EQUAL(scratch_count(&s, ".wadokit/tmp"), 0);
    wki_store_close(st);
    scratch_remove(&s);
}

/* Opens with check_digest what test_check_digest() made. */
static wki_store *open_checking(const scratch *s, bool check, bool no_digest)
{
    wki_store_opts opts = {.dir = s->dir, .no_digest = no_digest, .check_digest = check};
    wki_store *st = NULL;
    wk_error err = {0};

    T_OK(wki_store_open(&opts, &st, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(st);
    return st;
}

static void test_check_digest(void)
{
    char data[SMALL_DICOM_SIZE], other[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    wki_store_outcome how = WKI_STORE_CONFLICT;
    wki_store_state found = WKI_STORE_ABSENT;
    wki_journal_entry e;
    wk_error err = {0};
    wki_store *st;
    scratch s;

    scratch_make(&s);
    small_dicom(other, "1.2", "1.2.3", "1.2.3.4", 2);
    for (int no_digest = 0; no_digest < 2; no_digest++) {
        st = open_checking(&s, false, no_digest);
        T_OK(put(st, data, n, &any, &how, &e, &err), &err);
        wki_store_close(st);
        /* Whole, of the same size, with other bytes: only the digest tells. */
        scratch_write(&s, FILE_1, other, n);
        st = open_checking(&s, false, no_digest);
        T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.4", &e, &found, &err), &err);
        CU_ASSERT_EQUAL(found, WKI_STORE_WHOLE);
        wki_store_close(st);
        st = open_checking(&s, true, no_digest);
        T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.4", &e, &found, &err), &err);
        CU_ASSERT_EQUAL(found, no_digest ? WKI_STORE_WHOLE : WKI_STORE_CHANGED);
        if (!no_digest) {
            T_OK(put(st, data, n, &any, &how, &e, &err), &err);
            CU_ASSERT_EQUAL(how, WKI_STORE_SAVED);
            T_STR(e.path, FILE_1);
            T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.4", &e, &found, &err), &err);
            CU_ASSERT_EQUAL(found, WKI_STORE_WHOLE);
        }
        wki_store_close(st);
        unlink(scratch_path(&s, ".wadokit/journal.jsonl"));
        unlink(scratch_path(&s, FILE_1));
    }
    scratch_remove(&s);
}

static void test_adopt(void)
{
    char data[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    wki_store_outcome how;
    wki_journal_entry e;
    wk_error err = {0};
    wki_store_state found = WKI_STORE_ABSENT;
    wki_store *st;
    scratch s;

    scratch_make(&s);
    st = open_store(&s, NULL);
    T_OK(put(st, data, n, &any, &how, &e, &err), &err);
    wki_store_close(st);
    unlink(scratch_path(&s, ".wadokit/journal.jsonl"));
    st = open_store(&s, NULL);
    T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.4", &e, &found, &err), &err);
    CU_ASSERT_EQUAL(found, WKI_STORE_WHOLE);
    T_STR(e.path, FILE_1);
    wki_store_close(st);
    unlink(scratch_path(&s, ".wadokit/journal.jsonl"));
    scratch_write(&s, FILE_1, data, n - 1);
    st = open_store(&s, NULL);
    T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.4", &e, &found, &err), &err);
    CU_ASSERT_EQUAL(found, WKI_STORE_ABSENT);
    wki_store_close(st);
    scratch_remove(&s);
}

static void test_conflict(void)
{
    char data[SMALL_DICOM_SIZE], other[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    wki_store_outcome how;
    wki_journal_entry e;
    wk_error err = {0};
    wki_store *st;
    scratch s;

    small_dicom(other, "1.2", "1.2.3", "1.2.3.4", 2);
    scratch_make(&s);
    st = open_store(&s, NULL);
    T_OK(put(st, data, n, &any, &how, &e, &err), &err);
    T_OK(put(st, other, n, &any, &how, &e, &err), &err);
    CU_ASSERT_EQUAL(how, WKI_STORE_CONFLICT);
    T_STR(e.path, "1.2/1.2.3/1.2.3.4-2.dcm");
    T_OK(put(st, other, n, &any, &how, &e, &err), &err);
    CU_ASSERT_EQUAL(how, WKI_STORE_KEPT);
    T_STR(e.path, "1.2/1.2.3/1.2.3.4-2.dcm");
    wki_store_close(st);
    scratch_remove(&s);
}

static void test_template(void)
{
    char data[SMALL_DICOM_SIZE];
    wki_store_outcome how;
    wki_journal_entry e;
    wk_error err = {0};
    wki_store_state found = WKI_STORE_ABSENT;
    wki_store *st;
    scratch s;
    size_t n;

    scratch_make(&s);
    st = open_store(&s, "{PatientID}/{InstanceNumber:03}");
    n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    T_OK(put(st, data, n, &any, &how, &e, &err), &err);
    T_STR(e.path, "%2E.%2FP%201/007.dcm");
    n = small_dicom(data, "1.2", "1.2.3", "1.2.3.5", 1);
    T_OK(put(st, data, n, &any, &how, &e, &err), &err);
    CU_ASSERT_EQUAL(how, WKI_STORE_SAVED);
    T_STR(e.path, "%2E.%2FP%201/007-2.dcm");
    T_OK(wki_store_find(st, "1.2", "1.2.3", "1.2.3.5", &e, &found, &err), &err);
    CU_ASSERT_EQUAL(found, WKI_STORE_WHOLE);
    wki_store_close(st);
    scratch_remove(&s);
}

static void test_refusals(void)
{
    static const wki_store_expect wrong[] = {
        {.study = "9", .series = "", .sop = ""},
        {.study = "1.2", .series = "9", .sop = ""},
        {.study = "1.2", .series = "1.2.3", .sop = "9"},
    };
    char data[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    wki_store_expect cut = any;
    wki_store_outcome how;
    wki_journal_entry e;
    wki_store *st;
    scratch s;

    scratch_make(&s);
    st = open_store(&s, NULL);
    for (size_t i = 0; i < 3; i++) {
        wk_error err = {0};

        T_FAILS(put(st, data, n, &wrong[i], &how, &e, &err), WK_REFUSED, &err);
        T_HAS(err.message, "1.2.3.4");
    }
    for (size_t k = 1; k < n; k += 7) {
        wk_error err = {0};

        cut.cut = true;
        CU_ASSERT_EQUAL(put(st, data, k, &cut, &how, &e, &err), WK_DATA);
    }
    CU_ASSERT_EQUAL(scratch_count(&s, "."), 1);
    CU_ASSERT_EQUAL(scratch_count(&s, ".wadokit/tmp"), 0);
    wki_store_close(st);
    scratch_remove(&s);
}

static void test_links(void)
{
    char data[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, "1.2", "1.2.3", "1.2.3.4", 1);
    wki_store_outcome how;
    wki_journal_entry e;
    wk_error err = {0};
    wki_store *st;
    scratch s, outside;

    scratch_make(&s);
    scratch_make(&outside);
    CU_ASSERT_EQUAL(symlink(outside.dir, scratch_path(&s, "1.2")), 0);
    st = open_store(&s, NULL);
    T_FAILS(put(st, data, n, &any, &how, &e, &err), WK_REFUSED, &err);
    CU_ASSERT_EQUAL(scratch_count(&outside, "."), 0);
    wki_store_close(st);
    scratch_remove(&s);
    scratch_remove(&outside);
}

static void test_lock(void)
{
    wki_store_opts opts = {0};
    wki_store *st, *second = NULL;
    wk_error err = {0};
    scratch s;

    scratch_make(&s);
    opts.dir = s.dir;
    st = open_store(&s, NULL);
    T_FAILS(wki_store_open(&opts, &second, &err), WK_IO, &err);
    T_HAS(err.message, "another run");
    wki_store_close(st);
    scratch_write(&s, ".wadokit/tmp/.wadokit-1-2", "x", 1);
    st = open_store(&s, NULL);
    CU_ASSERT_EQUAL(scratch_count(&s, ".wadokit/tmp"), 0);
    wki_store_close(st);
    scratch_remove(&s);
}

static CU_TestInfo tests[] = {
    {"a rerun keeps what is whole and replaces what is not", test_rerun},
    {"a digest on request tells a changed file, which is then replaced", test_check_digest},
    {"files without a journal are read and adopted", test_adopt},
    {"the same instance with other bytes is kept apart", test_conflict},
    {"a template names files, and collisions are numbered", test_template},
    {"wrong and cut instances leave nothing behind", test_refusals},
    {"nothing is written through a link", test_links},
    {"a folder has one writer, and leftovers go", test_lock},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_store = {"store", NULL, NULL, NULL, NULL, tests};
