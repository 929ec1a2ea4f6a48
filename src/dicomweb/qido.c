#include "dicomweb/qido.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/seen.h"
#include "core/text.h"
#include "core/uid.h"
#include "dicomweb/dicom_json.h"
#include "http/url.h"
#include "json/json_stream.h"

enum {
    STUDY_PAGE = 200,
    DEEP_PAGE = 1000,
    SMALL_PAGE = 100,   /* what every server with a maximum takes */
    MAX_SEEN = 1 << 16, /* UIDs remembered against repeated pages: half a MiB */
    MAX_REPEATS = 1,    /* of a page whose transfer broke off */
};

/* One search, over all its pages. */
typedef struct search {
    wki_http *http;
    const wki_qido_opts *opts;
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
    wki_seen seen;
    char first[WK_UID_SIZE], last_first[WK_UID_SIZE]; /* of this page, of the one before */
    uint64_t handed;
    uint64_t offset;
    unsigned page; /* asked for in one request, 0: nothing asked */
    bool with_include;
    unsigned asked; /* `limit` of the current page */
    unsigned lowered;
    bool honoured; /* a page of just the size asked for has come: a shorter one is the last */
    wki_server *server, unknown;
    int rung; /* of the Accept ladder for JSON */
    unsigned tried;
    char accept[WKI_ACCEPT_SIZE];
    bool after_400; /* the rung was changed for one */

    /* of the current page */
    wki_json_stream *stream;
    uint64_t received, fresh;
    bool warned;  /* the answer said that there is more, or something else */
    bool enough;  /* the limit is reached */
    bool refused; /* the caller's function failed */
} search;

/* Whether this UID is new in the search; counts. */
static bool is_new(search *q, const char *uid)
{
    if (q->received == 1)
        wki_strcopy(q->first, sizeof q->first, uid);
    if (wki_seen_before(&q->seen, uid))
        return false;
    q->fresh++;
    return true;
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

    if (!wki_qido_read_study(record, &row) || !is_new(q, row.uid))
        return WK_OK;
    return handed(q, q->each.study(q->user, &row, err), err);
}

static wk_code take_series(search *q, const wki_json *record, wk_error *err)
{
    wki_qido_series_row row;

    if (!wki_qido_read_series(record, q->study, &row) || !is_new(q, row.uid))
        return WK_OK;
    return handed(q, q->each.series(q->user, &row, err), err);
}

static wk_code take_instance(search *q, const wki_json *record, wk_error *err)
{
    wki_qido_instance_row row;

    if (!wki_qido_read_instance(record, q->study, q->series, &row) || !is_new(q, row.uid))
        return WK_OK;
    return handed(q, q->each.instance(q->user, &row, err), err);
}

static wk_code on_record(void *user, const wki_json *value, wk_error *err)
{
    search *q = user;
    wk_code rc;

    if (!wki_json_first(value)) /* null among the rows says nothing of the others */
        return WK_OK;
    if (!wki_json_is_object(value))
        return wk_fail(err, WK_DATA, "QIDO answer: a list of %s, not of objects",
                       wki_json_text(value) ? "words" : "other values");
    rc = wki_dicom_json_check(value, "QIDO answer", err);
    if (rc != WK_OK)
        return rc;
    q->received++;
    return q->take(q, value, err);
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    search *q = user;
    const char *warning = wki_http_header(head, "Warning");

    (void)err;
    q->warned = warning != NULL;
    wki_server_took(q->server, WKI_FORM_JSON, q->rung, false);
    if (warning)
        wk_log_write(q->opts->log, WK_LOG_INFO, "the server warns: %s", warning);
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

static unsigned page_limit(const search *q)
{
    uint64_t left = q->opts->limit ? q->opts->limit - q->handed : UINT64_MAX;

    return left < q->page ? (unsigned)left : q->page;
}

static wk_code build_query(search *q, wki_buf *query, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < q->opts->n_filters && rc == WK_OK; i++)
        rc = wki_query_add(query, q->opts->filters[i].name, q->opts->filters[i].value, err);
    for (size_t i = 0; q->with_include && q->include[i] && rc == WK_OK; i++)
        rc = wki_query_add(query, "includefield", q->include[i], err);
    q->asked = page_limit(q);
    if (q->page && rc == WK_OK)
        rc = add_int(query, "limit", q->asked, err);
    if (q->offset && rc == WK_OK)
        rc = add_int(query, "offset", q->offset, err);
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
                                .same_origin_headers = true};
    wki_http_result result = {0};
    wki_buf url;
    wk_code rc;

    q->received = q->fresh = 0;
    q->warned = false;
    q->first[0] = '\0';
    wki_buf_init(&url, WK_MAX_URL_BYTES, "QIDO URL");
    rc = page_url(q, &url, err);
    if (rc == WK_OK)
        rc = wki_json_stream_new("QIDO answer", WK_MAX_JSON_ITEM_BYTES, on_record, q, &q->stream,
                                 err);
    if (rc != WK_OK)
        goto out;
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

