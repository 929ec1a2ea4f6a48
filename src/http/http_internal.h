/*
 * What the files of the client share: http_client.c (start and end of a transfer, retries),
 * http_redirect.c (what becomes of a request that is sent on), http_queue.c (whose turn it is, who
 * waits), http_request.c and http_body.c (what goes out),
 * http_answer.c (what came back, in words). http_perform.c,
 * for callers who wait for one transfer, needs none of it but in_run.
 */
#ifndef WADOKIT_HTTP_HTTP_INTERNAL_H
#define WADOKIT_HTTP_HTTP_INTERNAL_H

#include "core/clock.h"
#include "http/http.h"
#include "http/http_coding.h"
#include "http/retry.h"
#include "http/throttle.h"
#include "http/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All that is known of one origin. */
typedef struct wki_slot {
    struct wki_slot *next;
    char *origin;
    wki_http_transfer *first, *last; /* ready to be started, in order */
    int running;
    bool reached;    /* it has answered */
    int64_t told_ms; /* when it was last told that it asks to wait; 0 never */
    wki_throttle throttle;
} wki_slot;

/* The answer of one exchange, as it comes. */
typedef struct wki_answer {
    int status;
    wki_buf fields; /* "name\0value\0" ... */
    size_t n_fields;
    wki_buf error_body; /* of what is no 2xx */
    bool enough;        /* the error body was cut */
    uint64_t body_bytes;
    bool head_given;
    wki_coding coding;
    bool coding_open;
    wk_error coding_error; /* why the Content-Encoding could not be undone */
} wki_answer;

/* What goes out: `from` as the request has it, `wire` as the transport sees it. */
typedef struct wki_body {
    wki_memory_source memory;
    wki_source from, wire;
    uint64_t sent;
} wki_body;

struct wki_http_transfer {
    wki_http *http;
    wki_slot *slot;
    wki_http_transfer *next; /* in the slot's queue or among the waiting */
    wki_http_transfer *all_next, *all_prev;
    wki_http_request request; /* owns its strings */
    wki_http_handler handler;
    char *url;   /* of this hop, normalised; request.url is the first */
    bool named;  /* by a server */
    bool as_get; /* a redirect made it a GET without a body */
    bool undone; /* it began anew at its first address */
    bool asked_anew; /* once, where a redirect led to what is good no more */
    int redirects, attempts, counted;
    bool renewed;
    bool fresh;
    int64_t waited_ms, due_ms, started_ms;
    int64_t wait_ms; /* the wait that ends at due_ms */
    bool wait_asked;
    unsigned generation; /* of the credential that was sent */
    bool sent_credential;
    bool damaged;      /* see wki_http_result */
    const char *proxy; /* of this exchange, NULL: none */
    bool by_proxy;     /* the answer is the proxy's own */
    char **lines;      /* headers of this exchange */
    size_t n_lines;
    wki_body body;
    void *exchange;
    wki_answer answer;
    wk_error error;
};

/* What is known of the login at the proxy: accounts are locked after a few wrong passwords, so that
 * the first transfer goes alone, and nothing goes after a refusal. */
typedef enum wki_proxy_login {
    WKI_PROXY_UNKNOWN,
    WKI_PROXY_TRYING,
    WKI_PROXY_PROVED,
    WKI_PROXY_REFUSED
} wki_proxy_login;

struct wki_http {
    wki_http_opts opts;
    wki_proxy_login proxy_login;
    wki_transport transport;
    const wki_clock *clock;
    char **origins;
    size_t n_origins;
    wki_slot *slots;
    wki_http_transfer *all, *waiting;
    size_t active;
    int running;
    unsigned generation;
    uint64_t received;
    bool in_run;
    bool ending; /* nothing may be started any more */
};

/* http_queue.c: each transfer that is not under way stands in its slot's queue or among those that
 * wait for a time. */

/* On the clock of the client. */
int64_t wki_http_now_ms(const wki_http *http);

/* The slot of the origin of `url`, made where it is new; NULL with `err` set. */
wki_slot *wki_queue_slot(wki_http *http, const char *url, wk_error *err);

void wki_queue_last(wki_http_transfer *t);

