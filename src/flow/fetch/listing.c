#include "flow/fetch/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/media_type.h"
#include "flow/fetch/plan_ask.h"
#include "flow/fetch/transfer.h"

typedef struct listing {
    const wki_listing *in;
    wki_qido_instance_fn each;
    wki_qido_series_fn each_series;
    void *user;
    size_t found, rows;
    bool refused; /* by `each` */
} listing;

/* --- one row --- */

static bool is_of(const char *asked, const char *is)
{
    return asked[0] == '\0' || strcmp(asked, is) == 0;
}

/* Servers that do not know what is asked of them answer with all they have. */
static wk_code take(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    listing *l = user;
    const wk_plan_item *item = l->in->item;
    wk_code rc;

    l->rows++;
    if (!is_of(item->study, row->study) || !is_of(item->series, row->series) ||
        row->series[0] == '\0' || wki_plan_is_excepted(item, row->series))
        return WK_OK;
    l->found++;
    rc = l->each(l->user, row, err);
    l->refused = rc != WK_OK;
    return rc;
}

static wk_code take_series(void *user, const wki_qido_series_row *row, wk_error *err)
{
    listing *l = user;
    const wk_plan_item *item = l->in->item;
    wk_code rc;

    if (!is_of(item->study, row->study) || wki_plan_is_excepted(item, row->uid))
        return WK_OK;
    l->found++;
    rc = l->each_series(l->user, row, err);
    l->refused = rc != WK_OK;
    return rc;
}

static wk_code take_known(listing *l, const char *series, const char *sop, const char *sop_class,
                          int64_t number, wk_error *err)
{
    wki_qido_instance_row row = {.number = number, .rows = -1, .columns = -1, .frames = -1};

    memcpy(row.study, l->in->item->study, sizeof row.study);
    if (!wki_strcopy(row.series, sizeof row.series, series) ||
        !wki_strcopy(row.uid, sizeof row.uid, sop) ||
        !wki_strcopy(row.sop_class, sizeof row.sop_class, sop_class))
        return WK_OK;
    l->found++;
    return l->each(l->user, &row, err);
}

/* --- who tells --- */

static wk_code list_hints(listing *l, wk_error *err)
{
    const wk_plan_item *item = l->in->item;
    wk_code rc = WK_OK;

    for (size_t i = 0; i < item->n_series_hints; i++) {
        const wk_series_hint *h = &item->series_hints[i];

        if (!is_of(item->series, h->uid) || wki_plan_is_excepted(item, h->uid))
            continue;
        for (size_t k = 0; k < h->n_listed && rc == WK_OK; k++)
            rc = take_known(l, h->uid, h->instances[k].sop, h->instances[k].sop_class,
                            h->instances[k].number, err);
    }
    return rc;
}

static wk_code list_qido(listing *l, wk_error *err)
{
    const wk_plan_item *item = l->in->item;
    wki_qido_opts opts;

    wki_plan_qido(l->in->session, item, &opts);
    if (!item->root || opts.server->no_list)
        return wk_fail(err, WK_UNSUPPORTED, "nobody lists what is at %s", item->url);
    opts.uids_only = !l->in->details;
    opts.limit = l->in->most;
    opts.expect = l->in->details ? wki_plan_count(item) : 0;
    return wki_qido_instances(l->in->session->http, item->root, item->study,
                              item->series[0] ? item->series : NULL, &opts, take, l, err);
}

/* --- metadata --- */

typedef struct reading {
    wki_json_stream *stream;
    wki_json_faults faults;
    wki_json_stream_fn each;
    void *user;
    size_t sets;
    bool open; /* a part ended without a delimiter */
} reading;

static wk_code on_set(void *user, const wki_json *set, wk_error *err)
{
    reading *r = user;
    wk_code rc = wki_dicom_json_check(set, "metadata", err);

    if (rc != WK_OK)
        return rc;
    r->sets++;
    return r->each(r->user, set, err);
}

static wk_code text_begin(void *user, const wki_part_head *head, wk_error *err)
{
    char type[64];

    (void)user;
    if (wki_media_type(head->content_type, type, sizeof type) &&
        strcmp(type, "application/dicom") == 0)
        return wk_fail(err, WK_DATA, "instances instead of their metadata");
    return WK_OK;
}

static wk_code text_data(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_json_stream_feed(((reading *)user)->stream, data, n, err);
}

static wk_code text_end(void *user, wki_part_end end, wk_error *err)
{
    reading *r = user;

    r->open = end != WKI_PART_WHOLE;
    return wki_json_stream_finish(r->stream, err);
}

static wk_code count_row(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    (void)user;
    (void)row;
    (void)err;
    return WK_OK;
}

wk_code wki_list_count(wk_session *session, const wk_plan_item *item, uint64_t *out, wk_error *err)
{
    wki_listing l = {.session = session, .item = item};
    wk_error why = {0};
    size_t found = 0;
    wk_code rc = wki_list_instances(&l, count_row, NULL, &found, &why);

    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &why);
    *out = rc == WK_OK ? found : 0;
    return WK_OK;
}

/* What else tells that nothing is missing where a multipart answer just ends. */
static wk_code check_open_end(wk_session *session, const wk_plan_item *item, const char *url,
                              uint64_t sets, wk_error *err)
{
    uint64_t listed = 0;
    wk_code rc = wki_list_count(session, item, &listed, err);

    if (rc != WK_OK)
        return rc;
    if (listed == 0 || listed != sets)
        return wk_fail(err, WK_PARTIAL,
                       "%s: the body ended without its closing delimiter; metadata may be missing",
                       url);
    wk_log_write(&session->log, WK_LOG_WARN,
                 "%s: the body ended too early, but the metadata of every instance is there", url);
    return WK_OK;
}

