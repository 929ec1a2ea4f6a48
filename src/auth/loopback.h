/*
 * A listener on 127.0.0.1 that waits for one redirect of a browser (RFC 8252 section 7.3), and
 * answers 404 to anything else.
 */
#ifndef WADOKIT_AUTH_LOOPBACK_H
#define WADOKIT_AUTH_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/cancel.h>
#include <wadokit/error.h>

#include "core/clock.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_loopback wki_loopback;

/* Listens on `port` (0: a free one) for GET `path`?..., which begins with '/'. WK_IO where the port
 * cannot be had. Close as soon as there is an answer. */
wk_code wki_loopback_open(int port, const char *path, wki_loopback **out,
                          wk_error *err) WK_MUST_USE;
void wki_loopback_close(wki_loopback *loopback);

int wki_loopback_port(const wki_loopback *loopback);

/* Waits for a request whose query (as sent) `matches`, tells its browser to go back to the
 * terminal, and gives the query, on the heap. Others that come are answered 404, and waiting goes
 * on. WK_AUTH after `timeout_ms`, WK_CANCELLED. */
wk_code wki_loopback_wait(wki_loopback *loopback, int64_t timeout_ms, const wki_clock *clock,
                          const wk_cancel *cancel, bool (*matches)(void *user, const char *query),
                          void *user, char **query, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
