#include "http/http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "http/origin.h"
#include "http/origin_map.h"
#include "http/proxy.h"
#include "http/retry.h"
#include "http/url.h"

enum {
    DEFAULT_TRANSFERS = 6,
    DEFAULT_SPEED = 10, /* bytes a second: what a line that lives passes in any case */
    NAMED_SPEED_TIME_S = 30,
    DEFAULT_SPEED_TIME_S = 120, /* and a server may trickle blanks so long while it works */
    TOLD_WAIT_MS = 5000,        /* waits from here on are told without being asked for */
    TOLD_EVERY_MS = 30000       /* and for one origin no oftener than this */
};

static uint32_t chance(const wki_http *http)
{
    uint32_t n;

    http->clock->random(http->clock->user, &n, sizeof n);
    return n;
}

/* ---- the end of a transfer ---- */

static void unlink_all(wki_http_transfer *t)
{
    wki_http *http = t->http;

    if (t->all_prev)
        t->all_prev->all_next = t->all_next;
    else
        http->all = t->all_next;
    if (t->all_next)
        t->all_next->all_prev = t->all_prev;
    http->active--;
}

static void free_transfer(wki_http_transfer *t)
{
    wki_request_drop_lines(t);
    wki_request_clear(&t->request);
    wki_answer_clear(&t->answer);
    free(t->url);
    free(t);
}

/* The transfer is in no queue any more. */
static void finish(wki_http_transfer *t)
{
    wki_http_result result = {.status = t->answer.status,
                              .body_bytes = t->answer.body_bytes,
                              .attempts = t->attempts,
                              .damaged = t->damaged,
                              .error = t->error};

    unlink_all(t);
    if (t->error.code != WK_OK)
        wk_log_write(t->http->opts.log, WK_LOG_DEBUG, "failed: %s", t->error.message);
    if (t->handler.done)
        t->handler.done(t->handler.user, &result);
    free_transfer(t);
}

/* Puts method and URL in front of an error that does not name them. */
static void finish_failed(wki_http_transfer *t)
{
    char url[160];

    wki_url_redact(url, sizeof url, t->url);
    wk_fail_add(&t->error, "%s %s: ", wki_transfer_method(t), url);
    finish(t);
}

/* ---- events of an exchange ---- */

static bool is_success(const wki_http_transfer *t)
{
    int status = t->answer.status;

    return status >= 200 && status <= 299 && !(status == 202 && t->request.awaits);
}

static bool on_status(void *user, int status)
{
    wki_http_transfer *t = user;

    if (t->proxy && status != 407)
        t->http->proxy_login = WKI_PROXY_PROVED;
    /* A status line behind the body would be a trailer gone wrong. */
    if (!t->answer.head_given)
        wki_answer_reset(&t->answer, status);
    return true;
}

static bool on_field(void *user, const char *name, size_t name_n, const char *value, size_t value_n)
{
    wki_http_transfer *t = user;

    if (t->answer.head_given)
        return true; /* trailers say nothing that is used */
    return wki_answer_add(&t->answer, name, name_n, value, value_n, &t->error) == WK_OK;
}

static wki_http_head head_of(wki_http_transfer *t)
{
    const char *type = wki_answer_get(&t->answer, "Content-Type");

    return (wki_http_head){.status = t->answer.status,
                           .url = t->url,
                           .content_type = type ? type : "",
                           .content_length = wki_answer_length(&t->answer),
                           .transfer = t};
}

static void give_refusal(wki_http_transfer *t)
{
    wki_http_head head = head_of(t);

    if (t->handler.refused)
        t->handler.refused(t->handler.user, &head, wki_buf_text(&t->answer.error_body),
                           t->answer.error_body.n);
}

static bool give_head(wki_http_transfer *t)
{
    wki_http_head head = head_of(t);
    wk_code rc;

    t->answer.head_given = true;
    if (!t->handler.head)
        return true;
    rc = t->handler.head(t->handler.user, &head, &t->error);
    return rc == WK_OK || (wk_fail(&t->error, rc, "stopped"), false);
}

static bool take_error_body(wki_http_transfer *t, const void *data, size_t n)
{
    size_t room = WK_MAX_ERROR_BODY_BYTES - t->answer.error_body.n;

    t->answer.enough = n > room;
    if (wki_buf_add(&t->answer.error_body, data, n < room ? n : room, &t->error) != WK_OK)
        return false;
    return !t->answer.enough;
}

