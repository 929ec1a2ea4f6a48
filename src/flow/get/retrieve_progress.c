#include <stdio.h>

#include "flow/get/retriever.h"

void wki_retriever_link(wki_task *t)
{
    wki_retriever *r = t->retriever;

    t->place = r->tasks_end;
    *r->tasks_end = t;
    r->tasks_end = &t->next;
    r->n_tasks++;
}

void wki_retriever_unlink(wki_task *t)
{
    wki_retriever *r = t->retriever;

    if (!t->place)
        return;
    *t->place = t->next;
    if (t->next)
        t->next->place = t->place;
    else
        r->tasks_end = t->place;
    t->place = NULL;
    r->n_tasks--;
}

static void name_task(char *out, size_t size, const wk_plan_item *item)
{
    bool series = item->level != WK_LEVEL_STUDY && item->series[0];

    if (series)
        snprintf(out, size, "studies/%s/series/%s", item->study, item->series);
    else
        snprintf(out, size, "studies/%s", item->study);
}

static wk_progress_part part_of(const wki_task *t, const char *name)
{
    return (wk_progress_part){.what = name,
                              .bytes = t->bytes,
                              .bytes_total = t->bytes_total,
                              .items = t->n_expected > 0 ? t->n_done : t->instances,
                              .items_total = t->n_expected > 0 ? (int64_t)t->n_expected : -1};
}

void wki_retriever_describe(void *retriever, wk_progress *out)
{
    wki_retriever *r = retriever;
    size_t n = 0;

    for (const wki_task *t = r->tasks; t && n < WKI_MAX_PARTS_TOLD; t = t->next) {
        if (!t->begun)
            continue;
        name_task(r->told.names[n], sizeof r->told.names[n], t->item);
        r->told.parts[n] = part_of(t, r->told.names[n]);
        n++;
    }
    out->what = n > 0 ? r->told.names[0] : NULL;
    out->bytes = r->summary.bytes;
    out->items = r->summary.saved + r->summary.kept;
    out->items_total = r->unknown ? -1 : r->summary.expected;
    out->targets -= out->targets < r->n_tasks ? out->targets : r->n_tasks;
    out->parts = r->told.parts;
    out->n_parts = n;
}

void wki_retriever_say_end(const wki_task *t)
{
    const wk_log *log = &t->retriever->session->log;
    char name[2 * WK_UID_SIZE + 32];

    name_task(name, sizeof name, t->item);
    if (t->n_expected > 0)
        wk_log_write(log, WK_LOG_INFO, "%s: %zu of %zu instances, %llu bytes received", name,
                     t->n_done, t->n_expected, (unsigned long long)t->bytes);
    else
        wk_log_write(log, WK_LOG_INFO, "%s: %llu instances, %llu bytes received", name,
                     (unsigned long long)t->instances, (unsigned long long)t->bytes);
}
