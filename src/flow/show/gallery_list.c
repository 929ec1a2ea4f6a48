#include "flow/show/gallery_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/order.h"

static const char *append(char **to, const char *text)
{
    char *at = *to;
    size_t n = strlen(text) + 1;

    memcpy(at, text, n);
    *to = at + n;
    return at;
}

wk_code wki_gallery_list_add(wki_gallery_list *list, const char *path, const wki_dicom_identity *id,
                             wk_error *err)
{
    wki_gallery_entry *e;
    char *text;

    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 256, size;
        wki_gallery_entry *entries = NULL;

        if (wki_mul_size(room, sizeof *entries, &size))
            entries = realloc(list->entries, size);
        if (!entries)
            return wk_fail(err, WK_NOMEM, "out of memory");
        list->entries = entries;
        list->room = room;
    }
    text = malloc(strlen(path) + strlen(id->study_uid) + strlen(id->series_uid) +
                  strlen(id->sop_uid) + strlen(id->study_date) + strlen(id->transfer_syntax) + 6);
    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    e = &list->entries[list->n++];
    e->path = text;
    (void)append(&text, path);
    e->study = append(&text, id->study_uid);
    e->series = append(&text, id->series_uid);
    e->sop = append(&text, id->sop_uid);
    e->date = append(&text, id->study_date);
    e->transfer_syntax = append(&text, id->transfer_syntax);
    e->number = id->instance_number;
    e->series_number = id->series_number;
    e->frames = id->frames < 1               ? 1
                : id->frames > WK_MAX_FRAMES ? WK_MAX_FRAMES
                                             : (uint32_t)id->frames;
    return WK_OK;
}

void wki_gallery_list_clear(wki_gallery_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->entries[i].path);
    free(list->entries);
    *list = (wki_gallery_list){NULL, 0, 0};
}

static int compare_dates(const char *a, const char *b)
{
    if (!*a != !*b)
        return *a ? -1 : 1;
    return strcmp(a, b);
}

static int in_order(const void *a, const void *b)
{
    const wki_gallery_entry *x = a, *y = b;
    int d = compare_dates(x->date, y->date);

    if (d == 0)
        d = strcmp(x->study, y->study);
    if (d == 0)
        d = wki_number_order(x->series_number, y->series_number);
    if (d == 0)
        d = strcmp(x->series, y->series);
    if (d == 0)
        d = wki_number_order(x->number, y->number);
    if (d == 0)
        d = strcmp(x->sop, y->sop);
    return d ? d : strcmp(x->path, y->path);
}

void wki_gallery_list_sort(wki_gallery_list *list)
{
    if (list->n > 1)
        qsort(list->entries, list->n, sizeof *list->entries, in_order);
}

uint32_t wki_gallery_frame(uint32_t i, uint32_t n, uint32_t frames)
{
    return n < 2 ? frames / 2 : (uint32_t)((uint64_t)i * (frames - 1) / (n - 1));
}
