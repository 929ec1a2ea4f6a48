/*
 * One exchange on the wire: what http_client.c asks of http_curl.c, and what tests play instead.
 * No redirects, no retries, no decisions about credentials here.
 */
#ifndef WADOKIT_HTTP_TRANSPORT_H
#define WADOKIT_HTTP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everything is borrowed until done(). Headers are complete lines, Authorization included. */
typedef struct wki_wire_request {
    const char *method;
    const char *url; /* normalised */
    const char *const *headers;
    size_t n_headers;
    const wki_source *body; /* at its start; NULL: none */
    const char *proxy;      /* to go through, NULL: none */
    bool gzip;              /* ask for gzip */
    bool trusted;           /* netrc and the client certificate may be used */
    bool no_local;          /* do not go to link-local or metadata addresses */
    bool no_loopback;       /* nor to this machine; the proxy itself may be anywhere */
    bool fresh;             /* on a new connection */
} wki_wire_request;

typedef enum wki_wire_end {
    WKI_WIRE_OK,       /* the answer is whole as far as HTTP tells */
    WKI_WIRE_CONNECT,  /* no name, no connection: nothing was sent */
    WKI_WIRE_BROKEN,   /* reset, cut short */
    WKI_WIRE_SILENT,   /* no byte for the idle time, or no end of the headers */
    WKI_WIRE_SLOW,     /* bytes at less than the speed limit */
    WKI_WIRE_TLS,      /* the server's certificate is not accepted, or no common TLS */
    WKI_WIRE_PROXY,    /* the proxy makes no connection: status() told its answer */
    WKI_WIRE_REFUSED,  /* no_local, no_loopback */
    WKI_WIRE_ABORTED,  /* an event handler said so */
    WKI_WIRE_ENCODING, /* what the body is wrapped in cannot be taken off, or does not check */
    WKI_WIRE_LIMIT,    /* inflates beyond all measure, or headers without end */
    WKI_WIRE_CONFIG,   /* certificate, key, CA file or proxy of the options are of no use */
    WKI_WIRE_NOMEM,
} wki_wire_end;

/* status: a new head begins (also after 1xx); false aborts, as from the others.
 * header: one field. body: bytes as they come, without their framing. done: once, last; `detail` is
 * for people. */
typedef struct wki_wire_events {
    bool (*status)(void *user, int status);
    bool (*header)(void *user, const char *name, size_t name_n, const char *value, size_t value_n);
    bool (*body)(void *user, const void *data, size_t n);
    void (*done)(void *user, wki_wire_end end, const char *detail);
    void *user;
} wki_wire_events;

typedef struct wki_transport {
    /* Begins an exchange; events come from poll() only. */
    wk_code (*start)(void *self, const wki_wire_request *request, const wki_wire_events *events,
                     void **exchange, wk_error *err);
    /* Ends an exchange without done(). Not to be called from an event. */
    void (*stop)(void *self, void *exchange);
    /* Works, and waits up to wait_ms where there is nothing to do. */
    wk_code (*poll)(void *self, int64_t wait_ms, wk_error *err);
    void (*free)(void *self);
    void *self;
} wki_transport;

/* curl. The strings of `opts` are borrowed. */
wk_code wki_transport_curl(const wki_http_opts *opts, wki_transport *out,
                           wk_error *err) WK_MUST_USE;

/* A client on a transport of one's own, which it takes. */
wk_code wki_http_new_on(const wki_http_opts *opts, const wki_transport *transport, wki_http **out,
                        wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
