#include "flow/fetch/plan_ask.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/dicomweb_url.h"
#include "http/url.h"

/* What lends does not change what it lends. */
static const char *const *headers_of(const wk_plan_item *item)
{
    union {
        char **in;
        const char *const *out;
    } headers = {item->headers};

    return headers.out;
}

static wki_http_auth auth_of(const wk_plan_item *item)
{
    return item->send_credentials ? WKI_AUTH_BY_ORIGIN : WKI_AUTH_NEVER;
}

void wki_plan_request(const wk_plan_item *item, wki_http_request *out)
{
    *out = (wki_http_request){.headers = headers_of(item),
                              .n_headers = item->n_headers,
                              .auth = auth_of(item),
                              .same_origin_headers = true,
                              .named_by = item->named_by,
                              .service = true};
}

wki_server *wki_url_server(wk_session *session, const char *url)
{
    char *origin = NULL;
    wki_server *server;

    if (url && wki_url_origin(url, &origin, NULL) != WK_OK)
        origin = NULL;
    server = wki_servers_get(&session->servers, origin);
    free(origin);
    return server;
}

wki_server *wki_plan_server(wk_session *session, const wk_plan_item *item)
{
    return item->root ? wki_servers_get(&session->servers, item->root)
                      : wki_url_server(session, item->url);
}

void wki_plan_qido(wk_session *session, const wk_plan_item *item, wki_qido_opts *out)
{
    *out = (wki_qido_opts){.server = wki_plan_server(session, item),
                           .headers = headers_of(item),
                           .n_headers = item->n_headers,
                           .auth = auth_of(item),
                           .named_by = item->named_by,
                           .log = &session->log};
}

char *wki_plan_instance_url(const wk_plan_item *item, const char *series, const char *sop)
{
    if (!item->root || !item->study[0] || !series[0] || !sop[0])
        return NULL;
    return wki_strfmt("%s/studies/%s/series/%s/instances/%s", item->root, item->study, series, sop);
}

wk_code wki_plan_part(const wk_plan_item *item, const char *series, const char *sop,
                      wk_plan_item **out, wk_error *err)
{
    wk_plan_item part = *item;
    wk_code rc;

    part.level = *sop ? WK_LEVEL_INSTANCE : WK_LEVEL_SERIES;
    (void)wki_strcopy(part.series, sizeof part.series, series);
    (void)wki_strcopy(part.sop, sizeof part.sop, sop);
    part.url = wki_dicomweb_url_build(part.root, part.study, part.series, part.sop, 0, "");
    part.series_hints = NULL;
    part.except = NULL;
    part.n_series_hints = part.n_except = 0;
    part.n_series = part.n_instances = 0;
    for (size_t i = 0; i < item->n_series_hints && !*sop; i++) {
        const wk_series_hint *h = &item->series_hints[i];

        if (h->n_instances > 0 && strcmp(h->uid, series) == 0)
            part.n_instances = (uint64_t)h->n_instances;
    }
    rc = part.url ? wk_plan_item_copy(&part, out, err) : wk_fail(err, WK_NOMEM, "out of memory");
    free(part.url);
    return rc;
}

char *wki_plan_metadata_url(const wk_plan_item *plan)
{
    wki_dicomweb_url web = {0};
    char *base = NULL, *out = NULL;
    wk_error ignored = {0};

    if (plan->root)
        base = wki_dicomweb_url_build(plan->root, plan->study, plan->series, plan->sop, 0, "");
    else if (wki_dicomweb_url_parse(plan->url, &web, &ignored) == WK_OK && *web.study)
        base = wki_dicomweb_url_build(web.root, web.study, web.series, web.sop, 0, "");
    if (base)
        out = wki_strfmt("%s/metadata%s", base, web.query ? web.query : "");
    free(base);
    wki_dicomweb_url_clear(&web);
    return out ? out : wki_strfmt("%s/metadata", plan->url);
}

bool wki_plan_lists_all(const wk_plan_item *item)
{
    uint64_t n = 0;

    if (item->level == WK_LEVEL_STUDY && !item->complete_hint)
        return false;
    for (size_t i = 0; i < item->n_series_hints; i++) {
        const wk_series_hint *h = &item->series_hints[i];

        if (h->n_listed == 0 || (h->n_instances >= 0 && (uint64_t)h->n_instances != h->n_listed))
            return false;
        n += h->n_listed;
    }
    return n > 0 && n >= item->n_instances;
}

bool wki_plan_is_excepted(const wk_plan_item *item, const char *series)
{
    for (size_t i = 0; i < item->n_except; i++) {
        if (strcmp(item->except[i], series) == 0)
            return true;
    }
    return false;
}

wk_code wki_plan_check_count(uint64_t came, uint64_t stated, const char *what, wk_error *err)
{
    if (came >= stated)
        return WK_OK;
    return wk_fail(err, WK_NOT_FOUND,
                   "%llu of %llu %s came; the number is that of the source that named the study, "
                   "or of its server",
                   (unsigned long long)came, (unsigned long long)stated, what);
}

uint64_t wki_plan_count(const wk_plan_item *item)
{
    uint64_t n = 0;

    for (size_t i = 0; i < item->n_series_hints; i++) {
        if (item->series_hints[i].n_instances < 0)
            return 0;
        n += (uint64_t)item->series_hints[i].n_instances;
    }
    return item->complete_hint || item->level != WK_LEVEL_STUDY ? n : 0;
}
