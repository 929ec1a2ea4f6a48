#include "flow/find/search_fhir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "fhir/fhir_value.h"
#include "http/url.h"

static void clean(char *out, size_t size, const char *text)
{
    wki_text_clean(out, size, text ? text : "", text ? strlen(text) : 0);
}

static void join_modalities(char *out, size_t size, const wki_json *list)
{
    size_t n = 0;

    out[0] = '\0';
    for (const wki_json *m = wki_json_first(list); m; m = wki_json_next(list, m)) {
        const char *code = wki_fhir_code(m);

        if (!code || n + strlen(code) + 2 > size)
            continue;
        if (n)
            out[n++] = '\\';
        n += wki_text_clean(out + n, size - n, code, strlen(code));
    }
}

void wki_search_fill_hit(const wki_imaging_study *study, wk_search_hit *hit)
{
    memset(hit, 0, sizeof *hit);
    hit->source = "fhir";
    hit->level = WK_LEVEL_STUDY;
    memcpy(hit->study, study->uid, sizeof hit->study);
    clean(hit->patient, sizeof hit->patient, study->patient);
    if (study->patient_name)
        wki_fhir_person(hit->patient_name, sizeof hit->patient_name, study->patient_name);
    clean(hit->started, sizeof hit->started, study->started);
    join_modalities(hit->modality, sizeof hit->modality, study->modalities);
    clean(hit->description, sizeof hit->description, study->description);
    clean(hit->accession, sizeof hit->accession, study->accession);
    hit->n_series = study->n_series;
    hit->n_instances = study->n_instances;
    hit->number = -1;
}

/* --- the resource, rebuilt --- */

/* The Endpoints that will be contained, each once. */
typedef struct holder {
    const wki_fhir_scope *scope;
    const wki_json **items;
    size_t n;
    bool failed;
} holder;

static void collect(holder *h, const wki_plan_endpoints *list, size_t max)
{
    for (size_t i = 0; i < list->n; i++) {
        size_t k = 0;

        while (k < h->n && h->items[k] != list->items[i].resource)
            k++;
        if (list->items[i].resource && k == h->n && h->n < max)
            h->items[h->n++] = list->items[i].resource;
    }
}

static const char *plain_id(const wki_json *resource)
{
    const char *id = wki_json_str(resource, "id");

    return id && *id == '#' ? id + 1 : id;
}

/* Its own id where no other has it, else a number. */
static void id_of(const holder *h, const wki_json *resource, char *out, size_t size)
{
    const char *id = plain_id(resource);
    size_t at = 0;
    bool alone = id && strlen(id) < size;

    for (size_t i = 0; i < h->n; i++) {
        const char *other = plain_id(h->items[i]);

        if (h->items[i] == resource)
            at = i;
        else if (id && other && strcmp(id, other) == 0)
            alone = false;
    }
    if (alone)
        wki_strcopy(out, size, id);
    else
        snprintf(out, size, "endpoint-%zu", at + 1);
}

static void copy_member(holder *h, wk_json_line *to, const wki_json *member)
{
    char *text = wki_json_print(member);

    if (!text || !wk_json_set_raw(to, wki_json_name(member), text))
        h->failed = true;
    free(text);
}

static wk_json_line *new_object(holder *h)
{
    wk_json_line *line = wk_json_line_new(NULL);

    if (!line)
        h->failed = true;
    return line;
}

/* Copies all members whose names are not in `but` (ends with NULL). */
static void copy_members(holder *h, wk_json_line *to, const wki_json *from, const char *const *but)
{
    for (const wki_json *m = wki_json_member_first(from); m; m = wki_json_member_next(m)) {
        size_t i = 0;

        while (but[i] && strcmp(but[i], wki_json_name(m)) != 0)
            i++;
        if (!but[i])
            copy_member(h, to, m);
    }
}

