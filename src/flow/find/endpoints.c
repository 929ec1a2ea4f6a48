#include "flow/find/endpoints.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "fhir/fhir_value.h"
#include "http/origin.h"
#include "http/url.h"

enum {
    MAX_FETCHED = 4096 /* of different Endpoints in one run */
};

struct wki_fetched {
    char *url;
    wki_json *resource; /* NULL where it failed */
    wk_error error;
};

void wki_endpoint_cache_init(wki_endpoint_cache *cache, wki_endpoint_read_fn read, wki_http *http)
{
    memset(cache, 0, sizeof *cache);
    cache->read = read;
    cache->http = http;
}

void wki_endpoint_cache_clear(wki_endpoint_cache *cache)
{
    for (size_t i = 0; i < cache->n; i++) {
        free(cache->items[i].url);
        wki_json_free(cache->items[i].resource);
    }
    free(cache->items);
    wki_endpoint_cache_init(cache, cache->read, cache->http);
}

static struct wki_fetched *find_fetched(wki_endpoint_cache *cache, const char *url)
{
    for (size_t i = 0; i < cache->n; i++) {
        if (strcmp(cache->items[i].url, url) == 0)
            return &cache->items[i];
    }
    return NULL;
}

/* The array is never moved: what was handed out stays where it is. */
static struct wki_fetched *add_fetched(wki_endpoint_cache *cache, const char *url, wk_error *err)
{
    struct wki_fetched *f;

    if (!cache->items)
        cache->items = calloc(MAX_FETCHED, sizeof *cache->items);
    if (!cache->items) {
        (void)wk_fail(err, WK_NOMEM, "out of memory");
        return NULL;
    }
    if (cache->n >= MAX_FETCHED) {
        (void)wk_fail(err, WK_LIMIT, "more than %d Endpoints to fetch", MAX_FETCHED);
        return NULL;
    }
    f = &cache->items[cache->n];
    f->url = wki_strdup(url);
    if (!f->url) {
        (void)wk_fail(err, WK_NOMEM, "out of memory");
        return NULL;
    }
    cache->n++;
    return f;
}

static const wki_json *fetch(wki_endpoint_cache *cache, const char *url, const char *named_by,
                             wk_error *err)
{
    struct wki_fetched *f = find_fetched(cache, url);

    if (!f) {
        f = add_fetched(cache, url, err);
        if (!f)
            return NULL;
        if (cache->read(cache->http, url, named_by, &f->resource, &f->error) != WK_OK)
            f->resource = NULL;
    }
    if (!f->resource && err)
        *err = f->error;
    return f->resource;
}

static bool is_endpoint(const wki_json *resource)
{
    return wki_fhir_is(resource, "Endpoint") ||
           (!wki_fhir_type(resource) && wki_json_str(resource, "address"));
}

static void label_of(wki_plan_endpoint *e, const char *how, const char *reference)
{
    const char *id = e->resource ? wki_json_str(e->resource, "id") : NULL;
    char name[128];

    if (id && *id == '#')
        id++;
    if (!id)
        id = reference ? reference : "without a reference";
    wki_text_clean(name, sizeof name, id, strlen(id));
    snprintf(e->label, sizeof e->label, "%s%sEndpoint %s", how ? how : "", how ? " " : "", name);
}

static const wki_json *look(const wki_fhir_scope *scope, const char *reference,
                            wki_endpoint_cache *cache, const char **how, wk_error *err)
{
    const wki_json *found = wki_fhir_find(scope, reference, how);
    char *url = NULL, why[96];

    if (found)
        return found;
    if (wki_fhir_reference_url(scope, reference, &url, err) != WK_OK)
        return NULL;
    if (!url || !cache->read) {
        bool relative = !url && reference[0] != '#' && !wki_str_istarts(reference, "urn:");

        (void)wk_fail_setting(err, WK_NOT_FOUND, relative ? "fhir" : NULL,
                              "no such Endpoint came with the study%s",
                              relative ? ", and its server is not known" : "");
        free(url);
        return NULL;
    }
    *how = "fetched";
    if (wki_origin_may_reach(scope->named_by, url, why, sizeof why))
        found = fetch(cache, url, scope->named_by ? scope->named_by : url, err);
    else
        (void)wk_fail(err, WK_REFUSED, "it would be read from %s", why);
    free(url);
    return found;
}

static wk_code follow(const wki_fhir_scope *scope, const wki_json *value, wki_endpoint_cache *cache,
                      wki_plan_endpoint *out, wk_error *err)
{
    const char *how = NULL;
    wk_error *why = &out->error;

    out->reference = wki_fhir_reference(value);
    if (is_endpoint(value))
        out->resource = value; /* the resource itself where a reference is due */
    else if (out->reference)
        out->resource = look(scope, out->reference, cache, &how, why);
    else
        (void)wk_fail(why, WK_NOT_FOUND, "no reference in it");
    if (out->resource && !is_endpoint(out->resource)) {
        char type[64];
        const char *is = wki_fhir_type(out->resource);

        wki_text_clean(type, sizeof type, is ? is : "", is ? strlen(is) : 0);
        (void)wk_fail(why, WK_DATA, "it is of type '%s'", type);
        out->resource = NULL;
    }
    label_of(out, how, out->reference);
    if (out->resource)
        wki_endpoint_read(out->resource, &out->endpoint);
    if (why->code == WK_NOMEM || why->code == WK_CANCELLED) {
        if (err)
            *err = *why;
        return why->code;
    }
    if (why->code != WK_OK)
        wk_fail_add(why, "%s: ", out->label);
    return WK_OK;
}

static wk_code follow_all(const wki_fhir_scope *scope, const wki_json *references,
                          wki_endpoint_cache *cache, wki_plan_endpoints *out, wk_error *err)
{
    size_t n = 0;
    wk_code rc = WK_OK;

    for (const wki_json *r = wki_json_first(references); r; r = wki_json_next(references, r))
        n++;
    if (n == 0)
        return WK_OK;
    out->items = calloc(n, sizeof *out->items);
    if (!out->items)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (const wki_json *r = wki_json_first(references); r && rc == WK_OK;
         r = wki_json_next(references, r))
        rc = follow(scope, r, cache, &out->items[out->n++], err);
    return rc;
}

wk_code wki_study_endpoints_find(const wki_fhir_scope *scope, const wki_imaging_study *study,
                                 wki_endpoint_cache *cache, wki_study_endpoints *out, wk_error *err)
{
    wki_study_endpoints e = {0};
    wk_code rc = follow_all(scope, study->endpoints, cache, &e.of_study, err);

    if (rc == WK_OK && study->n_listed) {
        e.of_series = calloc(study->n_listed, sizeof *e.of_series);
        if (!e.of_series)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < study->n_listed && rc == WK_OK; i++) {
        e.n_series++;
        rc = follow_all(scope, study->series[i].endpoints, cache, &e.of_series[i], err);
    }
    if (rc != WK_OK)
        wki_study_endpoints_clear(&e);
    else
        *out = e;
    return rc;
}

void wki_study_endpoints_clear(wki_study_endpoints *e)
{
    for (size_t i = 0; i < e->n_series; i++)
        free(e->of_series[i].items);
    free(e->of_series);
    free(e->of_study.items);
    memset(e, 0, sizeof *e);
}
