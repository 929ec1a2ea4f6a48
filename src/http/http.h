/*
 * HTTP as the stages see it. curl is behind http_curl.c and nowhere else.
 *
 * One request builder decides what goes out: credentials and configured headers only to origins
 * that may have them (origin.h), redirects followed by hand so that the same decision is made for
 * each hop, https (http on loopback only where credentials go along). A redirect that turns a POST
 * into a GET (301, 302, 303) takes the form of a search along as a query; every other body would be
 * lost, and is refused.
 *
 * Attempts: connection failures, 408, 425, 429 and 5xx are tried again by themselves (retry.h),
 * but never after a byte of a 2xx body has been handed over: what to do then only the caller knows.
 * A 401 asks the credential to renew itself, once for a request.
 *
 * Transfers run on one thread: start as many as wanted, then run. Handlers are called from
 * wki_http_run(); they may start transfers and must not run or fetch.
 */
#ifndef WADOKIT_HTTP_HTTP_H
#define WADOKIT_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/cancel.h>
#include <wadokit/error.h>
#include <wadokit/log.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/source.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_http wki_http;
typedef struct wki_http_transfer wki_http_transfer;

/* Who knows the secret. header() writes the value of Authorization ("Bearer ...") for `origin`, or
 * "" for none; renew() gets a new one after a 401 (WK_AUTH where there is none to be had).
 * Both may block, and must not use the client that asks. `origin` is "https://host[:port]". */
typedef struct wki_credential {
    wk_code (*header)(void *user, const char *origin, wki_buf *value, wk_error *err);
    wk_code (*renew)(void *user, const char *origin, wk_error *err);
    void *user;
} wki_credential;

/* Strings are borrowed as long as the client lives. */
typedef struct wki_http_opts {
    const char *const *origins; /* where credentials may go: "https://host[:port]" */
    size_t n_origins;
    const char *const *maps; /* "FROM=TO" (origin_map.h), for every URL before any other rule */
    size_t n_maps;
    wki_credential credential;  /* header NULL: no credentials */
    const char *const *headers; /* "Name: value" for `origins` only */
    size_t n_headers;
    bool netrc;
    const char
        *aws_sigv4; /* "aws:amz:REGION:SERVICE": what would be Basic is signed so; NULL: not */
    const char *cacert, *cert, *key;
    const char *key_password; /* the pass phrase of `key`, NULL: none */
    const char *proxy;   /* NULL: the environment's (proxy.h) */
    int retries;         /* negative: 5, and answers with Retry-After are not counted (retry.h) */
    int64_t max_wait_ms; /* patience of one request for 429 and 503; negative: 300 s */
    int connect_timeout_s, idle_timeout_s; /* 0: 30, 60 */
    int speed_limit;    /* fewest bytes a second (pace.h), 0: 10; negative: any rate will do */
    int speed_time_s;   /* over so long, 0: 120; 30 where speed_limit is given */
    int max_transfers;  /* at once in all, 0: 6; per origin it adapts below that */
    uint64_t max_bytes; /* of all bodies, 0: no limit */
    const wk_log *log;
    const wk_cancel *cancel;
    const wki_clock *clock; /* NULL: the system's */
    /* Turns the first bytes of an error body into one clear line (OperationOutcome, XML, HTML ...);
     * false where there is nothing to say. May be NULL. */
    bool (*explain)(const char *body, size_t n, const char *content_type, char *out, size_t size);
    /* Bytes of bodies that arrived, for progress. May be NULL. */
    void (*received)(void *user, uint64_t bytes);
    void *received_user;
    /* Called several times a second from wki_http_run(), outside of any handler. May be NULL. */
    void (*turn)(void *user);
    void *turn_user;
} wki_http_opts;

wk_code wki_http_new(const wki_http_opts *opts, wki_http **out, wk_error *err) WK_MUST_USE;
void wki_http_free(wki_http *http);

/* Credentials may also go to this origin from now on (a URL that the user typed). */
wk_code wki_http_allow_origin(wki_http *http, const char *origin, wk_error *err) WK_MUST_USE;

/* Whether the user named the origin of `url`: a server, allow-origin, a URL that was typed. */
bool wki_http_is_allowed(const wki_http *http, const char *url);

/* Whether there are credentials to be sent with requests: a header, ~/.netrc, a certificate. */
bool wki_http_has_credentials(const wki_http *http);

/* Whether credentials would go to `url`, and why (not), in words for `resolve`. */
bool wki_http_sends_credentials(const wki_http *http, const char *url, char *reason, size_t size);

typedef enum wki_http_auth {
    WKI_AUTH_BY_ORIGIN, /* where the origin may have them */
    WKI_AUTH_NEVER,     /* requires-access-token: false, token requests with their own */
} wki_http_auth;

