/*
 * Whether to try again, and when: a pure function, so that each row of the policy is a test.
 *
 * - 408, 425, 429 and 5xx (but not 501 and 505), failed connections and broken ones are tried
 *   again; never after a byte of a body was handed over. So is 202 where it is no answer yet.
 * - A request that must not be done twice (POST that is no search) is tried again only where it
 *   was not done for sure: no connection, 408, 425, 429, 503.
 * - The wait is Retry-After where the server gives one, else a back-off of 0.5 s that doubles up to
 *   30 s, of which a random half is taken off.
 * - `retries` attempts follow the first. By default (negative) that is 5, and answers with
 *   Retry-After are not counted: there only the patience (wait_left_ms) ends it. 202 gets 40, with
 *   or without Retry-After: an archive may bring something from tape, or never be done.
 * - Waits for 202, 429 and 503 use up the patience. A server that was never reached gets 2 retries,
 * so that a typing error shows soon. By default an answer 500 to a request for a part of something
 *   gets one: a server that cannot read one file says so, and will say so again.
 */
#ifndef WADOKIT_HTTP_RETRY_H
#define WADOKIT_HTTP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_RETRIES_DEFAULT = 5
};

typedef enum wki_failure {
    WKI_FAILURE_STATUS,  /* an answer that is no success: `status` */
    WKI_FAILURE_CONNECT, /* nothing was sent: no name, no connection */
    WKI_FAILURE_BROKEN,  /* sent, then reset, cut short or silent */
} wki_failure;

/* attempt        1 where the first has just failed
 * counted        how many of the attempts so far count against `retries`
 * retries        as described above
 * repeatable     doing it twice does no harm
 * divisible      the caller has other ways, or wants one of many
 * body_started   a byte of the body was handed over
 * reached        this server has answered before
 * retry_after, date   headers of the answer, NULL where absent
 * now_unix_s     local time, used where the answer has no Date
 * wait_left_ms   patience left for 202, 429 and 503
 * random         any 32 bits */
typedef struct wki_retry_case {
    wki_failure failure;
    int status;
    int counted;
    int retries;
    bool repeatable;
    bool divisible;
    bool body_started;
    bool reached;
    const char *retry_after;
    const char *date;
    int64_t now_unix_s;
    int64_t wait_left_ms;
    uint32_t random;
} wki_retry_case;

/* again     try again after wait_ms; otherwise `why` says in words why not ("" where nothing need
 *           be said), and `setting` what would help, NULL where nothing would
 * asked     the server named the wait
 * counts    the next attempt counts against `retries`
 * patience  the wait counts against the patience */
typedef struct wki_retry_verdict {
    bool again;
    int64_t wait_ms;
    bool asked;
    bool counts;
    bool patience;
    const char *setting;
    char why[96];
} wki_retry_verdict;

wki_retry_verdict wki_retry_decide(const wki_retry_case *c);

/* An HTTP date (RFC 9110 section 5.6.7, all three forms) as seconds since 1970; false where it is
 * none. */
bool wki_http_date_read(const char *text, int64_t *out);

/* Retry-After as milliseconds from now, 0 for a date gone by, at most WK_MAX_RETRY_AFTER_S. False
 * where the value is neither seconds nor a date. `date` may be NULL. */
bool wki_retry_after_read(const char *value, const char *date, int64_t now_unix_s, int64_t *out_ms);

#ifdef __cplusplus
}
#endif

#endif
