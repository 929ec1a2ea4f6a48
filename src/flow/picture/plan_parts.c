#include "flow/picture/plan_parts.h"

#include "core/seen.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"

enum {
    MAX_SERIES = 1 << 16
};

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
    wki_seen series; /* of a study */
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
    dividing *d = user;

    if (d->item->level != WK_LEVEL_STUDY)
        return add(d, row->series, row->uid, err);
    return wki_seen_before(&d->series, row->series) ? WK_OK : add(d, row->series, "", err);
}

/* In the order of get: one bad instance can spoil the list of a whole study, and not that of its
 * series. */
wk_code wki_plan_divide(wk_session *session, const wk_plan_item *item, wki_plan_list *list,
                        wk_error *err)
{
    dividing d = {.item = item, .list = list};
    wki_listing listing = {.session = session, .item = item};
    wk_error why = {0};
    size_t found = 0, before = list->n;
    wk_code rc;

    wki_seen_init(&d.series, MAX_SERIES);
    rc = wki_list_instances(&listing, on_instance, &d, &found, &why);
    if ((rc != WK_OK || found == 0) && rc != WK_CANCELLED && rc != WK_NOMEM &&
        item->level == WK_LEVEL_STUDY) {
        while (list->n > before)
            wk_plan_item_free(list->items[--list->n]);
        wk_error_clear(&why);
        rc = wki_list_series(&listing, on_series, &d, &found, &why);
        if (rc != WK_OK && rc != WK_CANCELLED && rc != WK_NOMEM && item->root)
            wki_plan_server(session, item)->no_list = true;
    }
    wki_seen_clear(&d.series);
    if (rc == WK_OK && found == 0)
        rc = wk_fail(&why, WK_NOT_FOUND, "the server lists nothing of it");
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &why);
}
