#include "serve/web_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/text.h"
#include "serve/serve_module.h"

enum {
    MAX_CONNECTIONS = 128,
    CONNECTION_BYTES = 65536, /* of a request's head */
    HEAD_TIMEOUT_S = 10, /* without a byte, until a request is there: who only connects takes room */
    ANSWER_TIMEOUT_S = 60,
    BLOCK_BYTES = 65536,
    MAX_HOST = 64
};

struct wki_web_server {
    struct MHD_Daemon *daemon;
    wki_web_server_opts opts;
    char *cors;
    int port;
};

/* --- bodies --- */

typedef struct body {
    wki_web_answer answer;
    wki_web_piece piece; /* what is left of it */
} body;

static ssize_t copy_piece(wki_web_piece *p, char *out, size_t room)
{
    size_t n = p->n < room ? (size_t)p->n : room;
    ssize_t got = (ssize_t)n;

    if (p->data) {
        memcpy(out, p->data, n);
        p->data = (const char *)p->data + n;
    } else {
        do
            got = pread(p->fd, out, n, (off_t)p->at);
        while (got < 0 && errno == EINTR);
    }
    if (got <= 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    p->at += (uint64_t)got;
    p->n -= (uint64_t)got;
    return got;
}

static ssize_t read_body(void *user, uint64_t at, char *out, size_t room)
{
    body *b = user;
    bool failed = false;

    (void)at;
    while (b->piece.n == 0) {
        b->piece = (wki_web_piece){NULL, -1, 0, 0};
        if (!b->answer.next(b->answer.user, &b->piece, &failed))
            return failed ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    }
    return copy_piece(&b->piece, out, room);
}

static void free_body(void *user)
{
    body *b = user;

    if (b->answer.done)
        b->answer.done(b->answer.user);
    free(b);
}

/* --- answers --- */

static void add_headers(const wki_web_server *s, struct MHD_Response *r, const wki_web_answer *a)
{
    if (a->type[0])
        MHD_add_response_header(r, "Content-Type", a->type);
    if (a->warning[0])
        MHD_add_response_header(r, "Warning", a->warning);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(r, "Cross-Origin-Resource-Policy",
                            s->cors ? "cross-origin" : "same-origin");
    if (s->cors) {
        MHD_add_response_header(r, "Access-Control-Allow-Origin", s->cors);
        MHD_add_response_header(r, "Access-Control-Allow-Methods", "GET, HEAD");
        MHD_add_response_header(r, "Access-Control-Allow-Headers", "Accept, Content-Type");
        MHD_add_response_header(r, "Vary", "Origin");
    }
}

/* Takes `a`. */
static enum MHD_Result send_answer(const wki_web_server *s, struct MHD_Connection *c,
                                   const wki_web_answer *a)
{
    uint64_t length = a->length >= 0 ? (uint64_t)a->length : MHD_SIZE_UNKNOWN;
    struct MHD_Response *r = NULL;
    body *b = calloc(1, sizeof *b);
    enum MHD_Result queued = MHD_NO;

    if (b) {
        b->answer = *a;
        r = a->next
                ? MHD_create_response_from_callback(length, BLOCK_BYTES, read_body, b, free_body)
                : MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    if (r && !a->next)
        free_body(b);
    if (r) {
        add_headers(s, r, a);
        queued = MHD_queue_response(c, a->status, r);
        MHD_destroy_response(r);
    } else {
        if (a->done)
            a->done(a->user);
        free(b);
    }
    return queued;
}

/* A static text as a body. */
static bool next_text(void *user, wki_web_piece *out, bool *failed)
{
    const char **text = user;

    (void)failed;
    if (!*text)
        return false;
    *out = (wki_web_piece){*text, -1, 0, strlen(*text)};
    *text = NULL;
    return true;
}

static enum MHD_Result send_text(const wki_web_server *s, struct MHD_Connection *c, unsigned status,
                                 const char *text)
{
    wki_web_answer a = {.status = status, .type = "text/plain; charset=utf-8", .length = -1};
    const char **held = malloc(sizeof *held);

    if (!held)
        return MHD_NO;
    *held = text;
    a.length = (int64_t)strlen(text);
    a.next = next_text;
    a.done = free;
    a.user = held;
    return send_answer(s, c, &a);
}

/* --- requests --- */

static void set_timeout(struct MHD_Connection *c, unsigned seconds)
{
    (void)MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

/* One request. `uri` is as sent: microhttpd's own decoding would make "%2F" a slash. */
typedef struct visit {
    char *uri;
    bool begun;
} visit;

static void *on_uri(void *user, const char *uri, struct MHD_Connection *connection)
{
    visit *v = calloc(1, sizeof *v);

    (void)user;
    (void)connection;
    if (v)
        v->uri = wki_strdup(uri);
    return v;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    visit *v = *state;

    (void)user;
    (void)why;
    set_timeout(connection, HEAD_TIMEOUT_S);
    if (v)
        free(v->uri);
    free(v);
    *state = NULL;
}

static bool is_our_host(const wki_web_server *s, const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost"};
    char expected[MAX_HOST];

    for (size_t i = 0; host && i < sizeof names / sizeof names[0]; i++) {
        snprintf(expected, sizeof expected, "%s:%d", names[i], s->port);
        if (wki_str_ieq(host, expected) || (s->port == 80 && wki_str_ieq(host, names[i])))
            return true;
    }
    return false;
}

static enum MHD_Result ask(const wki_web_server *s, struct MHD_Connection *c, char *uri,
                           const char *host)
{
    const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept");
    char *mark = strchr(uri, '?');
    wki_web_request request = {uri, mark ? mark + 1 : "", host, accept ? accept : ""};
    wki_web_answer answer = {.status = 200, .length = -1};

    if (mark)
        *mark = '\0';
    s->opts.answer(s->opts.user, &request, &answer);
    return send_answer(s, c, &answer);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **state)
{
    const wki_web_server *s = user;
    const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    visit *v = *state;

    (void)url;
    (void)version;
    (void)data;
    *data_n = 0;
    /* An answer to the first call would end the connection behind it. */
    if (v && !v->begun) {
        v->begun = true;
        set_timeout(c, ANSWER_TIMEOUT_S);
        return MHD_YES;
    }
    if (!v || !v->uri || *v->uri != '/')
        return send_text(s, c, MHD_HTTP_BAD_REQUEST, "Bad request.\n");
    if (!is_our_host(s, host))
        return send_text(s, c, MHD_HTTP_FORBIDDEN,
                         "Refused: this server is 127.0.0.1 or localhost, with its port.\n");
    if (s->cors && strcmp(method, "OPTIONS") == 0)
        return send_text(s, c, MHD_HTTP_OK, "");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return send_text(s, c, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
    return ask(s, c, v->uri, host);
}

/* --- life --- */

/* The socket is made here, so that the port is known before the first thread can ask for it. */
static int listen_on(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)*port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int yes = 1, why;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    /* A port on which connections of the last run still end may be had again. */
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, MAX_CONNECTIONS) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    why = errno;
    if (fd >= 0)
        close(fd);
    errno = why;
    return -1;
}

/* False and errno where the port cannot be had. */
static bool start(wki_web_server *s)
{
    int fd = listen_on(&s->port);

    if (fd < 0)
        return false;
    errno = 0;
    s->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)s->port, NULL,
        NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HEAD_TIMEOUT_S, MHD_OPTION_URI_LOG_CALLBACK,
        on_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
    if (!s->daemon)
        close(fd);
    return s->daemon != NULL;
}

wk_code wki_web_server_open(const wki_web_server_opts *opts, wki_web_server **out, wk_error *err)
{
    wki_web_server *s = calloc(1, sizeof *s);

    if (s) {
        s->opts = *opts;
        s->port = opts->port;
        s->cors = wki_strdup(opts->cors);
    }
    if (!s || (opts->cors && !s->cors)) {
        wki_web_server_close(s);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (!start(s)) {
        int why = errno ? errno : ENOMEM;

        wki_web_server_close(s);
        return wk_fail_setting(err, WK_IO, "port", "cannot listen on 127.0.0.1:%d: %s", opts->port,
                               strerror(why));
    }
    *out = s;
    return WK_OK;
}

int wki_web_server_port(const wki_web_server *s)
{
    return s->port;
}

void wki_web_server_close(wki_web_server *s)
{
    if (!s)
        return;
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    free(s->cors);
    free(s);
}

static const char *about(void)
{
    static char text[48]; /* the same from any thread */

    snprintf(text, sizeof text, "libmicrohttpd %s", MHD_get_version());
    return text;
}

WKI_MODULE_TABLE(serve) = {
    {WADOKIT_VERSION, about}, wki_web_server_open, wki_web_server_port, wki_web_server_close};
