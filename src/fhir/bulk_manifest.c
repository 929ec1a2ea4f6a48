#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "fhir/bulk_export.h"
#include "fhir/bundle.h"
#include "fhir/fhir_value.h"
#include "http/url.h"

#define MAX_PRINTED ((size_t)1 << 30)

/* The lists of a manifest; "outcome" is what later versions call "error". */
static const struct {
    const char *member, *kind;
} lists[] = {
    {"output", "output"}, {"error", "error"}, {"outcome", "error"}, {"deleted", "deleted"}};

enum {
    N_LISTS = sizeof lists / sizeof lists[0]
};

void wki_bulk_manifest_clear(wki_bulk_manifest *m)
{
    for (size_t i = 0; i < m->n; i++)
        free(m->files[i].url);
    free(m->files);
    wki_seen_clear(&m->seen);
    wki_buf_clear(&m->head);
    for (size_t i = 0; i < N_LISTS; i++)
        wki_buf_clear(&m->lists[i]);
    memset(m, 0, sizeof *m);
}

/* ---- entries ---- */

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

/* "output\nPatient\nhttps://...": what a file is known by. On the heap. */
static char *words_of(const wki_bulk_file *f, const char *url)
{
    return wki_strfmt("%s\n%s\n%s", f->kind, f->type, url);
}

