#include "http/http_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "http/origin.h"
#include "http/proxy.h"
#include "http/url.h"

enum {
    MIN_HIDDEN = 4 /* a secret shorter than this is in every text */
};

static bool is_one_of(const char *line, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (wki_header_is(line, names[i]))
            return true;
    }
    return false;
}

bool wki_header_is(const char *line, const char *name)
{
    size_t n = strlen(name);

    return wki_str_istarts(line, name) && (line[n] == ':' || line[n] == '\0');
}

static bool is_secret(const char *line)
{
    static const char *const names[] = {"Authorization", "Cookie", "Proxy-Authorization"};

    return is_one_of(line, names, sizeof names / sizeof names[0]);
}

static bool is_framing(const char *line)
{
    static const char *const names[] = {
        "Host",    "Content-Length",   "Transfer-Encoding", "Connection",
        "TE",      "Proxy-Connection", "Keep-Alive",        "Upgrade",
        "Trailer", "Expect",           "Accept-Encoding"};

    return is_one_of(line, names, sizeof names / sizeof names[0]);
}

wk_code wki_header_check(const char *line, wk_code code, wk_error *err)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz";
    size_t name = strspn(line, token);
    char shown[64];

    wki_text_clean(shown, sizeof shown, line, name < 40 ? name : 40);
    if (name == 0 || line[name] != ':')
        return wk_fail(err, code, "header \"%s...\" is not \"Name: value\"", shown);
    for (const char *p = line + name; *p; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
            return wk_fail(err, code, "header %s has a line break or control character", shown);
    }
    if (strlen(line) > WK_MAX_HEADER_BYTES)
        return wk_fail(err, code, "header %s is longer than %d bytes", shown, WK_MAX_HEADER_BYTES);
    if (is_framing(line))
        return wk_fail(err, code, "header %s cannot be set", shown);
    return WK_OK;
}

/* Copies where there is something to copy; sets *ok to false where memory is out. */
static const char *copy_text(const char *s, bool *ok)
{
    char *copy = wki_strdup(s);

    if (s && !copy)
        *ok = false;
    return copy;
}

wk_code wki_request_copy(wki_http_request *to, const wki_http_request *from, wk_error *err)
{
    wki_http_request r = *from;
    char **headers = NULL;
    void *body = NULL;
    bool ok = true;

    r.method = copy_text(from->method, &ok);
    r.url = copy_text(from->url, &ok);
    r.accept = copy_text(from->accept, &ok);
    r.content_type = copy_text(from->content_type, &ok);
    r.named_by = copy_text(from->named_by, &ok);
    if (from->body) {
        body = malloc(from->body_n + 1);
        ok = ok && body;
        if (body)
            memcpy(body, from->body, from->body_n);
    }
    r.body = body;
    if (from->n_headers > 0) {
        headers = calloc(from->n_headers, sizeof *headers);
        ok = ok && headers;
    }
    for (size_t i = 0; headers && i < from->n_headers; i++) {
        headers[i] = wki_strdup(from->headers[i]);
        ok = ok && headers[i];
    }
    r.headers = (const char *const *)headers;
    *to = r;
    if (ok)
        return WK_OK;
    wki_request_clear(to);
    return wk_fail(err, WK_NOMEM, "out of memory");
}

/* The strings are ours where a request was copied; the face of the struct is const. */
static void drop(const void *p)
{
    free((void *)(uintptr_t)p);
}

static void wipe(const void *p, size_t n)
{
    if (p)
        explicit_bzero((void *)(uintptr_t)p, n);
}

void wki_request_clear(wki_http_request *r)
{
    drop(r->method);
    drop(r->url);
    drop(r->accept);
    drop(r->content_type);
    drop(r->named_by);
    wipe(r->body, r->body_n);
    drop(r->body);
    for (size_t i = 0; r->headers && i < r->n_headers; i++) {
        wipe(r->headers[i], r->headers[i] ? strlen(r->headers[i]) : 0);
        drop(r->headers[i]);
    }
    drop(r->headers);
    memset(r, 0, sizeof *r);
}

const char *wki_transfer_method(const wki_http_transfer *t)
{
    const wki_http_request *r = &t->request;

    if (t->as_get)
        return r->method && strcmp(r->method, "HEAD") == 0 ? "HEAD" : "GET";
    return r->method ? r->method : wki_transfer_has_body(t) ? "POST" : "GET";
}

