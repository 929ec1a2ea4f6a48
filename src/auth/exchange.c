#include "auth/exchange.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "http/retry.h"

/* A smart-configuration or token answer is small; a CapabilityStatement is not. */
enum {
    MAX_BODY = 16 << 20
};

void wki_reply_init(wki_reply *reply)
{
    memset(reply, 0, sizeof *reply);
    wki_buf_init(&reply->body, MAX_BODY, "answer of the login server");
}

void wki_reply_clear(wki_reply *reply)
{
    if (reply->body.data)
        explicit_bzero(reply->body.data, reply->body.n);
    wki_buf_clear(&reply->body);
}

struct collecting {
    wki_reply *reply;
    bool refused;
};

static void take_head(wki_reply *reply, const wki_http_head *head)
{
    const char *date = wki_http_header(head, "Date");

    wki_buf_reset(&reply->body);
    reply->status = head->status;
    wki_text_clean(reply->content_type, sizeof reply->content_type, head->content_type,
                   strlen(head->content_type));
    if (!date || !wki_http_date_read(date, &reply->server_time_s))
        reply->server_time_s = 0;
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    struct collecting *c = user;

    (void)err;
    take_head(c->reply, head);
    return WK_OK;
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    struct collecting *c = user;

    return wki_buf_add(&c->reply->body, data, n, err);
}

static void on_refused(void *user, const wki_http_head *head, const void *body, size_t n)
{
    struct collecting *c = user;

    take_head(c->reply, head);
    /* Without the body there is less to tell, and that is all. */
    c->refused = wki_buf_add(&c->reply->body, body, n, NULL) == WK_OK;
}

static wk_code send(void *user, const wki_http_request *request, wki_reply *reply, wk_error *err)
{
    struct collecting c = {.reply = reply};
    wki_http_handler handler = {
        .head = on_head, .body = on_body, .refused = on_refused, .user = &c};
    wk_error own = {0};
    wk_code rc = wki_http_perform(user, request, &handler, NULL, &own);

    if (rc == WK_OK || c.refused)
        return WK_OK;
    if (err && err->code == WK_OK)
        *err = own;
    return rc;
}

wki_exchange wki_exchange_http(wki_http *http)
{
    return (wki_exchange){.send = send, .user = http};
}
