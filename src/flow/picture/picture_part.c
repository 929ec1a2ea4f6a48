#include "flow/fetch/listing.h"
#include "flow/picture/picture_run.h"

typedef struct division {
    wki_picture_run *run;
    const wk_plan_item *item;
    wki_plan_list *out;
    wk_error fatal;
} division;

static wk_code take_row(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    division *d = user;
    wk_code rc;

    if (!wki_picture_run_is_here(d->run, row->uid))
        return WK_OK;
    rc = wki_plan_list_add_part(d->out, d->item, row->series, row->uid, &d->fatal);
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &d->fatal);
}

static const char *own_key(const wk_plan_item *item)
{
    const char *uid = item->sop[0] ? item->sop : item->series[0] ? item->series : item->study;

    return uid[0] || !item->url ? uid : item->url;
}

/* A server without lists has its studies and series divided as they are. One that has them and
 * fails may list to the next run: then nothing of the item is drawn here. */
static wk_code divide(division *d, wk_error *err)
{
    const wk_plan_item *item = d->item;
    bool above = item->level == WK_LEVEL_STUDY || item->level == WK_LEVEL_SERIES;
    size_t before = d->out->n;
    wki_listing listing = {.session = d->run->session, .item = item};
    size_t found = 0;
    wk_error failed = {0};
    wk_code rc =
        above && item->root ? wki_list_instances(&listing, take_row, d, &found, &failed) : WK_OK;

    if (d->fatal.code != WK_OK || rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &failed);
    if (found == 0 && (rc == WK_OK || rc == WK_NOT_FOUND || rc == WK_AUTH))
        return wki_picture_run_is_here(d->run, own_key(item)) ? wki_plan_list_add(d->out, item, err)
                                                              : WK_OK;
    if (rc == WK_OK)
        return WK_OK;
    while (d->out->n > before)
        wk_plan_item_free(d->out->items[--d->out->n]);
    wk_fail_add(&failed, "cannot be divided: ");
    wki_picture_run_failed(d->run, item->url, item, &failed);
    return WK_OK;
}

wk_code wki_picture_run_divide(wki_picture_run *run, const wk_plan_item *item, wki_plan_list *out,
                               wk_error *err)
{
    division d = {.run = run, .item = item, .out = out};

    return run->session->opts.shard.count < 2 ? wki_plan_list_add(out, item, err) : divide(&d, err);
}
