#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"
#include "flow/get/retriever.h"
#include "http/url.h"

enum {
    MAX_BAD = 1000,
    MAX_TRIES = 3,
    MAX_SEEN = 1 << 20
};

/* --- what is expected --- */

typedef struct collector {
    wki_task *task;
    size_t capacity;
} collector;

static wk_code expect(collector *c, const char *series, const char *sop, wk_error *err)
{
    wki_task *t = c->task;

    if (t->n_expected == c->capacity) {
        size_t capacity = c->capacity ? c->capacity * 2 : 64;
        wki_expected *grown = realloc(t->expected, capacity * sizeof *grown);

        if (!grown)
            return wk_fail(err, WK_NOMEM, "out of memory");
        t->expected = grown;
        c->capacity = capacity;
    }
    memset(&t->expected[t->n_expected], 0, sizeof *t->expected);
    wki_strcopy(t->expected[t->n_expected].series, WK_UID_SIZE, series);
    wki_strcopy(t->expected[t->n_expected].sop, WK_UID_SIZE, sop);
    t->n_expected++;
    return WK_OK;
}

static int by_series(const void *a, const void *b)
{
    const wki_expected *x = a, *y = b;
    int c = strcmp(x->series, y->series);

    return c ? c : strcmp(x->sop, y->sop);
}

static void sort_expected(wki_task *t)
{
    size_t n = 0;

    if (t->n_expected == 0)
        return;
    qsort(t->expected, t->n_expected, sizeof *t->expected, by_series);
    for (size_t i = 0; i < t->n_expected; i++) {
        if (n == 0 || by_series(&t->expected[n - 1], &t->expected[i]) != 0)
            t->expected[n++] = t->expected[i];
    }
    t->n_expected = n;
}

static wk_code expect_row(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    return expect(user, row->series, row->uid, err);
}

/* Not everybody has a list: then nobody tells what is expected. */
static wk_code find_expected(wki_task *t, wk_error *err)
{
    collector c = {.task = t};
    const wk_plan_item *item = t->item;
    wki_retriever *r = t->retriever;
    wki_listing listing = {.session = r->session, .item = item};
    wk_error failed = {0};
    size_t found = 0;
    wk_code rc = WK_UNSUPPORTED;

    if (item->level < WK_LEVEL_INSTANCE || item->series[0])
        rc = wki_list_instances(&listing, expect_row, &c, &found, &failed);
    if (rc == WK_CANCELLED || rc == WK_NOMEM)
        return wk_fail_from(err, rc, &failed);
    if (rc != WK_OK) {
        wk_log_write(&r->session->log, WK_LOG_INFO, "no list of instances: %s", failed.message);
        t->n_expected = 0;
        t->list_failed = rc != WK_NOT_FOUND && rc != WK_AUTH && rc != WK_UNSUPPORTED;
    }
    sort_expected(t);
    if (t->n_expected > 0 && t->n_expected < item->n_instances)
        wk_log_write(&r->session->log, WK_LOG_WARN,
                     "study %s: its source states %llu instances, the server lists %zu",
                     item->study, (unsigned long long)item->n_instances, t->n_expected);
    return WK_OK;
}

/* --- the part of this run, where several share the work --- */

/* What is expected and belongs to other runs is forgotten. */
static void keep_part(wki_task *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_expected; i++) {
        const wki_expected *e = &t->expected[i];

        if (wki_retriever_has(t->retriever, t->item->study, e->series, e->sop))
            t->expected[n++] = *e;
    }
    t->n_expected = n;
}

/* Whether something is left to do here. A server that fails to list what it has cannot be told from
 * one that will list it to the next run: the parts of the two would not fit together. */
