#include "http/http_internal.h"

/* Handler of a caller who waits for one transfer. */
struct one {
    const wki_http_handler *inner;
    wki_http_result result;
    bool is_done;
};

static wk_code one_head(void *user, const wki_http_head *head, wk_error *err)
{
    struct one *one = user;

    return one->inner->head ? one->inner->head(one->inner->user, head, err) : WK_OK;
}

static wk_code one_body(void *user, const void *data, size_t n, wk_error *err)
{
    struct one *one = user;

    return one->inner->body ? one->inner->body(one->inner->user, data, n, err) : WK_OK;
}

static void one_refused(void *user, const wki_http_head *head, const void *body, size_t n)
{
    struct one *one = user;

    if (one->inner->refused)
        one->inner->refused(one->inner->user, head, body, n);
}

static void one_done(void *user, const wki_http_result *result)
{
    struct one *one = user;

    one->result = *result;
    one->is_done = true;
    if (one->inner->done)
        one->inner->done(one->inner->user, result);
}

static bool one_is_done(void *user)
{
    return ((struct one *)user)->is_done;
}

wk_code wki_http_perform(wki_http *http, const wki_http_request *request,
                         const wki_http_handler *handler, wki_http_result *result, wk_error *err)
{
    struct one one = {.inner = handler};
    wki_http_handler outer = {one_head, one_body, one_done, &one, one_refused};
    wk_code rc;

    if (http->in_run)
        return wk_fail(err, WK_INTERNAL, "HTTP: a fetch inside a handler");
    rc = wki_http_start(http, request, &outer, err);
    if (rc != WK_OK)
        return rc;
    rc = wki_http_run(http, one_is_done, &one, NULL);
    if (result)
        *result = one.result;
    if (one.result.error.code == WK_OK)
        return rc == WK_OK ? WK_OK : wk_fail(err, rc, "%s", wk_code_text(rc));
    if (err && err->code == WK_OK)
        *err = one.result.error;
    return one.result.error.code;
}

static wk_code fetch_body(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(user, data, n, err);
}

wk_code wki_http_fetch(wki_http *http, const wki_http_request *request, wki_buf *body,
                       wki_http_result *result, wk_error *err)
{
    wki_http_handler handler = {.body = fetch_body, .user = body};

    return wki_http_perform(http, request, &handler, result, err);
}
