#include <wadokit/verify.h>
#include <wadokit/search.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/seen.h"
#include "core/text.h"
#include "dicomweb/dicomweb_url.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"
#include "flow/find/resolve.h"
#include "flow/run_progress.h"
#include "flow/session.h"
#include "store/audit.h"

enum {
    MAX_STUDIES = 1 << 24
};

/* A study and the server that may know more of it. */
typedef struct question {
    char *root;
    char study[WK_UID_SIZE];
    struct question *next;
} question;

/* asked    what is in the list of questions
 * missing  what was told to be missing already ("study/series/sop")
 * failure  the first one that was told */
typedef struct verifier {
    wk_session *session;
    const char *dir;
    wk_verify_opts opts;
    wk_instance_fn each;
    void *user;
    wki_audit *audit;
    wki_dicomweb_url given; /* --dicomweb; root NULL where it is not given */
    bool by_fhir;           /* the FHIR server tells what there is */
    wk_verify_summary sum;
    wk_error failure;
    question *first, **last;
    wki_seen asked, missing;
    uint64_t seen;
    wk_code rc;
} verifier;

static const char *or_null(const char *s)
{
    return s && s[0] ? s : NULL;
}

static void count(verifier *v, const wk_instance_report *rep)
{
    if (rep->status == WK_INSTANCE_KEPT) {
        v->sum.kept++;
        v->sum.extra += rep->error.code != WK_OK;
        return;
    }
    if (rep->status == WK_INSTANCE_MISSING)
        v->sum.missing++;
    else
        v->sum.failed++;
    wk_fail(&v->failure, rep->error.code, "%s: %s", rep->path ? rep->path : rep->sop,
            rep->error.message);
}

static void tell(verifier *v, const wk_instance_report *rep)
{
    count(v, rep);
    if (v->each)
        v->each(v->user, rep);
}

static void tell_entry(verifier *v, const wki_journal_entry *e, wk_instance_status status,
                       const wk_error *why)
{
    wk_instance_report rep = {.study = or_null(e->study),
                              .series = or_null(e->series),
                              .sop = or_null(e->sop),
                              .sha256 = or_null(e->sha256),
                              .transfer_syntax = or_null(e->transfer_syntax),
                              .bytes = (int64_t)e->bytes,
                              .status = status,
                              .error = *why};
    char *path = NULL;

    if (strcmp(v->dir, ".") != 0 && wki_path_join(&path, v->dir, e->path, NULL) != WK_OK)
        path = NULL;
    rep.path = path ? path : e->path;
    tell(v, &rep);
    free(path);
}

/* --- the folder --- */

/* Also while servers are asked. */
static void describe(void *user, wk_progress *out)
{
    const verifier *v = user;

    out->bytes = v->sum.bytes;
    out->items = v->seen;
    out->items_total = v->sum.expected ? (int64_t)v->sum.expected : -1;
}

static void show_progress(verifier *v, const wki_journal_entry *e)
{
    wk_progress p;

    wki_progress_init(&p);
    v->seen++;
    describe(v, &p);
    p.what = e->path;
    wki_progress_tell(v->session, &p);
}

static wk_code on_finding(void *user, wki_audit_finding finding, const wki_journal_entry *e,
                          const wk_error *why, wk_error *err)
{
    static const wk_instance_status status[] = {
        [WKI_AUDIT_WHOLE] = WK_INSTANCE_KEPT,
        [WKI_AUDIT_EXTRA] = WK_INSTANCE_KEPT,
        [WKI_AUDIT_MISSING] = WK_INSTANCE_MISSING,
        [WKI_AUDIT_CORRUPT] = WK_INSTANCE_FAILED,
    };
    verifier *v = user;
    char key[3 * WK_UID_SIZE + 2];

    if (finding == WKI_AUDIT_OTHER) {
        v->sum.other++;
        return wki_session_check(v->session, err);
    }
    if (finding != WKI_AUDIT_MISSING)
        v->sum.bytes += e->bytes;
    if (finding == WKI_AUDIT_MISSING || finding == WKI_AUDIT_CORRUPT) {
        snprintf(key, sizeof key, "%s/%s/%s", e->study, e->series, e->sop);
        wki_seen_before(&v->missing, key);
    }
    tell_entry(v, e, status[finding], why);
    show_progress(v, e);
    return wki_session_check(v->session, err);
}

