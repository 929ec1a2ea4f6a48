#include <wadokit/retrieve.h>

#include "flow/retriever.h"

/* Hands the items over as they are found; what gives no item is said, and counted. */
static wk_code take_item(void *user, const wk_plan_item *item, wk_error *err)
{
    wki_retriever *r = user;

    if (item->kind == WK_ITEM_NOTICE && item->error.code != WK_OK)
        wk_log_write(&r->session->log, WK_LOG_WARN, "%s", item->error.message);
    return wki_retriever_add(r, item, err);
}

wk_code wk_get(wk_session *session, const char *const *targets, size_t n_targets,
               const wk_get_opts *opts, wk_instance_fn each, void *user, wk_get_summary *summary,
               wk_error *err)
{
    wk_get_opts defaults = {0};
    wk_get_summary sum = {0};
    wk_error found = {0}, got = {0};
    wki_retriever *r = NULL;
    wk_code rc, resolved;

    rc = wki_retriever_new(session, opts ? opts : &defaults, each, user, &r, err);
    if (summary)
        *summary = sum;
    if (rc != WK_OK)
        return rc;
    resolved = wk_resolve(session, targets, n_targets, take_item, r, NULL, &found);
    rc = wki_retriever_finish(r, &sum, &got);
    wki_retriever_free(r);
    if (summary)
        *summary = sum;
    if (rc == WK_OK && resolved != WK_OK) {
        /* Some targets gave nothing: what the others gave makes the run a partial one. */
        rc = sum.saved + sum.kept > 0 && resolved != WK_CANCELLED ? WK_PARTIAL : resolved;
        return wk_fail(err, rc, "%s", found.message);
    }
    if (rc != WK_OK)
        return wk_fail(err, rc, "%s", got.message);
    return WK_OK;
}