static bool count_received(wki_http_transfer *t, size_t n)
{
    wki_http *http = t->http;

    t->answer.body_bytes += n;
    http->received += n;
    if (http->opts.received)
        http->opts.received(http->opts.received_user, n);
    if (http->opts.max_bytes == 0 || http->received <= http->opts.max_bytes)
        return true;
    wk_fail_setting(&t->error, WK_LIMIT, "max-bytes", "more than %llu bytes were received",
                    (unsigned long long)http->opts.max_bytes);
    return false;
}

static bool take_body(wki_http_transfer *t, const void *data, size_t n)
{
    wk_code rc;

    if (!is_success(t))
        return take_error_body(t, data, n);
    if (!t->answer.head_given && !give_head(t))
        return false;
    if (!count_received(t, n))
        return false;
    if (!t->handler.body)
        return true;
    rc = t->handler.body(t->handler.user, data, n, &t->error);
    return rc == WK_OK || (wk_fail(&t->error, rc, "stopped"), false);
}

/* From the coding. What stops it here is no fault of the coding: its own error tells them apart. */
static wk_code on_decoded(void *user, const void *data, size_t n, wk_error *err)
{
    (void)err;
    return take_body(user, data, n) ? WK_OK : WK_CANCELLED;
}

static wk_code open_coding(wki_http_transfer *t)
{
    wki_answer *a = &t->answer;

    if (a->coding_open)
        return WK_OK;
    a->coding_open = true;
    return wki_coding_open(&a->coding, wki_answer_get(a, "Content-Encoding"),
                           (wki_sink){on_decoded, t}, &a->coding_error);
}

static bool on_body(void *user, const void *data, size_t n)
{
    wki_http_transfer *t = user;
    wki_answer *a = &t->answer;

    return open_coding(t) == WK_OK &&
           wki_coding_feed(&a->coding, data, n, &a->coding_error) == WK_OK;
}

/* ---- what to do after an exchange ---- */

static wki_retry_verdict verdict_on(const wki_http_transfer *t, wki_failure failure)
{
    const wki_http *http = t->http;
    bool answered = failure == WKI_FAILURE_STATUS;
    wki_retry_case c = {
        .failure = failure,
        .status = t->answer.status,
        .counted = t->counted,
        .retries = http->opts.retries,
        .repeatable = wki_transfer_is_repeatable(t),
        .divisible = t->request.divisible,
        .body_started = t->answer.head_given,
        .reached = t->slot->reached,
        .retry_after = answered ? wki_answer_get(&t->answer, "Retry-After") : NULL,
        .date = answered ? wki_answer_get(&t->answer, "Date") : NULL,
        .now_unix_s = http->clock->unix_s(http->clock->user),
        .wait_left_ms = http->opts.max_wait_ms - t->waited_ms,
        .random = chance(http),
    };

    return wki_retry_decide(&c);
}

/* A server that asks for patience is worth a word to whoever waits; a few of them, not one for each
 * transfer. */
static wk_log_level level_of_wait(wki_http_transfer *t, const wki_retry_verdict *v)
{
    int64_t now = wki_http_now_ms(t->http);

    if (!v->asked || v->wait_ms < TOLD_WAIT_MS ||
        (t->slot->told_ms > 0 && now - t->slot->told_ms < TOLD_EVERY_MS))
        return WK_LOG_INFO;
    t->slot->told_ms = now > 0 ? now : 1;
    return WK_LOG_WARN;
}

static void retry_later(wki_http_transfer *t, const wki_retry_verdict *v, const char *what)
{
    const wki_http *http = t->http;

    wk_log_write(http->opts.log, level_of_wait(t, v), "%s: %s: %s %.1f s", t->slot->origin, what,
                 v->asked ? "asks to wait" : "trying again in", (double)v->wait_ms / 1000);
    t->waited_ms += v->patience ? v->wait_ms : 0;
    t->counted -= !v->counts;
    t->fresh = true;
    t->wait_asked = v->asked;
    wki_redirect_undo(t);
    wki_queue_wait(t, v->wait_ms);
}

static void note_busy(wki_http_transfer *t, const wki_retry_verdict *v)
{
    int64_t hold = t->answer.status == 429 && v->again && v->asked ? v->wait_ms : 0;

    if (t->answer.status != 429 && t->answer.status != 503)
        return;
    wki_throttle_busy(&t->slot->throttle, t->slot->running + 1, t->started_ms,
                      wki_http_now_ms(t->http), hold);
    wk_log_write(t->http->opts.log, WK_LOG_DEBUG, "%s: at most %d transfers at once",
                 t->slot->origin, t->slot->throttle.limit);
}

