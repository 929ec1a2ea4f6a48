#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include <wadokit/limits.h>
#include <wadokit/version.h>

#include "core/base64.h"
#include "core/buf.h"
#include "core/seen.h"
#include "core/text.h"
#include "http/http_module.h"
#include "http/pace.h"
#include "http/url.h"

enum {
    BUFFER_BYTES = 1 << 20,
    IDLE_CHECK_MS = 100,
    MAX_HEADS = 64, /* of one answer: 1xx, and the one that counts */
    MAX_HEAD_BYTES = WK_MAX_HEADER_BYTES * 4,
    MAX_COOKIE_BYTES = 1 << 20, /* of Set-Cookie to a jar, which is emptied then */
    MAX_LOOKED_UP = 100000,
    LOOKUP_MS = 5000, /* names that only the proxy knows may take long to be found nowhere */
    TOO_LARGE = 100   /* CURLE_TOO_LARGE of libcurl 8.6 and later: of a header */
};

/* Cookies of one origin, for as long as the wire lives: balancers keep a client at one server by
 * them. curl's engine does what the standard asks for (Path, Secure, lifetime); that none goes to
 * another origin, whatever Domain says, is the jars' work. Nothing is written to disk. */
typedef struct jar {
    struct jar *next;
    char *origin;
    CURLSH *share;
    uint64_t bytes; /* of Set-Cookie so far */
} jar;

typedef struct exchange {
    struct exchange *next, *prev;
    struct wire *wire;
    CURL *easy;
    struct curl_slist *headers;
    wki_wire_events events;
    const wki_source *body; /* NULL: none */
    wki_buf signed_body;
    uint64_t received, head_bytes;
    int heads;
    wki_pace pace;
    wki_wire_end cause; /* why a callback ended it, OK where none did; curl has its own words */
    char why[96];
    jar *jar;
    CURL *lookup; /* goes before `easy`, NULL: none, or done */
    char *origin; /* that is looked up */
    bool no_local, no_loopback, proxied, connected;
    bool interim;    /* the last head was a 1xx */
    bool head_ended; /* by its empty line */
    char detail[CURL_ERROR_SIZE];
} exchange;

typedef struct wire {
    CURLM *multi;
    jar *jars;
    const wki_http_opts *opts;
    const wki_clock *clock;
    exchange *all;
    int64_t next_check_ms;
    wki_seen looked_up; /* origins whose names were, as a proxy looks them up by itself */
    char agent[64];
} wire;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_rc;

static void init_global(void)
{
    global_rc = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool give_up(exchange *x, wki_wire_end cause, const char *detail)
{
    x->cause = cause;
    snprintf(x->why, sizeof x->why, "%s", detail);
    return false;
}

/* curl would undo gzip here too, out of sight; nobody sends it. */
static bool is_strange_framing(const char *name, size_t name_n, const char *value, size_t value_n)
{
    return name_n == 17 && strncasecmp(name, "Transfer-Encoding", 17) == 0 &&
           !(value_n == 7 && strncasecmp(value, "chunked", 7) == 0) &&
           !(value_n == 8 && strncasecmp(value, "identity", 8) == 0);
}

static bool take_field(exchange *x, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);
    size_t from, to = n;

    if (!colon)
        return true;
    from = (size_t)(colon + 1 - line);
    while (from < to && (line[from] == ' ' || line[from] == '\t'))
        from++;
    while (to > from && strchr(" \t\r\n", line[to - 1]))
        to--;
    if (x->jar && wki_str_istarts(line, "Set-Cookie:"))
        x->jar->bytes += n;
    if (is_strange_framing(line, (size_t)(colon - line), line + from, to - from))
        return give_up(x, WKI_WIRE_ENCODING, "a Transfer-Encoding other than chunked");
    if (!x->events.header(x->events.user, line, (size_t)(colon - line), line + from, to - from))
        return give_up(x, WKI_WIRE_ABORTED, "");
    return true;
}

