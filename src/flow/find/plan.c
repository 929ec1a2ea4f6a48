#include "flow/find/plan_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/text.h"
#include "dicomweb/dicomweb_url.h"
#include "http/origin.h"
#include "http/url.h"

static const char wado_rs[] = "dicom-wado-rs";

/* What became of one Endpoint for one study or series.
 * url      what to request, NULL where it cannot be
 * why      why it is not used; "" where it can be
 * error    where it was refused, or leads nowhere */
typedef struct place {
    const wki_plan_endpoint *from; /* NULL: the fallback */
    char *url;
    char *root;
    char why[400];
    wk_error error;
} place;

/* All Endpoints of one study or series, and the one that is used (NULL: none). */
typedef struct places {
    place *items;
    size_t n;
    const place *chosen;
} places;

typedef struct planner {
    const wki_plan_input *in;
    wk_plan_fn each;
    void *user;
    places study;
    places *series; /* one for each listed series */
    place fallback;
} planner;

/* --- addresses --- */

static size_t opening(const char *p, size_t *n)
{
    *n = wki_str_starts(p, "{{") ? 2 : wki_str_istarts(p, "%7B%7B") ? 6 : 0;
    return *n;
}

static const char *closing(const char *p, size_t *n)
{
    for (; *p; p++) {
        *n = wki_str_starts(p, "}}") ? 2 : wki_str_istarts(p, "%7D%7D") ? 6 : 0;
        if (*n)
            return p;
    }
    return NULL;
}

static wk_code fill_one(wki_buf *b, const char **at, size_t n_open,
                        const char *(*lookup)(void *, const char *), void *user, wk_error *err)
{
    const char *from = *at + n_open;
    size_t n_close = 0;
    const char *to = closing(from, &n_close), *value;
    char name[80];

    if (!to)
        return wk_fail(err, WK_REFUSED, "its address holds '{{' without '}}'");
    *at = to + n_close;
    while (from < to && *from == ' ')
        from++;
    while (to > from && to[-1] == ' ')
        to--;
    wki_text_clean(name, sizeof name, from, (size_t)(to - from));
    value = lookup ? lookup(user, name) : NULL;
    if (!value)
        return wk_fail_setting(err, WK_REFUSED, "set",
                               "its address holds {{%s}}, which is not filled: give %s=VALUE", name,
                               name);
    return wki_buf_add(b, value, strlen(value), err);
}

