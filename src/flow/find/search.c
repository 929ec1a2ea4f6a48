#include <wadokit/search.h>

#include <stdlib.h>
#include <string.h>

#include "core/seen.h"
#include "core/text.h"
#include "dicomweb/dicomweb_url.h"
#include "fhir/fhir_value.h"
#include "flow/find/search_fhir.h"
#include "flow/find/search_query.h"
#include "flow/find/wanted.h"
#include "flow/session.h"
#include "http/url.h"

enum {
    MAX_SEEN = 1 << 17 /* two for each study: a MiB */
};

/* One search.
 * enough   the limit is reached: what ended the transfer is no error */
typedef struct search {
    wk_session *session;
    const wk_search_opts *opts;
    wk_search_fn each;
    void *user;
    wk_search_summary sum;
    bool enough;
    char *root; /* FHIR base or DICOMweb root, without trailing '/' */
    wki_endpoint_cache cache;
    wki_wanted wanted;
    wki_seen seen; /* studies of a FHIR search, and which of them have an Endpoint of use */
    const char *incomplete;
} search;

static wk_code hand_over(search *s, const wk_search_hit *hit, wk_error *err)
{
    wk_code rc = wki_session_check(s->session, err);

    if (rc == WK_OK)
        rc = s->each(s->user, hit, err);
    if (rc != WK_OK)
        return rc;
    s->sum.hits++;
    if (s->opts->limit && s->sum.hits >= s->opts->limit) {
        s->enough = true;
        return wk_fail(err, WK_LIMIT, "enough");
    }
    return WK_OK;
}

/* --- FHIR --- */

static bool is_usable(const wki_plan_endpoints *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->items[i].endpoint.usable)
            return true;
    }
    return false;
}

static bool has_usable(const wki_study_endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->n_series; i++) {
        if (is_usable(&endpoints->of_series[i]))
            return true;
    }
    return is_usable(&endpoints->of_study);
}

/* A study comes again in another entry or on another page. It is listed again only where it can be
 * fetched by this one, and could not by the ones before. */
static bool is_repeat(search *s, const wki_imaging_study *study, const char *full_url,
                      const wki_study_endpoints *endpoints)
{
    const char *name = study->uid[0] ? study->uid : study->id ? study->id : full_url;
    char *usable = name ? wki_strfmt("%s *", name) : NULL;
    bool before, repeat;

    if (!usable)
        return false;
    before = wki_seen_before(&s->seen, name);
    repeat = before && (wki_seen_has(&s->seen, usable) || !has_usable(endpoints));
    if (!repeat && has_usable(endpoints))
        (void)wki_seen_add(&s->seen, usable);
    free(usable);
    return repeat;
}

static wk_code list_study(search *s, const wki_fhir_scope *scope, const wki_imaging_study *study,
                          const wki_study_endpoints *endpoints, wk_error *err)
{
    char *text = wki_search_resource(scope, study, endpoints);
    wk_search_hit hit;
    wk_code rc;

    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wki_search_fill_hit(study, &hit);
    hit.resource = text;
    hit.fhir = s->root;
    s->sum.no_uid += study->uid[0] == '\0';
    rc = hand_over(s, &hit, err);
    free(text);
    return rc;
}

static wk_code take_study(search *s, const wki_json *resource, const wki_json *bundle,
                          const char *full_url, wk_error *err)
{
    wki_fhir_scope scope = {
        .resource = resource, .bundle = bundle, .base = s->root, .named_by = s->root};
    wki_study_endpoints endpoints = {0};
    wki_imaging_study study;
    char why[128];
    wk_code rc = wki_imaging_study_read(resource, full_url, &study, err);

    if (rc != WK_OK)
        return rc;
    if (!wki_search_has(study.description ? study.description : "", s->opts->description) ||
        !wki_wanted_takes(&s->wanted, &study, &scope, why, sizeof why))
        goto out;
    rc = wki_study_endpoints_find(&scope, &study, &s->cache, &endpoints, err);
    if (rc == WK_OK && !is_repeat(s, &study, full_url, &endpoints))
        rc = list_study(s, &scope, &study, &endpoints, err);
out:
    wki_study_endpoints_clear(&endpoints);
    wki_imaging_study_clear(&study);
    return rc;
}

static void warn(search *s, const wki_json *outcome)
{
    char words[300];

    s->sum.warnings++;
    if (wki_fhir_outcome(words, sizeof words, outcome))
        wk_log_write(&s->session->log, WK_LOG_WARN, "the server says: %s", words);
}

