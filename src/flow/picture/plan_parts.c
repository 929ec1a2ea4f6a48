#include "flow/picture/plan_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/dicomweb_url.h"
#include "flow/find/plan_ask.h"

bool wki_plan_may_divide(const wk_plan_item *item, bool begun, const wk_error *why)
{
    if ((item->level != WK_LEVEL_STUDY && item->level != WK_LEVEL_SERIES) || !item->root)
        return false;
    return why->code == WK_DATA || why->code == WK_UNSUPPORTED || why->code == WK_NOT_FOUND ||
           (why->code == WK_NET && (begun || why->http_status != 0));
}

wk_code wki_plan_add_part(const wk_plan_item *item, const char *series, const char *sop,
                          wki_plan_list *list, bool *added, wk_error *err)
{
    wk_plan_item part = *item;
    wk_code rc;

    if (added)
        *added = false;
    if (wki_plan_is_excepted(item, series))
        return WK_OK;
    part.level = *sop ? WK_LEVEL_INSTANCE : WK_LEVEL_SERIES;
    (void)wki_strcopy(part.series, sizeof part.series, series);
    (void)wki_strcopy(part.sop, sizeof part.sop, sop);
    part.url = wki_dicomweb_url_build(part.root, part.study, part.series, part.sop, 0, "");
    part.series_hints = NULL;
    part.except = NULL;
    part.n_series_hints = part.n_except = 0;
    rc = part.url ? wki_plan_list_add(list, &part, err) : wk_fail(err, WK_NOMEM, "out of memory");
    free(part.url);
    if (added)
        *added = rc == WK_OK;
    return rc;
}

typedef struct dividing {
    const wk_plan_item *item;
    wki_plan_list *list;
    size_t found;
} dividing;

static wk_code add(dividing *d, const char *series, const char *sop, wk_error *err)
{
    bool added;
    wk_code rc = wki_plan_add_part(d->item, series, sop, d->list, &added, err);

    d->found += added;
    return rc;
}

/* Servers that do not know what is asked of them answer with all they have. */
static wk_code on_series(void *user, const wki_qido_series_row *row, wk_error *err)
{
    dividing *d = user;

    return strcmp(row->study, d->item->study) == 0 ? add(d, row->uid, "", err) : WK_OK;
}

static wk_code on_instance(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    dividing *d = user;

    return strcmp(row->study, d->item->study) == 0 && strcmp(row->series, d->item->series) == 0
               ? add(d, row->series, row->uid, err)
               : WK_OK;
}

wk_code wki_plan_divide(wk_session *session, const wk_plan_item *item, wki_plan_list *list,
                        wk_error *err)
{
    dividing d = {.item = item, .list = list};
    wki_qido_opts opts;
    wk_code rc;

    if (!item->root)
        return wk_fail(err, WK_UNSUPPORTED, "no service root");
    wki_plan_qido(item, &session->log, &opts);
    opts.uids_only = true;
    if (item->level == WK_LEVEL_STUDY)
        rc = wki_qido_series(session->http, item->root, item->study, &opts, on_series, &d, err);
    else
        rc = wki_qido_instances(session->http, item->root, item->study, item->series, &opts,
                                on_instance, &d, err);
    if (rc == WK_OK && d.found == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "the server lists nothing of it");
    return rc;
}