static bool take_part(wki_task *t)
{
    const wki_retriever *r = t->retriever;
    const wk_plan_item *item = t->item;
    bool has_list = t->n_expected > 0;
    bool failed = t->list_failed || wki_plan_server(r->session, item)->no_list;

    if (r->session->opts.shard.count < 2)
        return true;
    if (!has_list && failed && r->by != WK_BY_STUDY) {
        wk_fail_setting(&t->error, WK_NET, "by",
                        "study %s cannot be divided: the server failed to list its instances; "
                        "it can be divided by studies",
                        item->study);
        return true;
    }
    if (!has_list)
        return wki_retriever_has(r, item->study, item->series, item->sop);
    keep_part(t);
    t->divided = r->by == WK_BY_AUTO;
    return t->n_expected > 0;
}

/* What is whole on disk needs no transfer. */
static wk_code keep_what_is_there(wki_task *t, wk_error *err)
{
    wki_journal_entry *entry = calloc(1, sizeof *entry);
    wk_code rc = entry ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    for (size_t i = 0; i < t->n_expected && rc == WK_OK; i++) {
        wki_expected *e = &t->expected[i];
        wki_store_state state = WKI_STORE_ABSENT;

        rc = wki_store_find(t->retriever->store, t->item->study, e->series, e->sop, entry, &state,
                            err);
        if (rc == WK_OK && state == WKI_STORE_WHOLE)
            wki_task_instance(t, WK_INSTANCE_KEPT, entry, NULL);
        e->changed = state == WKI_STORE_CHANGED;
        if (rc == WK_OK)
            rc = wki_session_check(t->retriever->session, err);
    }
    free(entry);
    return rc;
}

/* --- what has come --- */

static wki_expected *find_entry(wki_task *t, const char *series, const char *sop)
{
    wki_expected key = {0};

    if (t->n_expected == 0)
        return NULL;
    wki_strcopy(key.series, sizeof key.series, series);
    wki_strcopy(key.sop, sizeof key.sop, sop);
    return bsearch(&key, t->expected, t->n_expected, sizeof key, by_series);
}

void wki_task_instance(wki_task *t, wk_instance_status status, const wki_journal_entry *entry,
                       const wk_error *error)
{
    wki_expected *e = find_entry(t, entry->series, entry->sop);
    bool again = e ? e->done : wki_seen_before(&t->reported, entry->sop);
    wk_error changed = {0};

    t->instances++;
    if (e && !e->done) {
        e->done = true;
        t->n_done++;
    }
    /* A second file with other bytes has its own report; the same instance again has none. */
    if (again && (!error || error->code == WK_OK))
        return;
    if (!e) {
        t->retriever->summary.expected++; /* more than was told */
        wki_stated_note(t, entry->series);
    }
    if (e && e->changed && error && error->code == WK_OK) {
        wk_fail(&changed, WK_DATA, "its file had changed since it was received; fetched again");
        error = &changed;
    }
    wki_retriever_report(t, status, entry->series, entry->sop, entry, error);
}

/* Whether a part of this SOP Instance UID (without a valid one: for this reason) was refused
 * before; remembers it. */
static bool was_refused(wki_task *t, const char *sop_or_why)
{
    char key[WK_ERROR_MESSAGE_SIZE + 2];

    snprintf(key, sizeof key, "!%s", sop_or_why);
    return wki_seen_before(&t->reported, key);
}

static bool report_refused(wki_task *t, const wki_dicom_identity *id, const wk_error *error)
{
    if (error->code != WK_REFUSED)
        return false;
    if (!was_refused(t, id->sop_uid[0] ? id->sop_uid : error->message))
        wki_retriever_report(t, WK_INSTANCE_REFUSED, id->series_uid, id->sop_uid, NULL, error);
    return true;
}

static wki_bad_part *add_bad(wki_task *t, const char *series, const char *sop,
                             const wk_error *error)
{
    wki_bad_part *bad;

    if (t->n_bad >= MAX_BAD)
        return NULL;
    bad = calloc(1, sizeof *bad);
    if (!bad) {
        wk_fail(&t->retriever->fatal, WK_NOMEM, "out of memory");
        return NULL;
    }
    wki_strcopy(bad->series, sizeof bad->series, series);
    wki_strcopy(bad->sop, sizeof bad->sop, sop);
    bad->error = *error;
    *(t->bad ? t->bad_end : &t->bad) = bad;
    t->bad_end = &bad->next;
    t->n_bad++;
    return bad;
}