/* After a 400 to the first request: some servers have a maximum for `limit`, or know no
 * `includefield`. */
static bool lower(search *q)
{
    if (q->lowered == 0 && q->page > SMALL_PAGE) {
        q->page = SMALL_PAGE;
        q->lowered = 1;
    } else if (q->lowered <= 1 && q->with_include && q->include[0]) {
        q->with_include = false;
        q->lowered = 2;
    } else if (q->lowered <= 2 && q->page) {
        q->with_include = false;
        q->page = 0;
        q->lowered = 3;
    } else {
        return false;
    }
    return true;
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

static bool is_broken_off(const search *q, const wk_error *cause)
{
    return !q->refused && cause->code == WK_NET &&
           (cause->http_status == 0 || cause->http_status / 100 == 2);
}

static wk_code next_page(search *q, wk_error *err)
{
    unsigned repeats = 0;

    for (;;) {
        wk_error cause = {0};
        wk_code rc = fetch_page(q, &cause);

        if (rc == WK_OK)
            return WK_OK;
        /* What was handed over before the break is known by its UID and not handed over again. */
        if (q->received > 0 && is_broken_off(q, &cause) && repeats++ < MAX_REPEATS)
            continue;
        if (q->offset == 0 &&
            (climb(q, cause.http_status) || (cause.http_status == 400 && lower(q))))
            continue;
        if (err && err->code == WK_OK)
            *err = cause;
        return rc;
    }
}

static bool is_last(search *q)
{
    if (q->enough || q->received == 0 || q->fresh == 0)
        return true;
    /* Also where there were too many UIDs to remember them all. */
    if (q->first[0] && strcmp(q->first, q->last_first) == 0)
        return true;
    if (q->warned)
        return false;
    if (q->page && q->received > q->asked)
        return true; /* the server pays no attention to `limit`: this was all */
    if (q->received == q->asked) {
        q->honoured = true;
        return false;
    }
    /* A short page may be the last, or all that this server gives at once without a word. */
    return q->page && (q->honoured || (q->opts->expect && q->handed >= q->opts->expect));
}

static wk_code run(search *q, unsigned page, wk_error *err)
{
    wk_code rc = WK_OK;

    q->page = q->opts->page ? q->opts->page : page;
    if (q->page > WK_MAX_QIDO_PAGE)
        q->page = WK_MAX_QIDO_PAGE;
    q->with_include = !(q->opts && q->opts->uids_only);
    q->server = q->opts->server ? q->opts->server : &q->unknown;
    (void)take_rung(q);
    wki_seen_init(&q->seen, MAX_SEEN);
    for (unsigned n = 0;; n++) {
        if (n >= WK_MAX_PAGES) {
            rc = wk_fail(err, WK_LIMIT, "QIDO answer of more than %d pages", WK_MAX_PAGES);
            break;
        }
        rc = next_page(q, err);
        if (rc != WK_OK || is_last(q))
            break;
        memcpy(q->last_first, q->first, sizeof q->first);
        q->offset += q->received;
    }
    wki_seen_clear(&q->seen);
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
