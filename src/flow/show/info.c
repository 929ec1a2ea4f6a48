#include <wadokit/info.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/seen.h"
#include "core/text.h"
#include "core/transfer_syntax.h"
#include "dicom/dicom_file.h"
#include "dicomweb/dicom_json.h"
#include "flow/find/local.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"
#include "flow/picture/picture_run.h"
#include "flow/session.h"
#include "json/json_stream.h"

enum {
    MAX_REMEMBERED = 1 << 20,
    MAX_VALUE = 65536,
    UIDS = 3
};

/* One run. `values` are texts of the item at hand, owned, by `paths`: those of the three UIDs, and
 * n_tags of opts, in digits. */
typedef struct run {
    wk_session *session;
    const wk_info_opts *opts;
    wk_info_fn each;
    void *user;
    wk_info_summary sum;
    wki_seen seen;
    wk_error first;
    char **values, **paths;
    const char *source;
    const wk_plan_item *plan; /* of the answer at hand */
    bool fatal;
} run;

static void drop_values(run *r)
{
    for (size_t i = 0; i < UIDS + r->opts->n_tags; i++) {
        free(r->values[i]);
        r->values[i] = NULL;
    }
}

/* What the callback refuses ends the run. */
static wk_code hand_over(run *r, const wk_info_item *item, wk_error *err)
{
    wk_code rc = r->each(r->user, item, err);

    r->fatal = rc != WK_OK;
    return rc;
}

static wk_code failed(run *r, const char *source, const wk_error *error, wk_error *err)
{
    wk_info_item item = {.source = source, .study = "", .series = "", .sop = "", .error = *error};

    if (error->code == WK_CANCELLED || error->code == WK_NOMEM) {
        r->fatal = true;
        return wk_fail_from(err, error->code, error);
    }
    r->sum.failed++;
    if (r->first.code == WK_OK)
        r->first = *error;
    return hand_over(r, &item, err);
}

/* Whether this study or series was shown before. */
static bool is_repeat(run *r, const char *study, const char *series)
{
    char key[2 * WK_UID_SIZE];

    if (r->opts->per >= WK_LEVEL_INSTANCE)
        return false;
    (void)snprintf(key, sizeof key, "%s/%s", study, r->opts->per == WK_LEVEL_SERIES ? series : "");
    return wki_seen_before(&r->seen, key);
}

static wk_code show_file(run *r, wki_dicom_file *f, const char *path, wk_error *err)
{
    char **v = r->values, *json = NULL;
    wk_code rc = wki_dicom_values(f, (const char *const *)r->paths, UIDS + r->opts->n_tags, v, err);
    wk_info_item item = {.source = wki_local_shown(path),
                         .study = rc == WK_OK && v[0] ? v[0] : "",
                         .series = rc == WK_OK && v[1] ? v[1] : "",
                         .sop = rc == WK_OK && v[2] ? v[2] : "",
                         .values = (const char *const *)v + UIDS};

    if (rc == WK_OK && !is_repeat(r, item.study, item.series)) {
        if (r->opts->json)
            rc = wki_dicom_json(f, &json, err);
        item.json = json;
        r->sum.items += rc == WK_OK;
        if (rc == WK_OK)
            rc = hand_over(r, &item, err);
    }
    drop_values(r);
    free(json);
    return rc;
}

static wk_code do_file(run *r, const char *path, wk_error *err)
{
    wki_dicom_file *f = NULL;
    wk_error cause = {0};
    wk_code rc;

    if (wki_dicom_open(path, &f, &cause) != WK_OK) {
        (void)wk_fail_add(&cause, "%s: ", wki_local_shown(path));
        return failed(r, wki_local_shown(path), &cause, err);
    }
    rc = show_file(r, f, path, &cause);
    wki_dicom_close(f);
    if (rc == WK_OK || r->fatal) {
        if (rc != WK_OK)
            (void)wk_fail_from(err, rc, &cause);
        return rc;
    }
    return failed(r, wki_local_shown(path), &cause, err);
}

/* The value at a tag path of a DICOM JSON object, on the heap; NULL where it is absent. */
static char *json_value(const wki_json *set, const char *path)
{
    uint32_t tag = 0, index = 0;
    char *out = NULL;

    while (wki_dicom_path_next(&path, &tag, &index) && *path != '\0') {
        const wki_json *items = wki_dicom_json_values(set, tag);

        set = wki_json_first(items);
        for (uint32_t i = 0; set && i < index; i++)
            set = wki_json_next(items, set);
        if (!set)
            return NULL;
    }
    /* Group 0002 is no part of the model; this is what stands for it. */
    if (tag == 0x00020010)
        tag = 0x00083002;
    out = malloc(MAX_VALUE);
    if (out && !wki_dicom_json_texts(out, MAX_VALUE, set, tag)) {
        free(out);
        out = NULL;
    }
    return out;
}

static wk_code show_element(void *user, const wki_json *set, wk_error *err)
{
    run *r = user;
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    char *json = NULL;
    wk_info_item item = {.source = r->source,
                         .study = study,
                         .series = series,
                         .sop = sop,
                         .values = (const char *const *)r->values + UIDS};
    wk_code rc = WK_OK;

    (void)wki_dicom_json_uid(study, set, 0x0020000D);
    (void)wki_dicom_json_uid(series, set, 0x0020000E);
    (void)wki_dicom_json_uid(sop, set, 0x00080018);
    if (wki_plan_is_excepted(r->plan, series) || is_repeat(r, study, series))
        return WK_OK;
    for (size_t i = 0; i < r->opts->n_tags; i++)
        r->values[UIDS + i] = json_value(set, r->paths[UIDS + i]);
    if (r->opts->json) {
        json = wki_json_print(set);
        if (!json)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    }
    item.json = json;
    r->sum.items += rc == WK_OK;
    if (rc == WK_OK)
        rc = hand_over(r, &item, err);
    drop_values(r);
    free(json);
    return rc;
}