void wki_task_bad_part(const wki_piece *piece, const wki_dicom_identity *id, const wk_error *error)
{
    wki_bad_part *bad;

    if (report_refused(piece->task, id, error))
        return;
    bad = add_bad(piece->task, id->series_uid, id->sop_uid, error);
    if (bad && id->sop_uid[0] == '\0')
        memcpy(bad->asked, piece->sop, sizeof bad->asked);
}

void wki_task_instance_failed(wki_task *t, const wki_piece *piece, const wk_error *error)
{
    wki_expected *e = find_entry(t, piece->series[0] ? piece->series : t->item->series, piece->sop);
    wki_bad_part *bad;

    if (!e || e->done)
        return;
    e->answered = error->http_status >= 400;
    bad = add_bad(t, e->series, e->sop, error);
    if (bad)
        bad->own = true;
}

/* Forgets the parts; what was said of an instance by itself stays. */
static void clear_bad(wki_task *t, bool all)
{
    wki_bad_part **at = &t->bad;

    while (*at) {
        wki_bad_part *bad = *at;

        if (bad->own && !all) {
            at = &bad->next;
            continue;
        }
        *at = bad->next;
        free(bad);
        t->n_bad--;
    }
    t->bad_end = at;
}

/* --- asking --- */

static size_t series_end(const wki_task *t, size_t from)
{
    size_t i = from;

    while (i < t->n_expected && strcmp(t->expected[i].series, t->expected[from].series) == 0)
        i++;
    return i;
}

static bool give(const wki_expected *e, bool whole_series, char series[WK_UID_SIZE],
                 char sop[WK_UID_SIZE])
{
    wki_strcopy(series, WK_UID_SIZE, e->series);
    wki_strcopy(sop, WK_UID_SIZE, whole_series ? "" : e->sop);
    return true;
}

/* At the start of a series: whether all of it is missing. */
static bool misses_all(const wki_task *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (t->expected[i].done)
            return false;
    }
    return true;
}

/* What is missing, by series where all of a series is. */
static bool next_missing(wki_task *t, char series[WK_UID_SIZE], char sop[WK_UID_SIZE])
{
    while (t->cursor < t->n_expected) {
        const wki_expected *e = &t->expected[t->cursor];

        if (t->stage == WKI_STAGE_SERIES && t->cursor >= t->singly_to) {
            t->singly_to = series_end(t, t->cursor);
            if (misses_all(t, t->cursor, t->singly_to)) {
                t->cursor = t->singly_to;
                return give(e, true, series, sop);
            }
        }
        t->cursor++;
        if (!e->done && !e->answered)
            return give(e, false, series, sop);
    }
    return false;
}

bool wki_task_next(wki_task *t, char series[WK_UID_SIZE], char sop[WK_UID_SIZE])
{
    const wk_plan_item *item = t->item;
    bool found = !t->over;

    if (found && t->stage != WKI_STAGE_WHOLE) {
        found = next_missing(t, series, sop);
    } else if (found) {
        found = !t->asked;
        t->asked = true;
        wki_strcopy(series, WK_UID_SIZE, item->level == WK_LEVEL_STUDY ? "" : item->series);
        wki_strcopy(sop, WK_UID_SIZE, item->level == WK_LEVEL_INSTANCE ? item->sop : "");
    }
    t->open += found;
    return found;
}

/* Whether this stage has more to ask for. */
static bool has_more(const wki_task *t)
{
    if (t->stage == WKI_STAGE_WHOLE)
        return !t->asked;
    for (size_t i = t->cursor; i < t->n_expected; i++) {
        if (!t->expected[i].done && !t->expected[i].answered)
            return true;
    }
    return false;
}