static bool take_status(exchange *x, const char *line, size_t n)
{
    const char *space = memchr(line, ' ', n);
    long status = space ? strtol(space + 1, NULL, 10) : 0;

    x->interim = status / 100 == 1;
    x->head_ended = false;
    if (++x->heads > MAX_HEADS)
        return give_up(x, WKI_WIRE_LIMIT, "the answer begins again and again (status 1xx)");
    if (!x->events.status(x->events.user, (int)status))
        return give_up(x, WKI_WIRE_ABORTED, "");
    return true;
}

/* Trailers come here too. */
static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    exchange *x = user;
    size_t n = size * count;
    bool ok;

    x->received += n;
    x->head_bytes += n;
    if (x->head_bytes > MAX_HEAD_BYTES) {
        ok = give_up(x, WKI_WIRE_LIMIT, "the answer has headers without end");
    } else if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        ok = take_status(x, line, n);
    } else {
        x->head_ended = x->head_ended || line[0] == '\r' || line[0] == '\n';
        ok = take_field(x, line, n);
    }
    return ok ? n : CURL_WRITEFUNC_ERROR;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    exchange *x = user;
    size_t n = size * count;

    x->received += n;
    if (!x->events.body(x->events.user, data, n)) {
        give_up(x, WKI_WIRE_ABORTED, "");
        return CURL_WRITEFUNC_ERROR;
    }
    return n;
}

static size_t on_read(char *out, size_t size, size_t count, void *user)
{
    exchange *x = user;
    size_t got = 0;

    if (x->body->read(x->body->user, out, size * count, &got, NULL) == WK_OK)
        return got;
    give_up(x, WKI_WIRE_ABORTED, "");
    return CURL_READFUNC_ABORT;
}

/* Where a connection that was kept turns out to be dead, curl sends again by itself. */
static int on_seek(void *user, curl_off_t offset, int origin)
{
    exchange *x = user;

    if (offset != 0 || origin != SEEK_SET)
        return CURL_SEEKFUNC_CANTSEEK;
    return x->body->rewind(x->body->user, NULL) == WK_OK ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static wki_host_class socket_class(const struct curl_sockaddr *a)
{
    const struct sockaddr *address = &a->addr;

    if (a->family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof v4);
        return wki_address_class(&v4.sin_addr, 4);
    }
    if (a->family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof v6);
        return wki_address_class(&v6.sin6_addr, 16);
    }
    return WKI_HOST_LOCAL;
}

static bool may_use(exchange *x, const struct curl_sockaddr *a)
{
    wki_host_class class_ = socket_class(a);

    if ((class_ == WKI_HOST_LOCAL && x->no_local) ||
        (class_ == WKI_HOST_LOOPBACK && x->no_loopback)) {
        give_up(x, WKI_WIRE_REFUSED,
                class_ == WKI_HOST_LOCAL ? "its name leads to a link-local or metadata address"
                                         : "its name leads to this machine");
        return false;
    }
    return true;
}

/* A name may resolve to anything: the address itself is looked at, just before it is used. Where
 * there is a proxy, it is the proxy's, which may be anywhere. */
static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
    exchange *x = user;

    (void)purpose;
    if (!x->proxied && !may_use(x, a))
        return CURL_SOCKET_BAD;
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static bool add_header(exchange *x, const char *line)
{
    struct curl_slist *list = curl_slist_append(x->headers, line);

    if (list)
        x->headers = list;
    return list != NULL;
}

/* "Name: " with nothing behind it would take the header out of the request; "Name;" sends it. */
static bool add_given_header(exchange *x, const char *line)
{
    const char *colon = strchr(line, ':');
    char *empty;
    bool ok;

    if (!colon || colon[1 + strspn(colon + 1, " \t")] != '\0')
        return add_header(x, line);
    empty = wki_strfmt("%.*s;", (int)(colon - line), line);
    ok = empty && add_header(x, empty);
    free(empty);
    return ok;
}

static jar *jar_of(wire *w, const char *origin)
{
    jar *j = w->jars;

    while (j && strcmp(j->origin, origin) != 0)
        j = j->next;
    if (j)
        return j;
    j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->origin = wki_strdup(origin);
    j->share = curl_share_init();
    if (!j->origin || !j->share ||
        curl_share_setopt(j->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE) != CURLSHE_OK) {
        curl_share_cleanup(j->share);
        free(j->origin);
        free(j);
        return NULL;
    }
    j->next = w->jars;
    w->jars = j;
    return j;
}

