#include "fhir/bulk_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/buf.h"
#include "core/text.h"
#include "fhir/bundle.h"
#include "fhir/fhir_value.h"
#include "http/url.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static wk_code check_types(const char *types, wk_error *err)
{
    size_t n = types ? strlen(types) : 0;

    if (!types)
        return WK_OK;
    if (n == 0 || strspn(types, letters) + strspn(types, ",") == 0)
        return wk_fail(err, WK_USAGE, "--type: names of resources, divided by commas");
    for (size_t i = 0; i < n; i++) {
        if (!strchr(letters, types[i]) && types[i] != ',')
            return wk_fail(err, WK_USAGE, "--type: names of resources, divided by commas");
    }
    return WK_OK;
}

static wk_code add_query(wki_buf *b, const char *types, const char *since, wk_error *err)
{
    wki_buf query;
    wk_code rc = WK_OK;

    wki_buf_init(&query, WK_MAX_URL_BYTES, "URL");
    if (types)
        rc = wki_form_add(&query, "_type", types, err);
    if (rc == WK_OK && since)
        rc = wki_form_add(&query, "_since", since, err);
    if (rc == WK_OK && query.n > 0)
        rc = wki_buf_addf(b, err, "?%s", wki_buf_text(&query));
    wki_buf_clear(&query);
    return rc;
}

wk_code wki_bulk_url(const char *base, const char *group, const char *patient, const char *types,
                     const char *since, char **out, wk_error *err)
{
    const char *id = group ? group : patient;
    wki_buf path;
    wk_code rc = check_types(types, err);

    if (rc == WK_OK && group && patient)
        rc = wk_fail(err, WK_USAGE, "--group or --patient, not both");
    if (rc == WK_OK && id && (*id == '\0' || strcmp(id, ".") == 0 || strcmp(id, "..") == 0))
        rc = wk_fail(err, WK_USAGE, "an id is needed");
    wki_buf_init(&path, WK_MAX_URL_BYTES, "URL");
    if (rc == WK_OK && id)
        rc = wki_buf_addf(&path, err, group ? "Group/" : "Patient/");
    if (rc == WK_OK && id)
        rc = wki_url_encode(&path, id, err);
    if (rc == WK_OK)
        rc = wki_buf_addf(&path, err, id ? "/$export" : "$export");
    if (rc == WK_OK)
        rc = add_query(&path, types, since, err);
    if (rc == WK_OK)
        rc = wki_url_append(base, wki_buf_text(&path), out, err);
    wki_buf_clear(&path);
    return rc;
}

/* ---- manifest ---- */

void wki_bulk_manifest_clear(wki_bulk_manifest *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->files[i].url);
    free(m->files);
    memset(m, 0, sizeof *m);
}

static wki_bulk_file *grow(wki_bulk_manifest *m, wk_error *err)
{
    size_t capacity = m->capacity ? 2 * m->capacity : 64;
    wki_bulk_file *more;

    if (m->n == WK_MAX_BULK_FILES) {
        (void)wk_fail(err, WK_LIMIT, "an export of more than %d files", WK_MAX_BULK_FILES);
        return NULL;
    }
    if (m->n == m->capacity) {
        more = realloc(m->files, capacity * sizeof *more);
        if (!more) {
            (void)wk_fail(err, WK_NOMEM, "out of memory");
            return NULL;
        }
        m->files = more;
        m->capacity = capacity;
    }
    memset(&m->files[m->n], 0, sizeof m->files[0]);
    return &m->files[m->n];
}

/* "Patient.ndjson", the second "Patient-2.ndjson"; nothing of it is the server's but letters. */
static void name_file(const wki_bulk_manifest *m, wki_bulk_file *f)
{
    const char *stem = strcmp(f->kind, "error") == 0     ? "errors"
                       : strcmp(f->kind, "deleted") == 0 ? "deleted"
                       : f->type[0]                      ? f->type
                                                         : "resources";
    size_t same = 1;

    for (size_t i = 0; i < m->n; i++)
        same += strcmp(m->files[i].kind, f->kind) == 0 && strcmp(m->files[i].type, f->type) == 0;
    if (strcmp(f->kind, "output") != 0) {
        same = 1;
        for (size_t i = 0; i < m->n; i++)
            same += strcmp(m->files[i].kind, f->kind) == 0;
    }
    if (same == 1)
        snprintf(f->name, sizeof f->name, "%s.ndjson", stem);
    else
        snprintf(f->name, sizeof f->name, "%s-%zu.ndjson", stem, same);
}

static wk_code add_file(wki_bulk_manifest *m, const wki_json *entry, const char *kind,
                        const char *base, wk_error *err)
{
    const char *url = wki_json_str(entry, "url"), *type = wki_json_str(entry, "type");
    wki_bulk_file *f = grow(m, err);
    wk_code rc;

    if (!f)
        return err ? err->code : WK_NOMEM;
    if (!url)
        return wk_fail(err, WK_DATA, "the manifest has a file without an address");
    rc = wki_url_resolve(base, url, &f->url, err);
    if (rc != WK_OK)
        return wk_fail_add(err, "manifest: ");
    f->kind = kind;
    if (type && strlen(type) < sizeof f->type && strspn(type, letters) == strlen(type))
        (void)wki_strcopy(f->type, sizeof f->type, type);
    f->count = -1;
    (void)wki_json_int(entry, "count", &f->count);
    name_file(m, f);
    m->n++;
    return WK_OK;
}

static wk_code add_list(wki_bulk_manifest *m, const wki_json *page, const char *member,
                        const char *kind, const char *base, wk_error *err)
{
    const wki_json *list = wki_json_get(page, member);
    wk_code rc = WK_OK;

    for (const wki_json *e = wki_json_first(list); e && rc == WK_OK; e = wki_json_next(list, e))
        rc = add_file(m, e, kind, base, err);
    return rc;
}

wk_code wki_bulk_manifest_add(wki_bulk_manifest *m, const wki_json *page, const char *url,
                              char **next, wk_error *err)
{
    char words[256];
    const char *link = wki_bundle_link(page, "next");
    wk_code rc;

    *next = NULL;
    if (wki_fhir_outcome(words, sizeof words, page))
        return wk_fail(err, WK_DATA, "manifest: %s", words);
    if (!wki_json_get(page, "output") && !wki_json_get(page, "transactionTime"))
        return wk_fail(err, WK_DATA, "the answer is no manifest of an export");
    if (!m->seen)
        m->needs_token = wki_json_bool(page, "requiresAccessToken", true);
    m->seen = true;
    rc = add_list(m, page, "output", "output", url, err);
    if (rc == WK_OK)
        rc = add_list(m, page, "error", "error", url, err);
    if (rc == WK_OK)
        rc = add_list(m, page, "outcome", "error", url, err);
    if (rc == WK_OK)
        rc = add_list(m, page, "deleted", "deleted", url, err);
    return rc == WK_OK && link ? wki_url_resolve(url, link, next, err) : rc;
}