static bool count_entry(void *user, const wki_journal_entry *e)
{
    verifier *v = user;
    char key[3 * WK_UID_SIZE + 2];

    snprintf(key, sizeof key, "%s/%s/%s", e->study, e->series, e->sop);
    v->sum.expected += !wki_seen_before(&v->asked, key);
    return true;
}

/* --- the server --- */

static bool take_question(void *user, const wki_journal_entry *e)
{
    verifier *v = user;
    const char *root = v->by_fhir      ? v->session->opts.fhir
                       : v->given.root ? v->given.root
                                       : e->source;
    char *key;
    question *q;

    if (!root[0])
        return true;
    key = wki_strfmt("%s %s", root, e->study);
    if (key && wki_seen_before(&v->asked, key)) {
        free(key);
        return true;
    }
    free(key);
    q = calloc(1, sizeof *q);
    if (!q || !(q->root = wki_strdup(root))) {
        free(q);
        v->rc = WK_NOMEM;
        return false;
    }
    wki_strcopy(q->study, sizeof q->study, e->study);
    *v->last = q;
    v->last = &q->next;
    return true;
}

/* An instance that the server has. */
static void hold(verifier *v, const char *study, const char *series, const char *sop)
{
    wk_instance_report rep = {.study = or_null(study),
                              .series = or_null(series),
                              .sop = sop,
                              .bytes = -1,
                              .status = WK_INSTANCE_MISSING};
    char key[3 * WK_UID_SIZE + 2];

    snprintf(key, sizeof key, "%s/%s/%s", study, series, sop);
    if (wki_audit_has(v->audit, study, series, sop) || wki_seen_before(&v->missing, key))
        return;
    v->sum.expected++;
    wk_fail(&rep.error, WK_NOT_FOUND, "the server has it, and it is not on disk");
    tell(v, &rep);
}

static wk_code on_row(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    (void)err;
    hold(user, row->study, row->series, row->uid);
    return WK_OK;
}

/* A study, or what else was to be asked for, of which nobody knows what is missing. */
static void tell_unasked(verifier *v, wk_instance_report *rep)
{
    rep->bytes = -1;
    rep->status = WK_INSTANCE_FAILED;
    v->sum.failed++;
    wk_fail(&v->failure, rep->error.code, "%s%s%s%s", rep->study ? "study " : "",
            rep->study ? rep->study : "", rep->study ? ": " : "", rep->error.message);
    if (v->each)
        v->each(v->user, rep);
}

static wk_code ask(verifier *v, const question *q, wk_error *err)
{
    /* A journal's servers were named by others, and names may lead elsewhere today. */
    wk_plan_item item = {.level = WK_LEVEL_STUDY,
                         .root = q->root,
                         .url = q->root,
                         .named_by = v->given.root ? NULL : q->root,
                         .send_credentials = true};
    wki_listing listing = {.session = v->session, .item = &item};
    wk_instance_report rep = {.study = q->study};
    size_t found = 0;
    wk_code rc;

    memcpy(item.study, q->study, sizeof item.study);
    rc = wki_list_instances(&listing, on_row, v, &found, &rep.error);
    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &rep.error);
    if (rc != WK_OK) {
        wk_fail_add(&rep.error, "cannot ask what there is: ");
        tell_unasked(v, &rep);
    }
    return WK_OK;
}

/* --- what a source names --- */

static void hold_hints(verifier *v, const wk_plan_item *item)
{
    for (size_t i = 0; i < item->n_series_hints; i++) {
        const wk_series_hint *h = &item->series_hints[i];

        for (size_t k = 0; k < h->n_listed && !wki_plan_is_excepted(item, h->uid); k++)
            hold(v, item->study, h->uid, h->instances[k].sop);
    }
}

