#include <wadokit/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/seen.h"
#include "core/text.h"
#include "dicomweb/dicomweb_url.h"
#include "dicomweb/qido.h"
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
    const char *root = v->given.root ? v->given.root : e->source;
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

static wk_code on_row(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    verifier *v = user;
    wk_instance_report rep = {.study = or_null(row->study),
                              .series = or_null(row->series),
                              .sop = row->uid,
                              .bytes = -1,
                              .status = WK_INSTANCE_MISSING};
    char key[3 * WK_UID_SIZE + 2];

    (void)err;
    snprintf(key, sizeof key, "%s/%s/%s", row->study, row->series, row->uid);
    if (wki_audit_has(v->audit, row->study, row->series, row->uid) ||
        wki_seen_before(&v->missing, key))
        return WK_OK;
    v->sum.expected++;
    wk_fail(&rep.error, WK_NOT_FOUND, "the server has it, and it is not on disk");
    tell(v, &rep);
    return WK_OK;
}

static wk_code ask(verifier *v, const question *q, wk_error *err)
{
    /* A journal's servers were named by others, and names may lead elsewhere today. */
    wki_qido_opts opts = {
        .named_by = v->given.root ? NULL : q->root, .uids_only = true, .log = &v->session->log};
    wk_instance_report rep = {.study = q->study, .bytes = -1, .status = WK_INSTANCE_FAILED};
    wk_code rc =
        wki_qido_instances(v->session->http, q->root, q->study, NULL, &opts, on_row, v, &rep.error);

    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail(err, rc, "%s", rep.error.message);
    if (rc != WK_OK) {
        rep.sop = NULL;
        wk_fail_add(&rep.error, "cannot ask what there is: ");
        v->sum.failed++;
        wk_fail(&v->failure, rc, "study %s: %s", q->study, rep.error.message);
        if (v->each)
            v->each(v->user, &rep);
    }
    return WK_OK;
}

static wk_code ask_all(verifier *v, wk_error *err)
{
    const char *dicomweb = v->session->opts.dicomweb;
    wk_code rc = dicomweb ? wki_dicomweb_url_parse(dicomweb, &v->given, err) : WK_OK;

    if (rc == WK_OK)
        rc = wki_audit_entries(v->audit, take_question, v, err);
    if (rc == WK_OK && v->rc != WK_OK)
        rc = wk_fail(err, v->rc, "out of memory");
    if (rc == WK_OK && !v->first)
        rc = wk_fail(err, WK_USAGE, "%s: the journal names no server; give --dicomweb", v->dir);
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
    if (rc == WK_OK && v->opts.online)
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
    return wk_fail(err, v->sum.kept > 0 ? WK_PARTIAL : v->failure.code, "%s", v->failure.message);
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
