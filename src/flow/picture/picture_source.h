/*
 * Where the DICOM bytes of a picture lie: a local file, or an instance fetched into a temporary
 * file that has no name any more.
 */
#ifndef WADOKIT_FLOW_PICTURE_PICTURE_SOURCE_H
#define WADOKIT_FLOW_PICTURE_PICTURE_SOURCE_H

#include <wadokit/plan.h>

#include "flow/picture/picture_run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* path   what to open, owned
 * shown  what to call it: the path, or the URL; owned
 * fd     of a temporary file, owned; -1 for none
 * frame  1-based, where one frame was named; 0 otherwise
 * drawn  a picture that the server drew (server_picture.h), not DICOM */
typedef struct wki_picture_source {
    char *path;
    char *shown;
    int fd;
    uint32_t frame;
    bool drawn;
} wki_picture_source;

void wki_picture_source_clear(wki_picture_source *s);
wk_code wki_picture_source_file(wki_picture_source *out, const char *path,
                                wk_error *err) WK_MUST_USE;

/* Makes an empty temporary file in $TMPDIR (or /tmp) and takes its name away at once, so that
 * nothing stays behind however the run ends. */
wk_code wki_picture_source_temporary(wki_picture_source *out, const char *shown,
                                     wk_error *err) WK_MUST_USE;

/* Bytes behind those that a temporary source has. */
wk_code wki_picture_source_write(wki_picture_source *s, const void *data, size_t n,
                                 wk_error *err) WK_MUST_USE;

/*
 * Fetches by WADO-RS, several at once: every instance of an answer becomes a source. What fails is
 * reported to the run, and the rest goes on.
 */
typedef struct wki_picture_fetch wki_picture_fetch;

/* `tag` is that of the request.
 * fetched  takes the source, in any case; a code other than WK_OK ends the transfer with it
 * failed   true where the failure has been seen to, and is not to be reported; may be NULL. Must
 *          not fetch. `begun`: an answer had come in part */
typedef struct wki_picture_events {
    wk_code (*fetched)(void *user, wki_picture_source *source, void *tag, wk_error *err);
    bool (*failed)(void *user, void *tag, bool begun, const wk_error *error);
    void *user;
} wki_picture_events;

wk_code wki_picture_fetch_new(wki_picture_run *run, const wki_picture_events *events,
                              wki_picture_fetch **out, wk_error *err) WK_MUST_USE;

/*
 * One instance, series or study.
 *   url       without /frames
 *   from      gives headers and credentials; may go after the call
 *   instance  it is one instance
 *   frame     what the sources say: 1-based where one was named, 0 otherwise
 *   one       (of an instance) one frame is drawn and no more: `pick`, 1-based, or the middle one
 *             where that is 0. Then that frame alone is fetched where it is worth it: at once where
 *             frames, rows and cols are known (0: not), else when the header says so; and the whole
 *             where the server does not give what is needed
 *   server    of an instance: a picture by the server in its place: never; where it is large and
 *             no frame alone does, what is `one`; always. Where the server does not draw, it is
 *             fetched as it is
 *   ask       of that picture; its frame is set here
 *   lane      of several servers' requests, below WKI_PICTURE_LANES: each has its own limit
 *   tag       for the events
 */
enum {
    WKI_PICTURE_LANES = 16
};

typedef enum wki_picture_server {
    WKI_SERVER_NEVER,
    WKI_SERVER_LARGE, /* of WK_SERVER_PIXELS and more */
    WKI_SERVER_ALWAYS,
} wki_picture_server;

typedef struct wki_picture_want {
    const char *url;
    const wk_plan_item *from;
    bool instance;
    uint32_t frame;
    bool one;
    uint32_t pick;
    int64_t frames, rows, cols;
    wki_picture_server server;
    const struct wki_server_ask *ask; /* NULL where never */
    unsigned lane;
    void *tag;
} wki_picture_want;

/* Waits while too many transfers of the lane are active. */
wk_code wki_picture_fetch_add(wki_picture_fetch *f, const wki_picture_want *want,
                              wk_error *err) WK_MUST_USE;

bool wki_picture_fetch_has_room(const wki_picture_fetch *f, unsigned lane);

/* Waits until some transfer has ended. */
wk_code wki_picture_fetch_wait(wki_picture_fetch *f, wk_error *err) WK_MUST_USE;

/* Waits for all of them, and frees. Takes NULL. */
wk_code wki_picture_fetch_finish(wki_picture_fetch *f, wk_error *err);

#ifdef __cplusplus
}
#endif

#endif
