#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"
#include "fhir/bundle.h"
#include "fhir/fhir_value.h"
#include "flow/find/resolve.h"
#include "http/url.h"

static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    return wki_resolver_emit(user, item, err);
}

static bool sends(void *user, const char *url, char *reason, size_t size)
{
    return wki_http_sends_credentials(user, url, reason, size);
}

static bool allowed(void *user, const char *url)
{
    return wki_http_is_allowed(user, url);
}

static wk_code resolve_study(wki_resolver *r, const wki_fhir_scope *scope, const char *full_url,
                             wk_error *err)
{
    wk_session *session = r->session;
    wki_study_endpoints endpoints = {0};
    wki_imaging_study study;
    wk_code rc = wki_session_check(session, err);

    if (rc == WK_OK)
        rc = wki_imaging_study_read(scope->resource, full_url, &study, err);
    if (rc != WK_OK)
        return rc;
    rc = wki_study_endpoints_find(scope, &study, &r->cache, &endpoints, err);
    if (rc == WK_OK) {
        wki_plan_input in = {.study = &study,
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
    wki_study_endpoints_clear(&endpoints);
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
    if (!found && r->session->opts.fhir) {
        size_t n = strlen(r->session->opts.fhir);

        while (n && r->session->opts.fhir[n - 1] == '/')
            n--;
        found = wki_strfmt("%.*s", (int)n, r->session->opts.fhir);
    }
    return found;
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
    wk_code rc = WK_OK;

    while (rc == WK_OK && wki_bundle_next_entry(bundle, &at, &entry)) {
        if (wki_fhir_is(entry.resource, "OperationOutcome"))
            warn_of_outcome(r, entry.resource);
        else if (wki_fhir_is(entry.resource, "ImagingStudy") && strcmp(entry.mode, "include") != 0)
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

/* {"type":"study","study":UID,"dicomweb":ROOT}, also with series and sop. */
static wk_code resolve_root_line(wki_resolver *r, const wki_json *line, wk_error *err)
{
    wki_dicomweb_url web = {0};
    wk_error error = {0};
    wk_code rc = wki_dicomweb_url_parse(wki_json_str(line, "dicomweb"), &web, &error);

    if (rc == WK_OK && (!line_uid(line, "study", web.study) || !web.study[0] ||
                        !line_uid(line, "series", web.series) || !line_uid(line, "sop", web.sop)))
        rc = wk_fail(&error, WK_DATA, "a line of search with a UID that is none");
    if (rc == WK_OK && web.sop[0] && !web.series[0])
        rc = wk_fail(&error, WK_DATA, "a line of search with an instance, but no series");
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