static wk_code no_bundle(search *s, const wki_json *page, wk_error *err)
{
    const char *type = wki_fhir_type(page);
    char words[300] = "";

    if (wki_fhir_is(page, "OperationOutcome")) {
        if (!wki_fhir_outcome_is_error(page)) {
            warn(s, page);
            return WK_OK;
        }
        (void)wki_fhir_outcome(words, sizeof words, page);
        return wk_fail(err, WK_DATA, "the server says instead of an answer: %s", words);
    }
    wki_text_clean(words, sizeof words, type ? type : "", type ? strlen(type) : 0);
    return wk_fail(err, WK_DATA, "the answer to the search is no Bundle%s%s", type ? ", but " : "",
                   words);
}

static wk_code on_page(void *user, const wki_json *page, const char *url, wk_error *err)
{
    search *s = user;
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    wk_code rc = WK_OK;

    (void)url;
    s->sum.pages++;
    if (wki_fhir_is(page, "ImagingStudy"))
        return take_study(s, page, NULL, NULL, err);
    if (!wki_fhir_is(page, "Bundle"))
        return no_bundle(s, page, err);
    rc = wki_wanted_page(&s->wanted, page, err);
    while (rc == WK_OK && wki_bundle_next_entry(page, &at, &entry)) {
        if (wki_fhir_is(entry.resource, "OperationOutcome"))
            warn(s, entry.resource);
        else if (wki_fhir_is(entry.resource, "ImagingStudy") && strcmp(entry.mode, "match") == 0)
            rc = take_study(s, entry.resource, page, entry.full_url, err);
    }
    return rc;
}

static wk_code search_once(search *s, const char *identifier, bool post, bool include,
                           wk_error *err)
{
    wki_fhir_search request = {.faults = &s->wanted.faults, .divisible = include};
    char *url = NULL;
    wki_buf form, full;
    wk_code rc;

    wki_buf_init(&form, WK_MAX_HEADER_BYTES, "search");
    wki_buf_init(&full, WK_MAX_URL_BYTES, "search URL");
    rc = wki_fhir_query(s->opts, identifier, include, &form, err);
    if (rc == WK_OK)
        rc = wki_url_append(s->root, post ? "ImagingStudy/_search" : "ImagingStudy", &url, err);
    if (rc == WK_OK && !post)
        rc = wki_buf_addf(&full, err, "%s%s%s", url, strchr(url, '?') ? "&" : "?",
                          wki_buf_text(&form));
    if (rc == WK_OK) {
        request.url = post ? url : wki_buf_text(&full);
        request.form = post ? wki_buf_text(&form) : NULL;
        rc = wki_wanted_init(&s->wanted, s->session, wki_buf_text(&form), NULL, err);
    }
    if (rc == WK_OK) {
        rc = wki_fhir_pages(s->session->http, &request, on_page, s, &s->incomplete, err);
        s->sum.left_out += wki_wanted_left_out(&s->wanted);
        wki_wanted_tell(&s->wanted);
    }
    wki_wanted_clear(&s->wanted);
    free(url);
    wki_buf_clear(&form);
    wki_buf_clear(&full);
    return rc;
}

/* Not every server searches by POST, or knows _include. */
static wk_code search_form(search *s, const char *identifier, bool *post, bool *include,
                           wk_error *err)
{
    for (;;) {
        uint64_t pages = s->sum.pages;
        wk_error why = {0};
        wk_code rc = search_once(s, identifier, *post, *include, &why);
        int status = why.http_status;

        if (rc == WK_OK || s->enough)
            return WK_OK;
        if (s->sum.pages == pages && *include && wki_fhir_refuses_include(status))
            *include = false;
        else if (s->sum.pages == pages && *post &&
                 (status == 400 || status == 404 || status == 405 || status == 415 ||
                  status == 501))
            *post = false;
        else {
            if (err && err->code == WK_OK)
                *err = why;
            return rc;
        }
        wk_log_write(&s->session->log, WK_LOG_INFO, "HTTP %d: searching again by %s%s", status,
                     *post ? "POST" : "GET", *include ? "" : " without _include");
    }
}

