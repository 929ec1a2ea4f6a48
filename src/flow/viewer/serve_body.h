/*
 * Bodies of `serve`: each is made piece by piece while it is sent, so that none is ever whole in
 * memory.
 */
#ifndef WADOKIT_FLOW_VIEWER_SERVE_BODY_H
#define WADOKIT_FLOW_VIEWER_SERVE_BODY_H

#include <pthread.h>

#include "core/buf.h"
#include "dicomweb/web_route.h"
#include "flow/viewer/serve_index.h"
#include "flow/viewer/web_object.h"
#include "serve/web_server.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What all answers share. `free_places` of those who open and draw files at once, so that many
 * connections do not take more memory than there are processors to use it. */
typedef struct wki_serve {
    wk_session *session;
    wki_serve_index index;
    int viewer_fd; /* -1: none */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    unsigned free_places;
} wki_serve;

void wki_serve_enter(wki_serve *s);
void wki_serve_leave(wki_serve *s);

/* Says a line in the log, from any thread. */
void wki_serve_say(wki_serve *s, wk_log_level level, const char *what, const char *why);

/* A key of a search. */
typedef struct wki_serve_key {
    uint32_t tag;
    char value[512];
} wki_serve_key;

enum {
    WKI_SERVE_KEYS = 24
};

/* A search. `levels` says whose attributes a record has. */
typedef struct wki_serve_search {
    wki_web_resource what; /* STUDIES, SERIES or INSTANCES */
    unsigned levels;
    wki_serve_range range;
    wki_serve_key keys[WKI_SERVE_KEYS];
    size_t n_keys;
    uint64_t offset, limit; /* limit UINT64_MAX: none */
} wki_serve_search;

/* Each fills body, type and length of `out`. `root` is "http://127.0.0.1:PORT/dicom-web". What they
 * are given is copied; WK_NOMEM where it cannot be. */
wk_code wki_serve_body_search(wki_serve *s, const wki_serve_search *search, const char *root,
                              wki_web_answer *out, wk_error *err) WK_MUST_USE;
wk_code wki_serve_body_metadata(wki_serve *s, const wki_serve_range *range, const char *root,
                                wki_web_answer *out, wk_error *err) WK_MUST_USE;

/* single: one part without multipart. */
wk_code wki_serve_body_instances(wki_serve *s, const wki_serve_range *range, bool single,
                                 wki_web_answer *out, wk_error *err) WK_MUST_USE;

/* Of the first instance of the range: frames of a list ("" is all), or the bulk data at a path.
 * WK_NOT_FOUND where it is not there. */
wk_code wki_serve_body_frames(wki_serve *s, const wki_serve_range *range, const char *frames,
                              wki_web_answer *out, wk_error *err) WK_MUST_USE;
wk_code wki_serve_body_bulk(wki_serve *s, const wki_serve_range *range, const char *path,
                            wki_web_answer *out, wk_error *err) WK_MUST_USE;

/* Takes the bytes of `buf`. The type is the caller's. */
wk_code wki_serve_body_buf(wki_serve *s, wki_buf *buf, wki_web_answer *out,
                           wk_error *err) WK_MUST_USE;

/* Takes the descriptor, in any case. The type is the caller's. */
wk_code wki_serve_body_fd(wki_serve *s, int fd, uint64_t bytes, wki_web_answer *out,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