wk_code wki_list_metadata(wk_session *session, const wk_plan_item *item, const char *url,
                          wki_json_stream_fn each, void *user, wk_error *err)
{
    reading r = {.each = each, .user = user};
    wki_sink_of_parts sink = {.parts = {text_begin, text_data, text_end, &r, NULL}};
    wki_ask ask = {.form = WKI_FORM_JSON, .url = url, .item = item};
    wk_code rc = wki_json_stream_new(url, WK_MAX_JSON_ITEM_BYTES, on_set, &r, &r.stream, err);

    if (rc == WK_OK) {
        wki_json_stream_mend(r.stream, &r.faults);
        rc = wki_fetch_one(session, &ask, &sink, err);
        wki_json_faults_tell(&r.faults, url, &session->log);
    }
    if (rc == WK_OK && r.faults.elements)
        rc = wk_fail(err, WK_PARTIAL, "%s: %llu that are no JSON, the first at %s", url,
                     (unsigned long long)r.faults.elements, r.faults.first);
    if (rc == WK_OK && r.sets == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "%s: no metadata", url);
    if (rc == WK_OK && r.open)
        rc = check_open_end(session, item, url, r.sets, err);
    wki_json_stream_free(r.stream);
    return rc;
}

static wk_code take_set(void *user, const wki_json *set, wk_error *err)
{
    listing *l = user;
    const wk_plan_item *item = l->in->item;
    wki_qido_instance_row row;

    return wki_qido_read_instance(set, item->study, item->series[0] ? item->series : NULL, &row)
               ? take(l, &row, err)
               : WK_OK;
}

static wk_code list_metadata(listing *l, wk_error *err)
{
    char *url = wki_plan_metadata_url(l->in->item);
    wk_code rc = url ? wki_list_metadata(l->in->session, l->in->item, url, take_set, l, err)
                     : wk_fail(err, WK_NOMEM, "out of memory");

    free(url);
    return rc;
}

/* Whether another question to the same server may have a better answer. */
static bool may_ask_on(const listing *l, wk_code rc, const wk_error *why)
{
    if (l->found > 0 || l->refused)
        return false;
    return rc == WK_OK || rc == WK_DATA || rc == WK_UNSUPPORTED || rc == WK_NOT_FOUND ||
           (why->http_status != 0 && why->http_status != 401);
}

wk_code wki_list_instances(const wki_listing *in, wki_qido_instance_fn each, void *user,
                           size_t *found, wk_error *err)
{
    listing l = {.in = in, .each = each, .user = user};
    const wk_plan_item *item = in->item;
    wk_error why = {0};
    wk_code rc;

    if (item->level >= WK_LEVEL_INSTANCE && item->sop[0])
        rc = take_known(&l, item->series, item->sop, "", -1, &why);
    else if (wki_plan_lists_all(item))
        rc = list_hints(&l, &why);
    else
        rc = list_qido(&l, &why);
    if (in->metadata && may_ask_on(&l, rc, &why)) {
        wk_error_clear(&why);
        rc = list_metadata(&l, &why);
    }
    *found = in->most && l.rows >= in->most ? l.rows : l.found;
    if (rc != WK_OK && err)
        *err = why;
    return rc;
}

wk_code wki_list_series(const wki_listing *in, wki_qido_series_fn each, void *user, size_t *found,
                        wk_error *err)
{
    listing l = {.in = in, .each_series = each, .user = user};
    const wk_plan_item *item = in->item;
    wki_qido_opts opts;
    wk_code rc;

    wki_plan_qido(in->session, item, &opts);
    if (!item->root || opts.server->no_list)
        return wk_fail(err, WK_UNSUPPORTED, "nobody lists what is at %s", item->url);
    opts.uids_only = !in->details;
    rc = wki_qido_series(in->session->http, item->root, item->study, &opts, take_series, &l, err);
    *found = l.found;
    return rc;
}

typedef struct single {
    wki_qido_instance_row row;
    size_t n;
} single;

static wk_code take_single(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    single *s = user;

    (void)err;
    s->row = *row;
    s->n++;
    return WK_OK;
}

wk_code wki_list_by_number(const wki_listing *l, const char *series, int64_t number,
                           wki_qido_instance_row *out, bool *found, wk_error *err)
{
    char digits[24];
    const wki_qido_filter filter = {"InstanceNumber", digits};
    wki_qido_report report = {0};
    wki_qido_opts opts;
    single s = {.n = 0};
    wk_error why = {0};
    wk_code rc;

    snprintf(digits, sizeof digits, "%lld", (long long)number);
    wki_plan_qido(l->session, l->item, &opts);
    opts.filters = &filter;
    opts.n_filters = 1;
    opts.limit = 2;
    opts.expect = 1;
    opts.log = NULL; /* what the server makes of the key concerns nobody */
    opts.report = &report;
    rc = wki_qido_instances(l->session->http, l->item->root, l->item->study, series, &opts,
                            take_single, &s, &why);
    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &why);
    opts.server->no_middle = rc != WK_OK || report.contradicting > 0;
    *found = rc == WK_OK && s.n == 1 && report.contradicting == 0 && s.row.number == number &&
             strcmp(s.row.series, series) == 0;
    if (*found)
        *out = s.row;
    return WK_OK;
}