/* `own`: the value of a Cookie header of the request, NULL for none; curl puts both into one. */
static bool set_cookies(exchange *x, const char *own)
{
    x->jar = jar_of(x->wire, x->origin);
    if (!x->jar)
        return false;
    curl_easy_setopt(x->easy, CURLOPT_SHARE, x->jar->share);
    curl_easy_setopt(x->easy, CURLOPT_COOKIEFILE, ""); /* the engine is on, no file is read */
    if (x->jar->bytes > MAX_COOKIE_BYTES) {
        curl_easy_setopt(x->easy, CURLOPT_COOKIELIST, "ALL");
        x->jar->bytes = 0;
    }
    if (own)
        curl_easy_setopt(x->easy, CURLOPT_COOKIE, own);
    return true;
}

static const char basic[] = "Authorization: Basic ";

static bool is_signed(const exchange *x, const wki_wire_request *r)
{
    return x->wire->opts->aws_sigv4 && r->trusted;
}

static bool set_headers(exchange *x, const wki_wire_request *r)
{
    const char *cookie = NULL;
    bool ok = true;

    for (size_t i = 0; ok && i < r->n_headers; i++) {
        const char *line = r->headers[i];

        if (wki_str_istarts(line, "Cookie:"))
            cookie = line + 7 + strspn(line + 7, " \t");
        /* A signature stands in its place, and curl makes none where one stands already. */
        else if (!is_signed(x, r) || !wki_str_starts(line, basic))
            ok = add_given_header(x, line);
    }
    ok = ok && set_cookies(x, cookie);
    ok = ok && add_header(x, r->gzip ? "Accept-Encoding: gzip" : "Accept-Encoding: identity");
    if (is_signed(x, r)) /* curl would sign headers that it is told to leave out */
        return ok;
    /* No "Expect: 100-continue": servers that do not know it cost a second. */
    ok = ok && add_header(x, "Expect:");
    if (r->body)
        return ok;
    return ok && add_header(x, "Content-Type:");
}

static wk_code add_secret(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(user, data, n, err);
}

/* Signs with the name and the secret of the Basic header that the credential gave. */
static bool set_signature(exchange *x, const wki_wire_request *r)
{
    wki_base64_reader reader = {.out = {add_secret, NULL}};
    wki_buf pair;
    bool ok = true;

    wki_buf_init(&pair, WK_MAX_SECRET_FILE_BYTES, "the key of the signature");
    reader.out.user = &pair;
    for (size_t i = 0; ok && is_signed(x, r) && i < r->n_headers; i++) {
        const char *text = r->headers[i] + sizeof basic - 1;

        if (!wki_str_starts(r->headers[i], basic))
            continue;
        ok = wki_base64_reader_feed(&reader, text, strlen(text), NULL) == WK_OK &&
             wki_base64_reader_finish(&reader, NULL) == WK_OK &&
             curl_easy_setopt(x->easy, CURLOPT_AWS_SIGV4, x->wire->opts->aws_sigv4) == CURLE_OK &&
             curl_easy_setopt(x->easy, CURLOPT_USERPWD, wki_buf_text(&pair)) == CURLE_OK;
    }
    explicit_bzero(&reader, sizeof reader);
    if (pair.n > 0)
        explicit_bzero(pair.data, pair.n);
    wki_buf_clear(&pair);
    return ok;
}

static wk_code set_body(exchange *x, const wki_wire_request *r, wk_error *err)
{
    CURL *c = x->easy;
    wk_code rc = WK_OK;

    x->body = r->body;
    if (!r->body)
        return WK_OK;
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body->size);
    if (is_signed(x, r)) { /* the signature is over the whole of it */
        rc = wki_source_read_all(r->body, &x->signed_body, err);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, wki_buf_text(&x->signed_body));
        return rc;
    }
    curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(c, CURLOPT_READDATA, x);
    curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(c, CURLOPT_SEEKDATA, x);
    return WK_OK;
}