/* method NULL: GET, POST where there is a body. gzip is asked for where `accept` names JSON or XML.
 * named_by    URL of the server whose answer named `url` (Endpoint, link), NULL where the user did:
 *             then the rules for redirects hold (origin.h: wki_origin_may_name), and a name that
 *             leads to this machine or to a link-local address is not followed
 * service     `named_by` named a service, which may be on plain http (wki_origin_may_reach)
 * repeatable  a POST that may be sent again although its fate is unknown; FHIR searches
 *             (.../_search) are seen as such by themselves
 * selects     query and form choose what is asked for: a redirect takes along what of them it
 *             leaves out, or is refused. FHIR searches by POST are seen as such by themselves
 * awaits      202 is no answer yet, and is waited for as 503 is: the archive brings it from
 * elsewhere divisible   a 500 is tried again once only, where --retries is not given: the caller
 * has other ways to what it wants, or wants one of many that are independent of each other body is
 * copied. Or one of: source      the body, read from its start for each attempt; borrowed until
 * done() new_body    called before each attempt, adds the body to an empty buffer; for what must
 * not be sent twice as it is (client assertions) */
typedef struct wki_http_request {
    const char *method;
    const char *url;
    const char *accept;
    const char *content_type;
    const void *body;
    size_t body_n;
    const wki_source *source;
    const char *const *headers; /* "Name: value"; checked for line breaks */
    size_t n_headers;
    wki_http_auth auth;
    bool same_origin_headers; /* `headers` too are dropped on a redirect to another origin;
                                 Authorization and Cookie are in any case */
    const char *named_by;
    bool service;
    bool repeatable;
    bool selects;
    bool awaits;
    bool divisible;
    wk_code (*new_body)(void *user, wki_buf *body, wk_error *err);
    void *new_body_user;
} wki_http_request;

/* Head of the answer: of the last hop, of the attempt that counts. */
typedef struct wki_http_head {
    int status;
    const char *url;          /* after redirects */
    const char *content_type; /* "" where absent */
    int64_t content_length;   /* of what body() will get; -1 unknown */
    wki_http_transfer *transfer;
} wki_http_head;

/* A header of the answer by name (any case), the last one where it repeats; NULL where absent.
 * Borrowed until the transfer is done. */
const char *wki_http_header(const wki_http_head *head, const char *name);

/* How it ended. error.code is WK_OK for a 2xx whose body arrived whole, as far as HTTP can tell
 * (a body that ends with the connection cannot be told from a cut one).
 * 401/403: WK_AUTH; 404/410: WK_NOT_FOUND; other 4xx and 5xx: WK_NET; error.http_status is set.
 * head and body are called for 2xx only; error bodies go into error.message by explain().
 * damaged: WK_DATA, as the body's Content-Encoding is corrupt or was cut short, after some of it
 * was handed over: all that came by this answer is suspect, also what ended before. */
typedef struct wki_http_result {
    int status; /* 0 where no answer came */
    uint64_t body_bytes;
    int attempts;
    bool damaged;
    wk_error error;
} wki_http_result;

/* head: called once, before the body. body: pieces in order. done: called once, in any case, last.
 * A code other than WK_OK from head or body ends the transfer with that error.
 * refused: called before done() for an answer that is no 2xx, with up to WK_MAX_ERROR_BODY_BYTES of
 * its body, for those who read more out of it than explain() does. */
typedef struct wki_http_handler {
    wk_code (*head)(void *user, const wki_http_head *head, wk_error *err);
    wk_code (*body)(void *user, const void *data, size_t n, wk_error *err);
    void (*done)(void *user, const wki_http_result *result);
    void *user;
    void (*refused)(void *user, const wki_http_head *head, const void *body, size_t n);
} wki_http_handler;

/* Queues a transfer. The request is copied; the handler's done() is called from wki_http_run(),
 * unless starting itself fails (then the code is returned and nothing is called). */
wk_code wki_http_start(wki_http *http, const wki_http_request *request,
                       const wki_http_handler *handler, wk_error *err) WK_MUST_USE;

/* Ends what a handler with this `user` was started for, with its done(), as cancelled. Not to be
 * called from a handler. */
void wki_http_stop(wki_http *http, const void *user);

/* Transfers to the origin of `url` that wait for their turn. */
size_t wki_http_queued(const wki_http *http, const char *url);

/* Transfers started and not done. */
size_t wki_http_active(const wki_http *http);

/* Of them, those that wait for the time of their next attempt. */
size_t wki_http_waiting(const wki_http *http);

/* Of the transfers that wait, the one that goes on first.
 *   origin   borrowed
 *   status   the answer that it waits after, 0 where none came
 *   asked    the server named the time
 *   whole_ms, left_ms */
typedef struct wki_http_wait {
    const char *origin;
    int status;
    bool asked;
    int64_t whole_ms, left_ms;
} wki_http_wait;

/* False where none waits. */
bool wki_http_next_wait(const wki_http *http, wki_http_wait *out);

/* Runs until `enough` says so (NULL: until nothing is active). WK_CANCELLED ends all transfers,
 * each with its done(). */
wk_code wki_http_run(wki_http *http, bool (*enough)(void *user), void *user,
                     wk_error *err) WK_MUST_USE;

/* One transfer from start to end, others going on meanwhile. The body of a 2xx is added to `body`
 * (its maximum holds). `result` may be NULL; `content_type`, where not NULL, gets the answer's.
 * Returns result.error's code with its message in `err`. */
wk_code wki_http_fetch(wki_http *http, const wki_http_request *request, wki_buf *body,
                       wki_http_result *result, wk_error *err) WK_MUST_USE;

/* The same with a handler of one's own (done may be NULL). */
wk_code wki_http_perform(wki_http *http, const wki_http_request *request,
                         const wki_http_handler *handler, wki_http_result *result,
                         wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