static wki_stage first_stage(const wki_task *t)
{
    const wk_plan_item *item = t->item;

    if (t->n_expected == 0 || item->level == WK_LEVEL_INSTANCE)
        return WKI_STAGE_WHOLE;
    switch (t->retriever->by) {
    case WK_BY_STUDY:
        return WKI_STAGE_WHOLE;
    case WK_BY_SERIES:
        return item->level == WK_LEVEL_STUDY ? WKI_STAGE_SERIES : WKI_STAGE_WHOLE;
    case WK_BY_INSTANCE:
        return WKI_STAGE_INSTANCE;
    default:
        break;
    }
    if (t->divided)
        return WKI_STAGE_INSTANCE;
    if (t->n_done == 0 && item->n_except == 0)
        return WKI_STAGE_WHOLE;
    return item->level == WK_LEVEL_STUDY ? WKI_STAGE_SERIES : WKI_STAGE_INSTANCE;
}

static void ask(wki_task *t, wki_stage stage)
{
    t->stage = stage;
    t->cursor = t->singly_to = 0;
    t->asked = false;
    t->bytes_total = -1;
    t->broken = t->partial = false;
    wk_error_clear(&t->error);
    clear_bad(t, false);
}

/* --- the end --- */

/* A part that does not say what it is may have been any instance that did not come. */
static const wk_error *error_of(const wki_task *t, const wki_expected *e)
{
    const wk_error *any = NULL;

    for (const wki_bad_part *b = t->bad; b; b = b->next) {
        if (strcmp(b->sop, e->sop) == 0 || strcmp(b->asked, e->sop) == 0)
            return &b->error;
        if (!any && b->sop[0] == '\0' && b->asked[0] == '\0')
            any = &b->error;
    }
    return t->error.code == WK_OK ? any : NULL;
}

static void report_missing(wki_task *t)
{
    for (size_t i = 0; i < t->n_expected; i++) {
        const wki_expected *e = &t->expected[i];
        const wk_error *bad;
        wk_error error = t->error;
        bool failed;

        if (e->done || was_refused(t, e->sop))
            continue;
        bad = error_of(t, e);
        if (bad)
            error = *bad;
        failed = error.code != WK_OK && error.code != WK_NOT_FOUND;
        if (error.code == WK_OK)
            wk_fail(&error, WK_NOT_FOUND, "instance %s did not come", e->sop);
        if (e->changed)
            wk_fail_add(&error, "its file has changed since it was received, and again: ");
        wki_retriever_report(t, failed ? WK_INSTANCE_FAILED : WK_INSTANCE_MISSING, e->series,
                             e->sop, NULL, &error);
    }
}

/* Nobody told what to expect: what went wrong is all there is to say. */
static void report_unknown(wki_task *t)
{
    wk_error error = t->error;

    for (const wki_bad_part *b = t->bad; b; b = b->next)
        wki_retriever_report(t, WK_INSTANCE_FAILED, b->series, b->sop, NULL, &b->error);
    if (error.code == WK_OK && t->broken)
        wk_fail(&error, WK_DATA,
                "study %s: the body ended without its closing delimiter; instances may be missing",
                t->item->study);
    if (error.code == WK_OK && t->partial)
        wk_fail(&error, WK_PARTIAL, "study %s: the server says that it left something out (206)",
                t->item->study);
    if (error.code != WK_OK && (!t->bad || error.code != WK_NOT_FOUND))
        wki_retriever_report(t, WK_INSTANCE_FAILED, t->item->series, t->item->sop, NULL, &error);
    else if (!t->bad)
        wki_stated_report(t);
}

/* Parts that are in no report yet: those that are none of the expected instances. One that does not
 * say what it is stands for an instance that is reported as missing, unless none is. */
