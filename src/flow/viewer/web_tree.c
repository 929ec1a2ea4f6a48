#include <wadokit/web_tree.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"
#include "dicomweb/qido_answer.h"
#include "flow/session.h"
#include "flow/viewer/web_tree_instance.h"
#include "flow/viewer/web_tree_nginx.h"

enum {
    PATH_SIZE = 1024,
    MAX_MODALITIES = 512
};

/* What is being put together at one level: its lists, and the first data set, from which its own
 * record is made. Starts zeroed. */
typedef struct level {
    wki_web_array metadata;
    wki_web_array instances; /* index of the instances below */
    wki_json *first;
    uint64_t n; /* instances */
} level;

/* An instance of the series at hand, to find the middle one. */
typedef struct place {
    int64_t number; /* Instance Number, -1 unknown */
    size_t at;      /* in sop_uids */
} place;

typedef struct tree {
    wk_session *session;
    const char *dir;
    wk_instance_fn each;
    void *user;
    wk_web_tree_summary sum;
    wk_error broken; /* the first instance that failed */

    wki_web_tree_dir folder;
    wki_tmpfile file;
    wki_buf text, record;
    wki_web_array studies, series_of_study;
    level study, series;
    wki_web_uids study_uids, series_uids, sop_uids;
    place *places; /* series.n of sop_uids.n, owned */
    char modalities[MAX_MODALITIES];
    uint64_t largest; /* instances of the series whose thumbnail is the study's */
} tree;

/* --- one level --- */

static wk_code begin_level(tree *t, level *l, wk_error *err)
{
    wk_code rc = wki_web_array_begin(&t->folder, &l->metadata, err);

    wki_json_free(l->first);
    l->first = NULL;
    l->n = 0;
    return rc == WK_OK ? wki_web_array_begin(&t->folder, &l->instances, err) : rc;
}

static wk_code end_level(tree *t, level *l, const char *base, wk_error *err)
{
    char path[PATH_SIZE + 32];
    wk_code rc;

    snprintf(path, sizeof path, "%s/metadata", base);
    rc = wki_web_array_end(&t->folder, &l->metadata, path, err);
    snprintf(path, sizeof path, "%s/instances/index.json", base);
    return rc == WK_OK ? wki_web_array_end(&t->folder, &l->instances, path, err) : rc;
}

static void drop_level(level *l)
{
    wki_tmpfile_drop(&l->metadata.file);
    wki_tmpfile_drop(&l->instances.file);
}

static void clear_level(level *l)
{
    wki_web_array_clear(&l->metadata);
    wki_web_array_clear(&l->instances);
    wki_json_free(l->first);
}

/* Adds a record to a list. */
static wk_code add_record(tree *t, wki_web_array *list, const wki_json *dataset, unsigned levels,
                          const wki_qido_facts *facts, wk_error *err)
{
    wk_code rc;

    wki_buf_reset(&t->record);
    rc = wki_qido_record(dataset, levels, facts, &t->record, err);
    return rc == WK_OK ? wki_web_array_add(list, t->record.data, t->record.n, err) : rc;
}

/* Adds the object that `text` holds to a list of metadata; `above` comes before its relative
 * addresses. In JSON these bytes stand nowhere but before such an address: inside of a string a
 * quote has a '\' before it. */
static wk_code add_metadata(wki_web_array *list, const char *text, size_t n, const char *above,
                            wk_error *err)
{
    static const char key[] = "\"BulkDataURI\":\"";
    const char *end = text + n, *at;
    wk_code rc = wki_web_array_add(list, "", 0, err);

    while (rc == WK_OK && (at = memmem(text, (size_t)(end - text), key, sizeof key - 1)) != NULL) {
        at += sizeof key - 1;
        rc = wki_tmpfile_write(&list->file, text, (size_t)(at - text), err);
        if (rc == WK_OK)
            rc = wki_tmpfile_write(&list->file, above, strlen(above), err);
        text = at;
    }
    return rc == WK_OK ? wki_tmpfile_write(&list->file, text, (size_t)(end - text), err) : rc;
}

/* --- instances --- */

/* Reads the metadata that was written: the object inside the array in *object, *n long, and parsed.
 */
