#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"
#include "fhir/bundle.h"
#include "fhir/fhir_value.h"
#include "flow/find/resolve.h"
#include "http/url.h"

/* The same study in another entry is fetched once: a study covers its series, but for those that
 * have an Endpoint of their own and follow at once. */
static bool came_before(wki_resolver *r, const wk_plan_item *item)
{
    char *key;
    bool before;

    if (r->again)
        return true;
    key = wki_strfmt("%s/%s", item->study, item->series);
    if (!key)
        return false;
    before = item->kind == WK_ITEM_REMOTE ? wki_seen_before(&r->planned, key)
                                          : wki_seen_has(&r->planned, key);
    free(key);
    return before;
}

static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    wki_resolver *r = user;
    wk_plan_item covered = *item;

    if (!item->study[0] || (item->kind == WK_ITEM_NOTICE && item->error.code == WK_OK) ||
        !came_before(r, item))
        return wki_resolver_emit(r, item, err);
    covered.kind = WK_ITEM_NOTICE;
    covered.reason = wki_came_before;
    covered.send_credentials = false;
    wk_error_clear(&covered.error);
    return wki_resolver_emit(r, &covered, err);
}

static wk_code leave_out(wki_resolver *r, const wki_imaging_study *study, char *why, wk_error *err)
{
    char endpoint[] = "ImagingStudy";
    wk_plan_item item = {.kind = WK_ITEM_NOTICE,
                         .level = WK_LEVEL_STUDY,
                         .endpoint = endpoint,
                         .reason = why,
                         .left_out = true};

    memcpy(item.study, study->uid, sizeof item.study);
    return wki_resolver_emit(r, &item, err);
}

static bool sends(void *user, const char *url, char *reason, size_t size)
{
    return wki_http_sends_credentials(user, url, reason, size);
}

static bool allowed(void *user, const char *url)
{
    return wki_http_is_allowed(user, url);
}

static wk_code plan_study(wki_resolver *r, const wki_fhir_scope *scope,
                          const wki_imaging_study *study, wk_error *err)
{
    wk_session *session = r->session;
    wki_study_endpoints endpoints = {0};
    uint64_t items = r->sum.items, failed = r->sum.failed;
    char whole[WK_UID_SIZE + 1];
    wk_code rc = wki_study_endpoints_find(scope, study, &r->cache, &endpoints, err);

    snprintf(whole, sizeof whole, "%s/", study->uid);
    r->again = study->uid[0] && wki_seen_has(&r->planned, whole);
    if (rc == WK_OK) {
        wki_plan_input in = {.study = study,
                             .of_study = endpoints.of_study,
                             .of_series = endpoints.of_series,
                             .base = scope->base,
                             .named_by = scope->named_by,
                             .fallback_root = session->opts.dicomweb,
                             .lookup = wki_session_lookup,
                             .lookup_user = session,
                             .sends = sends,
                             .allowed = allowed,
                             .sends_user = session->http};

        rc = wki_plan_study(&in, on_item, r, err);
    }
    if (r->sum.items > items && r->sum.failed == failed && wki_imaging_study_is_complete(study))
        (void)wki_seen_add(&r->planned, whole);
    r->again = false;
    wki_study_endpoints_clear(&endpoints);
    return rc;
}

static wk_code resolve_study(wki_resolver *r, const wki_fhir_scope *scope, const char *full_url,
                             wk_error *err)
{
    wki_imaging_study study;
    char why[128];
    wk_code rc = wki_session_check(r->session, err);

    if (rc == WK_OK)
        rc = wki_imaging_study_read(scope->resource, full_url, &study, err);
    if (rc != WK_OK)
        return rc;
    if (wki_wanted_takes(&r->wanted, &study, scope, why, sizeof why))
        rc = plan_study(r, scope, &study, err);
    else
        rc = leave_out(r, &study, why, err);
    wki_imaging_study_clear(&study);
    return rc;
}

/* The base that an entry's references stand on: what we asked, else what the answer says of itself,
 * else --fhir. On the heap, NULL where it is not known. */
static char *find_base(const wki_resolver *r, const wki_json *bundle, const char *full_url,
                       const char *base)
{
    const char *self = wki_bundle_link(bundle, "self");
    char *found = NULL;

    if (base)
        return wki_strdup(base);
    if (full_url && wki_str_istarts(full_url, "http"))
        found = wki_fhir_base_of(full_url, "ImagingStudy");
    if (!found && self && wki_str_istarts(self, "http"))
        found = wki_fhir_base_of(self, "ImagingStudy");
    return found ? found : wki_strdup(r->session->opts.fhir);
}

/* named_by: `base`, or the server that a line of search says it asked. */
static wk_code resolve_resource(wki_resolver *r, const wki_json *resource, const wki_json *bundle,
                                const char *full_url, const char *base, const char *named_by,
                                wk_error *err)
{
    char *own_base = find_base(r, bundle, full_url, base);
    wki_fhir_scope scope = {
        .resource = resource, .bundle = bundle, .base = own_base, .named_by = named_by};
    wk_code rc = resolve_study(r, &scope, full_url, err);

    free(own_base);
    return rc;
}

