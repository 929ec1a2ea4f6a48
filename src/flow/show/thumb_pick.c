#include "flow/show/thumb_pick.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/order.h"

wk_code wki_thumb_list_add(wki_thumb_list *list, const wki_thumb_entry *entry, wk_error *err)
{
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 64, size;
        wki_thumb_entry *entries = NULL;

        if (wki_mul_size(room, sizeof *entries, &size))
            entries = realloc(list->entries, size);
        if (!entries) {
            free(entry->path);
            return wk_fail(err, WK_NOMEM, "out of memory");
        }
        list->entries = entries;
        list->room = room;
    }
    list->entries[list->n++] = *entry;
    return WK_OK;
}

void wki_thumb_list_clear(wki_thumb_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->entries[i].path);
    free(list->entries);
    *list = (wki_thumb_list){NULL, 0, 0};
}

static int in_order(const void *a, const void *b)
{
    const wki_thumb_entry *x = a, *y = b;
    int d = strcmp(x->study, y->study);

    if (d == 0)
        d = strcmp(x->series, y->series);
    if (d == 0)
        d = (int)y->has_pixels - (int)x->has_pixels;
    if (d == 0)
        d = wki_number_order(x->number, y->number);
    if (d == 0)
        d = strcmp(x->sop, y->sop);
    if (d == 0)
        d = strcmp(x->path ? x->path : "", y->path ? y->path : "");
    return d;
}

static bool same_series(const wki_thumb_entry *a, const wki_thumb_entry *b)
{
    return a->series[0] && strcmp(a->study, b->study) == 0 && strcmp(a->series, b->series) == 0;
}

/* The entries of one series, from `start` on: those with pixels first. */
typedef struct run {
    size_t start, n, with_pixels;
} run;

static run series_at(const wki_thumb_list *list, size_t start)
{
    run r = {start, 0, 0};

    do {
        r.with_pixels += list->entries[start + r.n].has_pixels;
        r.n++;
    } while (start + r.n < list->n &&
             same_series(&list->entries[start], &list->entries[start + r.n]));
    return r;
}

static void choose_middle(wki_thumb_list *list, const run *r)
{
    size_t n = r->with_pixels ? r->with_pixels : r->n;

    size_t best = n / 2;
    bool any = false;

    for (size_t i = 0; i < r->with_pixels; i++) {
        const wki_thumb_entry *e = &list->entries[r->start + i], *b;

        b = &list->entries[r->start + best];
        if (e->slide && (!any || e->preference > b->preference ||
                         (e->preference == b->preference && e->extent < b->extent))) {
            best = i;
            any = true;
        }
    }
    list->entries[r->start + best].chosen = true;
}

static bool is_better(const run *a, const run *b)
{
    if (a->with_pixels != b->with_pixels)
        return a->with_pixels > b->with_pixels;
    return a->with_pixels == 0 && a->n > b->n;
}

static void pick_series(wki_thumb_list *list)
{
    for (size_t i = 0; i < list->n;) {
        run r = series_at(list, i);

        choose_middle(list, &r);
        i += r.n;
    }
}

static void pick_studies(wki_thumb_list *list)
{
    for (size_t i = 0; i < list->n;) {
        run best = series_at(list, i);
        size_t next = i + best.n;

        while (next < list->n && list->entries[i].study[0] &&
               strcmp(list->entries[i].study, list->entries[next].study) == 0) {
            run r = series_at(list, next);

            next += r.n;
            if (is_better(&r, &best))
                best = r;
        }
        choose_middle(list, &best);
        i = next;
    }
}

size_t wki_thumb_pick(wki_thumb_list *list, wk_thumb_per per)
{
    size_t chosen = 0;

    if (list->n > 0)
        qsort(list->entries, list->n, sizeof *list->entries, in_order);
    for (size_t i = 0; i < list->n; i++)
        list->entries[i].chosen = per == WK_THUMB_INSTANCE || per == WK_THUMB_FRAME;
    if (per == WK_THUMB_STUDY)
        pick_studies(list);
    else if (per == WK_THUMB_SERIES || per == WK_THUMB_DEFAULT)
        pick_series(list);
    for (size_t i = 0; i < list->n; i++)
        chosen += list->entries[i].chosen;
    return chosen;
}