static wk_code search_fhir(search *s, wk_error *err)
{
    wki_identifier_forms forms = {.n = 1};
    wki_server *server = wki_servers_get(&s->session->servers, s->root);
    bool may = !s->session->opts.no_include && !server->no_include;
    bool post = !s->opts->use_get, include = may;
    wk_code rc = WK_OK;

    if (s->opts->identifier)
        rc = wki_identifier_forms_of(s->opts->identifier, &forms, err);
    wki_endpoint_cache_init(&s->cache, wki_fhir_read, s->session->http);
    for (size_t i = 0; i < forms.n && rc == WK_OK && s->sum.hits == 0; i++) {
        wk_error why = {0};

        rc = search_form(s, s->opts->identifier ? forms.form[i] : NULL, &post, &include, &why);
        if (rc != WK_OK && why.http_status == 400 && i + 1 < forms.n) {
            rc = WK_OK; /* a form of the UID that this server does not take */
            include = may;
        } else if (rc != WK_OK && err && err->code == WK_OK) {
            *err = why;
        }
    }
    server->no_include = server->no_include || (rc == WK_OK && may && !include);
    wki_endpoint_cache_clear(&s->cache);
    return rc;
}

/* --- QIDO --- */

static wk_code on_qido_study(void *user, const wki_qido_study_row *row, wk_error *err)
{
    search *s = user;
    wk_search_hit hit = {.source = "qido", .level = WK_LEVEL_STUDY, .number = -1};

    memcpy(hit.study, row->uid, sizeof hit.study);
    wki_strcopy(hit.patient, sizeof hit.patient, row->patient_id);
    wki_fhir_person(hit.patient_name, sizeof hit.patient_name, row->patient_name);
    wki_strcopy(hit.started, sizeof hit.started, row->started);
    wki_strcopy(hit.modality, sizeof hit.modality, row->modality);
    wki_strcopy(hit.description, sizeof hit.description, row->description);
    wki_strcopy(hit.accession, sizeof hit.accession, row->accession);
    hit.n_series = row->n_series;
    hit.n_instances = row->n_instances;
    hit.dicomweb = s->root;
    return hand_over(s, &hit, err);
}

static wk_code on_qido_series(void *user, const wki_qido_series_row *row, wk_error *err)
{
    search *s = user;
    wk_search_hit hit = {.source = "qido", .level = WK_LEVEL_SERIES, .n_series = -1};

    memcpy(hit.study, row->study, sizeof hit.study);
    memcpy(hit.series, row->uid, sizeof hit.series);
    wki_strcopy(hit.modality, sizeof hit.modality, row->modality);
    wki_strcopy(hit.description, sizeof hit.description, row->description);
    hit.n_instances = row->n_instances;
    hit.number = row->number;
    hit.dicomweb = s->root;
    return hand_over(s, &hit, err);
}

static wk_code on_qido_instance(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    search *s = user;
    wk_search_hit hit = {
        .source = "qido", .level = WK_LEVEL_INSTANCE, .n_series = -1, .n_instances = -1};

    memcpy(hit.study, row->study, sizeof hit.study);
    memcpy(hit.series, row->series, sizeof hit.series);
    memcpy(hit.sop, row->uid, sizeof hit.sop);
    wki_strcopy(hit.modality, sizeof hit.modality, row->modality);
    hit.number = row->number;
    hit.dicomweb = s->root;
    return hand_over(s, &hit, err);
}

static wk_code search_level(search *s, const char *study, const wki_qido_opts *opts, wk_error *err)
{
    wki_http *http = s->session->http;

    switch (s->opts->level) {
    case WK_LEVEL_SERIES:
        return wki_qido_series(http, s->root, study, opts, on_qido_series, s, err);
    case WK_LEVEL_INSTANCE:
        return wki_qido_instances(http, s->root, study, NULL, opts, on_qido_instance, s, err);
    case WK_LEVEL_STUDY:
    case WK_LEVEL_FRAME:
        break;
    }
    return wki_qido_studies(http, s->root, opts, on_qido_study, s, err);
}

static wk_code search_qido(search *s, wk_error *err)
{
    wki_qido_query query = {0};
    char study[WK_UID_SIZE];
    wk_error why = {0};
    wk_code rc = wki_search_uid(s->opts->identifier, study, err);

    if (rc == WK_OK)
        rc = wki_qido_query_make(s->opts, &query, err);
    if (rc == WK_OK) {
        wki_qido_report report = {0};
        wki_qido_opts opts = {.server = wki_servers_get(&s->session->servers, s->root),
                              .filters = query.items,
                              .n_filters = query.n,
                              .limit = s->opts->limit,
                              .log = &s->session->log,
                              .report = &report};

        rc = search_level(s, study[0] ? study : NULL, &opts, &why);
        s->sum.left_out = report.contradicting;
        s->sum.no_uid = report.no_uid + report.faults.elements;
        s->incomplete = report.incomplete;
        if (s->enough)
            rc = WK_OK;
        else if (rc != WK_OK && err && err->code == WK_OK)
            *err = why;
    }
    wki_qido_query_clear(&query);
    return rc;
}