static wk_code read_metadata(tree *t, const char *base, const char **object, size_t *n,
                             wki_json **out, wk_error *err)
{
    char path[PATH_SIZE + 16];
    const char *end;
    wk_code rc;

    snprintf(path, sizeof path, "%s/metadata", base);
    rc = wki_web_tree_read(&t->folder, path, &t->text, err);
    if (rc != WK_OK)
        return rc;
    *object = memchr(t->text.data, '{', t->text.n);
    end = memrchr(t->text.data, '}', t->text.n);
    if (!*object || !end)
        return wk_fail(err, WK_DATA, "%s: no metadata; remove it, and run again", path);
    *n = (size_t)(end - *object) + 1;
    return wki_json_parse(*object, *n, path, out, err);
}

static wk_code add_instance(tree *t, const char *base, const char *series, size_t at, wk_error *err)
{
    const char *sop = t->sop_uids.uids[at];
    wki_qido_facts facts = {"", -1, -1, (int64_t)t->sop_uids.n, NULL, NULL};
    char above[PATH_SIZE];
    const char *object = NULL;
    wki_json *dataset = NULL;
    size_t n = 0;
    wk_code rc = read_metadata(t, base, &object, &n, &dataset, err);

    snprintf(above, sizeof above, "instances/%s/", sop);
    if (rc == WK_OK)
        rc = add_metadata(&t->series.metadata, object, n, above, err);
    snprintf(above, sizeof above, "series/%s/instances/%s/", series, sop);
    if (rc == WK_OK)
        rc = add_metadata(&t->study.metadata, object, n, above, err);
    if (rc == WK_OK)
        rc = add_record(t, &t->series.instances, dataset, WKI_QIDO_INSTANCE, &facts, err);
    if (rc == WK_OK)
        rc = add_record(t, &t->study.instances, dataset, WKI_QIDO_SERIES | WKI_QIDO_INSTANCE,
                        &facts, err);
    if (rc == WK_OK) {
        t->places[t->series.n++] = (place){wki_dicom_json_int(dataset, 0x00200013, -1), at};
        t->study.n++;
    }
    if (rc != WK_OK || t->series.first)
        wki_json_free(dataset);
    else
        t->series.first = dataset;
    return rc;
}

static void tell_failure(tree *t, const char *study, const char *series, const char *sop,
                         const wk_error *why)
{
    wk_instance_report r = {.study = study,
                            .series = series,
                            .sop = sop,
                            .bytes = -1,
                            .status = WK_INSTANCE_FAILED,
                            .error = *why};

    t->sum.failed++;
    if (t->broken.code == WK_OK)
        t->broken = *why;
    if (t->each)
        t->each(t->user, &r);
}

static bool ends_the_run(wk_code code)
{
    return code == WK_IO || code == WK_NOMEM || code == WK_CANCELLED || code == WK_REFUSED;
}

/* Writes what is not there yet. *listed: there is metadata. */
static wk_code make_instance(tree *t, const char *base, bool *listed, wk_error *err)
{
    wki_web_tree_instance i = {t->session, &t->folder, &t->file, t->dir, base, 0};
    bool there = false;
    wk_code rc = wki_web_tree_instance_is_there(&i, &there, err);

    *listed = rc == WK_OK;
    if (rc != WK_OK || there) {
        t->sum.kept += there;
        return rc;
    }
    rc = wki_web_tree_instance_write(&i, err);
    t->sum.frames += i.frames;
    t->sum.made += rc == WK_OK;
    return rc;
}

static wk_code do_instance(tree *t, const char *study, const char *series, size_t at, wk_error *err)
{
    const char *sop = t->sop_uids.uids[at];
    char base[PATH_SIZE];
    wk_error why = {0};
    bool listed = false;
    wk_code rc = wki_session_check(t->session, err);

    if (rc != WK_OK)
        return rc;
    snprintf(base, sizeof base, "studies/%s/series/%s/instances/%s", study, series, sop);
    rc = make_instance(t, base, &listed, &why);
    if (rc == WK_NOT_FOUND && !listed)
        return WK_OK;
    if (rc != WK_OK && ends_the_run(rc))
        return wk_fail_from(err, rc, &why);
    if (rc != WK_OK)
        tell_failure(t, study, series, sop, &why);
    wk_error_clear(&why);
    rc = add_instance(t, base, series, at, &why);
    if (rc == WK_OK || rc == WK_NOT_FOUND)
        return WK_OK;
    return wk_fail_from(err, rc, &why);
}