bool wki_transfer_has_body(const wki_http_transfer *t)
{
    const wki_http_request *r = &t->request;

    return !t->as_get && (r->body || r->source || r->new_body);
}

bool wki_transfer_is_search(const wki_http_transfer *t)
{
    const char *url = t->request.url;
    size_t path = strcspn(url, "?");

    return path >= 8 && strncmp(url + path - 8, "/_search", 8) == 0;
}

bool wki_transfer_is_repeatable(const wki_http_transfer *t)
{
    const char *method = wki_transfer_method(t);

    if (strcmp(method, "POST") != 0 && strcmp(method, "PATCH") != 0)
        return true;
    return t->request.repeatable || wki_transfer_is_search(t);
}

static bool has_line(const wki_http_transfer *t, const char *line)
{
    size_t n = strcspn(line, ":");

    for (size_t i = 0; i < t->n_lines; i++) {
        if (strncasecmp(t->lines[i], line, n) == 0 && t->lines[i][n] == ':')
            return true;
    }
    return false;
}

/* Takes `line`, which is NULL where memory was out. A header that stands already is not doubled. */
static wk_code take_line(wki_http_transfer *t, char *line, wk_error *err)
{
    if (line && !has_line(t, line)) {
        t->lines[t->n_lines++] = line;
        return WK_OK;
    }
    if (!line)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wipe(line, strlen(line));
    free(line);
    return WK_OK;
}

/* Headers whose values are nobody's secret. Of all others (X-Api-Key, and what else users send) it
 * cannot be known. */
static bool is_known_plain(const char *line)
{
    static const char *const names[] = {"Accept",     "Accept-Charset", "Content-Type", "Range",
                                        "User-Agent", "Prefer",         "If-Match",     "If-None-Match"};

    return is_framing(line) || is_one_of(line, names, sizeof names / sizeof names[0]);
}

/* What of a header must not be seen: of credentials what follows the scheme, "Bearer ". */
static const char *secret_of(const char *line)
{
    const char *value = strchr(line, ':') + 1;
    const char *word;

    if (is_known_plain(line))
        return "";
    value += strspn(value, " ");
    word = is_secret(line) ? strchr(value, ' ') : NULL;
    return word ? word + strspn(word, " ") : value;
}

void wki_request_hide_secrets(const wki_http_transfer *t, char *text, size_t n)
{
    for (size_t i = 0; n > 0 && i < t->n_lines; i++) {
        const char *secret = secret_of(t->lines[i]);
        size_t secret_n = strlen(secret);
        char *found = text;

        while (secret_n >= MIN_HIDDEN &&
               (found = memmem(found, n - (size_t)(found - text), secret, secret_n)))
            memset(found, '*', secret_n);
    }
}

void wki_request_drop_lines(wki_http_transfer *t)
{
    for (size_t i = 0; i < t->n_lines; i++) {
        wipe(t->lines[i], strlen(t->lines[i]));
        free(t->lines[i]);
    }
    free(t->lines);
    t->lines = NULL;
    t->n_lines = 0;
}

static bool is_safe_wire(const char *url)
{
    return wki_str_starts(url, "https://") || wki_url_is_loopback(url);
}

static wk_code add_own_headers(wki_http_transfer *t, wk_error *err)
{
    const wki_http_request *r = &t->request;
    bool first_origin = wki_url_same_origin(r->url, t->url);
    wk_code rc = WK_OK;

    for (size_t i = 0; rc == WK_OK && i < r->n_headers; i++) {
        const char *line = r->headers[i];

        if (!first_origin && (r->same_origin_headers || is_secret(line)))
            continue;
        if (is_secret(line) && !is_safe_wire(t->url))
            return wk_fail(err, WK_REFUSED, "credentials are not sent over http; use https");
        rc = take_line(t, wki_strdup(line), err);
    }
    return rc;
}

