#include <wadokit/retrieve.h>

#include <stdlib.h>
#include <string.h>

#include "flow/resource.h"
#include "flow/retriever.h"
#include "http/url.h"

/* held: what is to be said of a target, held back until it is clear that it is not the error that
 * the run ends with, which the caller shows. */
typedef struct getter {
    wki_retriever *retriever;
    const wk_log *log;
    wk_error held;
} getter;

static void say_held(getter *g)
{
    if (g->held.code != WK_OK)
        wk_log_write(g->log, WK_LOG_WARN, "%s", g->held.message);
    wk_error_clear(&g->held);
}

static wk_code take_item(void *user, const wk_plan_item *item, wk_error *err)
{
    getter *g = user;

    if (item->kind == WK_ITEM_NOTICE && item->error.code != WK_OK) {
        say_held(g);
        g->held = item->error;
    }
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
        if (rc == WK_OK)
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
    getter g = {.log = &session->log};
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
    if (summary)
        *summary = sum;
    if (rc == WK_OK)
        first = &bad_target;
    rc = judge(rc, resolved, &sum);
    if (rc == WK_OK || strcmp(g.held.message, first->message) != 0)
        say_held(&g);
    return rc == WK_OK ? WK_OK : wk_fail(err, rc, "%s", first->message);
}
