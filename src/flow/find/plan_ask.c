#include "flow/find/plan_ask.h"

#include <stdlib.h>

#include "core/text.h"
#include "dicomweb/dicomweb_url.h"

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

void wki_plan_qido(const wk_plan_item *item, const wk_log *log, wki_qido_opts *out)
{
    *out = (wki_qido_opts){.headers = headers_of(item),
                           .n_headers = item->n_headers,
                           .auth = auth_of(item),
                           .named_by = item->named_by,
                           .log = log};
}

char *wki_plan_instance_url(const wk_plan_item *item, const char *series, const char *sop)
{
    if (!item->root || !item->study[0] || !series[0] || !sop[0])
        return NULL;
    return wki_strfmt("%s/studies/%s/series/%s/instances/%s", item->root, item->study, series, sop);
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