static void report_bad_parts(wki_task *t)
{
    for (const wki_bad_part *b = t->bad; b && t->retriever->fatal.code == WK_OK; b = b->next) {
        const wki_expected *e = find_entry(t, b->series, b->sop);

        if (!e && (b->sop[0] || t->n_done == t->n_expected))
            wki_retriever_report(t, WK_INSTANCE_FAILED, b->series, b->sop, NULL, &b->error);
        else if (e ? e->done : b->asked[0] == '\0')
            wk_log_write(&t->retriever->session->log, WK_LOG_WARN,
                         "study %s: a part of the answer: %s", t->item->study, b->error.message);
    }
}

static void free_task(wki_task *t)
{
    clear_bad(t, true);
    if (t->begun)
        wki_retriever_say_end(t);
    wki_retriever_unlink(t);
    t->retriever->expecting -= t->n_expected;
    wki_seen_clear(&t->reported);
    wki_stated_clear(&t->stated);
    free(t->expected);
    wk_plan_item_free(t->item);
    free(t);
}

void wki_task_end(wki_task *t)
{
    wki_retriever *r = t->retriever;

    if (r->fatal.code == WK_OK && t->n_expected > 0)
        report_missing(t);
    else if (r->fatal.code == WK_OK)
        report_unknown(t);
    if (t->n_expected > 0)
        report_bad_parts(t);
    if (t->n_expected > 0 && t->n_done == t->n_expected && t->broken)
        wk_log_write(&r->session->log, WK_LOG_WARN,
                     "study %s: a body ended too early, but every instance is there",
                     t->item->study);
    free_task(t);
}

/* A server that cannot be reached, does not let us in, or has yet to bring what is wanted from
 * elsewhere (202), will do no better for smaller pieces. */
static bool is_hopeless(const wki_task *t)
{
    const wk_error *e = &t->error;

    return e->code == WK_AUTH || e->code == WK_REFUSED || e->code == WK_LIMIT ||
           e->http_status == 202 ||
           (e->code == WK_NET && e->http_status == 0 && t->instances == 0 && !t->broken);
}

static bool may_go_smaller(const wki_task *t)
{
    if (t->retriever->by == WK_BY_STUDY || t->item->level == WK_LEVEL_INSTANCE)
        return false;
    return t->retriever->by != WK_BY_SERIES || t->stage == WKI_STAGE_WHOLE;
}

static wki_stage next_stage(const wki_task *t)
{
    if (t->stage == WKI_STAGE_WHOLE && t->item->level == WK_LEVEL_STUDY)
        return WKI_STAGE_SERIES;
    return t->stage < WKI_STAGE_INSTANCE ? WKI_STAGE_INSTANCE : WKI_STAGE_AGAIN;
}

/* Whether anything is left to ask for; true where nobody knows. */
static bool has_open(const wki_task *t)
{
    for (size_t i = 0; i < t->n_expected; i++) {
        if (!t->expected[i].done && !t->expected[i].answered)
            return true;
    }
    return t->n_expected == 0;
}

static bool has_bad_part(const wki_task *t)
{
    for (const wki_bad_part *b = t->bad; b; b = b->next) {
        if (!b->own)
            return true;
    }
    return false;
}

/* Whether the task asks for something again. */
static bool goes_on(wki_task *t)
{
    bool cut = t->broken || has_bad_part(t);

    if (t->retriever->fatal.code != WK_OK || is_hopeless(t) || !has_open(t))
        return false;
    if (t->n_expected == 0 || !may_go_smaller(t)) {
        if ((t->n_expected > 0 && t->n_done == t->n_expected) || !t->broken ||
            ++t->tries >= MAX_TRIES)
            return false;
        ask(t, t->stage);
        return true;
    }
    if (t->n_done == t->n_expected || t->stage == WKI_STAGE_AGAIN ||
        (t->stage == WKI_STAGE_INSTANCE && !cut))
        return false;
    ask(t, next_stage(t));
    return true;
}

void wki_task_piece_ended(wki_task *t)
{
    t->open--;
    while (!t->over && t->open == 0 && !has_more(t))
        t->over = !goes_on(t);
}

