#include "dicomweb/qido.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/seen.h"
#include "core/text.h"
#include "core/uid.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/qido_pages.h"
#include "http/url.h"
#include "json/json_stream.h"

enum {
    STUDY_PAGE = 200,
    DEEP_PAGE = 1000,
    MAX_SEEN = 1 << 16, /* UIDs remembered against repeated pages: half a MiB */
    MAX_REPEATS = 1,    /* of a page whose transfer broke off */
    MAX_WARNINGS = 8,   /* of the server's words that are told */
    NO_ANSWER = -1
};

/* One search, over all its pages. */
typedef struct search {
    wki_http *http;
    const wki_qido_opts *opts;
    const char *level;          /* "Study": whose UID a record has to have */
    const char *const *include; /* ends with NULL */
    /* Reads one record and hands it over; the UID is for telling repeated records. */
    wk_code (*take)(struct search *q, const wki_json *record, wk_error *err);
    const char *study, *series;
    union {
        wki_qido_study_fn study;
        wki_qido_series_fn series;
        wki_qido_instance_fn instance;
    } each;
    void *user;

    char *url; /* the resource, without our parameters */
    wki_qido_pages pages;
    wki_qido_report report;
    wki_seen seen;
    wki_seen warnings;
    char first[WK_UID_SIZE], last_first[WK_UID_SIZE]; /* of this page, of the one before */
    uint64_t handed;
    wki_server *server, unknown;
    int rung; /* of the Accept ladder for JSON */
    unsigned tried;
    char accept[WKI_ACCEPT_SIZE];
    bool after_400; /* the rung was changed for one */

    /* of the current page */
    wki_json_stream *stream;
    wki_json_faults faults;
    uint64_t received, fresh, useful;
    char warning[300]; /* what the server says beside its records */
    char promise[300]; /* that it has more: the last such word of all pages */
    bool enough;       /* the limit is reached */
    bool refused;      /* the caller's function failed */
} search;

/* --- records --- */

/* Whether this UID is new in the search; counts. */
static bool is_new(search *q, const char *uid)
{
    if (q->received == 1)
        wki_strcopy(q->first, sizeof q->first, uid);
    if (wki_seen_before(&q->seen, uid))
        return false;
    q->fresh++;
    q->useful++;
    return true;
}

/* A record that cannot be named; the same one again is not counted again. */
static void lose(search *q, const wki_json *record)
{
    char *text = wki_json_print(record);

    if (!text || !wki_seen_before(&q->seen, text)) {
        q->fresh++;
        q->report.no_uid++;
    }
    free(text);
}

/* Whether the record is what was asked for; counts what is not. */
static bool is_wanted(search *q, const wki_json *record)
{
    const wki_qido_filter path[] = {{"StudyInstanceUID", q->study ? q->study : ""},
                                    {"SeriesInstanceUID", q->series ? q->series : ""}};
    const char *key = wki_qido_contradicted(record, path, 2);

    if (!key)
        key = wki_qido_contradicted(record, q->opts->filters, q->opts->n_filters);
    if (!key)
        return true;
    if (q->report.contradicting++ == 0)
        wki_text_clean(q->report.key, sizeof q->report.key, key, strlen(key));
    return false;
}

static wk_code handed(search *q, wk_code rc, wk_error *err)
{
    if (rc != WK_OK) {
        q->refused = true;
        return rc;
    }
    q->handed++;
    if (q->opts->limit && q->handed >= q->opts->limit) {
        q->enough = true;
        return wk_fail(err, WK_LIMIT, "enough"); /* ends the transfer; no error in the end */
    }
    return WK_OK;
}

static wk_code take_study(search *q, const wki_json *record, wk_error *err)
{
    wki_qido_study_row row;

    if (!wki_qido_read_study(record, &row))
        lose(q, record);
    else if (is_new(q, row.uid) && is_wanted(q, record))
        return handed(q, q->each.study(q->user, &row, err), err);
    return WK_OK;
}

static wk_code take_series(search *q, const wki_json *record, wk_error *err)
{
    wki_qido_series_row row;

    if (!wki_qido_read_series(record, q->study, &row))
        lose(q, record);
    else if (is_new(q, row.uid) && is_wanted(q, record))
        return handed(q, q->each.series(q->user, &row, err), err);
    return WK_OK;
}

static wk_code take_instance(search *q, const wki_json *record, wk_error *err)
{
    wki_qido_instance_row row;

    if (!wki_qido_read_instance(record, q->study, q->series, &row))
        lose(q, record);
    else if (is_new(q, row.uid) && is_wanted(q, record))
        return handed(q, q->each.instance(q->user, &row, err), err);
    return WK_OK;
}

