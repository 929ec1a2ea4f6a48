#include "flow/viewer/serve_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/plan.h>

#include "core/buf.h"
#include "core/text.h"
#include "core/uid.h"
#include "dicom/dicom_file.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/qido_answer.h"
#include "flow/draw/identify.h"

enum {
    MAX_ATTRIBUTES = 1 << 20,
    MAX_MODALITIES = 512
};

/* --- listing --- */

typedef struct listing {
    wki_serve_index *x;
    wk_session *session;
    wki_dicom_scan *scan;
} listing;

static void tell_failure(listing *l, const char *what, const char *why)
{
    l->x->failed++;
    wk_log_write(&l->session->log, WK_LOG_WARN, "%s%s%s: not served", what ? what : "",
                 what ? ": " : "", why);
}

static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    listing *l = user;
    wki_dicom_identity id;
    wk_error why = {0};

    if (item->kind == WK_ITEM_REMOTE)
        return wk_fail(err, WK_USAGE, "serve shows files: get them first (wadokit get)");
    if (item->kind == WK_ITEM_NOTICE) {
        tell_failure(l, NULL, item->error.message);
        return WK_OK;
    }
    if (wki_identify_file(l->scan, item->path, &id, &why) != WK_OK) {
        tell_failure(l, item->path, why.message);
        return WK_OK;
    }
    if (!wki_uid_is_valid(id.study_uid) || !wki_uid_is_valid(id.series_uid) ||
        !wki_uid_is_valid(id.sop_uid)) {
        tell_failure(l, item->path, "no valid UIDs");
        return WK_OK;
    }
    return wki_gallery_list_add(&l->x->list, item->path, &id, err);
}

static bool same_instance(const wki_gallery_entry *a, const wki_gallery_entry *b)
{
    return strcmp(a->sop, b->sop) == 0 && strcmp(a->series, b->series) == 0 &&
           strcmp(a->study, b->study) == 0;
}

static int by_uids(const void *a, const void *b)
{
    const wki_gallery_entry *x = a, *y = b;
    int d = strcmp(x->study, y->study);

    if (d == 0)
        d = strcmp(x->series, y->series);
    if (d == 0)
        d = strcmp(x->sop, y->sop);
    return d ? d : strcmp(x->path, y->path);
}

/* The order in which they are shown; unlike that of a gallery it goes by UIDs alone at the top, so
 * that files which contradict each other stay together. */
static int by_number(const void *a, const void *b)
{
    const wki_gallery_entry *x = a, *y = b;
    int d = strcmp(x->study, y->study);

    if (d == 0)
        d = strcmp(x->series, y->series);
    if (d == 0 && x->number != y->number)
        d = x->number > y->number ? 1 : -1;
    return d ? d : strcmp(x->sop, y->sop);
}

static void drop_doubles(listing *l)
{
    wki_gallery_list *list = &l->x->list;
    size_t kept = 0;

    qsort(list->entries, list->n, sizeof *list->entries, by_uids);
    for (size_t i = 0; i < list->n; i++) {
        if (kept > 0 && same_instance(&list->entries[kept - 1], &list->entries[i])) {
            tell_failure(l, list->entries[i].path, "another file has this instance");
            free(list->entries[i].path);
        } else {
            list->entries[kept++] = list->entries[i];
        }
    }
    list->n = kept;
    qsort(list->entries, list->n, sizeof *list->entries, by_number);
}

/* --- series and studies --- */

/* What searches tell, of the first file of the series that can be opened. */
static wk_code read_attributes(const char *path, wki_buf *out, wk_error *err)
{
    wki_qido_facts none = {"", -1, -1, -1, NULL, NULL};
    wki_dicom_file *f = NULL;
    wki_json *dataset = NULL;
    char *json = NULL;
    wk_code rc = wki_dicom_open(path, &f, err);

    if (rc == WK_OK)
        rc = wki_dicom_json(f, &json, err);
    if (rc == WK_OK)
        rc = wki_json_parse(json, strlen(json), path, &dataset, err);
    if (rc == WK_OK)
        rc = wki_qido_record(dataset, WKI_QIDO_STUDY | WKI_QIDO_SERIES, &none, out, err);
    wki_json_free(dataset);
    free(json);
    wki_dicom_close(f);
    return rc;
}

static wk_code describe_series(const wki_gallery_list *list, wki_serve_series *s, wk_error *err)
{
    const wki_gallery_entry *e = &list->entries[s->first];
    wki_buf text;
    wk_code rc = WK_DATA;

    wki_buf_init(&text, MAX_ATTRIBUTES, "attributes");
    for (size_t i = 0; i < s->n && i < 8 && rc != WK_OK && rc != WK_NOMEM; i++) {
        wki_buf_reset(&text);
        rc = read_attributes(e[i].path, &text, err);
    }
    if (rc != WK_OK && rc != WK_NOMEM) {
        wk_error_clear(err);
        wki_buf_reset(&text);
        rc = wki_buf_addf(&text, err,
                          "{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"%s\"]},"
                          "\"0020000E\":{\"vr\":\"UI\",\"Value\":[\"%s\"]}}",
                          e->study, e->series);
    }
    s->attributes = wki_buf_take(&text);
    wki_buf_clear(&text);
    return rc;
}

