/* The body of a request on its way out: from memory, from a source, or made anew for each attempt.
 */
#include "http/http_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

/* The body of an attempt that must not repeat the one before. */
static wk_code renew(wki_http_request *r, wk_error *err)
{
    void *old = (void *)(uintptr_t)r->body;
    wki_buf body;
    wk_code rc;

    wki_buf_init(&body, WK_MAX_HEADER_BYTES * 4, "request body");
    rc = r->new_body(r->new_body_user, &body, err);
    if (old)
        explicit_bzero(old, r->body_n);
    free(old);
    r->body_n = rc == WK_OK ? body.n : 0;
    r->body = rc == WK_OK ? wki_buf_take(&body) : NULL;
    wki_buf_clear(&body);
    return rc;
}

/* The wire knows of no errors but its own: what a source says is kept in the transfer. */
static wk_code read_body(void *user, void *data, size_t n, size_t *got, wk_error *err)
{
    wki_http_transfer *t = user;
    wki_body *b = &t->body;
    uint64_t left = b->from.size - b->sent;
    wk_code rc;

    (void)err;
    *got = 0;
    if (left == 0)
        return WK_OK;
    rc = b->from.read(b->from.user, data, n < left ? n : (size_t)left, got, &t->error);
    if (rc == WK_OK && *got == 0)
        rc = wk_fail(&t->error, WK_IO, "the body ended %" PRIu64 " bytes early", left);
    b->sent += *got;
    return rc;
}

static wk_code rewind_body(void *user, wk_error *err)
{
    wki_http_transfer *t = user;

    (void)err;
    t->body.sent = 0;
    return t->body.from.rewind(t->body.from.user, &t->error);
}

wk_code wki_body_open(wki_http_transfer *t, wk_error *err)
{
    wki_http_request *r = &t->request;
    wki_body *b = &t->body;
    wk_code rc = r->new_body ? renew(r, err) : WK_OK;

    if (rc != WK_OK)
        return rc;
    b->from = r->source ? *r->source : wki_source_of_memory(&b->memory, r->body, r->body_n);
    b->wire =
        (wki_source){.read = read_body, .rewind = rewind_body, .size = b->from.size, .user = t};
    b->sent = 0;
    return b->from.rewind(b->from.user, err);
}
