#include "http/http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "http/origin.h"
#include "http/proxy.h"
#include "http/url.h"

void wki_answer_init(wki_answer *a)
{
    memset(a, 0, sizeof *a);
    wki_buf_init(&a->fields, WK_MAX_HEADER_BYTES, "headers of the answer");
    wki_buf_init(&a->error_body, WK_MAX_ERROR_BODY_BYTES, "error body");
}

void wki_answer_clear(wki_answer *a)
{
    wki_buf_clear(&a->fields);
    wki_buf_clear(&a->error_body);
    wki_coding_close(&a->coding);
}

void wki_answer_reset(wki_answer *a, int status)
{
    wki_buf_reset(&a->fields);
    wki_buf_reset(&a->error_body);
    a->n_fields = 0;
    a->enough = false;
    a->status = status;
    wki_coding_close(&a->coding);
    a->coding_open = false;
    wk_error_clear(&a->coding_error);
}

wk_code wki_answer_add(wki_answer *a, const char *name, size_t name_n, const char *value,
                       size_t value_n, wk_error *err)
{
    wk_code rc;

    if (++a->n_fields > WK_MAX_HEADERS)
        return wk_fail(err, WK_LIMIT, "the answer has more than %d headers", WK_MAX_HEADERS);
    /* A NUL inside would shift all that follows. */
    if (memchr(name, '\0', name_n) || memchr(value, '\0', value_n))
        return wk_fail(err, WK_DATA, "the answer has a NUL in a header");
    rc = wki_buf_add(&a->fields, name, name_n, err);
    if (rc == WK_OK)
        rc = wki_buf_add(&a->fields, "", 1, err);
    if (rc == WK_OK)
        rc = wki_buf_add(&a->fields, value, value_n, err);
    return rc == WK_OK ? wki_buf_add(&a->fields, "", 1, err) : rc;
}

const char *wki_answer_get(const wki_answer *a, const char *name)
{
    const char *p = wki_buf_text(&a->fields), *end = p + a->fields.n, *found = NULL;

    while (p < end) {
        const char *value = p + strlen(p) + 1;

        if (strcasecmp(p, name) == 0)
            found = value;
        p = value + strlen(value) + 1;
    }
    return found;
}

int64_t wki_answer_length(const wki_answer *a)
{
    const char *value = wki_answer_get(a, "Content-Length");
    const char *coding = wki_answer_get(a, "Content-Encoding");
    int64_t n = 0;

    if (!value || *value < '0' || *value > '9' || (coding && !wki_str_ieq(coding, "identity")))
        return -1;
    for (; *value >= '0' && *value <= '9'; value++) {
        if (n > INT64_MAX / 10 - 1)
            return -1;
        n = n * 10 + (*value - '0');
    }
    return *value == '\0' ? n : -1;
}

bool wki_answer_is_redirect(const wki_answer *a)
{
    bool status = a->status == 301 || a->status == 302 || a->status == 303 || a->status == 307 ||
                  a->status == 308;

    return status && wki_answer_get(a, "Location");
}

const char *wki_http_header(const wki_http_head *head, const char *name)
{
    return wki_answer_get(&head->transfer->answer, name);
}