static void set_method(CURL *c, const wki_wire_request *r)
{
    if (!r->body && strcmp(r->method, "HEAD") == 0)
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    if (strcmp(r->method, r->body ? "POST" : "GET") != 0 && strcmp(r->method, "HEAD") != 0)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_security(CURL *c, const wki_http_opts *o, const wki_wire_request *r)
{
    if (o->cacert)
        curl_easy_setopt(c, CURLOPT_CAINFO, o->cacert);
    if (o->cert && r->trusted)
        curl_easy_setopt(c, CURLOPT_SSLCERT, o->cert);
    if (o->key && r->trusted)
        curl_easy_setopt(c, CURLOPT_SSLKEY, o->key);
    if (o->key && o->key_password && r->trusted)
        curl_easy_setopt(c, CURLOPT_KEYPASSWD, o->key_password);
    if (o->netrc && r->trusted) {
        curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
        curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    }
    curl_easy_setopt(c, CURLOPT_PROXY, r->proxy ? r->proxy : ""); /* "": not the environment's */
    curl_easy_setopt(c, CURLOPT_NOPROXY, "");
}

static void set_wire(exchange *x, const wki_http_opts *o, const wki_wire_request *r)
{
    CURL *c = x->easy;

    curl_easy_setopt(c, CURLOPT_URL, r->url);
    if (!is_signed(x, r)) /* newer ones do not sign so; the URL is normal already */
        curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(c, CURLOPT_PIPEWAIT, wki_str_starts(r->url, "https:") ? 1L : 0L);
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, x->wire->agent);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->detail);
    curl_easy_setopt(c, CURLOPT_PRIVATE, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* stop() waits for no resolver */
    curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, r->fresh ? 1L : 0L);
    if (o->connect_timeout_s > 0)
        curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)o->connect_timeout_s);
}

static void drop_lookup(exchange *x)
{
    if (x->lookup) {
        curl_multi_remove_handle(x->wire->multi, x->lookup);
        curl_easy_cleanup(x->lookup);
    }
    x->lookup = NULL;
}

static void drop(exchange *x)
{
    wire *w = x->wire;

    drop_lookup(x);
    free(x->origin);
    if (x->easy) {
        curl_multi_remove_handle(w->multi, x->easy);
        curl_easy_cleanup(x->easy);
    }
    curl_slist_free_all(x->headers);
    if (x->signed_body.n > 0)
        explicit_bzero(x->signed_body.data, x->signed_body.n);
    wki_buf_clear(&x->signed_body);
    if (x->prev)
        x->prev->next = x->next;
    else if (w->all == x)
        w->all = x->next;
    if (x->next)
        x->next->prev = x->prev;
    free(x);
}

/* With its first options set; NULL where memory is out. */
static exchange *exchange_new(wire *w, const wki_wire_request *r, const wki_wire_events *events)
{
    exchange *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->wire = w;
    x->events = *events;
    x->no_local = r->no_local;
    x->no_loopback = r->no_loopback;
    x->proxied = r->proxy != NULL;
    wki_pace_init(&x->pace, (int64_t)w->opts->idle_timeout_s * 1000,
                  w->opts->speed_limit > 0 ? (uint64_t)w->opts->speed_limit : 0,
                  (int64_t)w->opts->speed_time_s * 1000, w->clock->monotonic_ms(w->clock->user));
    wki_buf_init(&x->signed_body, WK_MAX_JSON_BYTES, "body to be signed");
    x->easy = curl_easy_init();
    if (x->easy && wki_url_origin(r->url, &x->origin, NULL) == WK_OK && set_headers(x, r) &&
        set_signature(x, r))
        return x;
    drop(x);
    return NULL;
}

/* Looks at the addresses, and connects to none. */
static curl_socket_t on_lookup(void *user, curlsocktype purpose, struct curl_sockaddr *a)
{
    (void)purpose;
    (void)may_use(user, a);
    return CURL_SOCKET_BAD;
}

/* Through a proxy the addresses behind a name are out of sight; so the name is looked up here
 * first, once. One that this machine cannot resolve is left to the proxy. */
static bool needs_lookup(const exchange *x, const wki_wire_request *r)
{
    return x->proxied && (x->no_local || x->no_loopback) &&
           wki_url_host_class(r->url) == WKI_HOST_OTHER &&
           !wki_seen_has(&x->wire->looked_up, x->origin);
}