static void add_modality(char list[MAX_MODALITIES], const char *attributes)
{
    char text[64], whole[MAX_MODALITIES + 2], key[68];
    size_t n = strlen(list);
    wki_json *dataset = NULL;

    if (wki_json_parse(attributes, strlen(attributes), "attributes", &dataset, NULL) != WK_OK)
        return;
    if (wki_dicom_json_text(text, sizeof text, dataset, 0x00080060)) {
        snprintf(whole, sizeof whole, "\\%s\\", list);
        snprintf(key, sizeof key, "\\%s\\", text);
        if (!strstr(whole, key) && n + strlen(text) + 2 < MAX_MODALITIES)
            snprintf(list + n, MAX_MODALITIES - n, "%s%s", n ? "\\" : "", text);
    }
    wki_json_free(dataset);
}

/* Series follow each other in the list; all memory is got at once. */
static wk_code group(wki_serve_index *x, wk_error *err)
{
    x->series = calloc(x->list.n, sizeof *x->series);
    x->studies = calloc(x->list.n, sizeof *x->studies);
    if (!x->series || !x->studies)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < x->list.n; i++) {
        const wki_gallery_entry *e = &x->list.entries[i];
        bool new_study = i == 0 || strcmp(e[-1].study, e->study) != 0;

        if (new_study)
            x->studies[x->n_studies++] = (wki_serve_study){x->n_series, 0, 0, NULL};
        if (new_study || strcmp(e[-1].series, e->series) != 0) {
            x->series[x->n_series++] = (wki_serve_series){i, 0, x->n_studies - 1, NULL};
            x->studies[x->n_studies - 1].n++;
        }
        x->series[x->n_series - 1].n++;
        x->studies[x->n_studies - 1].n_instances++;
    }
    return WK_OK;
}

static wk_code describe(wki_serve_index *x, wk_session *session, wk_error *err)
{
    char list[MAX_MODALITIES];
    wk_code rc = group(x, err);

    for (size_t i = 0; i < x->n_series && rc == WK_OK; i++) {
        rc = wki_session_check(session, err);
        if (rc == WK_OK)
            rc = describe_series(&x->list, &x->series[i], err);
    }
    for (size_t i = 0; i < x->n_studies && rc == WK_OK; i++) {
        list[0] = '\0';
        for (size_t k = 0; k < x->studies[i].n; k++)
            add_modality(list, x->series[x->studies[i].first + k].attributes);
        x->studies[i].modalities = wki_strdup(list);
        if (!x->studies[i].modalities)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    return rc;
}

wk_code wki_serve_index_make(wki_serve_index *x, wk_session *session, const char *const *targets,
                             size_t n_targets, wk_error *err)
{
    listing l = {x, session, NULL};
    wk_resolve_summary resolved = {0};
    wk_code rc = wki_dicom_scan_new(&l.scan, err);

    if (rc == WK_OK)
        rc = wk_resolve(session, targets, n_targets, on_item, &l, &resolved, err);
    wki_dicom_scan_free(l.scan);
    x->skipped = resolved.skipped;
    if (rc != WK_OK && rc != WK_PARTIAL)
        return rc;
    if (x->list.n == 0)
        return wk_fail(err, WK_NOT_FOUND, "no DICOM files to serve");
    wk_error_clear(err);
    drop_doubles(&l);
    return describe(x, session, err);
}

void wki_serve_index_clear(wki_serve_index *x)
{
    for (size_t i = 0; i < x->n_series; i++)
        free(x->series[i].attributes);
    for (size_t i = 0; i < x->n_studies; i++)
        free(x->studies[i].modalities);
    free(x->series);
    free(x->studies);
    wki_gallery_list_clear(&x->list);
    memset(x, 0, sizeof *x);
}

/* --- finding --- */

static bool find_study(const wki_serve_index *x, const char *uid, wki_serve_range *r)
{
    for (size_t i = 0; i < x->n_studies; i++) {
        const wki_serve_study *s = &x->studies[i];
        size_t first = x->series[s->first].first;

        if (strcmp(x->list.entries[first].study, uid) == 0) {
            *r = (wki_serve_range){s->first, s->n, first, s->n_instances};
            return true;
        }
    }
    return false;
}

static bool find_series(const wki_serve_index *x, const char *uid, wki_serve_range *r)
{
    for (size_t i = r->series; i < r->series + r->n_series; i++) {
        const wki_serve_series *s = &x->series[i];

        if (strcmp(x->list.entries[s->first].series, uid) == 0) {
            *r = (wki_serve_range){i, 1, s->first, s->n};
            return true;
        }
    }
    return false;
}

static bool find_entry(const wki_serve_index *x, const char *uid, wki_serve_range *r)
{
    for (size_t i = r->entry; i < r->entry + r->n_entries; i++) {
        if (strcmp(x->list.entries[i].sop, uid) == 0) {
            r->entry = i;
            r->n_entries = 1;
            return true;
        }
    }
    return false;
}

bool wki_serve_index_find(const wki_serve_index *x, const char *study, const char *series,
                          const char *sop, wki_serve_range *out)
{
    wki_serve_range r = {0, x->n_series, 0, x->list.n};

    if ((*study && !find_study(x, study, &r)) || (*series && !find_series(x, series, &r)) ||
        (*sop && !find_entry(x, sop, &r)))
        return false;
    *out = r;
    return true;
}

const wki_serve_series *wki_serve_index_series(const wki_serve_index *x, size_t entry)
{
    size_t low = 0, high = x->n_series - 1;

    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;

        if (x->series[middle].first <= entry)
            low = middle;
        else
            high = middle - 1;
    }
    return &x->series[low];
}