static wk_code on_record(void *user, const wki_json *value, wk_error *err)
{
    search *q = user;
    char place[32];
    wk_code rc;

    if (!wki_json_first(value)) /* null among the rows says nothing of the others */
        return WK_OK;
    if (!wki_json_is_object(value))
        return wk_fail(err, WK_DATA, "QIDO answer: a list of %s, not of objects",
                       wki_json_text(value) ? "words" : "other values");
    rc = wki_dicom_json_check(value, "QIDO answer", err);
    if (rc != WK_OK)
        return rc;
    snprintf(place, sizeof place, "[%llu]", (unsigned long long)wki_json_stream_index(q->stream));
    wki_dicom_json_faults(value, place, &q->faults);
    q->received++;
    return q->take(q, value, err);
}

/* --- one page --- */

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    search *q = user;
    const char *warning = wki_http_header(head, "Warning");

    (void)err;
    wki_server_took(q->server, WKI_FORM_JSON, q->rung, false);
    wki_text_clean(q->warning, sizeof q->warning, warning ? warning : "",
                   warning ? strlen(warning) : 0);
    return WK_OK;
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    search *q = user;

    return wki_json_stream_feed(q->stream, data, n, err);
}

static wk_code add_int(wki_buf *query, const char *name, uint64_t value, wk_error *err)
{
    char digits[24];

    snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    return wki_query_add(query, name, digits, err);
}

static wk_code build_query(search *q, wki_buf *query, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < q->opts->n_filters && rc == WK_OK; i++)
        rc = wki_query_add(query, q->opts->filters[i].name, q->opts->filters[i].value, err);
    for (size_t i = 0; q->pages.include && q->include[i] && rc == WK_OK; i++)
        rc = wki_query_add(query, "includefield", q->include[i], err);
    if (q->pages.limit && rc == WK_OK)
        rc = add_int(query, "limit", q->pages.limit, err);
    if (q->pages.offset && rc == WK_OK)
        rc = add_int(query, "offset", q->pages.offset, err);
    return rc;
}

static wk_code page_url(search *q, wki_buf *url, wk_error *err)
{
    wki_buf query;
    wk_code rc;

    wki_buf_init(&query, WK_MAX_URL_BYTES, "query");
    rc = build_query(q, &query, err);
    if (rc == WK_OK)
        rc = wki_buf_add(url, q->url, strlen(q->url), err);
    if (rc == WK_OK && query.n)
        rc = wki_buf_addf(url, err, "%c%s", strchr(q->url, '?') ? '&' : '?', wki_buf_text(&query));
    wki_buf_clear(&query);
    return rc;
}

static wk_code fetch_page(search *q, wk_error *err)
{
    wki_http_handler handler = {.head = on_head, .body = on_body, .user = q};
    wki_http_request request = {.accept = q->accept,
                                .headers = q->opts->headers,
                                .n_headers = q->opts->n_headers,
                                .auth = q->opts->auth,
                                .named_by = q->opts->named_by,
                                .service = true,
                                .selects = true,
                                .awaits = true,
                                .divisible = wki_qido_pages_may_turn(&q->pages),
                                .same_origin_headers = true};
    wki_http_result result = {0};
    wki_buf url;
    wk_code rc;

    q->received = q->fresh = q->useful = 0;
    q->faults = (wki_json_faults){0};
    q->warning[0] = '\0';
    q->first[0] = '\0';
    wki_buf_init(&url, WK_MAX_URL_BYTES, "QIDO URL");
    rc = page_url(q, &url, err);
    if (rc == WK_OK)
        rc = wki_json_stream_new("QIDO answer", WK_MAX_JSON_ITEM_BYTES, on_record, q, &q->stream,
                                 err);
    if (rc != WK_OK)
        goto out;
    wki_json_stream_mend(q->stream, &q->faults);
    request.url = wki_buf_text(&url);
    rc = wki_http_perform(q->http, &request, &handler, &result, err);
    if (rc == WK_OK)
        rc = wki_json_stream_finish(q->stream, err);
    if (q->enough) {
        wk_error_clear(err);
        rc = WK_OK;
    }
out:
    wki_json_stream_free(q->stream);
    q->stream = NULL;
    wki_buf_clear(&url);
    return rc;
}

static bool take_rung(search *q)
{
    return wki_server_rung(q->server, WKI_FORM_JSON, "*", &q->tried, &q->rung, q->accept);
}

/* Another form of JSON, where the answer asks for one. A 400 may have another cause: while no form
 * has worked, one other is tried, and then the request itself is changed. */
