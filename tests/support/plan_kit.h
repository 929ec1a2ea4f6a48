/* Plans what a FHIR JSON text holds and writes each item as one line, for tests to compare. */
#ifndef WADOKIT_TESTS_PLAN_KIT_H
#define WADOKIT_TESTS_PLAN_KIT_H

#include <stdio.h>
#include <stdlib.h>

#include "fhir/bundle.h"
#include "fhir/fhir_value.h"
#include "fhir/imaging_study.h"
#include "flow/find/endpoints.h"
#include "flow/find/plan_study.h"
#include "support/t.h"

struct plan_kit {
    const char *base;     /* FHIR base, NULL unknown */
    const char *fallback; /* --dicomweb */
    const char *slug;     /* --set destination-slug */
    const char *origin;   /* credentials go to URLs that start with it */
    wki_endpoint_read_fn read;
    char text[16384]; /* lines */
    int items, notices;
    wk_error first;     /* first error of a notice */
    wk_plan_item *last; /* a copy of the last REMOTE item */
};

static inline char *kit_file(const char *name, size_t *n)
{
    char path[512];
    FILE *f;
    char *text = calloc(1, 1 << 20);

    snprintf(path, sizeof path, "%s/%s", TESTDATA_DIR, name);
    f = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    *n = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    return text;
}

static inline wki_json *kit_parse(const char *text)
{
    wk_error err = {0};
    wki_json *doc = NULL;

    T_OK(wki_json_parse(text, strlen(text), "test", &doc, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
    return doc;
}

static inline const char *kit_lookup(void *user, const char *name)
{
    struct plan_kit *kit = user;

    return strcmp(name, "destination-slug") == 0 ? kit->slug : NULL;
}

static inline bool kit_sends(void *user, const char *url, char *reason, size_t size)
{
    struct plan_kit *kit = user;
    bool yes = kit->origin && strncmp(url, kit->origin, strlen(kit->origin)) == 0;

    snprintf(reason, size, yes ? "configured" : "foreign");
    return yes;
}

static inline bool kit_allowed(void *user, const char *url)
{
    const struct plan_kit *kit = user;

    return kit->origin && strncmp(url, kit->origin, strlen(kit->origin)) == 0;
}

static inline void kit_add(struct plan_kit *kit, const char *text)
{
    size_t n = strlen(kit->text);

    snprintf(kit->text + n, sizeof kit->text - n, "%s", text);
}

/* "remote series URL yes|no reason [-S..] [+S..]", "notice study URL: reason", "failed study:
 * error" */
static inline wk_code kit_each(void *user, const wk_plan_item *item, wk_error *err)
{
    static const char *const levels[] = {"study", "series", "instance", "frame"};
    struct plan_kit *kit = user;
    char line[2048];

    (void)err;
    if (item->kind == WK_ITEM_REMOTE) {
        wk_error copied = {0};

        kit->items++;
        snprintf(line, sizeof line, "remote %s %s %s (%s)", levels[item->level], item->url,
                 item->send_credentials ? "yes" : "no", item->reason);
        wk_plan_item_free(kit->last);
        kit->last = NULL;
        T_OK(wk_plan_item_copy(item, &kit->last, &copied), &copied);
    } else {
        kit->notices++;
        if (item->error.code != WK_OK && kit->first.code == WK_OK)
            kit->first = item->error;
        snprintf(line, sizeof line, "%s %s %s: %s",
                 item->error.code != WK_OK ? wk_code_name(item->error.code) : "notice",
                 levels[item->level], item->url ? item->url : "-",
                 item->error.code != WK_OK ? item->error.message : item->reason);
    }
    kit_add(kit, line);
    for (size_t i = 0; i < item->n_except; i++) {
        kit_add(kit, " -");
        kit_add(kit, item->except[i]);
    }
    for (size_t i = 0; item->level == WK_LEVEL_STUDY && i < item->n_series_hints; i++) {
        kit_add(kit, " +");
        kit_add(kit, item->series_hints[i].uid);
    }
    kit_add(kit, "\n");
    return WK_OK;
}

static inline void kit_plan_resource(struct plan_kit *kit, const wki_json *bundle,
                                     const wki_json *resource, const char *full_url)
{
    wki_fhir_scope scope = {
        .resource = resource, .bundle = bundle, .base = kit->base, .named_by = kit->base};
    wki_study_endpoints endpoints = {0};
    wki_imaging_study study;
    wki_endpoint_cache cache;
    wk_error err = {0};

    wki_endpoint_cache_init(&cache, kit->read, NULL);
    T_OK(wki_imaging_study_read(resource, full_url, &study, &err), &err);
    T_OK(wki_study_endpoints_find(&scope, &study, &cache, &endpoints, &err), &err);
    wki_plan_input in = {.study = &study,
                         .of_study = endpoints.of_study,
                         .of_series = endpoints.of_series,
                         .base = kit->base,
                         .named_by = kit->base,
                         .fallback_root = kit->fallback,
                         .lookup = kit_lookup,
                         .lookup_user = kit,
                         .sends = kit_sends,
                         .allowed = kit_allowed,
                         .sends_user = kit};

    T_OK(wki_plan_study(&in, kit_each, kit, &err), &err);
    wki_study_endpoints_clear(&endpoints);
    wki_imaging_study_clear(&study);
    wki_endpoint_cache_clear(&cache);
}

static inline void kit_plan(struct plan_kit *kit, const char *json)
{
    wki_json *doc = kit_parse(json);
    const wki_json *at = NULL;
    wki_bundle_entry entry;

    if (wki_fhir_is(doc, "ImagingStudy"))
        kit_plan_resource(kit, NULL, doc, NULL);
    while (wki_bundle_next_entry(doc, &at, &entry)) {
        if (wki_fhir_is(entry.resource, "ImagingStudy"))
            kit_plan_resource(kit, doc, entry.resource, entry.full_url);
    }
    wki_json_free(doc);
}

static inline void kit_clear(struct plan_kit *kit)
{
    wk_plan_item_free(kit->last);
    kit->last = NULL;
}

#endif
