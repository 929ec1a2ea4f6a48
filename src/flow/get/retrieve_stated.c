/*
 * How many instances and series the source of an item states (a FHIR ImagingStudy), compared with
 * what came. It matters where nobody lists the instances one by one: then it is the only sign that
 * some are missing.
 */
#include <stdlib.h>
#include <string.h>

#include "flow/fetch/plan_ask.h"
#include "flow/get/retriever.h"

enum {
    MAX_SERIES = 1 << 16
};

void wki_stated_note(wki_task *t, const char *series)
{
    const wk_plan_item *item = t->item;
    wki_stated *s = &t->stated;

    if (item->n_series_hints > 0 && !s->of_series)
        s->of_series = calloc(item->n_series_hints, sizeof *s->of_series);
    if (item->n_series_hints > 0 && !s->of_series) {
        wk_fail(&t->retriever->fatal, WK_NOMEM, "out of memory");
        return;
    }
    if (s->series.max == 0)
        wki_seen_init(&s->series, MAX_SERIES);
    (void)wki_seen_add(&s->series, series);
    s->instances++;
    for (size_t i = 0; i < item->n_series_hints; i++)
        s->of_series[i] += strcmp(item->series_hints[i].uid, series) == 0;
}

void wki_stated_clear(wki_stated *s)
{
    free(s->of_series);
    wki_seen_clear(&s->series);
}

/* One report for all that are missing of one kind; false where none is. */
static bool report(wki_task *t, const char *series, const char *what, uint64_t came,
                   uint64_t stated)
{
    wk_error error = {0};

    if (wki_plan_check_count(came, stated, what, &error) == WK_OK)
        return false;
    wki_retriever_report(t, WK_INSTANCE_MISSING, series, "", NULL, &error);
    t->retriever->summary.missing += stated - came - 1;
    return true;
}

void wki_stated_report(wki_task *t)
{
    const wk_plan_item *item = t->item;
    const wki_stated *s = &t->stated;
    bool told = false;

    for (size_t i = 0; i < item->n_series_hints; i++) {
        const wk_series_hint *h = &item->series_hints[i];
        uint64_t came = s->of_series ? s->of_series[i] : 0;

        if (h->n_instances > 0)
            told |= report(t, h->uid, "instances", came, (uint64_t)h->n_instances);
    }
    if (!told && !report(t, item->series, "instances", s->instances, item->n_instances))
        (void)report(t, item->series, "series", s->series.n, item->n_series);
}