wk_code wki_plan_fill(const char *address, const char *(*lookup)(void *user, const char *name),
                      void *lookup_user, char **out, wk_error *err)
{
    wk_code rc = WK_OK;
    wki_buf b;

    wki_buf_init(&b, WK_MAX_URL_BYTES, "address");
    for (const char *p = address; *p && rc == WK_OK;) {
        size_t n_open;

        if (opening(p, &n_open))
            rc = fill_one(&b, &p, n_open, lookup, lookup_user, err);
        else
            rc = wki_buf_add(&b, p++, 1, err);
    }
    if (rc == WK_OK) {
        *out = b.n ? wki_buf_take(&b) : wki_strdup("");
        if (!*out)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    wki_buf_clear(&b);
    return rc;
}

/* Relative addresses stand on the FHIR base, as relative references do. */
static wk_code make_absolute(const char *base, char **address, wk_error *err)
{
    char *slashed, *absolute = NULL;
    wk_code rc;

    if (strstr(*address, "://"))
        return WK_OK;
    if (!base)
        return wk_fail_setting(err, WK_DATA, "fhir",
                               "its address is relative, and the server it stands on is not known");
    slashed = wki_strfmt("%s/", base);
    if (!slashed)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_url_resolve(slashed, *address, &absolute, err);
    free(slashed);
    if (rc != WK_OK)
        return rc;
    free(*address);
    *address = absolute;
    return WK_OK;
}

static wk_code check_uids(const wki_dicomweb_url *u, const char *study, const char *series,
                          wk_error *err)
{
    if (u->study[0] && strcmp(u->study, study) != 0)
        return wk_fail(err, WK_REFUSED, "its address names another study, %s", u->study);
    if (series && u->series[0] && strcmp(u->series, series) != 0)
        return wk_fail(err, WK_REFUSED, "its address names another series, %s", u->series);
    return WK_OK;
}

/* A server's resource does not send us to this machine, nor to a metadata service, unless the user
 * named that place too. */
static wk_code check_reach(const wki_plan_input *in, const char *address, wk_error *err)
{
    char why[96];

    if ((in->allowed && in->allowed(in->sends_user, address)) ||
        wki_origin_may_reach(in->named_by, address, why, sizeof why))
        return WK_OK;
    return wk_fail(err, WK_REFUSED, "its address is %s", why);
}

/* The URL for `study` (and `series`) by an address that is a root, a study's or a series' URL. */
static wk_code address_to_url(const char *address, const char *study, const char *series,
                              place *out, wk_error *err)
{
    wki_dicomweb_url u;
    wk_code rc = wki_url_check(address, err);

    if (rc == WK_OK)
        rc = wki_dicomweb_url_parse(address, &u, err);
    if (rc != WK_OK)
        return rc;
    rc = check_uids(&u, study, series, err);
    if (rc == WK_OK) {
        out->url = wki_dicomweb_url_build(u.root, study, series, NULL, 0, u.query);
        /* With a query the parts below the root cannot be told from the address alone. */
        out->root = u.query[0] ? NULL : wki_strdup(u.root);
        if (!out->url || (!out->root && !u.query[0]))
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    wki_dicomweb_url_clear(&u);
    return rc;
}

/* "Name: value" of printable characters, and no header that frames or addresses the request. */
static wk_code check_headers(const wki_json *headers, wk_error *err)
{
    static const char *const ours[] = {"Host:",       "Content-Length:", "Transfer-Encoding:",
                                       "Connection:", "Content-Type:",   "Accept:"};

    for (const wki_json *h = wki_json_first(headers); h; h = wki_json_next(headers, h)) {
        const char *text = wki_json_text(h);
        size_t n = text ? strcspn(text, ":") : 0;

        if (!text || n == 0 || !text[n] || strcspn(text, " \t") < n)
            return wk_fail(err, WK_REFUSED, "it asks for a header that is not 'Name: value'");
        for (const char *p = text; *p; p++) {
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                return wk_fail(err, WK_REFUSED, "it asks for a header with control characters");
        }
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
            if (wki_str_istarts(text, ours[i]))
                return wk_fail(err, WK_REFUSED, "it asks for a header of its own '%s'", ours[i]);
        }
    }
    return WK_OK;
}

static wk_code work_out(const wki_plan_input *in, const wki_plan_endpoint *from, const char *series,
                        place *out)
{
    wk_error *err = &out->error;
    char *address = NULL;
    wk_code rc;

    out->from = from;
    if (from->error.code != WK_OK) {
        *err = from->error;
        return WK_OK;
    }
    if (!from->endpoint.usable) {
        wki_strcopy(out->why, sizeof out->why, from->endpoint.why);
        return WK_OK;
    }
    rc = check_headers(from->endpoint.headers, err);
    if (rc == WK_OK)
        rc = wki_plan_fill(from->endpoint.address, in->lookup, in->lookup_user, &address, err);
    if (rc == WK_OK)
        rc = make_absolute(in->base, &address, err);
    if (rc == WK_OK)
        rc = check_reach(in, address, err);
    if (rc == WK_OK)
        rc = address_to_url(address, in->study->uid, series, out, err);
    free(address);
    if (rc != WK_OK) {
        wk_fail_add(err, "%s: ", from->label);
        snprintf(out->why, sizeof out->why, "%.*s", (int)sizeof out->why - 1, err->message);
    }
    return rc == WK_NOMEM ? rc : WK_OK;
}

static wk_code work_out_all(const wki_plan_input *in, const wki_plan_endpoints *from,
                            const char *series, places *out, wk_error *err)
{
    if (from->n == 0)
        return WK_OK;
    out->items = calloc(from->n, sizeof *out->items);
    if (!out->items)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < from->n; i++) {
        place *p = &out->items[out->n++];

        if (work_out(in, &from->items[i], series, p) != WK_OK)
            return wk_fail(err, WK_NOMEM, "out of memory");
        if (p->url && !out->chosen)
            out->chosen = p;
    }
    return WK_OK;
}

static void clear_places(places *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->items[i].url);
        free(p->items[i].root);
    }
    free(p->items);
}

/* --- items --- */

static wk_code add_headers(wk_plan_item *item, const wki_json *headers, wk_error *err)
{
    size_t n = 0;

    for (const wki_json *h = wki_json_first(headers); h; h = wki_json_next(headers, h))
        n++;
    if (n == 0)
        return WK_OK;
    item->headers = calloc(n, sizeof *item->headers);
    if (!item->headers)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (const wki_json *h = wki_json_first(headers); h; h = wki_json_next(headers, h)) {
        item->headers[item->n_headers] = wki_strdup(wki_json_text(h));
        if (!item->headers[item->n_headers++])
            return wk_fail(err, WK_NOMEM, "out of memory");
    }
    return WK_OK;
}

