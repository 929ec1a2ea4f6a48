#include "flow/get/retriever.h"
#include "support/peer.h"
#include "support/scratch.h"
#include "support/t.h"

#define ROWS(a) (sizeof(a) / sizeof(a)[0])

static peer server;
static bool has_server;

static int start_server(void)
{
    has_server = peer_start(&server);
    if (!has_server)
        printf("\n(retrieve: skipped, no python3)\n");
    return 0;
}

static int stop_server(void)
{
    peer_stop(&server);
    return 0;
}

/* What was reported, as "saved;kept;..." in order. */
struct seen {
    char text[4096];
    wk_error last;
};

static void on_report(void *user, const wk_instance_report *r)
{
    struct seen *s = user;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%s;", wk_instance_status_name(r->status));
    if (r->error.code != WK_OK)
        s->last = r->error;
}

static wk_session *new_session(void)
{
    static char origin[64];
    wk_session_opts opts = {.retries = 2,
                            .max_wait_s = 4,
                            .connect_timeout_s = 5,
                            .idle_timeout_s = 1,
                            .dicomweb = origin};
    wk_session *s = NULL;
    wk_error err = {0};

    snprintf(origin, sizeof origin, "http://127.0.0.1:%d/dicom-web", server.port);
    T_OK(wk_session_new(&opts, &s, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

/* A study of the server under a scenario; without a root nobody tells what to expect. */
static void study_item(wk_plan_item *item, const char *scenario, bool listed)
{
    static char root[256], url[400];

    memset(item, 0, sizeof *item);
    snprintf(root, sizeof root, "http://127.0.0.1:%d/s/%s/dicom-web", server.port, scenario);
    snprintf(url, sizeof url, "%s/studies/" PEER_STUDY, root);
    item->kind = WK_ITEM_REMOTE;
    item->level = WK_LEVEL_STUDY;
    snprintf(item->study, sizeof item->study, PEER_STUDY);
    item->root = listed ? root : NULL;
    item->url = url;
    item->send_credentials = true;
}

static wk_code get_items(const char *dir, const wk_plan_item *items, size_t n, wk_get_by by,
                         struct seen *seen, wk_get_summary *sum, wk_error *err)
{
    wk_get_opts opts = {.dir = dir, .by = by};
    wk_session *session = new_session();
    wki_retriever *r = NULL;
    wk_code rc = wki_retriever_new(session, &opts, on_report, seen, &r, err);

    memset(sum, 0, sizeof *sum);
    for (size_t i = 0; i < n && rc == WK_OK; i++)
        rc = wki_retriever_add(r, &items[i], err);
    if (r) {
        wk_error end = {0};
        wk_code ended = wki_retriever_finish(r, sum, &end);

        if (rc == WK_OK && ended != WK_OK)
            rc = wk_fail(err, ended, "%s", end.message);
    }
    wki_retriever_free(r);
    wk_session_free(session);
    return rc;
}

/* What a good client makes of each trouble: code, instances saved, missing, failed. `listed`:
 * QIDO tells what to expect. */
static const struct {
    const char *scenario;
    bool listed;
    wk_code code;
    unsigned saved, missing, failed;
    const char *word;
} rows[] = {
    {"style-blank-lines", false, WK_OK, 6, 0, 0, NULL},
    {"style-dcm4chee", false, WK_OK, 6, 0, 0, NULL},
    {"style-false-length", false, WK_OK, 6, 0, 0, NULL},
    {"style-lf-only", false, WK_OK, 6, 0, 0, NULL},
    {"style-long-boundary", false, WK_OK, 6, 0, 0, NULL},
    {"style-long-headers", false, WK_OK, 6, 0, 0, NULL},
    {"style-microsoft", false, WK_OK, 6, 0, 0, NULL},
    {"style-mislabelled", false, WK_OK, 6, 0, 0, NULL},
    {"style-no-boundary", false, WK_OK, 6, 0, 0, NULL},
    {"style-no-part-headers", false, WK_OK, 6, 0, 0, NULL},
    {"style-orthanc", false, WK_OK, 6, 0, 0, NULL},
    {"style-preamble", false, WK_OK, 6, 0, 0, NULL},
    {"style-single-quotes", false, WK_OK, 6, 0, 0, NULL},
    {"style-spaces", false, WK_OK, 6, 0, 0, NULL},
    {"style-standard", false, WK_OK, 6, 0, 0, NULL},
    {"style-word", false, WK_OK, 6, 0, 0, NULL},
    {"dribble", false, WK_OK, 6, 0, 0, NULL},
    {"gzip", false, WK_OK, 6, 0, 0, NULL},
    {"duplicate", false, WK_OK, 6, 0, 0, NULL},
    {"accept-any", false, WK_OK, 6, 0, 0, NULL},
    {"accept-no-syntax", false, WK_OK, 6, 0, 0, NULL},
    {"accept-unquoted", false, WK_OK, 6, 0, 0, NULL},
    {"accept-orthanc", false, WK_OK, 6, 0, 0, NULL},
    {"accept-single", false, WK_OK, 6, 0, 0, NULL},
    {"style-single-part", true, WK_OK, 6, 0, 0, NULL},
    {"style-no-closing", true, WK_OK, 6, 0, 0, NULL},
    {"style-no-closing-length", true, WK_OK, 6, 0, 0, NULL},
    {"reset-once", true, WK_OK, 6, 0, 0, NULL},
    {"close-once", true, WK_OK, 6, 0, 0, NULL},
    {"study-breaks", true, WK_OK, 6, 0, 0, NULL},
    {"partial", true, WK_OK, 6, 0, 0, NULL},
    {"missing-part", true, WK_OK, 6, 0, 0, NULL},
    {"stranger-parts", true, WK_PARTIAL, 6, 0, 2, "no DICOM"},
    {"evil-uid", true, WK_PARTIAL, 6, 0, 1, "SOP Instance UID"},
    {"413-study", true, WK_OK, 6, 0, 0, NULL},
    {"same-page", true, WK_OK, 6, 0, 0, NULL},
    {"cut-json", true, WK_OK, 6, 0, 0, NULL},
    {"redirect-here", true, WK_OK, 6, 0, 0, NULL},
    {"redirect-foreign", true, WK_OK, 6, 0, 0, NULL},
    {"style-no-closing", false, WK_PARTIAL, 6, 0, 1, "closing delimiter"},
    {"style-no-closing-length", false, WK_PARTIAL, 6, 0, 1, "closing delimiter"},
    {"close-always", true, WK_PARTIAL, 4, 0, 2, "broke off"},
    {"close-chunked", true, WK_PARTIAL, 4, 0, 2, "broke off"},
    {"reset-always", true, WK_PARTIAL, 4, 0, 2, "broke off"},
    {"eof-cut", true, WK_PARTIAL, 4, 0, 2, "broke off"},
    {"close-always", false, WK_PARTIAL, 3, 0, 1, "broke off"},
    {"close-chunked", false, WK_PARTIAL, 3, 0, 1, "broke off"},
    {"reset-always", false, WK_PARTIAL, 3, 0, 1, "broke off"},
    {"eof-cut", false, WK_PARTIAL, 3, 0, 1, "closing delimiter"},
    {"partial", false, WK_PARTIAL, 4, 0, 1, "206"},
    {"changed-twin", true, WK_OK, 7, 0, 0, "other bytes"},
    {"cut-part", true, WK_PARTIAL, 5, 0, 1, "cut short"},
    {"cut-part", false, WK_PARTIAL, 5, 0, 1, "cut short"},
    {"stranger-parts", false, WK_PARTIAL, 6, 0, 2, "no DICOM"},
    {"evil-uid", false, WK_PARTIAL, 6, 0, 1, "SOP Instance UID"},
    {"wrong-study", true, WK_PARTIAL, 6, 0, 1, "2.25.666"},
    {"accept-none", true, WK_NET, 0, 0, 6, "406"},
    {"accept-none", false, WK_NET, 0, 0, 1, "406"},
    {"empty", true, WK_NOT_FOUND, 0, 6, 0, "no instances"},
    {"empty", false, WK_NOT_FOUND, 0, 0, 1, "no instances"},
    {"style-zero-parts", true, WK_NOT_FOUND, 0, 6, 0, NULL},
    {"204", true, WK_NOT_FOUND, 0, 0, 1, NULL},
    {"html-as-dicom", true, WK_DATA, 0, 0, 6, "Sign in"},
    {"html-as-dicom", false, WK_DATA, 0, 0, 1, "HTML"},
    {"json-error", false, WK_DATA, 0, 0, 1, "database is locked"},
    {"zip", false, WK_DATA, 0, 0, 1, "ZIP"},
    {"202", true, WK_OK, 6, 0, 0, NULL},
    {"202-patient", true, WK_NET, 0, 0, 6, "studies/" PEER_STUDY ": 202"}, /* not of a part */
    {"202-patient", false, WK_NET, 0, 0, 1, "202"},
    {"401", true, WK_AUTH, 0, 0, 1, "401"},
    {"403", true, WK_AUTH, 0, 0, 1, "403"},
    {"404", true, WK_NOT_FOUND, 0, 0, 1, "404"},
    {"410", false, WK_NOT_FOUND, 0, 0, 1, "410"},
    {"413-study", false, WK_NET, 0, 0, 1, "413"},
    {"redirect-file", false, WK_REFUSED, 0, 0, 1, NULL},
    {"redirect-link-local", false, WK_REFUSED, 0, 0, 1, NULL},
    {"redirect-loop", false, WK_LIMIT, 0, 0, 1, NULL},
    {"many-headers", true, WK_LIMIT, 0, 0, 6, NULL},
    {"stall-once", true, WK_OK, 6, 0, 0, NULL},
};

static void test_scenarios(void)
{
    for (size_t i = 0; has_server && i < ROWS(rows); i++) {
        struct seen seen = {0};
        wk_get_summary sum;
        wk_plan_item item;
        wk_error err = {0};
        wk_code rc;
        scratch s;

        scratch_make(&s);
        study_item(&item, rows[i].scenario, rows[i].listed);
        rc = get_items(s.dir, &item, 1, WK_BY_AUTO, &seen, &sum, &err);
        if (getenv("SHOW") || rc != rows[i].code || sum.saved != rows[i].saved ||
            sum.missing != rows[i].missing || sum.failed != rows[i].failed)
            printf("\n  %s %d: %s, %u saved, %u missing, %u failed, %.1f s: %s", rows[i].scenario,
                   rows[i].listed, wk_code_name(rc), (unsigned)sum.saved, (unsigned)sum.missing,
                   (unsigned)sum.failed, sum.seconds, err.message);
        CU_ASSERT_EQUAL(rc, rows[i].code);
        CU_ASSERT_EQUAL(sum.saved, rows[i].saved);
        CU_ASSERT_EQUAL(sum.missing, rows[i].missing);
        CU_ASSERT_EQUAL(sum.failed, rows[i].failed);
        if (rows[i].word)
            T_HAS(seen.last.message, rows[i].word);
        CU_ASSERT_EQUAL(scratch_count(&s, ".wadokit/tmp"), 0);
        scratch_remove(&s);
    }
}

static unsigned counts(const wk_get_summary *s)
{
    return (unsigned)(s->saved * 100 + s->kept * 10 + s->missing + s->failed);
}

/* Runs a second time over the same folder, after `spoil` was done to it. */
static void rerun(const char *scenario, void (*spoil)(const scratch *), unsigned expected)
{
    wk_get_summary sum;
    wk_plan_item item;
    wk_error err = {0};
    struct seen seen = {0};
    scratch s;

    scratch_make(&s);
    study_item(&item, "style-standard", true);
    T_OK(get_items(s.dir, &item, 1, WK_BY_AUTO, &seen, &sum, &err), &err);
    CU_ASSERT_EQUAL(counts(&sum), 600);
    CU_ASSERT_EQUAL(sum.expected, 6);
    if (spoil)
        spoil(&s);
    study_item(&item, scenario, true);
    T_OK(get_items(s.dir, &item, 1, WK_BY_AUTO, &seen, &sum, &err), &err);
    CU_ASSERT_EQUAL(counts(&sum), expected);
    CU_ASSERT_EQUAL(sum.expected, 6);
    CU_ASSERT_EQUAL(scratch_count(&s, PEER_STUDY "/" PEER_STUDY ".1"), 3);
    scratch_remove(&s);
}

#define ONE PEER_STUDY "/" PEER_STUDY ".1/" PEER_STUDY ".1.2.dcm"

static void lose_one(const scratch *s)
{
    unlink(scratch_path(s, ONE));
}

static void cut_one(const scratch *s)
{
    CU_ASSERT_EQUAL(truncate(scratch_path(s, ONE), 200), 0);
}

static void lose_journal(const scratch *s)
{
    unlink(scratch_path(s, ".wadokit/journal.jsonl"));
}

static void lose_journal_and_cut(const scratch *s)
{
    lose_journal(s);
    cut_one(s);
}

static void test_rerun(void)
{
    if (!has_server)
        return;
    rerun("style-standard", NULL, 60);
    rerun("study-breaks", lose_one, 150);
    rerun("style-standard", cut_one, 150);
    rerun("style-standard", lose_journal, 60);
    rerun("style-standard", lose_journal_and_cut, 150);
}

static void test_levels(void)
{
    static const wk_get_by levels[] = {WK_BY_AUTO, WK_BY_STUDY, WK_BY_SERIES, WK_BY_INSTANCE};

    for (size_t i = 0; has_server && i < ROWS(levels); i++) {
        wk_get_summary sum;
        wk_plan_item item;
        wk_error err = {0};
        struct seen seen = {0};
        scratch s;

        scratch_make(&s);
        study_item(&item, "style-orthanc", true);
        T_OK(get_items(s.dir, &item, 1, levels[i], &seen, &sum, &err), &err);
        CU_ASSERT_EQUAL(counts(&sum), 600);
        T_STR(seen.text, "saved;saved;saved;saved;saved;saved;");
        scratch_remove(&s);
    }
}

/* What the source lists is expected: here more than the server has. */
static void test_hints(void)
{
    wk_instance_hint instances[2] = {{.sop = PEER_STUDY ".1.1"}, {.sop = PEER_STUDY ".1.99"}};
    wk_series_hint series = {
        .uid = PEER_STUDY ".1", .n_instances = 2, .instances = instances, .n_listed = 2};
    wk_get_summary sum;
    wk_plan_item item;
    wk_error err = {0};
    struct seen seen = {0};
    scratch s;

    if (!has_server)
        return;
    scratch_make(&s);
    study_item(&item, "style-standard", true);
    item.series_hints = &series;
    item.n_series_hints = 1;
    item.complete_hint = true;
    T_FAILS(get_items(s.dir, &item, 1, WK_BY_AUTO, &seen, &sum, &err), WK_PARTIAL, &err);
    CU_ASSERT_EQUAL(counts(&sum), 601);
    CU_ASSERT_EQUAL(sum.missing, 1);
    CU_ASSERT_EQUAL(sum.expected, 7);
    scratch_remove(&s);
}

static void test_files(void)
{
    static char path[] = ONE;
    wk_plan_item item = {.kind = WK_ITEM_FILE, .path = path};
    wk_get_summary sum;
    wk_error err = {0};
    struct seen seen = {0};
    scratch s, from;
    char whole[4200];

    if (!has_server)
        return;
    scratch_make(&from);
    scratch_make(&s);
    study_item(&item, "style-standard", true);
    T_OK(get_items(from.dir, &item, 1, WK_BY_AUTO, &seen, &sum, &err), &err);
    memset(&item, 0, sizeof item);
    snprintf(whole, sizeof whole, "%s/%s", from.dir, ONE);
    item.kind = WK_ITEM_FILE;
    item.path = whole;
    T_OK(get_items(s.dir, &item, 1, WK_BY_AUTO, &seen, &sum, &err), &err);
    CU_ASSERT_EQUAL(counts(&sum), 100);
    CU_ASSERT_EQUAL(scratch_size(&s, ONE), scratch_size(&from, ONE));
    cut_one(&from);
    T_FAILS(get_items(s.dir, &item, 1, WK_BY_AUTO, &seen, &sum, &err), WK_DATA, &err);
    scratch_remove(&from);
    scratch_remove(&s);
}

static void test_link(void)
{
    wk_get_summary sum;
    wk_plan_item items[3];
    wk_error err = {0};
    struct seen seen = {0};
    scratch s;

    if (!has_server)
        return;
    scratch_make(&s);
    for (int i = 0; i < 3; i++)
        study_item(&items[i], "style-standard", true);
    CU_ASSERT_EQUAL(symlink("/nowhere", scratch_path(&s, PEER_STUDY)), 0);
    /* A link in the tree is refused for each instance; nothing is written behind it. */
    CU_ASSERT_NOT_EQUAL(get_items(s.dir, items, 3, WK_BY_AUTO, &seen, &sum, &err), WK_OK);
    CU_ASSERT_EQUAL(sum.saved, 0);
    CU_ASSERT_EQUAL(sum.failed + sum.missing, 18);
    CU_ASSERT_EQUAL(scratch_count(&s, ".wadokit/tmp"), 0);
    scratch_remove(&s);
}

static CU_TestInfo tests[] = {
    {"every trouble ends as a good client ends it", test_scenarios},
    {"a rerun keeps what is whole and fetches the rest", test_rerun},
    {"every level brings the same instances", test_levels},
    {"what the source lists and does not come is missing", test_hints},
    {"local files are copied in", test_files},
    {"nothing is written behind a link", test_link},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_retrieve = {"retrieve", start_server, stop_server, NULL, NULL, tests};
