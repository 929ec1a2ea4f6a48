#include "support/t.h"

#include "http/pace.h"

enum {
    STEP = 100
};

/* Looks every 100 ms for `ms`, `bytes` more at each look; the first verdict that is not FINE, and
 * when it came in *at. */
static wki_pace_verdict run(wki_pace *p, wki_pace_sample *s, int64_t *now, int64_t ms,
                            uint64_t bytes)
{
    wki_pace_verdict v = WKI_PACE_FINE;

    for (int64_t end = *now + ms; v == WKI_PACE_FINE && *now < end;) {
        *now += STEP;
        s->bytes += bytes;
        v = wki_pace_look(p, s, *now);
    }
    return v;
}

static void test_silence_ends_and_life_does_not(void)
{
    wki_pace_sample s = {.connected = true};
    int64_t now = 5000;
    wki_pace p;

    wki_pace_init(&p, 60000, 10, 120000, now);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 60000, 0), WKI_PACE_FINE);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 200, 0), WKI_PACE_SILENT);
    CU_ASSERT_EQUAL(now, 5000 + 60000 + STEP);
    s.moving = true;
    wki_pace_init(&p, 60000, 10, 120000, now);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 3600000, 1), WKI_PACE_FINE); /* 10 bytes a second */
}

static void test_nothing_is_watched_before_the_connection_stands(void)
{
    wki_pace_sample s = {.connected = false, .in_head = true, .moving = true};
    int64_t now = 0;
    wki_pace p;

    wki_pace_init(&p, 1000, 10, 1000, now);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 100000, 0), WKI_PACE_FINE);
}

static void test_a_trickle_ends_after_the_window(void)
{
    wki_pace_sample s = {.connected = true, .moving = true};
    int64_t now = 0;
    wki_pace p;

    wki_pace_init(&p, 60000, 11, 120000, now);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 119000, 1), WKI_PACE_FINE);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 2000, 1), WKI_PACE_SLOW);
    CU_ASSERT_EQUAL(now, 120000);
    wki_pace_init(&p, 60000, 0, 120000, now); /* no limit */
    CU_ASSERT_EQUAL(run(&p, &s, &now, 1000000, 1), WKI_PACE_FINE);
}

static void test_a_server_that_works_on_its_answer_is_not_slow(void)
{
    wki_pace_sample s = {.connected = true};
    int64_t now = 0;
    wki_pace p;

    wki_pace_init(&p, 60000, 1000, 2000, now);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 50000, 0), WKI_PACE_FINE);
    s.moving = true;
    CU_ASSERT_EQUAL(run(&p, &s, &now, 1900, 1), WKI_PACE_FINE); /* its window begins now */
    CU_ASSERT_EQUAL(run(&p, &s, &now, 200, 1), WKI_PACE_SLOW);
}

static void test_headers_have_to_end(void)
{
    wki_pace_sample s = {.connected = true, .in_head = true};
    int64_t now = 0;
    wki_pace p;

    wki_pace_init(&p, 60000, 0, 0, now);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 50000, 100), WKI_PACE_FINE);
    s.in_head = false; /* of a 1xx: the next one has its own time */
    CU_ASSERT_EQUAL(run(&p, &s, &now, 20000, 100), WKI_PACE_FINE);
    s.in_head = true;
    CU_ASSERT_EQUAL(run(&p, &s, &now, 60000, 100), WKI_PACE_FINE);
    CU_ASSERT_EQUAL(run(&p, &s, &now, 200, 100), WKI_PACE_HEAD);
}

static void test_what_this_program_was_busy_with_is_not_the_servers_fault(void)
{
    wki_pace_sample s = {.connected = true, .moving = true};
    wki_pace p;

    wki_pace_init(&p, 60000, 1000, 30000, 0);
    for (int64_t now = 30000; now < 29 * 30000; now += 30000) {
        s.bytes++;
        CU_ASSERT_EQUAL(wki_pace_look(&p, &s, now), WKI_PACE_FINE);
    }
}

static CU_TestInfo tests[] = {
    {"silence ends and life does not", test_silence_ends_and_life_does_not},
    {"nothing is watched before the connection stands",
     test_nothing_is_watched_before_the_connection_stands},
    {"a trickle ends after the window", test_a_trickle_ends_after_the_window},
    {"a server that works on its answer is not slow",
     test_a_server_that_works_on_its_answer_is_not_slow},
    {"headers have to end", test_headers_have_to_end},
    {"what this program was busy with is not the server's fault",
     test_what_this_program_was_busy_with_is_not_the_servers_fault},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_pace = {"pace", NULL, NULL, NULL, NULL, tests};
