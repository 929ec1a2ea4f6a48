#include "support/t.h"

#include <stdint.h>

#include "http/retry.h"
#include "http/throttle.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* The first attempt of a GET got `status`; patience is plenty. */
static wki_retry_case after_status(int status)
{
    return (wki_retry_case){.failure = WKI_FAILURE_STATUS,
                            .status = status,
                            .counted = 1,
                            .retries = -1,
                            .repeatable = true,
                            .reached = true,
                            .wait_left_ms = 300000};
}

static void test_transient_statuses_are_tried_again_and_others_not(void)
{
    static const int again[] = {408, 425, 429, 500, 502, 503, 504, 507};
    static const int final[] = {300, 304, 400, 401, 403, 404, 406, 409, 410, 413, 501, 505};

    for (size_t i = 0; i < N(again); i++) {
        wki_retry_case c = after_status(again[i]);
        CU_ASSERT_TRUE(wki_retry_decide(&c).again);
    }
    for (size_t i = 0; i < N(final); i++) {
        wki_retry_case c = after_status(final[i]);
        CU_ASSERT_FALSE(wki_retry_decide(&c).again);
    }
}

static void test_back_off_doubles_with_jitter_up_to_a_ceiling(void)
{
    static const int64_t full[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};

    for (int i = 0; i < (int)N(full); i++) {
        wki_retry_case c = after_status(500);
        int64_t most, least;

        c.counted = i + 1;
        c.retries = 100;
        c.random = 0;
        most = wki_retry_decide(&c).wait_ms;
        c.random = UINT32_MAX;
        least = wki_retry_decide(&c).wait_ms;
        CU_ASSERT_EQUAL(most, full[i]);
        CU_ASSERT(least >= full[i] / 2 && least <= full[i] / 2 + 1);
    }
}

static void test_retries_are_counted(void)
{
    wki_retry_case c = after_status(500);

    c.counted = 5;
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
    c.counted = 6;
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
    c.retries = 0;
    c.counted = 1;
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
}

static void test_what_can_be_divided_is_given_up_soon_after_a_500(void)
{
    wki_retry_case c = after_status(500);

    c.divisible = true;
    c.counted = 1;
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
    c.counted = 2;
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
    c.status = 502;
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
    c.status = 500;
    c.retries = 4; /* given */
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
}

static void test_retry_after_is_obeyed_within_the_patience(void)
{
    wki_retry_case c = after_status(503);
    wki_retry_verdict v;

    c.retry_after = "7";
    c.counted = 50;
    v = wki_retry_decide(&c);
    CU_ASSERT_TRUE(v.again && v.asked && v.patience && !v.counts);
    CU_ASSERT_EQUAL(v.wait_ms, 7000);
    c.retries = 2; /* given by the user: counted */
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
    c.counted = 1;
    c.wait_left_ms = 6999;
    v = wki_retry_decide(&c);
    CU_ASSERT_FALSE(v.again);
    T_HAS(v.why, "asks to wait 7 s");
}

static void test_an_answer_yet_to_come_is_waited_for(void)
{
    wki_retry_case c = after_status(202);
    wki_retry_verdict v;

    c.retry_after = "7";
    c.counted = 40;
    v = wki_retry_decide(&c);
    CU_ASSERT_TRUE(v.again && v.asked && v.patience && v.counts);
    CU_ASSERT_EQUAL(v.wait_ms, 7000);
    c.wait_left_ms = 6999;
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
    T_STR(wki_retry_decide(&c).setting, "max-wait");
    c.wait_left_ms = 300000;
    c.counted = 41; /* never done, by all appearance */
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
    c.retries = 50;
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
    c.repeatable = false; /* it was taken */
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
}

static void test_a_wait_of_zero_still_backs_off(void)
{
    wki_retry_case c = after_status(429);

    c.retry_after = "0";
    CU_ASSERT(wki_retry_decide(&c).wait_ms >= 250);
}

static void test_nothing_is_tried_again_once_the_body_began(void)
{
    wki_retry_case c = after_status(0);

    c.failure = WKI_FAILURE_BROKEN;
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
    c.body_started = true;
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
}

static void test_what_may_have_been_done_is_not_done_twice(void)
{
    static const struct {
        wki_failure failure;
        int status;
        bool again;
    } cases[] = {
        {WKI_FAILURE_CONNECT, 0, true},   {WKI_FAILURE_BROKEN, 0, false},
        {WKI_FAILURE_STATUS, 503, true},  {WKI_FAILURE_STATUS, 429, true},
        {WKI_FAILURE_STATUS, 500, false}, {WKI_FAILURE_STATUS, 502, false},
    };

    for (size_t i = 0; i < N(cases); i++) {
        wki_retry_case c = after_status(cases[i].status);

        c.failure = cases[i].failure;
        c.repeatable = false;
        CU_ASSERT_EQUAL(wki_retry_decide(&c).again, cases[i].again);
    }
}

static void test_a_server_never_reached_gets_few_retries(void)
{
    wki_retry_case c = after_status(0);

    c.failure = WKI_FAILURE_CONNECT;
    c.reached = false;
    c.counted = 2;
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
    c.counted = 3;
    CU_ASSERT_FALSE(wki_retry_decide(&c).again);
    c.reached = true;
    CU_ASSERT_TRUE(wki_retry_decide(&c).again);
}

