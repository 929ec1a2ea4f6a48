#include "fhir/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "fhir/fhir_value.h"
#include "http/url.h"

bool wki_bundle_next_entry(const wki_json *bundle, const wki_json **at, wki_bundle_entry *out)
{
    const wki_json *entries = wki_json_get(bundle, "entry");

    for (;;) {
        const char *mode;

        *at = *at ? wki_json_next(entries, *at) : wki_json_first(entries);
        if (!*at)
            return false;
        out->resource = wki_json_get(*at, "resource");
        if (!wki_json_is_object(out->resource))
            continue;
        out->full_url = wki_json_str(*at, "fullUrl");
        mode = wki_json_str(wki_json_get(*at, "search"), "mode");
        out->mode = mode ? mode : "match";
        return true;
    }
}

const char *wki_bundle_link(const wki_json *bundle, const char *relation)
{
    const wki_json *links = wki_json_get(bundle, "link");

    for (const wki_json *l = wki_json_first(links); l; l = wki_json_next(links, l)) {
        const char *is = wki_json_str(l, "relation");

        if (is && wki_str_ieq(is, relation))
            return wki_json_str(l, "url");
    }
    return NULL;
}

/* Ids are opaque; some writers put the '#' into the id as well. */
static bool same_id(const char *id, const char *wanted, size_t n)
{
    if (id && *id == '#')
        id++;
    return id && strlen(id) == n && strncmp(id, wanted, n) == 0;
}

static const wki_json *find_contained(const wki_json *holder, const char *id, size_t n)
{
    const wki_json *list = wki_json_get(holder, "contained");

    for (const wki_json *c = wki_json_first(list); c; c = wki_json_next(list, c)) {
        if (same_id(wki_json_str(c, "id"), id, n))
            return c;
    }
    return NULL;
}

/* The parts of a reference: "[base/]Type/id[/_history/n]" or "#id" or a URN. */
typedef struct name {
    const char *whole;
    size_t n_whole; /* without /_history/n */
    const char *type;
    size_t n_type;
    const char *id;
    size_t n_id;
    bool absolute;
} name;

static bool is_type(const char *text, size_t n)
{
    if (n == 0 || text[0] < 'A' || text[0] > 'Z')
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z'))
            return false;
    }
    return true;
}

static void split(const char *reference, name *out)
{
    const char *history = strstr(reference, "/_history/"), *slash, *before;

    memset(out, 0, sizeof *out);
    out->whole = reference;
    out->n_whole = history ? (size_t)(history - reference) : strlen(reference);
    out->absolute = strstr(reference, "://") != NULL;
    if (wki_str_istarts(reference, "urn:")) {
        const char *colon = strrchr(reference, ':');

        out->absolute = true;
        out->id = colon + 1;
        out->n_id = strlen(colon + 1);
        return;
    }
    slash = memrchr(reference, '/', out->n_whole);
    out->id = slash ? slash + 1 : reference;
    out->n_id = out->n_whole - (size_t)(out->id - reference);
    if (!slash)
        return;
    before = memrchr(reference, '/', (size_t)(slash - reference));
    out->type = before ? before + 1 : reference;
    out->n_type = (size_t)(slash - out->type);
    if (!is_type(out->type, out->n_type))
        out->type = NULL;
}

static bool type_matches(const wki_json *resource, const name *wanted)
{
    const char *type = wki_fhir_type(resource);

    return !wanted->type ||
           (type && strlen(type) == wanted->n_type && !strncmp(type, wanted->type, wanted->n_type));
}

static bool full_url_matches(const char *full_url, const name *wanted, const char *base)
{
    name is;

    if (!full_url)
        return false;
    split(full_url, &is);
    if (wanted->absolute)
        return is.n_whole == wanted->n_whole &&
               (wki_str_istarts(wanted->whole, "urn:")
                    ? wki_str_ieq(is.whole, wanted->whole)
                    : !strncmp(is.whole, wanted->whole, is.n_whole));
    if (!base || !wanted->type || !wki_str_starts(full_url, base))
        return false;
    full_url += strlen(base);
    return *full_url == '/' && strlen(full_url + 1) >= wanted->n_whole &&
           !strncmp(full_url + 1, wanted->whole, wanted->n_whole) &&
           (full_url[1 + wanted->n_whole] == '\0' ||
            wki_str_starts(full_url + 1 + wanted->n_whole, "/_history/"));
}