/* In front of what is queued: what was begun goes on before what is new. */
void wki_queue_first(wki_http_transfer *t);

/* The transfer whose turn it is, out of its queue; NULL where none may start now. The origin with
 * the fewest under way comes first, and one that has none under way gets a few transfers beyond
 * max_transfers: a slow origin starves no other. */
wki_http_transfer *wki_queue_take(wki_http *http);

/* Among the waiting for `ms` from now. */
void wki_queue_wait(wki_http_transfer *t, int64_t ms);

/* Those whose time has come go back to the front of their queues. */
void wki_queue_wake(wki_http *http);

/* How long nothing has to be looked at, 0 to 200 ms. */
int64_t wki_queue_wait_ms(const wki_http *http);

/* Takes one out of its queue, or from among the waiting, where it is. */
void wki_queue_remove(wki_http_transfer *t);

/* Forgets who is queued, waits or runs. */
void wki_queue_empty(wki_http *http);
void wki_queue_free_slots(wki_http *http);

/* http_request.c */

/* One "Name: value" line: a token, ':', no control characters, and no header that frames the
 * message (Host, Content-Length ...). */
wk_code wki_header_check(const char *line, wk_code code, wk_error *err) WK_MUST_USE;
bool wki_header_is(const char *line, const char *name);
wk_code wki_request_copy(wki_http_request *to, const wki_http_request *from,
                         wk_error *err) WK_MUST_USE;
void wki_request_clear(wki_http_request *r);
const char *wki_transfer_method(const wki_http_transfer *t);
bool wki_transfer_has_body(const wki_http_transfer *t);
bool wki_transfer_is_repeatable(const wki_http_transfer *t);

/* The path of the request ends in "/_search": a FHIR search. */
bool wki_transfer_is_search(const wki_http_transfer *t);

/* Builds t->lines for this hop, and fills `wire`. May ask the credential. */
wk_code wki_request_build(wki_http_transfer *t, wki_wire_request *wire, wk_error *err) WK_MUST_USE;

/* Puts stars over what of the credentials of this hop stands in `n` bytes of an answer: error pages
 * and gateways repeat what they were sent. */
void wki_request_hide_secrets(const wki_http_transfer *t, char *text, size_t n);
void wki_request_drop_lines(wki_http_transfer *t);

/* WK_USAGE where a file of the options (--cacert, --cert, --key) cannot be read. */
wk_code wki_http_check_files(const wki_http_opts *opts, wk_error *err) WK_MUST_USE;

/* http_body.c: makes t->body ready for an attempt. */
wk_code wki_body_open(wki_http_transfer *t, wk_error *err) WK_MUST_USE;

/* http_redirect.c: makes the answer's Location the next hop of the transfer. Otherwise t->error
 * says why it is not followed. */
wk_code wki_redirect_take(wki_http_transfer *t) WK_MUST_USE;

/* Makes the first address the next hop again: where a redirect led may be good for a while only (a
 * signed URL). Nothing to do for what has a body, or was not redirected. */
void wki_redirect_undo(wki_http_transfer *t);

/* Whether the answer may say that the address of a redirect is good no more; once a transfer. */
bool wki_redirect_may_be_over(wki_http_transfer *t);

/* http_answer.c */
void wki_answer_init(wki_answer *a);
void wki_answer_clear(wki_answer *a);
void wki_answer_reset(wki_answer *a, int status);
wk_code wki_answer_add(wki_answer *a, const char *name, size_t name_n, const char *value,
                       size_t value_n, wk_error *err) WK_MUST_USE;
const char *wki_answer_get(const wki_answer *a, const char *name);
int64_t wki_answer_length(const wki_answer *a);
bool wki_answer_is_redirect(const wki_answer *a);
const char *wki_status_text(int status);

/* Sets t->error for an answer that is no success, or an exchange without one. `why_not` (may be "")
 * says why it is not tried again. */
void wki_answer_fail(wki_http_transfer *t, const wki_retry_verdict *v);
void wki_wire_fail(wki_http_transfer *t, wki_wire_end end, const char *detail,
                   const wki_retry_verdict *v);

#ifdef __cplusplus
}
#endif

#endif