/* --- series and studies --- */

static void note_modality(tree *t, const wki_json *dataset)
{
    char text[64], list[MAX_MODALITIES + 2], key[68];
    size_t n = strlen(t->modalities);

    if (!wki_dicom_json_text(text, sizeof text, dataset, 0x00080060))
        return;
    snprintf(list, sizeof list, "\\%s\\", t->modalities);
    snprintf(key, sizeof key, "\\%s\\", text);
    if (!strstr(list, key) && n + strlen(text) + 2 < sizeof t->modalities)
        snprintf(t->modalities + n, sizeof t->modalities - n, "%s%s", n ? "\\" : "", text);
}

/* The thumbnail of `from` for the whole `base`; there may be none. */
static wk_code copy_thumbnail(tree *t, const char *from, const char *base, wk_error *err)
{
    char path[PATH_SIZE + 32];
    wk_code rc;

    snprintf(path, sizeof path, "%s/thumbnail", from);
    rc = wki_web_tree_read(&t->folder, path, &t->text, NULL);
    if (rc == WK_NOT_FOUND)
        return WK_OK;
    snprintf(path, sizeof path, "%s/thumbnail", base);
    return rc == WK_OK ? wki_web_tree_put(&t->folder, &t->file, path, t->text.data, t->text.n, err)
                       : wk_fail(err, rc, "%s: cannot read", from);
}