static void test_dates_are_read_in_all_three_forms(void)
{
    static const struct {
        const char *text;
        int64_t at;
    } good[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 29 Feb 2024 00:00:00 GMT", 1709164800},
    };
    static const char *const bad[] = {"", "soon", "Sun, 99 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Xxx 1994 08:49:37 GMT", "1994-11-06"};
    int64_t at;

    for (size_t i = 0; i < N(good); i++) {
        CU_ASSERT_TRUE(wki_http_date_read(good[i].text, &at));
        CU_ASSERT_EQUAL(at, good[i].at);
    }
    for (size_t i = 0; i < N(bad); i++)
        CU_ASSERT_FALSE(wki_http_date_read(bad[i], &at));
}

static void test_retry_after_is_seconds_or_a_date(void)
{
    const char *date = "Sun, 06 Nov 1994 08:49:37 GMT";
    int64_t ms = -1;

    CU_ASSERT_TRUE(wki_retry_after_read("120", NULL, 0, &ms));
    CU_ASSERT_EQUAL(ms, 120000);
    CU_ASSERT_TRUE(wki_retry_after_read(" 99999999999999999999", NULL, 0, &ms));
    CU_ASSERT_EQUAL(ms, 3600000);
    CU_ASSERT_TRUE(wki_retry_after_read(date, NULL, 784111770, &ms));
    CU_ASSERT_EQUAL(ms, 7000);
    CU_ASSERT_TRUE(wki_retry_after_read(date, NULL, 884111770, &ms));
    CU_ASSERT_EQUAL(ms, 0);
    /* The server's own clock counts where it says it. */
    CU_ASSERT_TRUE(wki_retry_after_read(date, "Sun, 06 Nov 1994 08:49:35 GMT", 5, &ms));
    CU_ASSERT_EQUAL(ms, 2000);
    CU_ASSERT_FALSE(wki_retry_after_read("-1", NULL, 0, &ms));
    CU_ASSERT_FALSE(wki_retry_after_read("", NULL, 0, &ms));
}

static void test_concurrency_halves_when_busy_and_recovers(void)
{
    wki_throttle t;

    wki_throttle_init(&t, 8);
    CU_ASSERT_TRUE(wki_throttle_has_room(&t, 7, 0));
    CU_ASSERT_FALSE(wki_throttle_has_room(&t, 8, 0));
    wki_throttle_busy(&t, 8, 5, 10, 0);
    CU_ASSERT_EQUAL(t.limit, 4);
    /* The seven others were sent before the server said so. */
    for (int i = 7; i > 0; i--)
        wki_throttle_busy(&t, i, 5, 11, 0);
    CU_ASSERT_EQUAL(t.limit, 4);
    wki_throttle_busy(&t, 4, 20, 30, 0);
    CU_ASSERT_EQUAL(t.limit, 2);
    wki_throttle_busy(&t, 2, 40, 50, 0);
    wki_throttle_busy(&t, 1, 60, 70, 0);
    CU_ASSERT_EQUAL(t.limit, 1);
    for (int i = 0; i < 1 + 2 + 3; i++)
        wki_throttle_success(&t);
    CU_ASSERT_EQUAL(t.limit, 4);
    for (int i = 0; i < 1000; i++)
        wki_throttle_success(&t);
    CU_ASSERT_EQUAL(t.limit, 8);
}

static void test_an_origin_can_be_held(void)
{
    wki_throttle t;

    wki_throttle_init(&t, 4);
    wki_throttle_busy(&t, 1, 0, 100, 5000);
    CU_ASSERT_FALSE(wki_throttle_has_room(&t, 0, 5099));
    CU_ASSERT_TRUE(wki_throttle_has_room(&t, 0, 5100));
}

static CU_TestInfo tests[] = {
    {"transient statuses are tried again", test_transient_statuses_are_tried_again_and_others_not},
    {"back-off doubles with jitter", test_back_off_doubles_with_jitter_up_to_a_ceiling},
    {"retries are counted", test_retries_are_counted},
    {"what can be divided is given up soon after a 500",
     test_what_can_be_divided_is_given_up_soon_after_a_500},
    {"Retry-After is obeyed within the patience", test_retry_after_is_obeyed_within_the_patience},
    {"an answer yet to come is waited for", test_an_answer_yet_to_come_is_waited_for},
    {"a wait of zero still backs off", test_a_wait_of_zero_still_backs_off},
    {"no retry once the body began", test_nothing_is_tried_again_once_the_body_began},
    {"nothing is done twice", test_what_may_have_been_done_is_not_done_twice},
    {"a server never reached gets few retries", test_a_server_never_reached_gets_few_retries},
    {"dates are read in all three forms", test_dates_are_read_in_all_three_forms},
    {"Retry-After is seconds or a date", test_retry_after_is_seconds_or_a_date},
    {"concurrency halves and recovers", test_concurrency_halves_when_busy_and_recovers},
    {"an origin can be held", test_an_origin_can_be_held},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_retry = {"retry", NULL, NULL, NULL, NULL, tests};