static void warn_of_outcome(const wki_resolver *r, const wki_json *outcome)
{
    char words[300];

    if (wki_fhir_outcome(words, sizeof words, outcome))
        wk_log_write(&r->session->log, WK_LOG_WARN, "the server says: %s", words);
}

static wk_code resolve_bundle(wki_resolver *r, const wki_json *bundle, const char *base,
                              wk_error *err)
{
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    wk_code rc = wki_wanted_page(&r->wanted, bundle, err);

    while (rc == WK_OK && wki_bundle_next_entry(bundle, &at, &entry)) {
        if (wki_fhir_is(entry.resource, "OperationOutcome"))
            warn_of_outcome(r, entry.resource);
        else if (wki_fhir_is(entry.resource, "ImagingStudy") && strcmp(entry.mode, "match") == 0)
            rc = resolve_resource(r, entry.resource, bundle, entry.full_url, base, base, err);
    }
    if (!base && wki_bundle_link(bundle, "next"))
        wk_log_write(&r->session->log, WK_LOG_WARN,
                     "this answer has a next page, which a saved file does not hold");
    return rc;
}

static wk_code outcome_failure(wki_resolver *r, const wki_json *outcome, wk_error *err)
{
    char words[300] = "";
    wk_error error = {0};

    (void)wki_fhir_outcome(words, sizeof words, outcome);
    (void)wk_fail(&error, WK_DATA, "an OperationOutcome where a study was expected: %s", words);
    return wki_resolver_fail(r, &error, err);
}

static bool line_uid(const wki_json *line, const char *name, char out[WK_UID_SIZE])
{
    const char *text = wki_json_str(line, name);

    out[0] = '\0';
    return !text || wki_uid_read(out, text, strlen(text));
}

static wk_code read_root_line(const wki_json *line, wki_dicomweb_url *web, wk_error *err)
{
    wk_code rc = wki_dicomweb_url_parse(wki_json_str(line, "dicomweb"), web, err);

    if (rc == WK_OK && (!line_uid(line, "study", web->study) || !web->study[0] ||
                        !line_uid(line, "series", web->series) || !line_uid(line, "sop", web->sop)))
        rc = wk_fail(err, WK_DATA, "a line of search with a UID that is none");
    if (rc == WK_OK && web->sop[0] && !web->series[0])
        rc = wk_fail(err, WK_DATA, "a line of search with an instance, but no series");
    return rc;
}

/* {"type":"study","study":UID,"dicomweb":ROOT}, also with series and sop. */
static wk_code resolve_root_line(wki_resolver *r, const wki_json *line, wk_error *err)
{
    wki_dicomweb_url web = {0};
    wk_error error = {0};
    wk_code rc = read_root_line(line, &web, &error);

    rc = rc == WK_OK ? wki_resolve_web(r, &web, "search", err) : wki_resolver_fail(r, &error, err);
    wki_dicomweb_url_clear(&web);
    return rc;
}

/* Only a server elsewhere makes a difference: nothing is allowed by what a line says. */
static const char *asked_server(const wki_json *line)
{
    const char *url = wki_json_str(line, "fhir");

    return url && wki_url_check(url, NULL) == WK_OK ? url : NULL;
}

static wk_code resolve_line(wki_resolver *r, const wki_json *line, const char *type, wk_error *err)
{
    const wki_json *resource = wki_json_get(line, "resource");

    if (strcmp(type, "summary") == 0) {
        r->known = true;
        return WK_OK;
    }
    if (strcmp(type, "study") != 0 && strcmp(type, "series") != 0 && strcmp(type, "instance") != 0)
        return WK_OK;
    r->known = true;
    if (wki_fhir_is(resource, "ImagingStudy")) {
        char urn[WK_UID_SIZE + 8] = "", uid[WK_UID_SIZE];

        /* The UID that the search found may stand outside the resource. */
        if (line_uid(line, "study", uid) && uid[0])
            snprintf(urn, sizeof urn, "urn:oid:%s", uid);
        return resolve_resource(r, resource, NULL, urn, NULL, asked_server(line), err);
    }
    if (wki_json_str(line, "dicomweb"))
        return resolve_root_line(r, line, err);
    return WK_OK;
}

wk_code wki_resolve_json(wki_resolver *r, const wki_json *value, const char *base, wk_error *err)
{
    const char *type = wki_json_str(value, "type");

    if (wki_fhir_is(value, "ImagingStudy")) {
        r->known = true;
        return resolve_resource(r, value, NULL, NULL, base, base, err);
    }
    if (wki_fhir_is(value, "Bundle")) {
        r->known = true;
        return resolve_bundle(r, value, base, err);
    }
    if (wki_fhir_is(value, "OperationOutcome"))
        return outcome_failure(r, value, err);
    if (!wki_fhir_type(value) && type)
        return resolve_line(r, value, type, err);
    return WK_OK;
}
