#include <wadokit/retrieve.h>

#include <stdlib.h>
#include <string.h>

#include "flow/get/resource.h"
#include "flow/get/retriever.h"
#include "http/url.h"

typedef struct getter {
    wki_retriever *retriever;
    wk_instance_fn each;
    void *user;
    uint64_t n_bad; /* targets that are none, of those that are no instances */
} getter;

static const char *or_null(const char *uid)
{
    return uid[0] ? uid : NULL;
}

/* A target or study that gives nothing is an item too: one without instances. */
static void report_notice(const getter *g, const wk_plan_item *item)
{
    wk_instance_report report = {.study = or_null(item->study),
                                 .series = or_null(item->series),
                                 .sop = or_null(item->sop),
                                 .bytes = -1,
                                 .status = item->error.code == WK_REFUSED ? WK_INSTANCE_REFUSED
                                                                          : WK_INSTANCE_FAILED,
                                 .error = item->error};

    if (g->each)
        g->each(g->user, &report);
}

static wk_code take_item(void *user, const wk_plan_item *item, wk_error *err)
{
    getter *g = user;

    if (item->kind == WK_ITEM_NOTICE && item->error.code != WK_OK)
        report_notice(g, item);
    return wki_retriever_add(g->retriever, item, err);
}

/* Some targets gave nothing: what the others gave makes the run a partial one. */
static wk_code judge(wk_code got, wk_code resolved, const wk_get_summary *sum)
{
    if (got != WK_OK || resolved == WK_OK)
        return got;
    return sum->saved + sum->kept > 0 && resolved != WK_CANCELLED && resolved != WK_NOMEM
               ? WK_PARTIAL
               : resolved;
}

static wk_code check_resource(wk_session *session, const wki_resource *resource, wk_error *err)
{
    wk_code rc = wki_url_check(resource->url, err);

    return rc == WK_OK ? wki_session_typed_url(session, resource->url, err) : rc;
}

static void add_target(const char *target, wk_error *bad)
{
    char shown[256];

    wki_url_redact(shown, sizeof shown, target);
    wk_fail_add(bad, "%.200s: ", shown);
}

/* A target that is none: told as an item, and the others are done. */
static void report_target(getter *g, const char *target, wk_error *bad)
{
    wk_plan_item item = {.kind = WK_ITEM_NOTICE};

    add_target(target, bad);
    item.error = *bad;
    report_notice(g, &item);
    g->n_bad++;
}

/* Begins to get what is no instance; *plain gets the other targets, in order. `bad` gets the first
 * target that cannot be; the code is of what ends the run. */
static wk_code get_resources(wk_session *session, getter *g, const char *const *targets,
                             size_t n_targets, const char **plain, size_t *n_plain, wk_error *bad,
                             wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < n_targets && rc == WK_OK; i++) {
        wki_resource resource = {.url = NULL};
        wk_error why = {0};
        bool is = false;

        rc = wki_resource_read(targets[i], session->opts.dicomweb, &resource, &is, &why);
        if (rc == WK_OK && !is) {
            plain[(*n_plain)++] = targets[i];
            continue;
        }
        if (rc == WK_OK)
            rc = check_resource(session, &resource, &why);
        if (rc == WK_NOMEM) {
            (void)wk_fail(err, rc, "out of memory");
        } else if (rc != WK_OK) {
            report_target(g, targets[i], &why);
            wk_fail_from(bad, rc, &why);
            rc = WK_OK;
        } else if (wk_shard_has(&session->opts.shard, resource.url)) {
            rc = wki_resource_get(g->retriever, &resource, err);
        }
        wki_resource_clear(&resource);
    }
    return rc;
}

wk_code wk_get(wk_session *session, const char *const *targets, size_t n_targets,
               const wk_get_opts *opts, wk_instance_fn each, void *user, wk_get_summary *summary,
               wk_error *err)
{
    static const wk_get_opts defaults;
    wk_get_summary sum = {0};
    wk_resolve_summary found = {0};
    wk_error bad_target = {0}, bad_item = {0};
    const wk_error *first = &bad_item;
    getter g = {.each = each, .user = user};
    const char **plain = calloc(n_targets ? n_targets : 1, sizeof *plain);
    size_t n_plain = 0;
    wk_code rc, resolved = WK_OK;

    if (summary)
        *summary = sum;
    if (!plain)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_retriever_new(session, opts ? opts : &defaults, each, user, &g.retriever, err);
    if (rc != WK_OK) {
        free(plain);
        return rc;
    }
    rc = get_resources(session, &g, targets, n_targets, plain, &n_plain, &bad_target, &bad_item);
    resolved = rc != WK_OK ? rc : bad_target.code;
    if (rc == WK_OK && (n_plain > 0 || n_targets == 0)) {
        rc = wk_resolve(session, plain, n_plain, take_item, &g, &found, &bad_target);
        resolved = resolved == WK_OK ? rc : resolved;
    }
    free(plain);
    rc = wki_retriever_finish(g.retriever, &sum, &bad_item);
    wki_retriever_free(g.retriever);
    sum.failed += found.failed + g.n_bad;
    sum.skipped = found.skipped;
    if (summary)
        *summary = sum;
    if (rc == WK_OK)
        first = &bad_target;
    rc = judge(rc, resolved, &sum);
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, first);
}

