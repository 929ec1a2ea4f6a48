#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/buf.h"
#include "core/seen.h"
#include "core/text.h"
#include "fhir/bundle.h"
#include "fhir/fhir_value.h"
#include "http/url.h"

enum {
    MAX_REPEATS = 2,
    MAX_BARREN = 5,       /* pages one after the other without anything new */
    MAX_ENTRIES = 1 << 16 /* remembered: half a MiB */
};

static const char accept_fhir[] = "application/fhir+json";

/* The client does not repeat what broke off after its first byte; here nothing was used yet. */
static wk_code fetch_whole(wki_http *http, const wki_http_request *request, wki_buf *body,
                           wk_error *err)
{
    for (int attempt = 0;; attempt++) {
        wki_http_result result = {0};
        wk_error why = {0};
        wk_code rc = wki_http_fetch(http, request, body, &result, &why);

        if (rc == WK_OK)
            return WK_OK;
        if (rc != WK_NET || result.status / 100 != 2 || attempt >= MAX_REPEATS) {
            if (err && err->code == WK_OK)
                *err = why;
            return rc;
        }
        wki_buf_reset(body);
    }
}

static wk_code fetch(wki_http *http, const wki_http_request *request, wki_json_faults *faults,
                     wki_json **out, wk_error *err)
{
    char where[512], what[600];
    wki_buf body;
    wk_code rc;

    wki_url_redact(where, sizeof where, request->url);
    snprintf(what, sizeof what, "answer of %s", where);
    wki_buf_init(&body, WK_MAX_JSON_BYTES, "FHIR answer");
    rc = fetch_whole(http, request, &body, err);
    if (rc == WK_OK)
        rc = wki_json_parse_mended(wki_buf_text(&body), body.n, what, "", faults, out, err);
    wki_buf_clear(&body);
    return rc;
}

wk_code wki_fhir_read(wki_http *http, const char *url, const char *named_by, wki_json **out,
                      wk_error *err)
{
    const wki_http_request request = {
        .url = url, .accept = accept_fhir, .selects = true, .named_by = named_by};

    wki_json_faults faults = {0};

    return fetch(http, &request, &faults, out, err);
}

bool wki_fhir_refuses_include(int status)
{
    return status == 400 || status == 403 || status == 422 || status == 500 || status == 501;
}

/* --- pages --- */

/* One search, over all its pages. */
typedef struct paging {
    const wki_fhir_search *search;
    wki_seen links, entries;
    size_t pages, barren; /* barren: of the last pages, those without anything new */
    const char *incomplete;
} paging;

static wk_code fetch_page(wki_http *http, const paging *p, const char *url, wki_json **out,
                          wk_error *err)
{
    const char *form = p->pages ? NULL : p->search->form; /* later pages are links, read by GET */
    wki_http_request request = {.url = url,
                                .accept = accept_fhir,
                                .selects = true,
                                .named_by = p->pages ? p->search->url : NULL,
                                .divisible = p->search->divisible && p->pages == 0};

    if (form) {
        request.method = "POST";
        request.content_type = "application/x-www-form-urlencoded";
        request.body = form;
        request.body_n = strlen(form);
    }
    return fetch(http, &request, p->search->faults, out, err);
}

/* "ImagingStudy?page=2" is meant from the service base, as references are, wherever the page came
 * from. */
static wk_code resolve_link(const char *url, const char *link, char **out, wk_error *err)
{
    char *base =
        wki_str_starts(link, "ImagingStudy") ? wki_fhir_base_of(url, "ImagingStudy") : NULL;
    char *root = base ? wki_strfmt("%s/", base) : NULL;
    wk_code rc = wki_url_resolve(root ? root : url, link, out, err);

    free(base);
    free(root);
    return rc;
}

/* Whether an entry of the page did not come before; remembers them. */
static bool has_new(paging *p, const wki_json *page)
{
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    bool any = false;

    while (wki_bundle_next_entry(page, &at, &entry)) {
        const char *id = wki_json_str(entry.resource, "id"), *type = wki_fhir_type(entry.resource);
        char *key = id && type
                        ? wki_strfmt("%s/%s %s", type, id, entry.full_url ? entry.full_url : "")
                        : wki_json_print(entry.resource);

        if (!key || !wki_seen_before(&p->entries, key))
            any = true;
        free(key);
    }
    return any;
}

/* The link "next" of a page, made absolute; NULL in *next where there is none, or no sense in
 * following it. */
static wk_code find_next(paging *p, const wki_json *page, const char *url, char **next,
                         wk_error *err)
{
    const char *link = wki_bundle_link(page, "next");
    char *absolute = NULL;
    wk_code rc;

    *next = NULL;
    p->barren = has_new(p, page) ? 0 : p->barren + 1;
    if (!link)
        return WK_OK;
    rc = resolve_link(url, link, &absolute, err);
    if (rc != WK_OK) {
        wk_fail_add(err, "next page: ");
        return rc;
    }
    if (wki_seen_before(&p->links, absolute))
        p->incomplete = "the server's next page is one that came before";
    else if (p->barren >= MAX_BARREN)
        p->incomplete = "page after page has nothing new in it, and names another";
    if (p->incomplete)
        free(absolute);
    else
        *next = absolute;
    return WK_OK;
}

wk_code wki_fhir_pages(wki_http *http, const wki_fhir_search *search, wki_fhir_page_fn each,
                       void *user, const char **incomplete, wk_error *err)
{
    char *url = wki_strdup(search->url);
    paging p = {.search = search};
    wk_code rc = url ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    wki_seen_init(&p.links, WK_MAX_PAGES);
    wki_seen_init(&p.entries, MAX_ENTRIES);
    if (url && !search->form)
        wki_seen_before(&p.links, url);
    while (rc == WK_OK && url) {
        wki_json *page = NULL;
        char *next = NULL;

        if (p.pages >= WK_MAX_PAGES) {
            rc = wk_fail(err, WK_LIMIT, "search answer of more than %d pages", WK_MAX_PAGES);
            break;
        }
        rc = fetch_page(http, &p, url, &page, err);
        if (rc == WK_OK) {
            p.pages++;
            rc = each(user, page, url, err);
        }
        if (rc == WK_OK)
            rc = find_next(&p, page, url, &next, err);
        wki_json_free(page);
        free(url);
        url = next;
    }
    free(url);
    wki_seen_clear(&p.links);
    wki_seen_clear(&p.entries);
    if (incomplete)
        *incomplete = rc == WK_OK ? p.incomplete : NULL;
    return rc;
}