static wk_code do_remote(run *r, const wk_plan_item *plan, wk_error *err)
{
    char *url = wki_plan_metadata_url(plan);
    wk_error cause = {0};
    wk_code rc;

    if (!url)
        return wk_fail(err, WK_NOMEM, "out of memory");
    r->source = url;
    r->plan = plan;
    rc = wki_list_metadata(r->session, plan, url, show_element, r, &cause);
    if (rc != WK_OK)
        rc = r->fatal ? wk_fail_from(err, rc, &cause) : failed(r, url, &cause, err);
    free(url);
    return rc;
}

static wk_code on_item(void *user, const wk_plan_item *plan, wk_error *err)
{
    run *r = user;
    wk_code rc = wki_session_check(r->session, err);

    if (rc != WK_OK)
        return rc;
    if (plan->kind == WK_ITEM_FILE)
        return do_file(r, plan->path, err);
    if (plan->kind == WK_ITEM_REMOTE)
        return do_remote(r, plan, err);
    /* Why an endpoint is not used concerns nobody here, unless nothing else is left. */
    return plan->error.code == WK_OK ? WK_OK
                                     : failed(r,
                                              plan->path  ? plan->path
                                              : plan->url ? plan->url
                                                          : "",
                                              &plan->error, err);
}

/* A path in digits, on the heap: the dictionary is asked once, not for every file. */
static wk_code in_digits(const char *path, char **out, wk_error *err)
{
    const char *at = path;
    uint32_t tag, index;
    wki_buf digits;
    wk_code rc = WK_OK;

    wki_buf_init(&digits, WK_MAX_URL_BYTES, "path of attributes");
    do {
        if (!wki_dicom_path_next(&at, &tag, &index))
            rc = wk_fail(err, WK_USAGE, "\"%s\" names no DICOM attribute", path);
        else
            rc = wki_buf_addf(&digits, err, "%s%08X[%u]", digits.n ? "." : "", (unsigned)tag,
                              (unsigned)index);
    } while (rc == WK_OK && *at != '\0');
    *out = rc == WK_OK ? wki_strdup(wki_buf_text(&digits)) : NULL;
    wki_buf_clear(&digits);
    return rc == WK_OK && !*out ? wk_fail(err, WK_NOMEM, "out of memory") : rc;
}

/* Every path has to name attributes, before anything is opened. */
static wk_code set_paths(run *r, wk_error *err)
{
    static const char *const uids[UIDS] = {"0020000D", "0020000E", "00080018"};
    const wk_info_opts *o = r->opts;
    wk_code rc = o->n_tags > 0 ? wki_dicom_ready(err) : WK_OK;

    r->values = calloc(UIDS + o->n_tags, sizeof *r->values);
    r->paths = calloc(UIDS + o->n_tags, sizeof *r->paths);
    if (rc == WK_OK && (!r->values || !r->paths))
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    for (size_t i = 0; i < UIDS + o->n_tags && rc == WK_OK; i++)
        rc = in_digits(i < UIDS ? uids[i] : o->tags[i - UIDS], &r->paths[i], err);
    return rc;
}

static void clear_paths(run *r)
{
    for (size_t i = 0; r->paths && i < UIDS + r->opts->n_tags; i++)
        free(r->paths[i]);
    free(r->paths);
    free(r->values);
}

static wk_code verdict(run *r, wk_code rc, wk_error *err)
{
    if (rc != WK_OK && (r->fatal || rc == WK_CANCELLED || rc == WK_NOMEM))
        return rc;
    if (r->sum.failed == 0 && rc == WK_OK && r->sum.items > 0)
        return WK_OK;
    if (r->sum.items > 0) {
        wk_error_clear(err ? err : &r->first);
        return wk_fail(err, WK_PARTIAL, "%llu of %llu failed", (unsigned long long)r->sum.failed,
                       (unsigned long long)(r->sum.failed + r->sum.items));
    }
    if (r->first.code != WK_OK && err)
        *err = r->first;
    if (r->first.code != WK_OK)
        return r->first.code;
    return rc != WK_OK ? rc : wk_fail(err, WK_NOT_FOUND, "no DICOM found");
}

wk_code wk_info(wk_session *session, const char *const *targets, size_t n_targets,
                const wk_info_opts *opts, wk_info_fn each, void *user, wk_info_summary *summary,
                wk_error *err)
{
    run r = {.session = session, .opts = opts, .each = each, .user = user};
    wk_resolve_summary resolved = {0};
    wk_code rc = set_paths(&r, err);

    if (rc != WK_OK) {
        clear_paths(&r);
        return rc;
    }
    wki_seen_init(&r.seen, MAX_REMEMBERED);
    rc = wk_resolve(session, targets, n_targets, on_item, &r, &resolved, err);
    r.sum.skipped = resolved.skipped;
    rc = verdict(&r, rc, err);
    if (summary)
        *summary = r.sum;
    wki_seen_clear(&r.seen);
    clear_paths(&r);
    return rc;
}

const char *wk_transfer_syntax_name(const char *uid)
{
    const wki_transfer_syntax *syntax = wki_transfer_syntax_find(uid);

    return syntax ? syntax->name : uid;
}