/* Nothing else goes to a proxy that refused the login. */
static void note_proxy(wki_http_transfer *t, wki_wire_end end)
{
    wki_http *http = t->http;

    t->by_proxy = t->proxy && (end == WKI_WIRE_PROXY || t->answer.status == 407);
    if (t->by_proxy && t->answer.status == 407)
        http->proxy_login = WKI_PROXY_REFUSED;
    else if (http->proxy_login == WKI_PROXY_TRYING)
        http->proxy_login = WKI_PROXY_UNKNOWN;
}

static void settle_status(wki_http_transfer *t)
{
    wki_retry_verdict v = verdict_on(t, WKI_FAILURE_STATUS);
    char what[64];

    note_busy(t, &v);
    if (!v.again) {
        give_refusal(t);
        wki_answer_fail(t, &v);
        finish(t);
        return;
    }
    snprintf(what, sizeof what, "%d %s", t->answer.status, wki_status_text(t->answer.status));
    retry_later(t, &v, what);
    /* The connection is good: only what broke needs a new one. */
    t->fresh = false;
}

/* An answer that HTTP calls whole is not, where its Content-Encoding has no end. An error is one
 * whatever its page looks like. */
static wki_wire_end check_coding(wki_http_transfer *t, wki_wire_end end)
{
    wki_answer *a = &t->answer;
    bool stopped = a->coding_error.code != WK_OK;

    if (!is_success(t))
        return stopped && end == WKI_WIRE_ABORTED ? WKI_WIRE_OK : end;
    if (end == WKI_WIRE_OK && wki_coding_finish(&a->coding, &a->coding_error) == WK_OK)
        return WKI_WIRE_OK;
    if (end != WKI_WIRE_OK && !(stopped && end == WKI_WIRE_ABORTED))
        return end;
    t->damaged = a->head_given;
    return a->coding_error.code == WK_LIMIT   ? WKI_WIRE_LIMIT
           : a->coding_error.code == WK_NOMEM ? WKI_WIRE_NOMEM
                                              : WKI_WIRE_ENCODING;
}

static void settle_broken(wki_http_transfer *t, wki_wire_end end, const char *detail)
{
    wki_retry_verdict v = {.again = false};
    bool transient = end == WKI_WIRE_CONNECT || end == WKI_WIRE_BROKEN || end == WKI_WIRE_SILENT ||
                     end == WKI_WIRE_SLOW;

    if (transient)
        v = verdict_on(t, end == WKI_WIRE_CONNECT ? WKI_FAILURE_CONNECT : WKI_FAILURE_BROKEN);
    if (v.again) {
        retry_later(t, &v, detail);
        return;
    }
    wki_wire_fail(t, end, detail, &v);
    finish(t);
}

static void settle_unauthorised(wki_http_transfer *t)
{
    wki_http *http = t->http;
    const wki_credential *c = &http->opts.credential;

    if (!t->sent_credential || t->renewed || !c->renew) {
        settle_status(t);
        return;
    }
    t->renewed = true;
    t->counted--;
    /* Where another transfer has renewed it meanwhile, the new one has not been tried yet. */
    if (t->generation == http->generation) {
        wk_log_write(http->opts.log, WK_LOG_INFO, "%s: 401, renewing the credential",
                     t->slot->origin);
        if (c->renew(c->user, t->slot->origin, &t->error) != WK_OK) {
            t->error.http_status = 401;
            wk_fail(&t->error, WK_AUTH, "the credential cannot be renewed");
            finish_failed(t);
            return;
        }
        http->generation++;
    }
    wki_queue_first(t);
}

/* NULL where it stays as it is. On the heap. */
static char *mapped_url(const wki_http *http, const char *url)
{
    const wki_http_opts *o = &http->opts;
    char *out = NULL;

    return o->n_maps > 0 && wki_origin_map(o->maps, o->n_maps, url, &out, NULL) == WK_OK ? out
                                                                                         : NULL;
}

bool wki_http_is_allowed(const wki_http *http, const char *url)
{
    char *mapped = mapped_url(http, url);
    bool found = false;

    for (size_t i = 0; !found && i < http->n_origins; i++)
        found = wki_url_same_origin(http->origins[i], mapped ? mapped : url);
    free(mapped);
    return found;
}

static void settle_redirect(wki_http_transfer *t)
{
    if (wki_redirect_take(t) == WK_OK)
        wki_queue_first(t);
    else
        finish_failed(t);
}

