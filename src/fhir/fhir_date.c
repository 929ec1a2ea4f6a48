#include "fhir/fhir_date.h"

#include <string.h>

#include "core/clock.h"

enum {
    MINUTE = 60,
    HOUR = 3600,
    DAY = 86400,
    EASTMOST = 14 * HOUR, /* the day begins first there */
    WESTMOST = 12 * HOUR
};

/* A cursor over text that need not end in NUL. */
typedef struct reader {
    const char *p, *end;
} reader;

static bool digits(reader *r, int n, int *out)
{
    int value = 0;

    if (r->end - r->p < n)
        return false;
    for (int i = 0; i < n; i++) {
        if (r->p[i] < '0' || r->p[i] > '9')
            return false;
        value = value * 10 + (r->p[i] - '0');
    }
    r->p += n;
    *out = value;
    return true;
}

static bool character(reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* "Z" or "+02:00" at the end. */
static bool read_zone(reader *r, wki_fhir_span *out)
{
    int hours = 0, minutes = 0, east;

    if (r->p == r->end)
        return true;
    out->zoned = true;
    if (character(r, 'Z'))
        return r->p == r->end;
    east = character(r, '+') ? 1 : character(r, '-') ? -1 : 0;
    if (!east || !digits(r, 2, &hours))
        return false;
    (void)character(r, ':');
    if (r->p != r->end && !digits(r, 2, &minutes))
        return false;
    out->from -= east * (hours * HOUR + minutes * MINUTE);
    return r->p == r->end;
}

/* What follows 'T'. */
static bool read_time(reader *r, wki_fhir_span *out)
{
    int hours, minutes, seconds = 0;
    int64_t length = MINUTE;

    if (!digits(r, 2, &hours) || !character(r, ':') || !digits(r, 2, &minutes) || hours > 24 ||
        minutes > 59)
        return false;
    if (character(r, ':')) {
        if (!digits(r, 2, &seconds) || seconds > 60)
            return false;
        length = 1;
        if (character(r, '.')) {
            while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
                r->p++;
        }
    }
    out->from += hours * HOUR + minutes * MINUTE + seconds;
    if (!read_zone(r, out))
        return false;
    out->to = out->from + length;
    return true;
}

bool wki_fhir_span_read(const char *text, size_t n, wki_fhir_span *out)
{
    reader r = {text, text + n};
    int year, month = 1, day = 1;
    wki_fhir_span s = {0};

    if (!digits(&r, 4, &year))
        return false;
    s.from = wki_days_since_1970(year, 1, 1) * DAY;
    s.to = wki_days_since_1970(year + 1, 1, 1) * DAY;
    if (r.p != r.end) {
        if (!character(&r, '-') || !digits(&r, 2, &month) || month < 1 || month > 12)
            return false;
        s.from = wki_days_since_1970(year, month, 1) * DAY;
        s.to = wki_days_since_1970(year + month / 12, month % 12 + 1, 1) * DAY;
    }
    if (r.p != r.end) {
        if (!character(&r, '-') || !digits(&r, 2, &day) || day < 1 || day > 31)
            return false;
        s.from = wki_days_since_1970(year, month, day) * DAY;
        s.to = s.from + DAY;
    }
    if (r.p != r.end && (!character(&r, 'T') || !read_time(&r, &s)))
        return false;
    *out = s;
    return true;
}

/* As wide as it may be, where its place is not known and the other's is. */
static void widen(wki_fhir_span *s, const wki_fhir_span *other)
{
    if (s->zoned || !other->zoned)
        return;
    s->from -= EASTMOST;
    s->to += WESTMOST;
}

bool wki_fhir_date_contradicts(const char *asked, const char *value)
{
    const char *date = asked + strcspn(asked, "0123456789");
    size_t n_prefix = (size_t)(date - asked);
    wki_fhir_span a, v;
    wki_fhir_span plain;

    if (n_prefix != 0 && n_prefix != 2)
        return false;
    if (!wki_fhir_span_read(date, strlen(date), &a) ||
        !wki_fhir_span_read(value, strlen(value), &v))
        return false;
    plain = a;
    widen(&a, &v);
    widen(&v, &plain);
    if (n_prefix == 0 || strncmp(asked, "eq", 2) == 0)
        return v.to <= a.from || v.from >= a.to;
    if (strncmp(asked, "ge", 2) == 0)
        return v.to <= a.from;
    if (strncmp(asked, "gt", 2) == 0 || strncmp(asked, "sa", 2) == 0)
        return v.to <= (plain.zoned == v.zoned ? a.to : a.from);
    if (strncmp(asked, "le", 2) == 0)
        return v.from >= a.to;
    if (strncmp(asked, "lt", 2) == 0 || strncmp(asked, "eb", 2) == 0)
        return v.from >= (plain.zoned == v.zoned ? a.from : a.to);
    return false;
}