static bool set(char **field, const char *text)
{
    *field = wki_strdup(text);
    return *field || !text;
}

/* What all items of a study share; `series` NULL at study level. */
static wk_code begin_item(const planner *p, const char *series, const place *from,
                          wk_plan_item *item, wk_error *err)
{
    const wki_imaging_study *study = p->in->study;
    const char *label = !from ? "ImagingStudy" : from->from ? from->from->label : "dicomweb";

    memset(item, 0, sizeof *item);
    item->level = series ? WK_LEVEL_SERIES : WK_LEVEL_STUDY;
    item->connection = wado_rs;
    wki_strcopy(item->study, sizeof item->study, study->uid);
    if (series)
        wki_strcopy(item->series, sizeof item->series, series);
    if (!set(&item->endpoint, label) || !set(&item->description, study->description) ||
        (from && !set(&item->url, from->url)) || (from && !set(&item->root, from->root)) ||
        (from && from->from &&
         !set(&item->named_by, p->in->named_by ? p->in->named_by : from->url)))
        return wk_fail(err, WK_NOMEM, "out of memory");
    return WK_OK;
}

static wk_code set_credentials(const planner *p, const place *from, wk_plan_item *item,
                               wk_error *err)
{
    char reason[256] = "nothing is known of credentials";

    if (from->from && from->from->endpoint.token == WKI_TOKEN_NOT_WANTED)
        wki_strcopy(reason, sizeof reason, "the Endpoint says that it needs no access token");
    else if (p->in->sends)
        item->send_credentials = p->in->sends(p->in->sends_user, item->url, reason, sizeof reason);
    if (!set(&item->reason, reason))
        return wk_fail(err, WK_NOMEM, "out of memory");
    return from->from ? add_headers(item, from->from->endpoint.headers, err) : WK_OK;
}

static wk_code hand_over(const planner *p, wk_plan_item *item, wk_error *err)
{
    return p->each(p->user, item, err);
}