static void add_reference(holder *h, wk_json_line *to, const wki_json *original,
                          const wki_plan_endpoint *endpoint)
{
    static const char *const but[] = {"reference", NULL};
    wk_json_line *object = new_object(h);
    char id[128], reference[130], *url = NULL;

    if (endpoint->resource) {
        id_of(h, endpoint->resource, id, sizeof id);
        snprintf(reference, sizeof reference, "#%s", id);
        wk_json_set_string(object, "reference", reference);
    } else if (endpoint->reference) {
        if (wki_fhir_reference_url(h->scope, endpoint->reference, &url, NULL) != WK_OK)
            url = NULL;
        wk_json_set_string(object, "reference", url ? url : endpoint->reference);
        free(url);
    }
    if (!endpoint->resource)
        copy_members(h, object, original, but);
    wk_json_add_object(to, "endpoint", object);
}

static void add_references(holder *h, wk_json_line *to, const wki_json *originals,
                           const wki_plan_endpoints *endpoints)
{
    size_t i = 0;

    for (const wki_json *r = wki_json_first(originals); r && i < endpoints->n;
         r = wki_json_next(originals, r))
        add_reference(h, to, r, &endpoints->items[i++]);
}

static void add_series(holder *h, wk_json_line *to, const wki_json *list,
                       const wki_study_endpoints *endpoints)
{
    static const char *const but[] = {"endpoint", NULL};
    size_t i = 0;

    for (const wki_json *s = wki_json_first(list); s && i < endpoints->n_series;
         s = wki_json_next(list, s), i++) {
        wk_json_line *object = new_object(h);

        copy_members(h, object, s, but);
        add_references(h, object, wki_json_get(s, "endpoint"), &endpoints->of_series[i]);
        wk_json_add_object(to, "series", object);
    }
}

/* A relative address stands on the server that the study came from. */
static char *absolute_address(const holder *h, const char *address)
{
    char *base, *out = NULL;

    if (!address || !h->scope->base || strstr(address, "://") || strstr(address, "{{"))
        return NULL;
    base = wki_strfmt("%s/", h->scope->base);
    if (base && wki_url_resolve(base, address, &out, NULL) != WK_OK)
        out = NULL;
    free(base);
    return out;
}

static void add_contained(holder *h, wk_json_line *to, const wki_json *resource)
{
    static const char *const but[] = {"id", "address", "resourceType", NULL};
    static const char *const nothing[] = {NULL};
    const wki_json *others = wki_json_get(resource, "contained");

    for (const wki_json *c = wki_json_first(others); c; c = wki_json_next(others, c)) {
        wk_json_line *object;

        if (wki_fhir_is(c, "Endpoint") || !wki_json_is_object(c))
            continue;
        object = new_object(h);
        copy_members(h, object, c, nothing);
        wk_json_add_object(to, "contained", object);
    }
    for (size_t i = 0; i < h->n; i++) {
        wk_json_line *object = new_object(h);
        const char *address = wki_json_str(h->items[i], "address");
        char *absolute = absolute_address(h, address);
        char id[128];

        id_of(h, h->items[i], id, sizeof id);
        wk_json_set_string(object, "resourceType", "Endpoint");
        wk_json_set_string(object, "id", id);
        copy_members(h, object, h->items[i], but);
        if (address)
            wk_json_set_string(object, "address", absolute ? absolute : address);
        wk_json_add_object(to, "contained", object);
        free(absolute);
    }
}

char *wki_search_resource(const wki_fhir_scope *scope, const wki_imaging_study *study,
                          const wki_study_endpoints *endpoints)
{
    static const char *const but[] = {"contained", "endpoint", "series", NULL};
    holder h = {.scope = scope};
    size_t max = endpoints->of_study.n;
    wk_json_line *line = new_object(&h);
    char *text = NULL;

    for (size_t i = 0; i < endpoints->n_series; i++)
        max += endpoints->of_series[i].n;
    h.items = calloc(max + 1, sizeof *h.items);
    if (h.items && line) {
        collect(&h, &endpoints->of_study, max);
        for (size_t i = 0; i < endpoints->n_series; i++)
            collect(&h, &endpoints->of_series[i], max);
        copy_members(&h, line, study->resource, but);
        add_contained(&h, line, study->resource);
        add_references(&h, line, study->endpoints, &endpoints->of_study);
        add_series(&h, line, wki_json_get(study->resource, "series"), endpoints);
        if (!h.failed)
            text = wk_json_line_text(line);
    }
    free(h.items);
    wk_json_line_free(line);
    return text;
}