const char *wki_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {202, "Accepted"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {407, "Proxy Authentication Required"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {424, "Failed Dependency"},
        {425, "Too Early"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "";
}

static wk_code code_of(const wki_http_transfer *t)
{
    int status = t->answer.status;

    if (status == 401 || status == 403 || status == 407)
        return WK_AUTH;
    return (status == 404 || status == 410) && !t->by_proxy ? WK_NOT_FOUND : WK_NET;
}

/* " (3 attempts; why_not)", or less. */
static void print_attempts(char *out, size_t size, int attempts, const char *why_not)
{
    out[0] = '\0';
    if (attempts > 1 && why_not[0])
        snprintf(out, size, " (%d attempts; %s)", attempts, why_not);
    else if (attempts > 1)
        snprintf(out, size, " (%d attempts)", attempts);
    else if (why_not[0])
        snprintf(out, size, " (%s)", why_not);
}

/* What would help, and by which setting: a 401 to a request without credentials has one likely
 * cause. */
static const char *print_hint(const wki_http_transfer *t, char *out, size_t size)
{
    const wki_http *http = t->http;
    char reason[256];

    out[0] = '\0';
    if (t->by_proxy)
        return "proxy";
    if (t->answer.status != 401 && t->answer.status != 403)
        return NULL;
    if (t->sent_credential)
        return NULL;
    /* What is posted without the session's credentials brings its own: a login. */
    if (t->request.auth == WKI_AUTH_NEVER && wki_transfer_has_body(t))
        return NULL;
    /* A storage host that a redirect led to knows no credentials of ours: its address was signed.
     */
    if (t->redirects > 0 && !wki_url_same_origin(t->url, t->request.url) &&
        (t->answer.status == 403 || strchr(t->url, '?'))) {
        snprintf(out, size, "; a redirect led there");
        return NULL;
    }
    if (wki_http_sends_credentials(http, t->url, reason, sizeof reason))
        return NULL;
    snprintf(out, size, "; credentials %s", reason);
    return wki_http_has_credentials(http) && http->n_origins > 0 &&
                   !wki_http_is_allowed(http, t->url)
               ? "allow-origin"
               : NULL;
}

/* Who answered, where it was not the server. */
static void print_proxy(const wki_http_transfer *t, char *out, size_t size)
{
    char proxy[160];

    out[0] = '\0';
    if (!t->by_proxy)
        return;
    wki_proxy_show(proxy, sizeof proxy, t->proxy);
    snprintf(out, size, "%s the proxy %s: ",
             t->answer.status != 407         ? "refused by"
             : wki_proxy_has_login(t->proxy) ? "wrong user name or password for"
                                             : "a user name and password are wanted by",
             proxy);
}

void wki_answer_fail(wki_http_transfer *t, const wki_retry_verdict *v)
{
    const wki_answer *a = &t->answer;
    const wki_http_opts *o = &t->http->opts;
    const char *type = wki_answer_get(a, "Content-Type");
    const char *text = wki_status_text(a->status);
    char url[160], said[200] = "", attempts[128], hint[320], proxy[240];
    const char *setting;

    wki_url_redact(url, sizeof url, t->url);
    print_attempts(attempts, sizeof attempts, t->attempts, v->why);
    print_proxy(t, proxy, sizeof proxy);
    setting = print_hint(t, hint, sizeof hint);
    if (!o->explain || a->error_body.n == 0 ||
        !o->explain(a->error_body.data, a->error_body.n, type ? type : "", said, sizeof said))
        said[0] = '\0';
    t->error.http_status = a->status;
    wk_fail_setting(&t->error, code_of(t), setting ? setting : v->setting,
                    "%s %s: %s%d%s%s%s%s%s%s", wki_transfer_method(t), url, proxy, a->status,
                    text[0] ? " " : "", text, said[0] ? ": " : "", said, attempts, hint);
}

static wk_code code_of_end(wki_wire_end end)
{
    switch (end) {
    case WKI_WIRE_REFUSED:
        return WK_REFUSED;
    case WKI_WIRE_ENCODING:
        return WK_DATA;
    case WKI_WIRE_LIMIT:
        return WK_LIMIT;
    case WKI_WIRE_CONFIG:
        return WK_USAGE;
    case WKI_WIRE_NOMEM:
        return WK_NOMEM;
    default:
        return WK_NET;
    }
}

static const char *setting_of_end(const wki_http_transfer *t, wki_wire_end end)
{
    if (end == WKI_WIRE_TLS)
        return "cacert";
    if (end == WKI_WIRE_CONFIG)
        return "cacert cert key proxy";
    if (end == WKI_WIRE_SLOW)
        return "speed-limit speed-time";
    if (t->named && (end == WKI_WIRE_CONNECT || end == WKI_WIRE_REFUSED))
        return "map-origin";
    return end == WKI_WIRE_SILENT ? "idle-timeout" : NULL;
}

static const char *hint_of_end(const wki_http_transfer *t, wki_wire_end end)
{
    if (end == WKI_WIRE_TLS)
        return "; if you trust this server, give its CA";
    if (t->named && (end == WKI_WIRE_CONNECT || end == WKI_WIRE_REFUSED))
        return "; a server named it: if it calls itself so, say what it is from here";
    return "";
}

void wki_wire_fail(wki_http_transfer *t, wki_wire_end end, const char *detail,
                   const wki_retry_verdict *v)
{
    char url[160], attempts[128], arrived[96] = "", proxy[160], through[200] = "";
    int64_t length = wki_answer_length(&t->answer);

    wki_url_redact(url, sizeof url, t->url);
    print_attempts(attempts, sizeof attempts, t->attempts, v->why);
    if (t->answer.body_bytes > 0 && length >= 0)
        snprintf(arrived, sizeof arrived, "the answer broke off after %llu of %lld bytes: ",
                 (unsigned long long)t->answer.body_bytes, (long long)length);
    else if (t->answer.body_bytes > 0)
        snprintf(arrived, sizeof arrived, "the answer broke off after %llu bytes: ",
                 (unsigned long long)t->answer.body_bytes);
    if (t->proxy && end == WKI_WIRE_CONNECT) {
        wki_proxy_show(proxy, sizeof proxy, t->proxy);
        snprintf(through, sizeof through, "through the proxy %s: ", proxy);
    }
    wk_fail_setting(&t->error, code_of_end(end), v->setting ? v->setting : setting_of_end(t, end),
                    "%s %s: %s%s%s%s%s", wki_transfer_method(t), url, through, arrived, detail,
                    attempts, hint_of_end(t, end));
}