static bool start_lookup(exchange *x, const wki_wire_request *r)
{
    CURL *c = curl_easy_init();

    x->lookup = c;
    if (!c)
        return false;
    curl_easy_setopt(c, CURLOPT_URL, r->url);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)LOOKUP_MS);
    curl_easy_setopt(c, CURLOPT_PRIVATE, x);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_lookup);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
    return curl_multi_add_handle(x->wire->multi, c) == CURLM_OK;
}

static wk_code set_off(exchange *x, const wki_wire_request *r, wk_error *err)
{
    bool ok = needs_lookup(x, r) ? start_lookup(x, r)
                                 : curl_multi_add_handle(x->wire->multi, x->easy) == CURLM_OK;

    return ok ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code wire_start(void *self, const wki_wire_request *r, const wki_wire_events *events,
                          void **out, wk_error *err)
{
    wire *w = self;
    exchange *x = exchange_new(w, r, events);
    wk_code rc = x ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc == WK_OK) {
        set_wire(x, w->opts, r);
        set_method(x->easy, r);
        set_security(x->easy, w->opts, r);
        rc = set_body(x, r, err);
    }
    if (rc == WK_OK)
        rc = set_off(x, r, err);
    if (rc != WK_OK) {
        if (x)
            drop(x);
        return rc;
    }
    x->next = w->all;
    if (w->all)
        w->all->prev = x;
    w->all = x;
    *out = x;
    return WK_OK;
}

static void wire_stop(void *self, void *handle)
{
    (void)self;
    drop(handle);
}

static wki_wire_end end_of(CURLcode rc)
{
    switch (rc) {
    case CURLE_OK:
        return WKI_WIRE_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_OPERATION_TIMEDOUT: /* only the connect time-out is set */
        return WKI_WIRE_CONNECT;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CIPHER:
        return WKI_WIRE_TLS;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_URL_MALFORMAT:
        return WKI_WIRE_CONFIG;
    case CURLE_OUT_OF_MEMORY:
        return WKI_WIRE_NOMEM;
    default:
        return WKI_WIRE_BROKEN;
    }
}

static void finish(exchange *x, wki_wire_end end, const char *detail)
{
    wki_wire_events events = x->events;
    char text[CURL_ERROR_SIZE];

    snprintf(text, sizeof text, "%s", detail);
    drop(x);
    events.done(events.user, end, text);
}

/* An answer of 4xx or 5xx to CONNECT: nothing of the request was sent. */
static bool is_refused_by_proxy(exchange *x, CURLcode rc)
{
    long status = 0;

    if (!x->proxied || rc == CURLE_OK || x->heads > 0)
        return false;
    curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status < 300)
        return false;
    (void)x->events.status(x->events.user, (int)status);
    return true;
}

static void finish_curl(exchange *x, CURLcode rc)
{
    wki_wire_end end = end_of(rc);

    /* A handshake that the server broke off is as good as no connection. */
    if (rc == CURLE_SSL_CONNECT_ERROR)
        end = WKI_WIRE_CONNECT;
    if (x->cause != WKI_WIRE_OK)
        finish(x, x->cause, x->why);
    else if (is_refused_by_proxy(x, rc))
        finish(x, WKI_WIRE_PROXY, x->detail);
    else if (rc == (CURLcode)TOO_LARGE)
        finish(x, WKI_WIRE_LIMIT, "the answer has a header that is too long");
    else if (rc == CURLE_OUT_OF_MEMORY && !x->head_ended) /* what older ones call that */
        finish(x, WKI_WIRE_LIMIT, "the answer has a header that is too long (or out of memory)");
    else if (rc == CURLE_OK && !x->head_ended) /* which curl takes for an answer without a body */
        finish(x, WKI_WIRE_BROKEN, "the answer broke off in its headers");
    else
        finish(x, end, x->detail[0] ? x->detail : curl_easy_strerror(rc));
}

static void finish_lookup(exchange *x)
{
    drop_lookup(x);
    if (x->cause != WKI_WIRE_OK) {
        finish(x, x->cause, x->why);
        return;
    }
    (void)wki_seen_add(&x->wire->looked_up, x->origin);
    if (curl_multi_add_handle(x->wire->multi, x->easy) != CURLM_OK)
        finish(x, WKI_WIRE_NOMEM, "out of memory");
}