/* The hints are all there is where the server has no list. */
static wk_code hold_list(verifier *v, const wk_plan_item *item, wk_error *err)
{
    wki_listing listing = {.session = v->session, .item = item};
    size_t found = 0;
    wk_code rc = wki_list_instances(&listing, on_row, v, &found, err);

    return rc == WK_OK && found == 0 ? wk_fail(err, WK_NOT_FOUND, "the server has nothing of it")
                                     : rc;
}

static wk_code hold_remote(verifier *v, const wk_plan_item *item, wk_error *err)
{
    wk_instance_report rep = {.study = or_null(item->study), .series = or_null(item->series)};
    wk_code rc;

    rc = hold_list(v, item, &rep.error);
    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &rep.error);
    if (rc != WK_OK) {
        hold_hints(v, item);
        wk_fail_add(&rep.error, "cannot ask what there is: ");
        tell_unasked(v, &rep);
    }
    return WK_OK;
}

static wk_code on_item(void *user, const wk_plan_item *item, wk_error *err)
{
    verifier *v = user;
    wk_instance_report rep = {.study = or_null(item->study), .path = item->path};

    if (item->kind == WK_ITEM_REMOTE)
        return hold_remote(v, item, err);
    if (item->kind == WK_ITEM_FILE)
        wk_fail(&rep.error, WK_USAGE, "a DICOM file says nothing of what a server has");
    else if (item->error.code != WK_OK)
        rep.error = item->error;
    if (rep.error.code != WK_OK)
        tell_unasked(v, &rep);
    return WK_OK;
}

/* Failures were told one by one. */
static wk_code ask_targets(verifier *v, const char *const *targets, size_t n, wk_error *err)
{
    wk_error told = {0};
    wk_code rc = wk_resolve(v->session, targets, n, on_item, v, NULL, &told);

    return rc == WK_CANCELLED || rc == WK_NOMEM ? wk_fail_from(err, rc, &told) : WK_OK;
}

/* --- what the FHIR server names --- */

typedef struct resources {
    char **items;
    size_t n;
} resources;

/* A search must not be disturbed: what it finds is looked at when it has ended. */
static wk_code keep_resource(void *user, const wk_search_hit *hit, wk_error *err)
{
    resources *list = user;
    char **grown = realloc(list->items, (list->n + 1) * sizeof *grown);

    if (!grown)
        return wk_fail(err, WK_NOMEM, "out of memory");
    list->items = grown;
    list->items[list->n] = wki_strdup(hit->resource);
    return list->items[list->n++] ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code hold_resource(wki_resolver *r, const char *text, wk_error *err)
{
    wki_json *value = NULL;
    wk_code rc = wki_json_parse(text, strlen(text), "ImagingStudy", &value, err);

    if (rc == WK_OK)
        rc = wki_resolve_json(r, value, r->session->opts.fhir, err);
    wki_json_free(value);
    return rc;
}

static wk_code ask_fhir_study(verifier *v, wki_resolver *r, const char *study, wk_error *err)
{
    wk_search_opts opts = {.via = WK_SEARCH_FHIR, .identifier = study, .limit = 16};
    wk_instance_report rep = {.study = study};
    resources list = {0};
    wk_code rc = wk_search(v->session, &opts, keep_resource, &list, NULL, &rep.error);

    for (size_t i = 0; i < list.n && rc == WK_OK; i++)
        rc = hold_resource(r, list.items[i], &rep.error);
    if (rc == WK_OK && list.n == 0)
        rc = wk_fail(&rep.error, WK_NOT_FOUND, "the server has no such study");
    for (size_t i = 0; i < list.n; i++)
        free(list.items[i]);
    free(list.items);
    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &rep.error);
    if (rc != WK_OK) {
        wk_fail_add(&rep.error, "cannot ask what there is: ");
        tell_unasked(v, &rep);
    }
    return WK_OK;
}