static int by_number(const void *a, const void *b)
{
    const place *x = a, *y = b;

    if (x->number != y->number)
        return x->number > y->number ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

/* The middle instance of the series, as `thumb` counts. */
static const char *middle_of_series(tree *t)
{
    qsort(t->places, t->series.n, sizeof *t->places, by_number);
    return t->sop_uids.uids[t->places[t->series.n / 2].at];
}

static wk_code end_series(tree *t, const char *study, const char *series, wk_error *err)
{
    wki_qido_facts facts = {"", -1, -1, (int64_t)t->series.n, NULL, NULL};
    const char *middle = middle_of_series(t);
    char base[PATH_SIZE], from[PATH_SIZE];
    wk_code rc;

    snprintf(base, sizeof base, "studies/%s/series/%s", study, series);
    snprintf(from, sizeof from, "studies/%s/series/%s/instances/%s", study, series, middle);
    rc = end_level(t, &t->series, base, err);
    if (rc == WK_OK)
        rc = add_record(t, &t->series_of_study, t->series.first, WKI_QIDO_SERIES, &facts, err);
    if (rc == WK_OK)
        rc = copy_thumbnail(t, from, base, err);
    if (rc == WK_OK && t->series.n > t->largest) {
        t->largest = t->series.n;
        snprintf(base, sizeof base, "studies/%s", study);
        rc = copy_thumbnail(t, from, base, err);
    }
    note_modality(t, t->series.first);
    t->sum.series++;
    if (rc == WK_OK && !t->study.first) {
        t->study.first = t->series.first;
        t->series.first = NULL;
    }
    return rc;
}

static wk_code make_places(tree *t, wk_error *err)
{
    free(t->places);
    t->places = calloc(t->sop_uids.n + 1, sizeof *t->places);
    return t->places ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code do_series(tree *t, const char *study, const char *series, wk_error *err)
{
    char path[PATH_SIZE];
    wk_code rc;

    snprintf(path, sizeof path, "studies/%s/series/%s/instances", study, series);
    rc = wki_web_uids_read(&t->folder, path, &t->sop_uids, err);
    if (rc == WK_OK)
        rc = make_places(t, err);
    if (rc == WK_OK)
        rc = begin_level(t, &t->series, err);
    for (size_t i = 0; i < t->sop_uids.n && rc == WK_OK; i++)
        rc = do_instance(t, study, series, i, err);
    if (rc == WK_OK && t->series.n > 0)
        rc = end_series(t, study, series, err);
    drop_level(&t->series);
    return rc;
}

static wk_code end_study(tree *t, const char *study, uint64_t n_series, wk_error *err)
{
    wki_qido_facts facts = {t->modalities, (int64_t)n_series, (int64_t)t->study.n, -1, NULL, NULL};
    char path[PATH_SIZE];
    wk_code rc;

    snprintf(path, sizeof path, "studies/%s", study);
    rc = end_level(t, &t->study, path, err);
    snprintf(path, sizeof path, "studies/%s/series/index.json", study);
    if (rc == WK_OK)
        rc = wki_web_array_end(&t->folder, &t->series_of_study, path, err);
    t->sum.studies++;
    return rc == WK_OK ? add_record(t, &t->studies, t->study.first, WKI_QIDO_STUDY, &facts, err)
                       : rc;
}

static wk_code do_study(tree *t, const char *study, wk_error *err)
{
    uint64_t series_before = t->sum.series;
    char path[PATH_SIZE];
    wk_code rc;

    snprintf(path, sizeof path, "studies/%s/series", study);
    t->modalities[0] = '\0';
    t->largest = 0;
    rc = wki_web_uids_read(&t->folder, path, &t->series_uids, err);
    if (rc == WK_OK)
        rc = begin_level(t, &t->study, err);
    if (rc == WK_OK)
        rc = wki_web_array_begin(&t->folder, &t->series_of_study, err);
    for (size_t i = 0; i < t->series_uids.n && rc == WK_OK; i++)
        rc = do_series(t, study, t->series_uids.uids[i], err);
    if (rc == WK_OK && t->study.n > 0)
        rc = end_study(t, study, t->sum.series - series_before, err);
    drop_level(&t->study);
    wki_tmpfile_drop(&t->series_of_study.file);
    return rc;
}

static wk_code make(tree *t, wk_error *err)
{
    bool named = true;
    wk_code rc = wki_web_tree_dir_open(&t->folder, t->dir, err);

    if (rc == WK_OK)
        rc = wki_web_uids_read(&t->folder, "studies", &t->study_uids, err);
    if (rc == WK_OK)
        rc = wki_web_array_begin(&t->folder, &t->studies, err);
    for (size_t i = 0; i < t->study_uids.n && rc == WK_OK; i++)
        rc = do_study(t, t->study_uids.uids[i], err);
    if (rc == WK_OK && t->sum.studies == 0)
        return wk_fail(err, WK_NOT_FOUND, "%s: no instances to make a DICOMweb tree of", t->dir);
    if (rc == WK_OK)
        rc = wki_web_array_end(&t->folder, &t->studies, "studies/index.json", err);
    if (rc == WK_OK)
        rc = wki_web_tree_nginx(&t->folder, &t->file, t->dir, &named, err);
    if (rc == WK_OK && !named)
        wk_log_write(&t->session->log, WK_LOG_WARN,
                     "nginx cannot name this folder: see nginx-locations.conf");
    return rc;
}

wk_code wk_web_tree(wk_session *session, const char *dir, wk_instance_fn each, void *user,
                    wk_web_tree_summary *summary, wk_error *err)
{
    tree t = {.session = session, .dir = dir, .each = each, .user = user, .folder = {-1, -1}};
    wk_code rc;

    wki_buf_init(&t.text, WK_MAX_JSON_BYTES, "metadata");
    wki_buf_init(&t.record, WK_MAX_JSON_BYTES, "record");
    rc = make(&t, err);
    if (rc == WK_OK && t.sum.failed > 0)
        rc = wk_fail_from(err, t.sum.made + t.sum.kept > 0 ? WK_PARTIAL : t.broken.code, &t.broken);
    clear_level(&t.study);
    clear_level(&t.series);
    wki_web_array_clear(&t.studies);
    wki_web_array_clear(&t.series_of_study);
    wki_tmpfile_clear(&t.file);
    wki_buf_clear(&t.text);
    wki_buf_clear(&t.record);
    free(t.places);
    free(t.study_uids.uids);
    free(t.series_uids.uids);
    free(t.sop_uids.uids);
    wki_web_tree_dir_close(&t.folder);
    if (summary)
        *summary = t.sum;
    return rc;
}
