#include "flow/picture/plan_parts.h"

#include "flow/fetch/listing.h"

bool wki_plan_may_divide(const wk_plan_item *item, bool begun, const wk_error *why)
{
    if ((item->level != WK_LEVEL_STUDY && item->level != WK_LEVEL_SERIES) || !item->root)
        return false;
    return why->code == WK_DATA || why->code == WK_UNSUPPORTED || why->code == WK_NOT_FOUND ||
           why->code == WK_PARTIAL || (why->code == WK_NET && (begun || why->http_status != 0));
}

typedef struct dividing {
    const wk_plan_item *item;
    wki_plan_list *list;
    wk_error fatal;
} dividing;

static wk_code add(dividing *d, const char *series, const char *sop, wk_error *err)
{
    wk_code rc = wki_plan_list_add_part(d->list, d->item, series, sop, &d->fatal);

    return rc == WK_OK ? rc : wk_fail_from(err, rc, &d->fatal);
}

static wk_code on_series(void *user, const wki_qido_series_row *row, wk_error *err)
{
    return add(user, row->uid, "", err);
}

static wk_code on_instance(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    return add(user, row->series, row->uid, err);
}

wk_code wki_plan_divide(wk_session *session, const wk_plan_item *item, wki_plan_list *list,
                        wk_error *err)
{
    dividing d = {.item = item, .list = list};
    wki_listing listing = {.session = session, .item = item};
    size_t found = 0;
    wk_code rc = item->level == WK_LEVEL_STUDY
                     ? wki_list_series(&listing, on_series, &d, &found, err)
                     : wki_list_instances(&listing, on_instance, &d, &found, err);

    if (rc == WK_OK && found == 0)
        rc = wk_fail(err, WK_NOT_FOUND, "the server lists nothing of it");
    return rc;
}