static void settle_answer(wki_http_transfer *t)
{
    int status = t->answer.status;

    t->slot->reached = true;
    if (status != 429 && status < 500)
        wki_throttle_success(&t->slot->throttle);
    if (is_success(t)) {
        if (!t->answer.head_given && !give_head(t))
            finish_failed(t);
        else
            finish(t);
    } else if (wki_answer_is_redirect(&t->answer)) {
        settle_redirect(t);
    } else if (wki_redirect_may_be_over(t)) {
        wki_redirect_undo(t);
        wki_queue_first(t);
    } else if (status == 401) {
        settle_unauthorised(t);
    } else {
        settle_status(t);
    }
}

static void on_done(void *user, wki_wire_end end, const char *detail)
{
    wki_http_transfer *t = user;
    const char *type = wki_answer_get(&t->answer, "Content-Type");

    end = check_coding(t, end);
    if (t->answer.coding_error.code != WK_OK)
        detail = t->answer.coding_error.message;
    t->exchange = NULL;
    t->slot->running--;
    t->http->running--;
    wki_request_hide_secrets(t, t->answer.error_body.data, t->answer.error_body.n);
    wki_request_drop_lines(t);
    wk_log_write(t->http->opts.log, WK_LOG_DEBUG, "< %d %s, %llu bytes%s%s", t->answer.status,
                 type ? type : "-", (unsigned long long)t->answer.body_bytes,
                 end == WKI_WIRE_OK ? "" : ": ", end == WKI_WIRE_OK ? "" : detail);
    note_proxy(t, end);
    if (t->error.code != WK_OK)
        finish_failed(t);
    else if (t->by_proxy)
        settle_status(t);
    else if (end == WKI_WIRE_OK || (end == WKI_WIRE_ABORTED && t->answer.enough))
        settle_answer(t);
    else
        settle_broken(t, end, detail);
}

/* ---- starting ---- */

static wk_code check_proxy(wki_http_transfer *t)
{
    wki_http *http = t->http;
    char shown[160];

    if (http->proxy_login == WKI_PROXY_UNKNOWN && wki_proxy_has_login(t->proxy))
        http->proxy_login = WKI_PROXY_TRYING;
    if (http->proxy_login != WKI_PROXY_REFUSED)
        return WK_OK;
    wki_proxy_show(shown, sizeof shown, t->proxy);
    t->error.http_status = 407;
    return wk_fail_setting(&t->error, WK_AUTH, "proxy",
                           "not sent: the proxy %s has refused the login (407)", shown);
}

static void start_exchange(wki_http_transfer *t)
{
    static const wki_wire_events table = {on_status, on_field, on_body, on_done, NULL};
    wki_http *http = t->http;
    wki_wire_events events = table;
    wki_wire_request wire;
    char shown[256];
    wk_code rc;

    events.user = t;
    wki_answer_reset(&t->answer, 0);
    t->started_ms = wki_http_now_ms(http);
    t->attempts++;
    t->counted++;
    if (http->opts.max_bytes > 0 && http->received > http->opts.max_bytes)
        rc = wk_fail_setting(&t->error, WK_LIMIT, "max-bytes", "more than %llu bytes were received",
                             (unsigned long long)http->opts.max_bytes);
    else
        rc = wki_request_build(t, &wire, &t->error);
    if (rc == WK_OK && t->proxy)
        rc = check_proxy(t);
    if (rc == WK_OK) {
        wki_url_redact(shown, sizeof shown, t->url);
        wk_log_write(http->opts.log, WK_LOG_DEBUG, "> %s %s, attempt %d, %s credentials",
                     wire.method, shown, t->attempts, t->sent_credential ? "with" : "without");
        rc = http->transport.start(http->transport.self, &wire, &events, &t->exchange, &t->error);
    }
    if (rc != WK_OK) {
        finish_failed(t);
        return;
    }
    t->slot->running++;
    http->running++;
}

static void start_ready(wki_http *http)
{
    wki_http_transfer *t;

    while (http->proxy_login != WKI_PROXY_TRYING && (t = wki_queue_take(http)))
        start_exchange(t);
}

/* Each with its done(), which can start nothing now. */
static void end_all(wki_http *http, wk_code code, const char *why)
{
    http->ending = true;
    while (http->all) {
        wki_http_transfer *t = http->all;

        if (t->exchange)
            http->transport.stop(http->transport.self, t->exchange);
        t->exchange = NULL;
        wk_fail(&t->error, code, "%s", why);
        finish(t);
    }
    wki_queue_empty(http);
    http->ending = false;
}

