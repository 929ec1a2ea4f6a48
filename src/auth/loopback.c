#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth_module.h"
#include "core/text.h"

enum {
    MAX_CONNECTIONS = 16,
    CONNECTION_BYTES = 32768,
    CONNECTION_TIMEOUT_S = 10,
    STEP_MS = 100,
    FAREWELL_MS = 2000, /* for the browser to take the last page */
};

struct wki_loopback {
    struct MHD_Daemon *daemon;
    char *path;
    bool (*matches)(void *user, const char *query);
    void *user;
    char *query;   /* of the request that matched */
    bool farewell; /* its answer was sent */
    int strangers; /* requests to the path that did not match */
};

static const char page[] =
    "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>wadokit</title>"
    "<p>wadokit has its answer. You can close this window and go back to the terminal.</p>\n";

/* One request. `uri` is as sent; microhttpd's own parsing would lose what was given twice. */
typedef struct visit {
    char *uri;
    bool matched;
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
    wki_loopback *l = user;
    visit *v = *state;

    (void)connection;
    (void)why;
    if (!v)
        return;
    if (v->matched)
        l->farewell = true;
    if (v->uri)
        explicit_bzero(v->uri, strlen(v->uri));
    free(v->uri);
    free(v);
    *state = NULL;
}

/* The query of a request to our path, NULL where it is for something else. */
static const char *query_for(const wki_loopback *l, const visit *v)
{
    size_t n = strlen(l->path);

    if (!v || !v->uri || strncmp(v->uri, l->path, n) != 0 || v->uri[n] != '?')
        return NULL;
    return v->uri + n + 1;
}

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
                                                             MHD_RESPMEM_PERSISTENT);
    enum MHD_Result queued = MHD_NO;

    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", "text/html; charset=utf-8");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(r, "Content-Security-Policy", "default-src 'none'");
    MHD_add_response_header(r, "Connection", "close");
    queued = MHD_queue_response(connection, status, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_n, void **state)
{
    wki_loopback *l = user;
    visit *v = *state;
    const char *query = query_for(l, v);

    (void)url;
    (void)version;
    (void)data;
    *data_n = 0;
    if (!query || strcmp(method, "GET") != 0 || l->query || !l->matches)
        return reply(connection, MHD_HTTP_NOT_FOUND, "Not found.\n");
    if (!l->matches(l->user, query)) {
        l->strangers++;
        return reply(connection, MHD_HTTP_NOT_FOUND, "Not found.\n");
    }
    l->query = wki_strdup(query);
    v->matched = l->query != NULL;
    return reply(connection, MHD_HTTP_OK, page);
}

wk_code wki_loopback_open(int port, const char *path, wki_loopback **out, wk_error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    wki_loopback *l = calloc(1, sizeof *l);

    if (!l || !(l->path = wki_strdup(path))) {
        free(l);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    errno = 0;
    l->daemon = MHD_start_daemon(
        MHD_NO_FLAG, (uint16_t)port, NULL, NULL, on_request, l, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
        MHD_OPTION_END);
    if (!l->daemon) {
        int why = errno ? errno : EADDRINUSE;

        wki_loopback_close(l);
        return wk_fail_setting(err, WK_IO, "redirect-port no-browser",
                               "cannot listen on 127.0.0.1:%d for the answer of the browser: %s",
                               port, strerror(why));
    }
    *out = l;
    return WK_OK;
}

void wki_loopback_close(wki_loopback *l)
{
    if (!l)
        return;
    if (l->daemon)
        MHD_stop_daemon(l->daemon);
    free(l->query);
    free(l->path);
    free(l);
}

int wki_loopback_port(const wki_loopback *l)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT);

    return info ? info->port : 0;
}

static int64_t now_ms(const wki_clock *clock)
{
    return clock->monotonic_ms(clock->user);
}

static wk_code too_late(const wki_loopback *l, int64_t timeout_ms, wk_error *err)
{
    return wk_fail(err, WK_AUTH, "no answer from the browser within %lld s%s; run the login again",
                   (long long)(timeout_ms / 1000),
                   l->strangers > 0 ? " (one that belongs to no login of ours was refused)" : "");
}

wk_code wki_loopback_wait(wki_loopback *l, int64_t timeout_ms, const wki_clock *clock,
                          const wk_cancel *cancel, bool (*matches)(void *user, const char *query),
                          void *user, char **query, wk_error *err)
{
    int64_t end = now_ms(clock) + timeout_ms;

    l->matches = matches;
    l->user = user;
    while (!l->query) {
        if (cancel && cancel->requested)
            return wk_fail(err, WK_CANCELLED, "interrupted");
        if (now_ms(clock) >= end)
            return too_late(l, timeout_ms, err);
        MHD_run_wait(l->daemon, STEP_MS);
    }
    end = now_ms(clock) + FAREWELL_MS;
    while (!l->farewell && now_ms(clock) < end)
        MHD_run_wait(l->daemon, STEP_MS);
    *query = l->query;
    l->query = NULL;
    return WK_OK;
}

static const char *about(void)
{
    static char text[32]; /* the same from any thread */

    snprintf(text, sizeof text, "libmicrohttpd %s", MHD_get_version());
    return text;
}

WKI_MODULE_TABLE(microhttpd) = {{WADOKIT_VERSION, about},
                                wki_loopback_open,
                                wki_loopback_close,
                                wki_loopback_port,
                                wki_loopback_wait};
