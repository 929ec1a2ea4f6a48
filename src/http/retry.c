#include "http/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/clock.h"
#include "core/text.h"

enum {
    FIRST_WAIT_MS = 500,
    LONGEST_WAIT_MS = 30000,
    UNREACHED_RETRIES = 2,
    DIVISIBLE_RETRIES = 1,
    AWAITED_RETRIES = 40
};

static int month_of(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        char one[4] = {names[3 * i], names[3 * i + 1], names[3 * i + 2], '\0'};

        if (wki_str_ieq(name, one))
            return i + 1;
    }
    return 0;
}

bool wki_http_date_read(const char *text, int64_t *out)
{
    int day = 0, year = 0, hour = 0, minute = 0, second = 0, month;
    char name[4] = "";
    bool two_digits = false;

    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d", &day, name, &year, &hour,
               &minute, &second) != 6) {
        two_digits = sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d", &day, name, &year,
                            &hour, &minute, &second) == 6;
        if (!two_digits && sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d", name, &day,
                                  &hour, &minute, &second, &year) != 6)
            return false;
    }
    if (two_digits)
        year += year < 70 ? 2000 : 1900;
    month = month_of(name);
    if (month == 0 || day < 1 || day > 31 || year < 1970 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 60)
        return false;
    *out = wki_days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

bool wki_retry_after_read(const char *value, const char *date, int64_t now_unix_s, int64_t *out_ms)
{
    int64_t at, s = 0;

    while (*value == ' ')
        value++;
    if (*value >= '0' && *value <= '9') {
        for (; *value >= '0' && *value <= '9'; value++) {
            if (s <= WK_MAX_RETRY_AFTER_S)
                s = s * 10 + (*value - '0');
        }
        /* Some servers send fractions; the next whole second is kind enough. */
        s += *value == '.';
    } else {
        if (!wki_http_date_read(value, &at))
            return false;
        if (date)
            (void)wki_http_date_read(date, &now_unix_s);
        s = at > now_unix_s ? at - now_unix_s : 0;
    }
    *out_ms = (s < WK_MAX_RETRY_AFTER_S ? s : WK_MAX_RETRY_AFTER_S) * 1000;
    return true;
}

static bool is_transient(int status)
{
    return status == 202 || status == 408 || status == 425 || status == 429 ||
           (status >= 500 && status != 501 && status != 505);
}

/* The server has said that it did nothing. */
static bool was_not_done(const wki_retry_case *c)
{
    if (c->failure == WKI_FAILURE_STATUS)
        return c->status == 408 || c->status == 425 || c->status == 429 || c->status == 503;
    return c->failure == WKI_FAILURE_CONNECT;
}

static int64_t back_off_ms(int counted, uint32_t random)
{
    int64_t full = FIRST_WAIT_MS;

    for (int i = 1; i < counted && full < LONGEST_WAIT_MS; i++)
        full *= 2;
    if (full > LONGEST_WAIT_MS)
        full = LONGEST_WAIT_MS;
    return full - (int64_t)((uint64_t)(full / 2) * random >> 32);
}

static wki_retry_verdict stop(wki_retry_verdict v, const char *why)
{
    v.again = false;
    snprintf(v.why, sizeof v.why, "%s", why);
    return v;
}

static int allowed_retries(const wki_retry_case *c)
{
    int retries = c->retries < 0 ? WKI_RETRIES_DEFAULT : c->retries;

    if (c->failure == WKI_FAILURE_CONNECT && !c->reached && retries > UNREACHED_RETRIES)
        return UNREACHED_RETRIES;
    if (c->failure == WKI_FAILURE_STATUS && c->status == 500 && c->divisible && c->retries < 0)
        return DIVISIBLE_RETRIES;
    if (c->failure == WKI_FAILURE_STATUS && c->status == 202 && c->retries < 0)
        return AWAITED_RETRIES;
    return retries;
}

wki_retry_verdict wki_retry_decide(const wki_retry_case *c)
{
    wki_retry_verdict v = {.counts = true};
    bool busy = c->failure == WKI_FAILURE_STATUS &&
                (c->status == 202 || c->status == 429 || c->status == 503);

    if (c->failure == WKI_FAILURE_STATUS && !is_transient(c->status))
        return stop(v, "");
    if (c->body_started)
        return stop(v, "part of the body had arrived");
    if (!c->repeatable && !was_not_done(c))
        return stop(v, "not sent again, as it may have been done");
    v.patience = busy;
    v.asked = c->failure == WKI_FAILURE_STATUS && c->retry_after &&
              wki_retry_after_read(c->retry_after, c->date, c->now_unix_s, &v.wait_ms);
    v.counts = !(v.asked && busy && c->status != 202 && c->retries < 0);
    if (v.counts && c->counted > allowed_retries(c))
        return stop(v, "");
    if (!v.asked || v.wait_ms < FIRST_WAIT_MS) {
        int64_t wait = back_off_ms(c->counted > 0 ? c->counted : 1, c->random);

        v.wait_ms = wait;
    }
    if ((busy || v.asked) && v.wait_ms > c->wait_left_ms) {
        v.setting = "max-wait";
        if (v.asked)
            snprintf(v.why, sizeof v.why,
                     "it asks to wait %lld s, more than is left of max-wait (%lld s)",
                     (long long)(v.wait_ms / 1000), (long long)(c->wait_left_ms / 1000));
        else
            snprintf(v.why, sizeof v.why, "the patience of max-wait is used up");
        return v;
    }
    v.again = true;
    return v;
}
