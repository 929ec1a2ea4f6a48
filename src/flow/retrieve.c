#include <wadokit/retrieve.h>

#include <stdlib.h>

#include "flow/resource.h"
#include "flow/retriever.h"
#include "http/url.h"

typedef struct getter {
    wki_retriever *retriever;
    wk_instance_fn each;
    void *user;
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
    return sum->saved + sum->kept > 0 && resolved != WK_CANCELLED ? WK_PARTIAL : resolved;
}

/* Gets what is no instance; *plain gets the other targets, in order. */
static wk_code get_resources(wk_session *session, wki_retriever *r, const char *const *targets,
                             size_t n_targets, const char **plain, size_t *n_plain, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < n_targets && rc == WK_OK; i++) {
        wki_resource resource = {.url = NULL};
        wk_error bad = {0};
        bool is = false;

        rc = wki_resource_read(targets[i], session->opts.dicomweb, &resource, &is, &bad);
        if (rc != WK_OK)
            return wk_fail(err, rc, "%.200s: %s", targets[i], bad.message);
        if (!is) {
            plain[(*n_plain)++] = targets[i];
            continue;
        }
        rc = wki_url_check(resource.url, err);
        if (rc == WK_OK)
            rc = wki_session_typed_url(session, resource.url, err);
        if (rc == WK_OK && wk_shard_has(&session->opts.shard, resource.url))
            rc = wki_resource_get(r, &resource, err);
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
    rc = get_resources(session, g.retriever, targets, n_targets, plain, &n_plain, &bad_target);
    if (rc != WK_OK)
        resolved = rc;
    else if (n_plain > 0 || n_targets == 0)
        resolved = wk_resolve(session, plain, n_plain, take_item, &g, &found, &bad_target);
    free(plain);
    rc = wki_retriever_finish(g.retriever, &sum, &bad_item);
    wki_retriever_free(g.retriever);
    sum.failed += found.failed;
    sum.skipped = found.skipped;
    if (summary)
        *summary = sum;
    if (rc == WK_OK)
        first = &bad_target;
    rc = judge(rc, resolved, &sum);
    return rc == WK_OK ? WK_OK : wk_fail(err, rc, "%s", first->message);
}