void wki_http_stop(wki_http *http, const void *user)
{
    wki_http_transfer *next;

    http->ending = true;
    for (wki_http_transfer *t = http->all; t; t = next) {
        next = t->all_next;
        if (t->handler.user != user)
            continue;
        if (t->exchange) {
            http->transport.stop(http->transport.self, t->exchange);
            t->slot->running--;
            http->running--;
        }
        t->exchange = NULL;
        wki_queue_remove(t);
        wk_fail(&t->error, WK_CANCELLED, "stopped");
        finish(t);
    }
    http->ending = false;
}

static bool is_cancelled(const wki_http *http)
{
    return http->opts.cancel && http->opts.cancel->requested;
}

static wk_code step(wki_http *http, wk_error *err)
{
    wk_error own = {0};
    wk_code rc;

    if (is_cancelled(http)) {
        end_all(http, WK_CANCELLED, "interrupted");
        return wk_fail(err, WK_CANCELLED, "interrupted");
    }
    wki_queue_wake(http);
    start_ready(http);
    if (http->opts.turn)
        http->opts.turn(http->opts.turn_user);
    if (http->active == 0)
        return WK_OK;
    rc = http->transport.poll(http->transport.self, wki_queue_wait_ms(http), &own);
    if (rc == WK_OK)
        return WK_OK;
    end_all(http, rc, own.message);
    return wk_fail_from(err, rc, &own);
}

wk_code wki_http_run(wki_http *http, bool (*enough)(void *user), void *user, wk_error *err)
{
    wk_code rc = WK_OK;

    if (http->in_run)
        return wk_fail(err, WK_INTERNAL, "HTTP: run inside a handler");
    http->in_run = true;
    while (rc == WK_OK && http->active > 0 && !(enough && enough(user)))
        rc = step(http, err);
    http->in_run = false;
    return rc;
}

/* ---- the face ---- */

static wk_code check_request(const wki_http_request *r, wk_error *err)
{
    wk_code rc = WK_OK;

    if (strpbrk(r->accept ? r->accept : "", "\r\n") ||
        strpbrk(r->content_type ? r->content_type : "", "\r\n"))
        return wk_fail(err, WK_REFUSED, "a header has a line break");
    for (size_t i = 0; rc == WK_OK && i < r->n_headers; i++)
        rc = wki_header_check(r->headers[i], WK_REFUSED, err);
    return rc;
}

static wk_code check_named(const wki_http *http, const wki_http_request *r, const char *url,
                           wk_error *err)
{
    char why[96], shown[160];
    bool may;

    /* What the user named may be anywhere; an address from elsewhere never leads to metadata
     * services, even where the caller does not say who named it. */
    if (wki_http_is_allowed(http, url))
        return WK_OK;
    may = r->named_by && !r->service ? wki_origin_may_name(r->named_by, url, why, sizeof why)
                                     : wki_origin_may_reach(r->named_by, url, why, sizeof why);
    if (may)
        return WK_OK;
    wki_url_redact(shown, sizeof shown, url);
    return wk_fail_setting(
        err, WK_REFUSED, r->named_by ? "map-origin allow-origin" : NULL, "%s refused: %s%s", shown,
        why, r->named_by ? "; if the server calls itself so, say what it is from here" : "");
}

wk_code wki_http_start(wki_http *http, const wki_http_request *request,
                       const wki_http_handler *handler, wk_error *err)
{
    wki_http_request mapped = *request;
    wki_http_transfer *t = NULL;
    char *url = NULL;
    wk_code rc;

    if (http->ending)
        return wk_fail(err, WK_CANCELLED, "interrupted");
    rc = wki_origin_map(http->opts.maps, http->opts.n_maps, request->url, &url, err);
    mapped.url = url;
    if (rc == WK_OK)
        rc = check_named(http, request, url, err);
    if (rc == WK_OK)
        rc = check_request(request, err);
    if (rc != WK_OK)
        goto out;
    t = calloc(1, sizeof *t);
    if (!t) {
        rc = wk_fail(err, WK_NOMEM, "out of memory");
        goto out;
    }
    t->http = http;
    t->handler = *handler;
    t->named = request->named_by != NULL;
    wki_answer_init(&t->answer);
    rc = wki_request_copy(&t->request, &mapped, err);
    if (rc != WK_OK)
        goto out;
    t->slot = wki_queue_slot(http, url, err);
    if (!t->slot) {
        rc = WK_NOMEM;
        goto out;
    }
    t->url = url;
    t->all_next = http->all;
    if (http->all)
        http->all->all_prev = t;
    http->all = t;
    http->active++;
    wki_queue_last(t);
    return WK_OK;
out:
    free(url);
    if (t)
        free_transfer(t);
    return rc;
}