static wk_code ask_fhir(verifier *v, wk_error *err)
{
    wki_resolver r;
    wk_code rc = wki_resolver_init(&r, v->session, "ImagingStudy", on_item, v, err);

    for (const question *q = v->first; q && rc == WK_OK; q = q->next) {
        rc = wki_session_check(v->session, err);
        if (rc == WK_OK)
            rc = ask_fhir_study(v, &r, q->study, err);
    }
    wki_resolver_clear(&r);
    return rc;
}

static wk_code ask_all(verifier *v, wk_error *err)
{
    const char *dicomweb = v->session->opts.dicomweb, *fhir = v->session->opts.fhir;
    wk_code rc = dicomweb ? wki_dicomweb_url_parse(dicomweb, &v->given, err) : WK_OK;

    if (v->opts.n_targets > 0)
        return ask_targets(v, v->opts.targets, v->opts.n_targets, err);
    v->by_fhir = fhir && !dicomweb;

    if (rc == WK_OK)
        rc = wki_audit_entries(v->audit, take_question, v, err);
    if (rc == WK_OK && v->rc != WK_OK)
        rc = wk_fail(err, v->rc, "out of memory");
    if (rc == WK_OK && !v->first)
        rc = wk_fail_setting(err, WK_USAGE, "dicomweb fhir",
                             "%s: the journal names no server; give one", v->dir);
    if (rc == WK_OK && v->by_fhir)
        return ask_fhir(v, err);
    for (const question *q = v->first; q && rc == WK_OK; q = q->next) {
        rc = wki_session_check(v->session, err);
        if (rc == WK_OK)
            rc = ask(v, q, err);
    }
    return rc;
}

/* --- the face --- */

static wk_code run(verifier *v, wk_error *err)
{
    wk_code rc = wki_audit_open(v->dir, v->opts.no_digest, &v->audit, err);

    wki_progress_begin(v->session, describe, v);
    if (rc == WK_OK)
        rc = wki_audit_entries(v->audit, count_entry, v, err);
    if (rc == WK_OK)
        rc = wki_audit_run(v->audit, on_finding, v, err);
    if (rc == WK_OK && (v->opts.online || v->opts.n_targets > 0))
        rc = ask_all(v, err);
    wki_progress_end(v->session, v);
    return rc;
}

static wk_code judge(const verifier *v, wk_error *err)
{
    if (v->sum.kept + v->sum.missing + v->sum.failed == 0)
        return wk_fail(err, WK_NOT_FOUND, "%s: no instances here, and no journal of any", v->dir);
    if (v->sum.missing + v->sum.failed == 0)
        return WK_OK;
    return wk_fail_from(err, v->sum.kept > 0 ? WK_PARTIAL : v->failure.code, &v->failure);
}

static void clear(verifier *v)
{
    while (v->first) {
        question *next = v->first->next;

        free(v->first->root);
        free(v->first);
        v->first = next;
    }
    wki_dicomweb_url_clear(&v->given);
    wki_audit_close(v->audit);
    wki_seen_clear(&v->asked);
    wki_seen_clear(&v->missing);
}

wk_code wk_verify(wk_session *session, const char *dir, const wk_verify_opts *opts,
                  wk_instance_fn each, void *user, wk_verify_summary *summary, wk_error *err)
{
    verifier v = {.session = session, .dir = dir, .each = each, .user = user};
    const wki_clock *clock = session->clock;
    int64_t began = clock->monotonic_ms(clock->user);
    wk_code rc;

    if (opts)
        v.opts = *opts;
    v.last = &v.first;
    wki_seen_init(&v.asked, MAX_STUDIES);
    wki_seen_init(&v.missing, MAX_STUDIES);
    rc = run(&v, err);
    v.sum.seconds = (double)(clock->monotonic_ms(clock->user) - began) / 1000.0;
    if (summary)
        *summary = v.sum;
    if (rc == WK_OK)
        rc = judge(&v, err);
    clear(&v);
    return rc;
}