/* --- both --- */

static wk_code choose(search *s, bool *fhir, wk_error *err)
{
    const wk_session_opts *o = &s->session->opts;
    const char *url;

    *fhir = s->opts->via == WK_SEARCH_FHIR || (s->opts->via == WK_SEARCH_AUTO && o->fhir);
    url = *fhir ? o->fhir : o->dicomweb;
    if (!url && s->opts->via == WK_SEARCH_AUTO)
        return wk_fail_setting(err, WK_USAGE, "fhir dicomweb", "no server to search");
    if (!url)
        return wk_fail_setting(err, WK_USAGE, *fhir ? "fhir" : "dicomweb", "no server to search");
    s->root = wki_strdup(url);
    return s->root ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

/* What a search that went well has not brought. */
static wk_code check_whole(search *s, wk_error *err)
{
    s->sum.incomplete = s->incomplete && !s->enough;
    if (s->sum.incomplete && s->sum.no_uid == 0)
        return wk_fail(err, WK_PARTIAL, "the list may be incomplete: %s", s->incomplete);
    if (s->sum.no_uid)
        return wk_fail(err, WK_PARTIAL,
                       "%llu of the server's records without a valid UID, or no JSON%s%s",
                       (unsigned long long)s->sum.no_uid,
                       s->sum.incomplete ? "; the list may be incomplete: " : "",
                       s->sum.incomplete ? s->incomplete : "");
    return WK_OK;
}

wk_code wk_search(wk_session *session, const wk_search_opts *opts, wk_search_fn each, void *user,
                  wk_search_summary *summary, wk_error *err)
{
    search s = {.session = session, .opts = opts, .each = each, .user = user};
    bool fhir = false;
    wk_code rc = choose(&s, &fhir, err);

    wki_seen_init(&s.seen, MAX_SEEN);
    if (rc == WK_OK)
        rc = wki_search_check(opts, fhir ? s.root : NULL, err);
    if (rc == WK_OK)
        rc = fhir ? search_fhir(&s, err) : search_qido(&s, err);
    if (rc == WK_OK)
        rc = check_whole(&s, err);
    wki_seen_clear(&s.seen);
    free(s.root);
    if (summary)
        *summary = s.sum;
    return rc;
}

static void set_text(wk_json_line *line, const char *name, const char *text)
{
    wk_json_set_string(line, name, text[0] ? text : NULL);
}

static void set_count(wk_json_line *line, const char *name, int64_t n)
{
    if (n < 0)
        wk_json_set_null(line, name);
    else
        wk_json_set_int(line, name, n);
}

static void set_modalities(wk_json_line *line, const char *modality)
{
    char copy[257], *save = NULL;

    wki_strcopy(copy, sizeof copy, modality);
    for (char *m = strtok_r(copy, "\\", &save); m; m = strtok_r(NULL, "\\", &save))
        wk_json_add_string(line, "modality", m);
    if (!modality[0])
        (void)wk_json_set_raw(line, "modality", "[]");
}

wk_json_line *wk_search_hit_json(const wk_search_hit *hit)
{
    static const char *const types[] = {"study", "series", "instance"};
    wk_json_line *line = wk_json_line_new(types[hit->level <= WK_LEVEL_INSTANCE ? hit->level : 0]);

    set_text(line, "study", hit->study);
    if (hit->level >= WK_LEVEL_SERIES)
        set_text(line, "series", hit->series);
    if (hit->level >= WK_LEVEL_INSTANCE)
        set_text(line, "sop", hit->sop);
    wk_json_set_string(line, "source", hit->source);
    if (hit->level == WK_LEVEL_STUDY) {
        set_text(line, "patient", hit->patient);
        set_text(line, "started", hit->started);
    }
    set_modalities(line, hit->modality);
    set_text(line, "description", hit->description);
    if (hit->level == WK_LEVEL_STUDY) {
        set_text(line, "accession", hit->accession);
        set_count(line, "series", hit->n_series);
    } else {
        set_count(line, "number", hit->number);
    }
    if (hit->level != WK_LEVEL_INSTANCE)
        set_count(line, "instances", hit->n_instances);
    if (hit->resource)
        (void)wk_json_set_raw(line, "resource", hit->resource);
    if (hit->fhir)
        wk_json_set_string(line, "fhir", hit->fhir);
    if (hit->dicomweb)
        wk_json_set_string(line, "dicomweb", hit->dicomweb);
    return line;
}
