/*
 * The cheapest way to the bytes of a picture: of an instance at a server a single frame with its
 * metadata, a picture that the server draws, or the whole; of a series or study every instance of
 * it. What a server does not give comes by the next way, and the whole is the last.
 *
 * As with transfers (transfer.h): add what is wanted, run, take what came with wki_ways_next(),
 * again.
 */
#ifndef WADOKIT_FLOW_FETCH_WAYS_H
#define WADOKIT_FLOW_FETCH_WAYS_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/plan.h>

#include "flow/fetch/picture_source.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_ways wki_ways;

enum {
    WKI_SERVER_WINDOW_SIZE = 96
};

/*
 * What a server is asked to draw.
 * thumbnail  ask for /thumbnail first (not where there is a window: it takes none)
 * png        PNG is wanted first, else JPEG
 * frame      1-based; 0: the instance as the server shows it
 * width, height    the box, 0: full size
 * window     "C,W,linear" as of PS3.18 section 8.3.5.1.4, "" for the server's own
 */
typedef struct wki_server_ask {
    bool thumbnail, png;
    uint32_t frame;
    uint32_t width, height;
    char window[WKI_SERVER_WINDOW_SIZE];
} wki_server_ask;

/* Asks for no more pixels than rows x cols fitted into the box have: servers are known to enlarge.
 */
void wki_server_fit(wki_server_ask *ask, int64_t rows, int64_t cols);

typedef enum wki_picture_server {
    WKI_SERVER_NEVER,
    WKI_SERVER_LARGE, /* of WK_SERVER_PIXELS and more */
    WKI_SERVER_ALWAYS,
} wki_picture_server;

/*
 * One instance, series or study.
 *   url       without /frames
 *   item      gives headers and credentials; borrowed until it is over
 *   instance  it is one instance
 *   frame     what the sources say: 1-based where one was named, 0 otherwise
 *   one       (of an instance) one frame is drawn and no more: `pick`, 1-based, or the middle one
 *             where that is 0. Then that frame alone is fetched where it is worth it: at once where
 *             frames, rows and cols are known (0: not), else when the header says so; and the whole
 *             where the server does not give what is needed
 *   server    of an instance: a picture by the server in its place: never; where it is large and
 *             no frame alone does, what is `one`; always. Where the server does not draw, it is
 *             fetched as it is
 *   ask       of that picture; its frame is set here. NULL where never
 *   tag       for who wants it
 */
typedef struct wki_want {
    const char *url;
    const wk_plan_item *item;
    bool instance;
    uint32_t frame;
    bool one;
    uint32_t pick;
    int64_t frames, rows, cols;
    wki_picture_server server;
    const wki_server_ask *ask;
    void *tag;
} wki_want;

/* What came of a want: a source, to be kept or cleared; in the end, `over`, that nothing more
 * comes: then source.shown says what was asked for, `error` why the rest does not come (WK_OK where
 * all of it did), `begun` that an answer had come in part, and `unclosed` that only the
 * closing delimiter is missing, which would tell that all of it came: the error says so. */
typedef struct wki_got {
    void *tag;
    wki_picture_source source;
    bool over;
    wk_error error;
    bool begun, unclosed;
} wki_got;

wk_code wki_ways_new(wk_session *session, wki_ways **out, wk_error *err) WK_MUST_USE;

/* Ends what is under way. Takes NULL. */
void wki_ways_free(wki_ways *w);

/* Begins as soon as its server has room: a slow server, and a long row of what is wanted of it,
 * holds up no other. WK_NOMEM. */
wk_code wki_ways_add(wki_ways *w, const wki_want *want, wk_error *err) WK_MUST_USE;

/* How many have not begun. Who adds many waits while there are too many. */
size_t wki_ways_waiting(const wki_ways *w);

/* What came first; false where nothing has. */
bool wki_ways_next(wki_ways *w, wki_got *out);

/* Whether something is wanted still, or can be had. */
bool wki_ways_are_open(const wki_ways *w);

/* Runs until something can be had, or nothing is under way. WK_CANCELLED. */
wk_code wki_ways_run(wki_ways *w, wk_error *err) WK_MUST_USE;

/* Whether a frame alone is worth the metadata that it needs: of several, and of so many pixels that
 * the others are more, however well they are compressed. */
bool wki_frame_is_worth(int64_t frames, int64_t rows, int64_t cols);

#ifdef __cplusplus
}
#endif

#endif
