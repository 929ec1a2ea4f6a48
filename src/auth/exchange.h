/*
 * One request and its answer, whatever its status: what the login needs of HTTP, as a table, so
 * that tests can play the server.
 */
#ifndef WADOKIT_AUTH_EXCHANGE_H
#define WADOKIT_AUTH_EXCHANGE_H

#include <stdint.h>

#include <wadokit/error.h>

#include "core/buf.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_reply {
    int status;
    char content_type[128]; /* "" where absent */
    int64_t server_time_s;  /* its Date, 0 where absent */
    wki_buf body;
} wki_reply;

void wki_reply_init(wki_reply *reply);
void wki_reply_clear(wki_reply *reply);

/* send() fills an initialised reply. WK_OK where an answer came, of any status; else why none did.
 * 408, 425, 429, 5xx and broken connections are tried again before that. */
typedef struct wki_exchange {
    wk_code (*send)(void *user, const wki_http_request *request, wki_reply *reply, wk_error *err);
    void *user;
} wki_exchange;

/* Exchanges by a client that has no credential of its own, and is not used for anything else. */
wki_exchange wki_exchange_http(wki_http *http);

#ifdef __cplusplus
}
#endif

#endif