/* An Endpoint (or a study) that is not used. With `error`, that is a failure. */
static wk_code notice(const planner *p, const char *series, const place *from, const char *reason,
                      const wk_error *error, wk_error *err)
{
    wk_plan_item item;
    wk_code rc = begin_item(p, series, from, &item, err);

    item.kind = WK_ITEM_NOTICE;
    if (rc == WK_OK && !item.url && from && from->from && from->from->endpoint.address) {
        char shown[1024];
        const char *address = from->from->endpoint.address;

        wki_text_clean(shown, sizeof shown, address, strlen(address));
        if (!set(&item.url, shown))
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (rc == WK_OK && !set(&item.reason, reason))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    if (rc == WK_OK) {
        if (error)
            item.error = *error;
        rc = hand_over(p, &item, err);
    }
    wki_plan_item_clear(&item);
    return rc;
}

/* --- a study --- */

static const wki_study_series *series_at(const planner *p, size_t i)
{
    return &p->in->study->series[i];
}

/* A series counts once, and only where it can be named. */
static bool counts(const planner *p, size_t i)
{
    const char *uid = series_at(p, i)->hint.uid;

    if (!uid[0])
        return false;
    for (size_t k = 0; k < i; k++) {
        if (strcmp(series_at(p, k)->hint.uid, uid) == 0)
            return false;
    }
    return true;
}

static bool is_covered(const planner *p, size_t i)
{
    return counts(p, i) && p->series && p->series[i].chosen;
}

static bool all_covered(const planner *p)
{
    if (!wki_imaging_study_is_complete(p->in->study))
        return false;
    for (size_t i = 0; i < p->in->study->n_listed; i++) {
        if (counts(p, i) && !is_covered(p, i))
            return false;
    }
    return true;
}

static const place *study_place(const planner *p)
{
    if (p->study.chosen)
        return p->study.chosen;
    return p->fallback.url ? &p->fallback : NULL;
}

/* How many the resource says that there are of a study, without the series that others cover, or of
 * a series. */
static void set_counts(const planner *p, const wk_series_hint *hints, size_t n_except,
                       wk_plan_item *item)
{
    const wki_imaging_study *study = p->in->study;
    bool is_study = item->level == WK_LEVEL_STUDY;
    int64_t series = is_study ? study->n_series - (int64_t)n_except : 0;
    int64_t instances = is_study ? study->n_instances : hints ? hints[0].n_instances : -1;

    for (size_t i = 0; i < study->n_listed && n_except > 0; i++) {
        int64_t n = series_at(p, i)->hint.n_instances;

        if (is_covered(p, i))
            instances = n < 0 || instances < n ? -1 : instances - n;
    }
    item->n_series = series > 0 ? (uint64_t)series : 0;
    item->n_instances = instances > 0 ? (uint64_t)instances : 0;
}

/* Hints are lent to the item for the time of the call. */
static wk_code remote(const planner *p, const char *series, const place *from,
                      wk_series_hint *hints, size_t n_hints, const char (*except)[WK_UID_SIZE],
                      size_t n_except, wk_error *err)
{
    wk_plan_item item;
    wk_code rc = begin_item(p, series, from, &item, err);

    item.kind = WK_ITEM_REMOTE;
    item.complete_hint = wki_imaging_study_is_complete(p->in->study);
    if (rc == WK_OK)
        rc = set_credentials(p, from, &item, err);
    if (rc == WK_OK && n_except) {
        item.except = malloc(n_except * sizeof *item.except);
        if (!item.except)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
        else
            memcpy(item.except, except, n_except * sizeof *item.except);
        item.n_except = item.except ? n_except : 0;
    }
    set_counts(p, n_hints ? hints : NULL, n_except, &item);
    if (rc == WK_OK) {
        item.series_hints = hints;
        item.n_series_hints = n_hints;
        rc = hand_over(p, &item, err);
        item.series_hints = NULL;
        item.n_series_hints = 0;
    }
    wki_plan_item_clear(&item);
    return rc;
}

static wk_code emit_study(const planner *p, wk_error *err)
{
    size_t n = p->in->study->n_listed, n_hints = 0, n_except = 0;
    wk_series_hint *hints = calloc(n + 1, sizeof *hints);
    char(*except)[WK_UID_SIZE] = calloc(n + 1, sizeof *except);
    wk_code rc;

    if (!hints || !except) {
        rc = wk_fail(err, WK_NOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_covered(p, i))
            wki_strcopy(except[n_except++], WK_UID_SIZE, series_at(p, i)->hint.uid);
        else if (counts(p, i))
            hints[n_hints++] = series_at(p, i)->hint;
    }
    rc = remote(p, NULL, study_place(p), hints, n_hints, (const char(*)[WK_UID_SIZE])except,
                n_except, err);
out:
    free(hints);
    free(except);
    return rc;
}

/* Says of each Endpoint that is not used why; `instead` is what covers it, NULL where nothing does:
 * then one that was refused, or leads nowhere, is a failure (counted in *n_failed). */
static wk_code explain_unused(const planner *p, const places *list, const place *used,
                              const char *series, const char *instead, size_t *n_failed,
                              wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < list->n && rc == WK_OK; i++) {
        const place *from = &list->items[i];
        char reason[560];

        if (from == used)
            continue;
        if (from->error.code != WK_OK && !instead) {
            ++*n_failed;
            rc = notice(p, series, from, from->error.message, &from->error, err);
            continue;
        }
        if (from->error.code != WK_OK)
            snprintf(reason, sizeof reason, "%.360s; %s", from->error.message, instead);
        else
            wki_strcopy(reason, sizeof reason, from->why[0] || !instead ? from->why : instead);
        rc = notice(p, series, from, reason, NULL, err);
    }
    return rc;
}

static void why_none(const planner *p, char *out, size_t size)
{
    const places *list = &p->study;
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < list->n && n + 1 < size; i++) {
        int more = snprintf(out + n, size - n, "%s%s: %s", i ? "; " : " (",
                            list->items[i].from->label, list->items[i].why);

        if (more < 0 || (size_t)more >= size - n)
            return; /* cut: there is no room for the bracket either */
        n += (size_t)more;
    }
    if (n && n + 1 < size)
        snprintf(out + n, size - n, ")");
}

static bool has_error(const places *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].error.code != WK_OK)
            return true;
    }
    return false;
}

/* Whether anything of the study can be had, or says by itself why it cannot. */
static bool any_series_speaks(const planner *p)
{
    for (size_t i = 0; i < p->in->study->n_listed; i++) {
        if (is_covered(p, i) || (p->series && has_error(&p->series[i])))
            return true;
    }
    return false;
}

static wk_code uncovered_series(const planner *p, wk_error *err)
{
    const wki_imaging_study *study = p->in->study;
    wk_code rc = WK_OK;

    for (size_t i = 0; i < study->n_listed && rc == WK_OK; i++) {
        const char *uid = series_at(p, i)->hint.uid;
        wk_error error = {0};

        if (!counts(p, i) || is_covered(p, i) || has_error(&p->series[i]))
            continue;
        (void)wk_fail_setting(&error, WK_NOT_FOUND, "dicomweb", "series %s: no usable Endpoint",
                              uid);
        rc = notice(p, uid, NULL, error.message, &error, err);
    }
    return rc;
}