static void finish_done(wire *w)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(w->multi, &left))) {
        exchange *x = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&x);
        if (x->lookup)
            finish_lookup(x);
        else
            finish_curl(x, message->data.result);
    }
}

static wki_pace_verdict look_at(exchange *x, int64_t now)
{
    curl_off_t uploaded = 0, before_transfer = 0;
    bool sending;

    if (!x->connected) {
        curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &before_transfer);
        x->connected = before_transfer > 0;
    }
    curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    sending = x->body && uploaded > 0 && (uint64_t)uploaded < x->body->size;
    return wki_pace_look(&x->pace,
                         &(wki_pace_sample){.connected = x->connected,
                                            .in_head = x->heads > 0 && !x->head_ended,
                                            .moving = (x->heads > 0 && !x->interim) || sending,
                                            .bytes = x->received + (uint64_t)uploaded},
                         now);
}

static void end_dead(exchange *x, wki_pace_verdict verdict)
{
    const wki_http_opts *o = x->wire->opts;
    char detail[96];

    if (verdict == WKI_PACE_SLOW)
        snprintf(detail, sizeof detail, "fewer than %d bytes a second for %d s", o->speed_limit,
                 o->speed_time_s);
    else
        snprintf(detail, sizeof detail,
                 verdict == WKI_PACE_HEAD ? "the headers of the answer do not end within %d s"
                                          : "no byte for %d s",
                 o->idle_timeout_s);
    finish(x, verdict == WKI_PACE_SLOW ? WKI_WIRE_SLOW : WKI_WIRE_SILENT, detail);
}

static void end_all_dead(wire *w)
{
    int64_t now = w->clock->monotonic_ms(w->clock->user);
    exchange *next;

    if (now < w->next_check_ms)
        return;
    w->next_check_ms = now + IDLE_CHECK_MS;
    for (exchange *x = w->all; x; x = next) {
        wki_pace_verdict verdict = look_at(x, now);

        next = x->next;
        if (verdict != WKI_PACE_FINE)
            end_dead(x, verdict);
    }
}

static wk_code wire_poll(void *self, int64_t wait_ms, wk_error *err)
{
    wire *w = self;
    int running;
    CURLMcode rc = curl_multi_poll(w->multi, NULL, 0, (int)wait_ms, NULL);

    if (rc == CURLM_OK)
        rc = curl_multi_perform(w->multi, &running);
    if (rc == CURLM_OUT_OF_MEMORY)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (rc != CURLM_OK)
        return wk_fail(err, WK_INTERNAL, "curl: %s", curl_multi_strerror(rc));
    finish_done(w);
    end_all_dead(w);
    return WK_OK;
}

static void wire_free(void *self)
{
    wire *w = self;

    while (w->all)
        drop(w->all);
    curl_multi_cleanup(w->multi);
    while (w->jars) {
        jar *j = w->jars;

        w->jars = j->next;
        curl_share_cleanup(j->share);
        free(j->origin);
        free(j);
    }
    wki_seen_clear(&w->looked_up);
    free(w);
}

wk_code wki_transport_curl(const wki_http_opts *opts, wki_transport *out, wk_error *err)
{
    wire *w;

    if (pthread_once(&once, init_global) != 0 || global_rc != CURLE_OK)
        return wk_fail(err, WK_INTERNAL, "curl cannot be set up");
    w = calloc(1, sizeof *w);
    if (w)
        w->multi = curl_multi_init();
    if (!w || !w->multi) {
        free(w);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    w->opts = opts;
    w->clock = opts->clock ? opts->clock : wki_clock_system();
    wki_seen_init(&w->looked_up, MAX_LOOKED_UP);
    snprintf(w->agent, sizeof w->agent, "wadokit/%s", wk_version());
    curl_multi_setopt(w->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    *out = (wki_transport){
        .start = wire_start, .stop = wire_stop, .poll = wire_poll, .free = wire_free, .self = w};
    return WK_OK;
}

static const char *about(void)
{
    return curl_version();
}

WKI_MODULE_TABLE(curl) = {{WADOKIT_VERSION, about}, wki_transport_curl};