static wk_code add_credential(wki_http_transfer *t, wk_error *err)
{
    const wki_credential *c = &t->http->opts.credential;
    wki_buf value;
    wk_code rc;

    t->generation = t->http->generation;
    if (!c->header || has_line(t, "Authorization:"))
        return WK_OK;
    wki_buf_init(&value, WK_MAX_HEADER_BYTES, "credential");
    rc = c->header(c->user, t->slot->origin, &value, err);
    if (rc == WK_OK && value.n > 0) {
        char *line = wki_strfmt("Authorization: %s", wki_buf_text(&value));

        rc = line ? wki_header_check(line, WK_AUTH, err) : WK_OK;
        if (rc == WK_OK) {
            rc = take_line(t, line, err);
            t->sent_credential = rc == WK_OK;
        } else {
            free(line);
        }
    }
    wipe(value.data, value.n);
    wki_buf_clear(&value);
    return rc;
}

static wk_code add_configured(wki_http_transfer *t, wk_error *err)
{
    const wki_http_opts *o = &t->http->opts;
    wk_code rc = WK_OK;

    for (size_t i = 0; rc == WK_OK && i < o->n_headers; i++) {
        if (t->request.auth == WKI_AUTH_NEVER && is_secret(o->headers[i]))
            continue;
        rc = take_line(t, wki_strdup(o->headers[i]), err);
    }
    return rc;
}

static bool wants_gzip(const char *accept)
{
    return accept && (strstr(accept, "json") || strstr(accept, "xml"));
}

static void fill_wire(wki_http_transfer *t, bool trusted, wki_wire_request *wire)
{
    bool ours = wki_http_is_allowed(t->http, t->url);
    const char *source =
        t->redirects > 0 || !t->request.named_by ? t->request.url : t->request.named_by;

    t->proxy = wki_proxy_for(t->http->opts.proxy, t->url);
    *wire = (wki_wire_request){
        .method = wki_transfer_method(t),
        .url = t->url,
        .headers = (const char *const *)t->lines,
        .n_headers = t->n_lines,
        .body = wki_transfer_has_body(t) ? &t->body.wire : NULL,
        .proxy = t->proxy,
        .gzip = wants_gzip(t->request.accept),
        .trusted = trusted,
        .no_local = !ours,
        .no_loopback =
            t->named && !ours && !wki_url_is_loopback(source) && !wki_url_is_loopback(t->url),
        .fresh = t->fresh,
    };
}

wk_code wki_request_build(wki_http_transfer *t, wki_wire_request *wire, wk_error *err)
{
    const wki_http_request *r = &t->request;
    const wki_http *http = t->http;
    bool may_see = wki_origin_may_see((const char *const *)http->origins, http->n_origins, t->url,
                                      (char[512]){0}, 512);
    wk_code rc = WK_OK;

    wki_request_drop_lines(t);
    t->sent_credential = false;
    if (wki_transfer_has_body(t))
        rc = wki_body_open(t, err);
    if (rc != WK_OK)
        return rc;
    t->lines = calloc(r->n_headers + http->opts.n_headers + 3, sizeof *t->lines);
    if (!t->lines)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (r->accept)
        rc = take_line(t, wki_strfmt("Accept: %s", r->accept), err);
    if (rc == WK_OK && r->content_type && wki_transfer_has_body(t))
        rc = take_line(t, wki_strfmt("Content-Type: %s", r->content_type), err);
    if (rc == WK_OK)
        rc = add_own_headers(t, err);
    if (rc == WK_OK && may_see && r->auth != WKI_AUTH_NEVER)
        rc = add_credential(t, err);
    if (rc == WK_OK && may_see)
        rc = add_configured(t, err);
    if (rc == WK_OK)
        fill_wire(t, may_see && r->auth != WKI_AUTH_NEVER, wire);
    return rc;
}

/* curl reports an unreadable file only when it connects, and then in riddles. */
static wk_code check_file(const char *path, const char *option, wk_error *err)
{
    if (path && access(path, R_OK) != 0)
        return wk_fail_setting(err, WK_USAGE, option, "%s %s: %s", option, path, strerror(errno));
    return WK_OK;
}

wk_code wki_http_check_files(const wki_http_opts *opts, wk_error *err)
{
    wk_code rc = check_file(opts->cacert, "cacert", err);

    if (rc == WK_OK)
        rc = check_file(opts->cert, "cert", err);
    if (rc == WK_OK)
        rc = check_file(opts->key, "key", err);
    return rc;
}
