#include "support/t.h"

#include "dicomweb/qido_pages.h"

/* A server of `total` records.
 * cap       the most it gives at once; 0: no maximum
 * no_limit, no_offset   it pays no attention to them
 * bad_*     it answers with this status to a request that has it; large: to a limit above `cap` */
typedef struct server {
    unsigned total, cap;
    bool no_limit, no_offset;
    int bad_limit, bad_offset, bad_include, bad_large;
} server;

static wki_qido_page answer(const server *s, const wki_qido_pages *p, uint64_t *seen)
{
    uint64_t from = s->no_offset ? 0 : p->offset, n;
    wki_qido_page got = {0};

    got.status = p->limit && s->bad_limit            ? s->bad_limit
                 : p->offset && s->bad_offset        ? s->bad_offset
                 : p->include && s->bad_include      ? s->bad_include
                 : s->bad_large && p->limit > s->cap ? s->bad_large
                                                     : 0;
    if (got.status)
        return got;
    n = from < s->total ? s->total - from : 0;
    if (p->limit && !s->no_limit && n > p->limit)
        n = p->limit;
    if (s->cap && n > s->cap)
        n = s->cap;
    got.received = n;
    got.fresh = from + n > *seen ? from + n - *seen : 0;
    got.useful = got.fresh;
    if (from + n > *seen)
        *seen = from + n;
    got.handed = *seen;
    return got;
}

static void test_all_records_come_or_it_is_told(void)
{
    static const struct {
        server s;
        unsigned found;
        bool whole;
        unsigned most_requests;
    } rows[] = {
        {{.total = 0}, 0, true, 1},
        {{.total = 3}, 3, true, 2},
        {{.total = 200}, 200, true, 2},
        {{.total = 450}, 450, true, 3},
        {{.total = 450, .cap = 100}, 450, true, 6},
        {{.total = 450, .cap = 7}, 450, true, 67},
        {{.total = 450, .no_offset = true}, 450, true, 3},
        {{.total = 450, .no_offset = true, .cap = 200}, 200, false, 4},
        {{.total = 450, .no_offset = true, .cap = 20}, 20, false, 3},
        {{.total = 9000, .no_offset = true}, 5000, false, 3},
        {{.total = 450, .no_offset = true, .no_limit = true}, 450, true, 2},
        {{.total = 200, .no_offset = true, .no_limit = true}, 200, true, 4},
        {{.total = 3, .no_offset = true, .no_limit = true}, 3, true, 3},
        {{.total = 1, .no_offset = true}, 1, true, 2},
        {{.total = 450, .no_limit = true}, 450, true, 2},
        {{.total = 450, .bad_limit = 500}, 450, true, 5},
        {{.total = 450, .bad_include = 500}, 450, true, 8},
        {{.total = 450, .bad_include = 501, .bad_limit = 400}, 450, true, 6},
        {{.total = 450, .bad_offset = 500}, 450, true, 3},
        {{.total = 3, .bad_offset = 400}, 3, true, 2},
        {{.total = 450, .bad_offset = 501, .cap = 200}, 200, false, 5},
        {{.total = 450, .bad_large = 413, .cap = 10}, 450, true, 50},
        {{.total = 450, .bad_large = 413, .cap = 100}, 450, true, 7},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_qido_turn turn = WKI_QIDO_ASK;
        unsigned requests = 0;
        uint64_t seen = 0;
        wki_qido_pages p;

        wki_qido_pages_init(&p, 0, 200, true, 0);
        while (turn == WKI_QIDO_ASK && requests++ < 100) {
            const wki_qido_page got = answer(&rows[i].s, &p, &seen);

            turn = wki_qido_pages_next(&p, &got);
        }
        if (seen != rows[i].found || (p.incomplete == NULL) != rows[i].whole ||
            requests > rows[i].most_requests)
            printf("\n  row %zu: %llu found, %s, %u requests\n", i, (unsigned long long)seen,
                   p.incomplete ? p.incomplete : "whole", requests);
        CU_ASSERT_EQUAL(turn, WKI_QIDO_END);
        CU_ASSERT_EQUAL(seen, rows[i].found);
        CU_ASSERT_EQUAL(p.incomplete == NULL, rows[i].whole);
        CU_ASSERT(requests <= rows[i].most_requests);
    }
}

static void test_what_cannot_be_helped_fails(void)
{
    wki_qido_page refused = {.status = 401}, full = {.received = 200, .fresh = 200, .useful = 200};
    wki_qido_pages p;

    wki_qido_pages_init(&p, 0, 200, true, 0);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &refused), WKI_QIDO_FAIL);
    wki_qido_pages_init(&p, 0, 0, false, 0);
    refused.status = 500;
    CU_ASSERT_FALSE(wki_qido_pages_may_turn(&p));
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &refused), WKI_QIDO_FAIL);
    /* The third page: the server does know pages. */
    wki_qido_pages_init(&p, 0, 200, true, 0);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &full), WKI_QIDO_ASK);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &full), WKI_QIDO_ASK);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &refused), WKI_QIDO_FAIL);
}

static void test_a_promise_that_is_not_kept_is_told(void)
{
    const wki_qido_page some = {.received = 9, .fresh = 9, .useful = 9, .promised = true};
    const wki_qido_page none = {.received = 0}, kept = {.received = 9, .fresh = 9, .useful = 9};
    wki_qido_pages p;

    wki_qido_pages_init(&p, 0, 200, false, 0);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &some), WKI_QIDO_ASK);
    CU_ASSERT_EQUAL(p.offset, 9);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &none), WKI_QIDO_END);
    CU_ASSERT_PTR_NOT_NULL(p.incomplete);
    wki_qido_pages_init(&p, 0, 200, false, 0);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &some), WKI_QIDO_ASK);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &kept), WKI_QIDO_ASK);
    CU_ASSERT_EQUAL(wki_qido_pages_next(&p, &none), WKI_QIDO_END);
    CU_ASSERT_PTR_NULL(p.incomplete);
}

static void test_pages_without_a_name_end(void)
{
    const wki_qido_page odd = {.received = 200, .fresh = 200, .useful = 0};
    wki_qido_pages p;
    unsigned n = 1;

    wki_qido_pages_init(&p, 0, 200, false, 0);
    while (wki_qido_pages_next(&p, &odd) == WKI_QIDO_ASK && n < 100)
        n++;
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_PTR_NOT_NULL(p.incomplete);
}

static CU_TestInfo tests[] = {
    {"all records come, or it is told", test_all_records_come_or_it_is_told},
    {"what cannot be helped fails", test_what_cannot_be_helped_fails},
    {"a promise that is not kept is told", test_a_promise_that_is_not_kept_is_told},
    {"pages without a name end", test_pages_without_a_name_end},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_qido_pages = {"qido_pages", NULL, NULL, NULL, NULL, tests};