static bool climb(search *q, int status)
{
    if (status == 400 && q->server->proved[WKI_FORM_JSON])
        return false;
    if (status == 400 && q->after_400) {
        q->tried = 0;
        (void)take_rung(q);
        return false;
    }
    q->after_400 = status == 400;
    return wki_server_refuses(q->server, WKI_FORM_JSON, q->accept, status) && take_rung(q);
}

/* A page that came before has nothing new in it, nor faults. */
static void add_faults(search *q)
{
    wki_json_faults *all = &q->report.faults;

    if (q->fresh == 0 && q->seen.n > 0)
        return;
    if (all->values == 0 && all->elements == 0)
        memcpy(all->first, q->faults.first, sizeof all->first);
    all->values += q->faults.values;
    all->elements += q->faults.elements;
}

static bool is_broken_off(const search *q, const wk_error *cause)
{
    return !q->refused && cause->code == WK_NET &&
           (cause->http_status == 0 || cause->http_status / 100 == 2);
}

/* What was handed over before a break is known by its UID and not handed over again. */
static wk_code next_page(search *q, wk_error *err)
{
    for (unsigned repeats = 0;; repeats++) {
        wk_code rc = fetch_page(q, err);

        if (rc == WK_OK || q->received == 0 || !is_broken_off(q, err) || repeats >= MAX_REPEATS)
            return rc;
        wk_error_clear(err);
    }
}

/* --- all pages --- */

/* Whether a Warning (RFC 7234 section 5.5; PS3.18 section 8.3.4.4.2) says that records were kept
 * back. Others say that a key was not understood. */
static bool promises_more(const char *warning)
{
    static const char *const words[] = {"*additional result*", "*more result*", "*more matches*",
                                        "*truncated*",         "*exceed*",      "*incomplete*"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (wki_str_glob(words[i], strlen(words[i]), warning))
            return true;
    }
    return false;
}

/* That there is more is of interest only where it does not come; pages.incomplete tells that. */
static void tell_warning(search *q)
{
    if (promises_more(q->warning))
        memcpy(q->promise, q->warning, sizeof q->promise);
    else if (q->warning[0] && !wki_seen_before(&q->warnings, q->warning) &&
             q->warnings.n < MAX_WARNINGS)
        wk_log_write(q->opts->log, WK_LOG_WARN, "the server warns: %s", q->warning);
}

static wki_qido_turn next_turn(search *q, int status)
{
    const wki_qido_page got = {.status = status,
                               .received = q->received,
                               .fresh = q->fresh,
                               .useful = q->useful,
                               .same = q->first[0] && strcmp(q->first, q->last_first) == 0,
                               .promised = promises_more(q->warning),
                               .handed = q->handed};

    memcpy(q->last_first, q->first, sizeof q->first);
    return wki_qido_pages_next(&q->pages, &got);
}

static wk_code walk(search *q, wk_error *err)
{
    for (unsigned n = 0; n < WK_MAX_PAGES; n++) {
        wk_error cause = {0};
        wk_code rc = next_page(q, &cause);
        wki_qido_turn turn = WKI_QIDO_FAIL;

        if (rc == WK_OK) {
            tell_warning(q);
            add_faults(q);
        }
        if (q->enough)
            return WK_OK;
        if (rc == WK_OK)
            turn = next_turn(q, 0);
        else if (q->received == 0 && q->pages.offset == 0 && climb(q, cause.http_status))
            continue;
        else if (!q->refused && q->received == 0 && rc != WK_CANCELLED && rc != WK_NOMEM)
            turn = next_turn(q, cause.http_status ? cause.http_status : NO_ANSWER);
        if (turn == WKI_QIDO_END)
            return WK_OK;
        if (turn == WKI_QIDO_FAIL) {
            if (err && err->code == WK_OK)
                *err = cause;
            return rc;
        }
    }
    return wk_fail(err, WK_LIMIT, "QIDO answer of more than %d pages", WK_MAX_PAGES);
}

static void tell(const search *q)
{
    const wki_qido_report *r = &q->report;
    const wk_log *log = q->opts->log;
    char where[512];

    wki_url_redact(where, sizeof where, q->url);
    if (r->contradicting)
        wk_log_write(log, WK_LOG_WARN,
                     "%s: %llu of the server's records left out: not what was asked for (%s)",
                     where, (unsigned long long)r->contradicting, r->key);
    wki_json_faults_tell(&r->faults, where, log);
    if (r->no_uid)
        wk_log_write(log, WK_LOG_WARN,
                     "%s: %llu of the server's records left out: no valid %s Instance UID", where,
                     (unsigned long long)r->no_uid, q->level);
    if (r->incomplete)
        wk_log_write(log, WK_LOG_WARN, "%s: the list may be incomplete: %s%s%s", where,
                     r->incomplete, q->promise[0] ? ": " : "", q->promise);
}