/* --- the plan --- */

static wk_code plan_resource(wk_session *session, const char *target, wki_resource *s,
                             wk_plan_fn each, void *user, wk_error *err)
{
    char reason[256] = "";
    char endpoint[] = "dicomweb", typed[] = "target";
    wk_plan_item item = {.kind = WK_ITEM_REMOTE,
                         .level = s->sop[0]      ? WK_LEVEL_INSTANCE
                                  : s->series[0] ? WK_LEVEL_SERIES
                                                 : WK_LEVEL_STUDY,
                         .url = s->url,
                         .endpoint = strstr(target, "://") ? typed : endpoint,
                         .connection = "dicom-wado-rs",
                         .resource = wki_resource_name(s->kind),
                         .reason = reason};

    if (s->kind == WKI_RESOURCE_FRAMES && s->n_frames == 1) {
        item.level = WK_LEVEL_FRAME;
        item.frame = s->frames[0];
    }
    memcpy(item.study, s->study, sizeof item.study);
    memcpy(item.series, s->series, sizeof item.series);
    memcpy(item.sop, s->sop, sizeof item.sop);
    item.send_credentials =
        wki_http_sends_credentials(session->http, s->url, reason, sizeof reason);
    return each(user, &item, err);
}

/* One target, where it is no instance; else *plain gets it. */
static wk_code plan_target(wk_session *session, const char *target, const char **plain,
                           size_t *n_plain, wk_plan_fn each, void *user, wk_resolve_summary *sum,
                           wk_error *bad, wk_error *err)
{
    wk_plan_item notice = {.kind = WK_ITEM_NOTICE};
    wki_resource resource = {.url = NULL};
    bool is = false;
    wk_code rc = wki_resource_read(target, session->opts.dicomweb, &resource, &is, &notice.error);

    if (rc == WK_OK && !is) {
        plain[(*n_plain)++] = target;
        return WK_OK;
    }
    if (rc == WK_OK)
        rc = check_resource(session, &resource, &notice.error);
    if (rc == WK_OK) {
        sum->items++;
        rc = plan_resource(session, target, &resource, each, user, err);
    } else if (rc == WK_NOMEM) {
        rc = wk_fail(err, rc, "out of memory");
    } else {
        add_target(target, &notice.error);
        wk_fail_from(bad, rc, &notice.error);
        sum->notices++;
        sum->failed++;
        rc = each(user, &notice, err);
    }
    wki_resource_clear(&resource);
    return rc;
}

wk_code wk_get_plan(wk_session *session, const char *const *targets, size_t n_targets,
                    wk_plan_fn each, void *user, wk_resolve_summary *summary, wk_error *err)
{
    const char **plain = calloc(n_targets ? n_targets : 1, sizeof *plain);
    wk_resolve_summary sum = {0}, found = {0};
    wk_error bad = {0};
    size_t n_plain = 0;
    wk_code rc = plain ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    for (size_t i = 0; i < n_targets && rc == WK_OK; i++)
        rc = plan_target(session, targets[i], plain, &n_plain, each, user, &sum, &bad, err);
    if (rc == WK_OK && (n_plain > 0 || n_targets == 0))
        rc = wk_resolve(session, plain, n_plain, each, user, &found, err);
    free(plain);
    if (summary)
        *summary = (wk_resolve_summary){sum.items + found.items, sum.notices + found.notices,
                                        sum.failed + found.failed, found.skipped,
                                        found.left_out};
    if (bad.code == WK_OK || (rc != WK_OK && rc != WK_PARTIAL))
        return rc;
    return wk_fail_from(err, sum.items + found.items > 0 ? WK_PARTIAL : bad.code, &bad);
}