/* --- a study whose instances the server cannot list: its series --- */

typedef struct series_list {
    char (*uids)[WK_UID_SIZE];
    size_t n, capacity;
} series_list;

static wk_code take_series(void *user, const wki_qido_series_row *row, wk_error *err)
{
    series_list *l = user;

    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 16;
        char(*grown)[WK_UID_SIZE] = realloc(l->uids, capacity * sizeof *grown);

        if (!grown)
            return wk_fail(err, WK_NOMEM, "out of memory");
        l->uids = grown;
        l->capacity = capacity;
    }
    wki_strcopy(l->uids[l->n++], WK_UID_SIZE, row->uid);
    return WK_OK;
}

static wk_code begin_series(wki_retriever *r, const wk_plan_item *study, const char *uid,
                            wk_error *err)
{
    wk_plan_item *item = NULL;
    wk_code rc = wki_plan_part(study, uid, "", &item, err);

    if (rc == WK_OK)
        rc = wki_task_begin(r, item, err);
    wk_plan_item_free(item);
    return rc;
}

/* One bad instance can spoil the list of a whole study: then every series is a task by itself, with
 * its own list. *split tells whether that was done. */
static wk_code split_study(wki_task *t, bool *split, wk_error *err)
{
    wki_retriever *r = t->retriever;
    const wk_plan_item *item = t->item;
    series_list list = {.uids = NULL};
    wki_listing listing = {.session = r->session, .item = item};
    wk_error failed = {0};
    size_t found = 0;
    wk_code rc = wki_list_series(&listing, take_series, &list, &found, &failed);

    if (rc == WK_CANCELLED || rc == WK_NOMEM) {
        rc = wk_fail_from(err, rc, &failed);
    } else {
        wki_plan_server(r->session, item)->no_list = rc != WK_OK && item->root;
        *split = rc == WK_OK && list.n > 0;
        rc = WK_OK;
    }
    for (size_t i = 0; i < list.n && *split && rc == WK_OK; i++)
        rc = begin_series(r, item, list.uids[i], err);
    free(list.uids);
    return rc;
}

wk_code wki_task_begin(wki_retriever *r, const wk_plan_item *item, wk_error *err)
{
    wki_task *t = calloc(1, sizeof *t);
    bool split = false, ours;
    size_t whole;
    wk_code rc = WK_OK;

    if (!t)
        return wk_fail(err, WK_NOMEM, "out of memory");
    t->retriever = r;
    wki_seen_init(&t->reported, MAX_SEEN);
    rc = wk_plan_item_copy(item, &t->item, err);
    if (rc == WK_OK && item->level == WK_LEVEL_FRAME) {
        wk_fail(&t->error, WK_UNSUPPORTED,
                "get takes studies, series and instances; frames are drawn by render and thumb");
        wki_task_end(t);
        return WK_OK;
    }
    if (rc == WK_OK)
        rc = find_expected(t, err);
    r->expecting += t->n_expected;
    if (rc == WK_OK && t->list_failed && item->level == WK_LEVEL_STUDY)
        rc = split_study(t, &split, err);
    if (rc != WK_OK || split) {
        free_task(t);
        return rc;
    }
    whole = t->n_expected;
    ours = take_part(t);
    r->expecting -= whole - t->n_expected;
    if (!ours) {
        free_task(t);
        return WK_OK;
    }
    if (t->error.code != WK_OK) {
        wki_task_end(t);
        return WK_OK;
    }
    r->unknown = r->unknown || t->n_expected == 0;
    r->summary.expected += (int64_t)t->n_expected;
    rc = keep_what_is_there(t, err);
    if (rc != WK_OK || (t->n_expected > 0 && t->n_done == t->n_expected)) {
        free_task(t);
        return rc;
    }
    ask(t, first_stage(t));
    wki_retriever_link(t);
    return WK_OK;
}