/* Begins with what the server was found to take. */
static void begin(search *q, unsigned page)
{
    const wki_server *s = q->server;

    if (q->opts->page)
        page = q->opts->page < WK_MAX_QIDO_PAGE ? q->opts->page : WK_MAX_QIDO_PAGE;
    if (s->limit && page > s->limit)
        page = s->limit;
    wki_qido_pages_init(&q->pages, q->opts->limit, s->no_limit ? 0 : page,
                        !q->opts->uids_only && q->include[0] && !s->no_fields, q->opts->expect);
}

/* After an answer: what had to be left away for it. */
static void learn(search *q, const wki_qido_pages *first)
{
    if (first->include && !q->pages.include)
        q->server->no_fields = true;
    if (first->page && !q->pages.page)
        q->server->no_limit = true;
    else if (q->pages.page < first->page)
        q->server->limit = q->pages.page;
}

static wk_code run(search *q, unsigned page, wk_error *err)
{
    wki_qido_pages first;
    wk_code rc;

    q->server = q->opts->server ? q->opts->server : &q->unknown;
    begin(q, page);
    first = q->pages;
    (void)take_rung(q);
    wki_seen_init(&q->seen, MAX_SEEN);
    wki_seen_init(&q->warnings, MAX_WARNINGS);
    rc = walk(q, err);
    if (rc == WK_OK)
        learn(q, &first);
    if (rc == WK_OK && !q->enough)
        q->report.incomplete = q->pages.incomplete;
    tell(q);
    if (q->opts->report)
        *q->opts->report = q->report;
    wki_seen_clear(&q->seen);
    wki_seen_clear(&q->warnings);
    return rc;
}

/* root + /studies/... for what is asked. */
static wk_code resource_url(const char *root, const char *study, const char *series,
                            const char *what, char **out, wk_error *err)
{
    char path[3 * WK_UID_SIZE + 64];

    if ((study && !wki_uid_is_valid(study)) || (series && !wki_uid_is_valid(series)))
        return wk_fail(err, WK_USAGE, "not a UID: '%s'",
                       study && !wki_uid_is_valid(study) ? study : series);
    snprintf(path, sizeof path, "%s%s%s%s%s%s", study ? "studies/" : "", study ? study : "",
             series ? "/series/" : "", series ? series : "", study || series ? "/" : "", what);
    return wki_url_append(root, path, out, err);
}

static const wki_qido_opts no_opts;

wk_code wki_qido_studies(wki_http *http, const char *root, const wki_qido_opts *opts,
                         wki_qido_study_fn each, void *user, wk_error *err)
{
    static const char *const include[] = {"StudyDescription", NULL};
    search q = {.http = http,
                .opts = opts ? opts : &no_opts,
                .include = include,
                .level = "Study",
                .take = take_study,
                .each.study = each,
                .user = user};
    wk_code rc = resource_url(root, NULL, NULL, "studies", &q.url, err);

    if (rc == WK_OK)
        rc = run(&q, STUDY_PAGE, err);
    free(q.url);
    return rc;
}

wk_code wki_qido_series(wki_http *http, const char *root, const char *study,
                        const wki_qido_opts *opts, wki_qido_series_fn each, void *user,
                        wk_error *err)
{
    static const char *const include[] = {"SeriesDescription", NULL};
    search q = {.http = http,
                .opts = opts ? opts : &no_opts,
                .include = include,
                .level = "Series",
                .take = take_series,
                .study = study,
                .each.series = each,
                .user = user};
    wk_code rc = resource_url(root, study, NULL, "series", &q.url, err);

    if (rc == WK_OK)
        rc = run(&q, DEEP_PAGE, err);
    free(q.url);
    return rc;
}

wk_code wki_qido_instances(wki_http *http, const char *root, const char *study, const char *series,
                           const wki_qido_opts *opts, wki_qido_instance_fn each, void *user,
                           wk_error *err)
{
    static const char *const include[] = {"Modality", "NumberOfFrames", NULL};
    search q = {.http = http,
                .opts = opts ? opts : &no_opts,
                .include = include,
                .level = "SOP",
                .take = take_instance,
                .study = study,
                .series = study ? series : NULL,
                .each.instance = each,
                .user = user};
    wk_code rc = resource_url(root, study, q.series, "instances", &q.url, err);

    if (rc == WK_OK)
        rc = run(&q, DEEP_PAGE, err);
    free(q.url);
    return rc;
}