size_t wki_http_active(const wki_http *http)
{
    return http->active;
}

bool wki_http_has_credentials(const wki_http *http)
{
    return http->opts.credential.header || http->opts.netrc || http->opts.cert;
}

bool wki_http_sends_credentials(const wki_http *http, const char *url, char *reason, size_t size)
{
    char *mapped;
    bool sent;

    if (!wki_http_has_credentials(http)) {
        snprintf(reason, size, "not sent: none are configured");
        return false;
    }
    mapped = mapped_url(http, url);
    sent = wki_origin_may_see((const char *const *)http->origins, http->n_origins,
                              mapped ? mapped : url, reason, size);
    free(mapped);
    return sent;
}

wk_code wki_http_allow_origin(wki_http *http, const char *origin, wk_error *err)
{
    char **more;
    char *copy = NULL;
    wk_code rc = wki_url_origin(origin, &copy, err);

    if (rc != WK_OK || wki_http_is_allowed(http, origin)) {
        free(copy);
        return rc;
    }
    more = realloc(http->origins, (http->n_origins + 1) * sizeof *more);
    if (!more) {
        free(copy);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    http->origins = more;
    http->origins[http->n_origins++] = copy;
    return WK_OK;
}

static void set_defaults(wki_http_opts *o)
{
    if (o->max_transfers <= 0)
        o->max_transfers = DEFAULT_TRANSFERS;
    if (o->max_wait_ms < 0)
        o->max_wait_ms = 300000;
    if (o->connect_timeout_s <= 0)
        o->connect_timeout_s = 30;
    if (o->idle_timeout_s <= 0)
        o->idle_timeout_s = 60;
    if (o->speed_time_s <= 0) /* curl's, where a rate is named */
        o->speed_time_s = o->speed_limit > 0 ? NAMED_SPEED_TIME_S : DEFAULT_SPEED_TIME_S;
    if (o->speed_limit == 0)
        o->speed_limit = DEFAULT_SPEED;
}

static wk_code new_client(const wki_http_opts *opts, wki_http **out, wk_error *err)
{
    wki_http *http = calloc(1, sizeof *http);
    wk_code rc = WK_OK;

    if (!http)
        return wk_fail(err, WK_NOMEM, "out of memory");
    http->opts = *opts;
    set_defaults(&http->opts);
    http->clock = opts->clock ? opts->clock : wki_clock_system();
    for (size_t i = 0; rc == WK_OK && i < opts->n_origins; i++)
        rc = wki_http_allow_origin(http, opts->origins[i], err);
    for (size_t i = 0; rc == WK_OK && i < opts->n_headers; i++)
        rc = wki_header_check(opts->headers[i], WK_USAGE, err);
    if (rc != WK_OK) {
        wki_http_free(http);
        return rc;
    }
    *out = http;
    return WK_OK;
}

wk_code wki_http_new(const wki_http_opts *opts, wki_http **out, wk_error *err)
{
    wki_http *http = NULL;
    wk_code rc = wki_http_check_files(opts, err);

    if (rc == WK_OK)
        rc = new_client(opts, &http, err);
    if (rc == WK_OK)
        rc = wki_transport_curl(&http->opts, &http->transport, err);
    if (rc != WK_OK) {
        wki_http_free(http);
        return rc;
    }
    *out = http;
    return WK_OK;
}

wk_code wki_http_new_on(const wki_http_opts *opts, const wki_transport *transport, wki_http **out,
                        wk_error *err)
{
    wki_http *http = NULL;
    wk_code rc = new_client(opts, &http, err);

    if (rc != WK_OK) {
        transport->free(transport->self);
        return rc;
    }
    http->transport = *transport;
    *out = http;
    return WK_OK;
}

void wki_http_free(wki_http *http)
{
    if (!http)
        return;
    end_all(http, WK_CANCELLED, "the session was closed");
    if (http->transport.free)
        http->transport.free(http->transport.self);
    wki_queue_free_slots(http);
    for (size_t i = 0; i < http->n_origins; i++)
        free(http->origins[i]);
    free(http->origins);
    free(http);
}
