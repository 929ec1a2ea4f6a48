#include "flow/record/download.h"

#include <stdio.h>

#include "support/script_wire.h"
#include "support/t.h"

#define N(a) (sizeof(a) / sizeof(a)[0])

static script wire;
static wk_session session;

static void open_session(const script_reply *replies, size_t n, int retries, int jobs)
{
    wki_transport t;
    wki_http_opts opts = {.retries = 0, .max_wait_ms = -1, .max_transfers = 8};
    wk_error err = {0};

    script_init(&wire, replies, n);
    memset(&session, 0, sizeof session);
    t = script_transport(&wire);
    opts.clock = session.clock = &wire.clock;
    session.opts.retries = retries;
    session.opts.jobs = jobs;
    T_OK(wki_http_new_on(&opts, &t, &session.http, &err), &err);
}

static void close_session(void)
{
    wki_http_free(session.http);
}

/* What came: "<" for a beginning, ">" for the end. */
typedef struct place {
    wki_download d; /* first */
    char text[128];
    wk_error error;
    int ends;
} place;

static void note(place *p, const char *text, size_t n)
{
    size_t used = strlen(p->text);

    snprintf(p->text + used, sizeof p->text - used, "%.*s", (int)n, text);
}

static wk_code begin(wki_download *d, const wki_http_head *head, wk_error *err)
{
    (void)head;
    (void)err;
    note((place *)d, "<", 1);
    return WK_OK;
}

static wk_code body(wki_download *d, const void *data, size_t n, wk_error *err)
{
    (void)err;
    note((place *)d, data, n);
    return WK_OK;
}

static wk_code refuse(wki_download *d, const void *data, size_t n, wk_error *err)
{
    (void)d;
    (void)data;
    (void)n;
    return wk_fail(err, WK_IO, "the disk is full");
}

static void done(wki_download *d, const wk_error *error)
{
    place *p = (place *)d;

    note(p, ">", 1);
    p->error = *error;
    p->ends++;
}

static place place_of(const char *url)
{
    return (place){.d = {.url = url, .begin = begin, .body = body, .done = done}};
}

static void test_what_broke_off_begins_anew(void)
{
    static const script_reply replies[] = {{.status = 200, .body = "ab", .end = WKI_WIRE_BROKEN},
                                           {.status = 200, .body = "abcd"}};
    place p = place_of("https://a/1");
    wk_error err = {0};

    open_session(replies, N(replies), -1, 0);
    T_OK(wki_download_run(&session, &p.d, &err), &err);
    T_STR(p.text, "<ab<abcd>");
    CU_ASSERT_EQUAL(p.ends, 1);
    close_session();
}

static void test_it_ends_after_a_few_attempts(void)
{
    static const script_reply replies[] = {{.status = 200, .body = "ab", .end = WKI_WIRE_BROKEN}};
    static const struct {
        int retries;
        size_t attempts;
    } cases[] = {{-1, 3}, {0, 1}, {5, 6}};

    for (size_t i = 0; i < N(cases); i++) {
        place p = place_of("https://a/1");
        wk_error err = {0};

        open_session(replies, N(replies), cases[i].retries, 0);
        T_FAILS(wki_download_run(&session, &p.d, &err), WK_NET, &err);
        CU_ASSERT_EQUAL(wire.n_seen, cases[i].attempts);
        CU_ASSERT_EQUAL(p.ends, 1);
        CU_ASSERT_EQUAL(p.error.code, WK_NET);
        close_session();
    }
}

/* Neither the server's refusal nor the taker's is another attempt's to mend. */
static void test_what_is_refused_is_asked_once(void)
{
    static const script_reply gone[] = {{.status = 404}}, there[] = {{.status = 200, .body = "ab"}};
    place p = place_of("https://a/1"), full = place_of("https://a/1");
    wk_error err = {0};

    open_session(gone, N(gone), -1, 0);
    T_FAILS(wki_download_run(&session, &p.d, &err), WK_NOT_FOUND, &err);
    T_STR(p.text, ">");
    CU_ASSERT_EQUAL(wire.n_seen, 1);
    close_session();
    full.d.body = refuse;
    open_session(there, N(there), -1, 0);
    wk_error_clear(&err);
    T_FAILS(wki_download_run(&session, &full.d, &err), WK_IO, &err);
    CU_ASSERT_EQUAL(wire.n_seen, 1);
    close_session();
}

/* Side by side, and no more at once than there is room for; one that fails ends no other. */
static void test_side_by_side(void)
{
    static const script_reply replies[] = {{.status = 200, .body = "a", .delay_ms = 1000},
                                           {.status = 500, .delay_ms = 1000},
                                           {.status = 200, .body = "c", .delay_ms = 1000}};
    place p[] = {place_of("https://a/1"), place_of("https://a/2"), place_of("https://a/3")};
    wki_downloads q;
    wk_error err = {0};

    open_session(replies, N(replies), 0, 2);
    wki_downloads_init(&q, &session);
    for (size_t i = 0; i < N(p); i++) {
        T_OK(wki_downloads_add(&q, &p[i].d, &err), &err);
        CU_ASSERT(q.active <= 2);
    }
    T_OK(wki_downloads_wait(&q, &err), &err);
    CU_ASSERT_EQUAL(q.active, 0);
    CU_ASSERT_EQUAL(wire.most_open, 2);
    T_STR(p[0].text, "<a>");
    T_STR(p[1].text, ">");
    CU_ASSERT_EQUAL(p[1].error.http_status, 500);
    T_STR(p[2].text, "<c>");
    close_session();
}

/* An address that cannot be asked ends at once, with its reason. */
static void test_what_cannot_begin_ends(void)
{
    static const script_reply replies[] = {{.status = 200, .body = "a"}};
    place bad = place_of("ftp://a/1"), good = place_of("https://a/1");
    wki_downloads q;
    wk_error err = {0};

    open_session(replies, N(replies), 0, 0);
    wki_downloads_init(&q, &session);
    T_OK(wki_downloads_add(&q, &bad.d, &err), &err);
    CU_ASSERT_EQUAL(bad.ends, 1);
    CU_ASSERT(bad.error.code != WK_OK);
    T_OK(wki_downloads_add(&q, &good.d, &err), &err);
    T_OK(wki_downloads_wait(&q, &err), &err);
    T_STR(good.text, "<a>");
    close_session();
}

static CU_TestInfo tests[] = {
    {"what broke off begins anew", test_what_broke_off_begins_anew},
    {"it ends after a few attempts", test_it_ends_after_a_few_attempts},
    {"what is refused is asked once", test_what_is_refused_is_asked_once},
    {"downloads go side by side", test_side_by_side},
    {"what cannot begin ends", test_what_cannot_begin_ends},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_download = {"download", NULL, NULL, NULL, NULL, tests};
