/*
 * An HTTP server on 127.0.0.1, for looking at files with a browser: GET and HEAD, bodies that are
 * made while they are sent, a thread for each connection. It knows nothing of DICOM. The only
 * place, besides auth/loopback.c, that sees libmicrohttpd.
 *
 * Requests whose Host is another name are refused, so that no page of a stranger's host name that
 * was pointed to this address can read (DNS rebinding).
 */
#ifndef WADOKIT_SERVE_WEB_SERVER_H
#define WADOKIT_SERVE_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* path and query ("" where there is none, without '?') as they were sent; host is "127.0.0.1:PORT"
 * or "localhost:PORT"; accept is "" where it was not sent. Borrowed during the call. */
typedef struct wki_web_request {
    const char *path, *query, *host, *accept;
} wki_web_request;

/* Part of a body: n bytes at `data`, or, where it is NULL, of the file `fd` from `at` on. Borrowed
 * until the next part is asked for. */
typedef struct wki_web_piece {
    const void *data;
    int fd;
    uint64_t at, n;
} wki_web_piece;

/*
 * Starts as {200, ...} with everything else zero and length -1.
 *   type      Content-Type
 *   warning   value of a Warning header, "" for none
 *   length    of the body where it is known, else -1
 *   next      gives the next part; false behind the last. What fails, cuts the connection, so that
 *             the other side sees that the body is not whole. NULL: there is no body
 *   done      frees `user`; may be NULL
 */
typedef struct wki_web_answer {
    unsigned status;
    char type[256];
    char warning[256];
    int64_t length;
    bool (*next)(void *user, wki_web_piece *out, bool *failed);
    void (*done)(void *user);
    void *user;
} wki_web_answer;

/* Makes the answer to one request; called from many threads at once. */
typedef void (*wki_web_answer_fn)(void *user, const wki_web_request *request, wki_web_answer *out);

/* port: 0 for a free one. cors: the one origin ("https://viewer.example") whose pages may read;
 * NULL: none but our own. */
typedef struct wki_web_server_opts {
    int port;
    const char *cors;
    wki_web_answer_fn answer;
    void *user;
} wki_web_server_opts;

typedef struct wki_web_server wki_web_server;

/* Answers from now on. WK_IO where the port cannot be had. Strings are copied. */
wk_code wki_web_server_open(const wki_web_server_opts *opts, wki_web_server **out,
                            wk_error *err) WK_MUST_USE;

int wki_web_server_port(const wki_web_server *server);

/* Cuts what is being sent, and waits for its threads. Takes NULL. */
void wki_web_server_close(wki_web_server *server);

#ifdef __cplusplus
}
#endif

#endif