static const wki_json *find_by_full_url(const wki_fhir_scope *scope, const name *wanted)
{
    const wki_json *at = NULL;
    wki_bundle_entry entry;

    while (wki_bundle_next_entry(scope->bundle, &at, &entry)) {
        if (full_url_matches(entry.full_url, wanted, scope->base))
            return entry.resource;
    }
    return NULL;
}

/* An absolute reference and an entry that says it is of another server are not the same. */
static bool may_be_same_server(const wki_bundle_entry *entry, const name *wanted)
{
    if (!wanted->absolute || !entry->full_url || !strstr(entry->full_url, "://"))
        return true;
    return wki_str_istarts(wanted->whole, "urn:") ||
           wki_url_same_origin(entry->full_url, wanted->whole);
}

static const wki_json *find_by_id(const wki_fhir_scope *scope, const name *wanted)
{
    const wki_json *at = NULL;
    wki_bundle_entry entry;

    while (wki_bundle_next_entry(scope->bundle, &at, &entry)) {
        if (same_id(wki_json_str(entry.resource, "id"), wanted->id, wanted->n_id) &&
            type_matches(entry.resource, wanted) && may_be_same_server(&entry, wanted))
            return entry.resource;
    }
    return NULL;
}

const wki_json *wki_fhir_find(const wki_fhir_scope *scope, const char *reference, const char **how)
{
    const char *word = NULL;
    const wki_json *found = NULL;
    bool local = reference[0] == '#';
    name wanted;

    split(local ? reference + 1 : reference, &wanted);
    if (wanted.n_id == 0)
        return NULL; /* "#" alone is the resource itself: no Endpoint */
    if (!local && (found = find_by_full_url(scope, &wanted)) != NULL)
        word = "included";
    /* "Endpoint/x" where x is only contained occurs; an absolute URL names another place. */
    if (!found && !(wanted.absolute && wanted.type)) {
        if ((found = find_contained(scope->resource, wanted.id, wanted.n_id)) != NULL)
            word = "contained";
        else if ((found = find_contained(scope->bundle, wanted.id, wanted.n_id)) != NULL)
            word = "Bundle-contained";
    }
    if (!found && (found = find_by_id(scope, &wanted)) != NULL)
        word = "included";
    if (how)
        *how = word;
    return found;
}

wk_code wki_fhir_reference_url(const wki_fhir_scope *scope, const char *reference, char **out,
                               wk_error *err)
{
    *out = NULL;
    if (reference[0] == '#' || reference[0] == '\0' || wki_str_istarts(reference, "urn:"))
        return WK_OK;
    if (wki_str_istarts(reference, "http://") || wki_str_istarts(reference, "https://")) {
        *out = wki_strdup(reference);
        return *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (!scope->base || strstr(reference, "://"))
        return WK_OK;
    return wki_url_append(scope->base, reference[0] == '/' ? reference + 1 : reference, out, err);
}

char *wki_fhir_base_of(const char *url, const char *type)
{
    size_t n_path = strcspn(url, "?#"), n_type = strlen(type);
    const char *found = NULL;

    for (const char *p = url; (p = strstr(p, type)) && p < url + n_path; p += n_type) {
        char after = p[n_type];

        if (p > url && p[-1] == '/' &&
            (after == '/' || after == '?' || after == '#' || after == '\0'))
            found = p;
    }
    return found && found - url > 1 ? wki_strfmt("%.*s", (int)(found - 1 - url), url) : NULL;
}

char *wki_fhir_root(const char *url)
{
    static const char metadata[] = "/metadata";
    char *base = wki_fhir_base_of(url, "ImagingStudy");
    size_t n_path = strcspn(url, "?#"), n = n_path, before;
    const size_t m = sizeof metadata - 1;

    if (base)
        return base;
    do {
        before = n;
        while (n > 0 && url[n - 1] == '/')
            n--;
        if (n > m && strncmp(url + n - m, metadata, m) == 0)
            n -= m;
    } while (n != before);
    return wki_strfmt("%.*s%.*s", (int)n, url, (int)strcspn(url + n_path, "#"), url + n_path);
}