/* The study, or the part of it that no series' Endpoint covers, cannot be had. */
static wk_code no_endpoint(const planner *p, wk_error *err)
{
    const wki_imaging_study *study = p->in->study;
    wk_error error = {0};
    char why[300];
    wk_code rc;

    if (!any_series_speaks(p)) {
        why_none(p, why, sizeof why);
        (void)wk_fail_setting(&error, WK_NOT_FOUND, "dicomweb", "study %s: no usable Endpoint%s",
                              study->uid, why);
        return notice(p, NULL, NULL, error.message, &error, err);
    }
    rc = uncovered_series(p, err);
    if (rc == WK_OK && study->n_series > (int64_t)study->n_listed) {
        (void)wk_fail_setting(&error, WK_NOT_FOUND, "dicomweb",
                              "study %s: has %lld series by its own count, lists %zu, and no "
                              "usable Endpoint for the others",
                              study->uid, (long long)study->n_series, study->n_listed);
        rc = notice(p, NULL, NULL, error.message, &error, err);
    }
    return rc;
}

static const char another[] = "another Endpoint is used";

static wk_code emit_study_level(const planner *p, wk_error *err)
{
    static const char own[] = "every listed series has an endpoint of its own";
    const place *from = study_place(p);
    size_t failed = 0;
    wk_code rc;

    if (all_covered(p))
        return explain_unused(p, &p->study, NULL, NULL, own, &failed, err);
    if (from) {
        rc = emit_study(p, err);
        if (rc != WK_OK)
            return rc;
        return explain_unused(p, &p->study, from, NULL,
                              p->study.chosen ? another : "dicomweb is used", &failed, err);
    }
    rc = explain_unused(p, &p->study, NULL, NULL, NULL, &failed, err);
    if (rc == WK_OK && failed == 0)
        rc = no_endpoint(p, err);
    return rc;
}

static wk_code emit_series(const planner *p, size_t i, wk_error *err)
{
    const places *list = &p->series[i];
    wk_series_hint hint = series_at(p, i)->hint;
    const char *instead = NULL;
    size_t failed = 0;
    wk_code rc = WK_OK;

    if (list->chosen) {
        instead = another;
        rc = remote(p, hint.uid, list->chosen, &hint, 1, NULL, 0, err);
    } else if (study_place(p)) {
        instead = "the study's endpoint is used";
    }
    if (rc == WK_OK)
        rc = explain_unused(p, list, list->chosen, hint.uid, instead, &failed, err);
    return rc;
}

static wk_code no_uid(const planner *p, wk_error *err)
{
    const char *id = p->in->study->id;
    char name[80] = "";
    wk_error error = {0};

    if (id)
        wki_text_clean(name, sizeof name, id, strlen(id));
    (void)wk_fail(&error, WK_DATA, "ImagingStudy%s%s: no Study Instance UID in it", id ? " " : "",
                  name);
    return notice(p, NULL, NULL, error.message, &error, err);
}

static wk_code prepare(planner *p, wk_error *err)
{
    const wki_plan_input *in = p->in;
    wk_code rc = work_out_all(in, &in->of_study, NULL, &p->study, err);

    if (rc == WK_OK && in->study->n_listed && in->of_series) {
        p->series = calloc(in->study->n_listed, sizeof *p->series);
        if (!p->series)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    for (size_t i = 0; p->series && i < in->study->n_listed && rc == WK_OK; i++) {
        if (counts(p, i))
            rc = work_out_all(in, &in->of_series[i], series_at(p, i)->hint.uid, &p->series[i], err);
    }
    if (rc == WK_OK && in->fallback_root)
        rc = address_to_url(in->fallback_root, in->study->uid, NULL, &p->fallback, err);
    return rc;
}

wk_code wki_plan_study(const wki_plan_input *in, wk_plan_fn each, void *user, wk_error *err)
{
    planner p = {.in = in, .each = each, .user = user};
    wk_code rc;

    if (!in->study->uid[0])
        return no_uid(&p, err);
    rc = prepare(&p, err);
    if (rc == WK_OK)
        rc = emit_study_level(&p, err);
    for (size_t i = 0; p.series && i < in->study->n_listed && rc == WK_OK; i++) {
        if (counts(&p, i))
            rc = emit_series(&p, i, err);
    }
    for (size_t i = 0; p.series && i < in->study->n_listed; i++)
        clear_places(&p.series[i]);
    free(p.series);
    clear_places(&p.study);
    free(p.fallback.url);
    free(p.fallback.root);
    return rc;
}
