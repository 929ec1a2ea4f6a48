#include "flow/viewer/serve_index.h"

#include <stdlib.h>

#include "json/json.h"
#include "support/scratch.h"
#include "support/small_dicom.h"
#include "support/t.h"

static scratch place;

static void add(const char *name, const char *study, const char *series, const char *sop)
{
    char data[SMALL_DICOM_SIZE];
    size_t n = small_dicom(data, study, series, sop, 1);

    scratch_write(&place, name, data, n);
}

/* Two studies, three series, five instances, one of them twice; and what is no DICOM. */
static int set_up(void)
{
    scratch_make(&place);
    add("1.dcm", "1.1", "1.1.1", "1.1.1.2");
    add("2.dcm", "1.1", "1.1.1", "1.1.1.1");
    add("3.dcm", "1.1", "1.1.2", "1.1.2.1");
    add("4.dcm", "1.2", "1.2.1", "1.2.1.1");
    add("5.dcm", "1.2", "1.2.1", "1.2.1.2");
    add("6.dcm", "1.2", "1.2.1", "1.2.1.2");
    scratch_write(&place, "notes.txt", "no DICOM", 8);
    return 0;
}

static int tear_down(void)
{
    scratch_remove(&place);
    return 0;
}

static wk_code make(wki_serve_index *x, const char *target, wk_error *err)
{
    wk_session_opts opts = {.retries = -1, .max_wait_s = -1};
    wk_session *session = NULL;
    wk_code rc = wk_session_new(&opts, &session, err);

    memset(x, 0, sizeof *x);
    if (rc == WK_OK)
        rc = wki_serve_index_make(x, session, &target, 1, err);
    wk_session_free(session);
    return rc;
}

static void test_a_folder_is_put_in_order_and_each_instance_taken_once(void)
{
    wki_serve_index x;
    wk_error err = {0};
    wki_json *set = NULL;

    T_OK(make(&x, place.dir, &err), &err);
    CU_ASSERT_EQUAL(x.list.n, 5);
    CU_ASSERT_EQUAL(x.failed, 1); /* the same instance again */
    CU_ASSERT_EQUAL(x.skipped, 1);
    CU_ASSERT_EQUAL_FATAL(x.n_studies, 2);
    CU_ASSERT_EQUAL_FATAL(x.n_series, 3);
    CU_ASSERT_EQUAL(x.studies[0].n, 2);
    CU_ASSERT_EQUAL(x.studies[0].n_instances, 3);
    T_STR(x.studies[0].modalities, "CT");
    T_STR(x.list.entries[0].sop, "1.1.1.1");
    T_OK(wki_json_parse(x.series[2].attributes, strlen(x.series[2].attributes), "x", &set, &err),
         &err);
    CU_ASSERT_PTR_NOT_NULL(wki_json_get(set, "0020000D"));
    wki_json_free(set);
    wki_serve_index_clear(&x);
}

static void test_what_is_asked_for_is_a_range(void)
{
    static const struct {
        const char *study, *series, *sop;
        size_t n_series, entry, n; /* n 0: nothing */
    } rows[] = {
        {"", "", "", 3, 0, 5},
        {"1.1", "", "", 2, 0, 3},
        {"1.2", "", "", 1, 3, 2},
        {"1.1", "1.1.2", "", 1, 2, 1},
        {"1.2", "1.2.1", "1.2.1.2", 1, 4, 1},
        {"", "", "1.1.2.1", 3, 2, 1},
        {"1.2", "1.1.1", "", 0, 0, 0},
        {"1.1", "1.1.1", "1.1.2.1", 0, 0, 0},
        {"1", "", "", 0, 0, 0},
    };
    wki_serve_index x;
    wk_error err = {0};

    T_OK(make(&x, place.dir, &err), &err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_serve_range r = {0};
        bool found = wki_serve_index_find(&x, rows[i].study, rows[i].series, rows[i].sop, &r);

        CU_ASSERT_EQUAL(found, rows[i].n > 0);
        if (!found)
            continue;
        CU_ASSERT_EQUAL(r.n_series, rows[i].n_series);
        CU_ASSERT_EQUAL(r.entry, rows[i].entry);
        CU_ASSERT_EQUAL(r.n_entries, rows[i].n);
    }
    for (size_t i = 0; i < x.list.n; i++) {
        const wki_serve_series *s = wki_serve_index_series(&x, i);

        CU_ASSERT(s->first <= i && i < s->first + s->n);
    }
    wki_serve_index_clear(&x);
}

static void test_nothing_to_serve_is_said(void)
{
    wki_serve_index x;
    wk_error err = {0};

    CU_ASSERT_EQUAL(mkdir(scratch_path(&place, "empty"), 0700), 0);
    CU_ASSERT_EQUAL(make(&x, scratch_path(&place, "empty"), &err), WK_NOT_FOUND);
    wki_serve_index_clear(&x);
    wk_error_clear(&err);
    T_FAILS(make(&x, "https://a/web/studies/1.2", &err), WK_USAGE, &err);
    wki_serve_index_clear(&x);
    CU_ASSERT_EQUAL(rmdir(scratch_path(&place, "empty")), 0);
}

static CU_TestInfo tests[] = {
    {"a folder is put in order, and each instance taken once",
     test_a_folder_is_put_in_order_and_each_instance_taken_once},
    {"what is asked for is a range", test_what_is_asked_for_is_a_range},
    {"nothing to serve is said", test_nothing_to_serve_is_said},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_serve_index = {"serve_index", set_up, tear_down, NULL, NULL, tests};
