#include <string.h>

#include "dicomweb/qido.h"
#include "flow/find/plan_ask.h"
#include "flow/picture/picture_run.h"
#include "flow/picture/plan_parts.h"

typedef struct division {
    wki_picture_run *run;
    const wk_plan_item *item;
    wki_plan_list *out;
    size_t found;
    wk_error fatal;
} division;

static wk_code take_row(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    division *d = user;
    const wk_plan_item *item = d->item;
    wk_code rc;

    if (strcmp(row->study, item->study) != 0 || row->series[0] == '\0' ||
        (item->series[0] && strcmp(row->series, item->series) != 0) ||
        wki_plan_is_excepted(item, row->series))
        return WK_OK;
    d->found++;
    if (!wki_picture_run_is_here(d->run, row->uid))
        return WK_OK;
    rc = wki_plan_add_part(item, row->series, row->uid, d->out, NULL, &d->fatal);
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &d->fatal);
}

static wk_code ask(division *d, wk_error *err)
{
    const wk_plan_item *item = d->item;
    wki_qido_opts opts;

    wki_plan_qido(item, &d->run->session->log, &opts);
    opts.uids_only = true;
    return wki_qido_instances(d->run->session->http, item->root, item->study,
                              item->series[0] ? item->series : NULL, &opts, take_row, d, err);
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
    wk_error failed = {0};
    wk_code rc = above && item->root ? ask(d, &failed) : WK_OK;

    if (d->fatal.code != WK_OK || rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &failed);
    if (d->found == 0 && (rc == WK_OK || rc == WK_NOT_FOUND || rc == WK_AUTH))
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

wk_code wki_picture_run_divide(wki_picture_run *run, wki_plan_list *list, wk_error *err)
{
    wki_plan_list ours = {NULL, 0, 0};
    wk_code rc = WK_OK;

    if (run->session->opts.shard.count < 2)
        return WK_OK;
    for (size_t i = 0; i < list->n && rc == WK_OK; i++) {
        division d = {.run = run, .item = list->items[i], .out = &ours};

        rc = divide(&d, err);
    }
    if (rc == WK_OK) {
        wki_plan_list old = *list;

        *list = ours;
        ours = old;
    }
    wki_plan_list_clear(&ours);
    return rc;
}
