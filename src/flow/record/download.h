/*
 * Bodies fetched side by side, each into a place of its own; one that broke off is asked for again
 * from its start.
 */
#ifndef WADOKIT_FLOW_RECORD_DOWNLOAD_H
#define WADOKIT_FLOW_RECORD_DOWNLOAD_H

#include <stddef.h>

#include <wadokit/error.h>

#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_download wki_download;

typedef struct wki_downloads {
    wk_session *session;
    size_t active, most;
} wki_downloads;

/*
 * What is fetched; filled by the caller, strings are borrowed until done().
 *   begin   an answer with 2xx begins: what an earlier attempt left is to be dropped
 *   body    a piece of it
 *   done    the last call, exactly one; `error` is WK_OK where the body arrived whole. May free the
 *           struct, and must not add
 */
struct wki_download {
    const char *url, *accept, *named_by;
    wki_http_auth auth;
    wk_code (*begin)(wki_download *d, const wki_http_head *head, wk_error *err);
    wk_code (*body)(wki_download *d, const void *data, size_t n, wk_error *err);
    void (*done)(wki_download *d, const wk_error *error);
    /* private */
    wki_downloads *owner;
    int attempts;
};

void wki_downloads_init(wki_downloads *q, wk_session *session);

/* Starts one, having waited until there is room. On failure done() was called all the same. */
wk_code wki_downloads_add(wki_downloads *q, wki_download *d, wk_error *err) WK_MUST_USE;

/* Until all are done. */
wk_code wki_downloads_wait(wki_downloads *q, wk_error *err) WK_MUST_USE;

/* Fetches one to its end. The error of the download is returned too. */
wk_code wki_download_run(wk_session *session, wki_download *d, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
