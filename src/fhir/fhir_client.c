#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/buf.h"
#include "core/seen.h"
#include "core/text.h"
#include "fhir/bundle.h"
#include "http/url.h"

enum {
    MAX_REPEATS = 2
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

/* named_by: the page whose link `url` is, NULL for the first. */
static wk_code fetch(wki_http *http, const char *url, const char *form, const char *named_by,
                     wki_json **out, wk_error *err)
{
    wki_http_request request = {
        .url = url, .accept = accept_fhir, .selects = true, .named_by = named_by};
    char where[512], what[600];
    wki_buf body;
    wk_code rc;

    if (form) {
        request.method = "POST";
        request.content_type = "application/x-www-form-urlencoded";
        request.body = form;
        request.body_n = strlen(form);
    }
    wki_url_redact(where, sizeof where, url);
    snprintf(what, sizeof what, "answer of %s", where);
    wki_buf_init(&body, WK_MAX_JSON_BYTES, "FHIR answer");
    rc = fetch_whole(http, &request, &body, err);
    if (rc == WK_OK)
        rc = wki_json_parse(wki_buf_text(&body), body.n, what, out, err);
    wki_buf_clear(&body);
    return rc;
}

wk_code wki_fhir_read(wki_http *http, const char *url, const char *named_by, wki_json **out,
                      wk_error *err)
{
    return fetch(http, url, NULL, named_by, out, err);
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

/* The link "next" of a page, made absolute; NULL in *next where there is none or it was followed
 * before. */
static wk_code find_next(const wki_json *page, const char *url, wki_seen *seen, const wk_log *log,
                         char **next, wk_error *err)
{
    const char *link = wki_bundle_link(page, "next");
    char *absolute = NULL;
    wk_code rc;

    *next = NULL;
    if (!link)
        return WK_OK;
    rc = resolve_link(url, link, &absolute, err);
    if (rc != WK_OK) {
        wk_fail_add(err, "next page: ");
        return rc;
    }
    if (wki_seen_before(seen, absolute)) {
        wk_log_write(log, WK_LOG_WARN, "the server's next page is one that came before: stopped");
        free(absolute);
        return WK_OK;
    }
    *next = absolute;
    return WK_OK;
}

wk_code wki_fhir_pages(wki_http *http, const wki_fhir_search *search, wki_fhir_page_fn each,
                       void *user, size_t *n_pages, wk_error *err)
{
    char *url = wki_strdup(search->url);
    const char *form = search->form;
    size_t pages = 0;
    wki_seen seen;
    wk_code rc = url ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    wki_seen_init(&seen, WK_MAX_PAGES);
    if (url && !form)
        wki_seen_before(&seen, url);
    while (rc == WK_OK && url) {
        wki_json *page = NULL;
        char *next = NULL;

        if (pages >= WK_MAX_PAGES) {
            rc = wk_fail(err, WK_LIMIT, "search answer of more than %d pages", WK_MAX_PAGES);
            break;
        }
        rc = fetch(http, url, form, pages ? search->url : NULL, &page, err);
        if (rc == WK_OK) {
            pages++;
            rc = each(user, page, url, err);
        }
        if (rc == WK_OK)
            rc = find_next(page, url, &seen, search->log, &next, err);
        wki_json_free(page);
        free(url);
        url = next;
        form = NULL; /* later pages are links, to be read by GET */
    }
    free(url);
    wki_seen_clear(&seen);
    if (n_pages)
        *n_pages = pages;
    return rc;
}