static wk_code add_file(wki_bulk_manifest *m, const wki_json *entry, const char *kind,
                        const char *base, wk_error *err)
{
    const char *url = wki_json_str(entry, "url"), *type = wki_json_str(entry, "type");
    wki_bulk_file *f = grow(m, err);
    char *words;
    wk_code rc;

    if (!f)
        return err ? err->code : WK_NOMEM;
    if (!url)
        return wk_fail(err, WK_DATA, "the manifest has a file without an address");
    rc = wki_url_resolve(base, url, &f->url, err);
    if (rc != WK_OK)
        return wk_fail_add(err, "manifest: ");
    f->kind = kind;
    if (type && strlen(type) < sizeof f->type)
        (void)wki_strcopy(f->type, sizeof f->type, type);
    for (const char *c = f->type; *c; c++) {
        if (!((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z')))
            f->type[0] = '\0';
    }
    f->count = -1;
    (void)wki_json_int(entry, "count", &f->count);
    words = words_of(f, f->url);
    if (!words) {
        free(f->url);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (wki_seen_before(&m->seen, words)) {
        m->repeated++;
        free(f->url);
    } else {
        m->n++;
    }
    free(words);
    return WK_OK;
}

/* ---- pages ---- */

/* Adds "name":value, with a comma where something is in front of it. */
static wk_code print_member(wki_buf *b, const char *name, const wki_json *value, wk_error *err)
{
    char *text = wki_json_print(value);
    wk_code rc = text ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK && b->n > 0)
        rc = wki_buf_add(b, ",", 1, err);
    if (rc == WK_OK && name)
        rc = wki_json_add_text(b, name, err);
    if (rc == WK_OK && name)
        rc = wki_buf_add(b, ":", 1, err);
    if (rc == WK_OK)
        rc = wki_buf_add(b, text, strlen(text), err);
    free(text);
    return rc;
}

static bool is_list(const char *name)
{
    for (size_t i = 0; i < N_LISTS; i++) {
        if (strcmp(lists[i].member, name) == 0)
            return true;
    }
    return false;
}

static wk_code begin(wki_bulk_manifest *m, const wki_json *page, wk_error *err)
{
    wk_code rc = WK_OK;

    m->needs_token = wki_json_bool(page, "requiresAccessToken", true);
    wki_seen_init(&m->seen, WK_MAX_BULK_FILES);
    wki_buf_init(&m->head, MAX_PRINTED, "manifest");
    for (size_t i = 0; i < N_LISTS; i++)
        wki_buf_init(&m->lists[i], MAX_PRINTED, "manifest");
    for (const wki_json *v = wki_json_member_first(page); v && rc == WK_OK;
         v = wki_json_member_next(v)) {
        if (!is_list(wki_json_name(v)) && strcmp(wki_json_name(v), "link") != 0)
            rc = print_member(&m->head, wki_json_name(v), v, err);
    }
    return rc;
}

static wk_code add_list(wki_bulk_manifest *m, size_t i, const wki_json *list, const char *base,
                        wk_error *err)
{
    wk_code rc = WK_OK;

    for (const wki_json *e = wki_json_first(list); e && rc == WK_OK; e = wki_json_next(list, e)) {
        rc = add_file(m, e, lists[i].kind, base, err);
        if (rc == WK_OK)
            rc = print_member(&m->lists[i], NULL, e, err);
    }
    return rc;
}

static wk_code check_page(const wki_bulk_manifest *m, const wki_json *page, wk_error *err)
{
    char words[256];
    bool any = false;

    if (wki_fhir_outcome(words, sizeof words, page))
        return wk_fail(err, WK_DATA, "manifest: %s", words);
    for (size_t i = 0; i < N_LISTS; i++)
        any = any || wki_json_get(page, lists[i].member);
    return any || (m->pages > 0 && wki_json_is_object(page))
               ? WK_OK
               : wk_fail(err, WK_DATA, "the answer is no manifest of an export: it lists no files");
}

wk_code wki_bulk_manifest_add(wki_bulk_manifest *m, const wki_json *page, const char *url,
                              char **next, wk_error *err)
{
    const char *link = wki_bundle_link(page, "next");
    wk_code rc = check_page(m, page, err);

    *next = NULL;
    if (rc == WK_OK && m->pages == 0)
        rc = begin(m, page, err);
    for (size_t i = 0; i < N_LISTS && rc == WK_OK; i++)
        rc = add_list(m, i, wki_json_get(page, lists[i].member), url, err);
    if (rc == WK_OK)
        m->pages++;
    return rc == WK_OK && link ? wki_url_resolve(url, link, next, err) : rc;
}

wk_code wki_bulk_manifest_print(const wki_bulk_manifest *m, wki_buf *out, wk_error *err)
{
    wk_code rc = wki_buf_addf(out, err, "{%s", wki_buf_text(&m->head));
    bool first = m->head.n == 0;

    for (size_t i = 0; i < N_LISTS && rc == WK_OK; i++) {
        /* Those two are there in any case, though empty. */
        if (i > 1 && m->lists[i].n == 0)
            continue;
        rc = wki_buf_addf(out, err, "%s\"%s\":[", first ? "" : ",", lists[i].member);
        if (rc == WK_OK && m->lists[i].n > 0)
            rc = wki_buf_add(out, m->lists[i].data, m->lists[i].n, err);
        if (rc == WK_OK)
            rc = wki_buf_add(out, "]", 1, err);
        first = false;
    }
    return rc == WK_OK ? wki_buf_add(out, "}\n", 2, err) : rc;
}

/* ---- ids ---- */

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++) {
        if (wki_str_ieq(name, *names))
            return true;
    }
    return false;
}

/* What the query of a URL is signed with. */
typedef struct signers {
    bool azure, cloudfront;
} signers;

static bool signs(const char *name, const signers *s)
{
    static const char *const azure[] = {"sv",  "ss",  "srt", "sp",    "se",    "st",
                                        "spr", "sip", "sr",  "skoid", "sktid", "skt",
                                        "ske", "sks", "skv", "sig",   NULL};
    static const char *const cloudfront[] = {
        "Signature",      "Expires",        "Policy",         "Key-Pair-Id",
        "AWSAccessKeyId", "GoogleAccessId", "Hash-Algorithm", NULL};

    return wki_str_istarts(name, "X-Amz-") || wki_str_istarts(name, "X-Goog-") ||
           (s->azure && is_one_of(name, azure)) || (s->cloudfront && is_one_of(name, cloudfront));
}

/* The name of the parameter that `at` begins with; its end, behind its '&', is returned. */
static const char *read_param(const char *at, char *name, size_t size)
{
    size_t n = strcspn(at, "&"), name_n = strcspn(at, "=&");

    if (name_n >= size)
        name_n = 0; /* none of ours */
    memcpy(name, at, name_n);
    name[name_n] = '\0';
    return at + n + (at[n] == '&');
}

/* The URL without what signs it, on the heap; NULL where memory is out. */
static char *without_signature(const char *url)
{
    char *out = wki_strdup(url), *query = out ? strchr(out, '?') : NULL, *end = query, name[32];
    signers s = {0};

    if (!query)
        return out;
    for (const char *p = query + 1; *p;) {
        p = read_param(p, name, sizeof name);
        s.azure = s.azure || wki_str_ieq(name, "sig");
        s.cloudfront = s.cloudfront || wki_str_ieq(name, "Signature");
    }
    for (const char *p = query + 1, *next; *p; p = next) {
        size_t n = strcspn(p, "&");

        next = read_param(p, name, sizeof name);
        if (signs(name, &s))
            continue;
        *end = end == query ? '?' : '&';
        memmove(end + 1, p, n);
        end += n + 1;
    }
    *end = '\0';
    return out;
}

static wk_code digest(const wki_bulk_file *f, const char *url, unsigned char *out, wk_error *err)
{
    char *words = url ? words_of(f, url) : NULL;
    wk_code rc = words ? wki_sha256_once(words, strlen(words), out, err)
                       : wk_fail(err, WK_NOMEM, "out of memory");

    free(words);
    return rc;
}

static wk_code make_id(wki_bulk_file *f, wk_error *err)
{
    char *url = without_signature(f->url);
    wk_code rc = digest(f, f->url, f->id.whole, err);

    if (rc == WK_OK)
        rc = digest(f, url, f->id.lasting, err);
    free(url);
    f->id.distinct = true;
    return rc;
}

static int by_lasting(const void *a, const void *b)
{
    const wki_bulk_file *const *x = a, *const *y = b;

    return memcmp((*x)->id.lasting, (*y)->id.lasting, WKI_SHA256_BYTES);
}

wk_code wki_bulk_manifest_end(wki_bulk_manifest *m, wk_error *err)
{
    wki_bulk_file **sorted = malloc((m->n + 1) * sizeof *sorted);
    wk_code rc = sorted ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    for (size_t i = 0; i < m->n && rc == WK_OK; i++) {
        sorted[i] = &m->files[i];
        rc = make_id(sorted[i], err);
    }
    if (rc == WK_OK)
        qsort(sorted, m->n, sizeof *sorted, by_lasting);
    for (size_t i = 1; i < m->n && rc == WK_OK; i++) {
        if (by_lasting(&sorted[i - 1], &sorted[i]) == 0)
            sorted[i - 1]->id.distinct = sorted[i]->id.distinct = false;
    }
    free(sorted);
    return rc;
}
