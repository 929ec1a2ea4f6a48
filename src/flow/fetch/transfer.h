/*
 * One request to a DICOMweb server and its answer: asked for by the Accept ladder of its form, from
 * the rung that this server is known to take, and taken apart into its parts, whether the answer is
 * a single part or multipart.
 *
 * Parts go out by push, to a sink, while wki_fetch_run() runs. That a transfer has ended goes out
 * by nobody's call: who began it asks wki_fetch_next(). So nothing that was begun here ever calls
 * back into whoever is in the middle of something, and many transfers are one loop:
 *
 *     begin what there is room for; run; take what has ended with wki_fetch_next(); again
 *
 * Whose turn it is among several servers, http_queue.c knows alone.
 */
#ifndef WADOKIT_FLOW_FETCH_TRANSFER_H
#define WADOKIT_FLOW_FETCH_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/plan.h>

#include "dicomweb/multipart.h"
#include "dicomweb/server.h"
#include "dicomweb/wado.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Transfers of one session. */
typedef struct wki_fetch wki_fetch;

/*
 * What is asked for. Copied, but for the item, which outlives the transfer.
 *   url       what is requested
 *   item      whose headers, credentials and limits go along, and whose server it is; NULL: those
 * of an address that the user typed, or that the answer `named_by` named syntax    "*" or a UID;
 * NULL: "*"
 */
typedef struct wki_ask {
    wki_form form;
    const char *url;
    const wk_plan_item *item;
    const char *named_by;
    const char *syntax;
} wki_ask;

typedef struct wki_transfer wki_transfer;

/*
 * Where an answer goes. parts: see multipart.h; a part that ends WKI_PART_CUT may be whole by its
 * own bytes, which its taker knows. received (may be NULL): an answer begins (n = 0), n bytes of it
 * came. All with parts.user.
 */
typedef struct wki_sink_of_parts {
    wki_multipart_events parts;
    void (*received)(void *user, const wki_transfer *t, size_t n);
} wki_sink_of_parts;

/*
 * A transfer, once its answer has begun (for the sink) and when it has ended.
 *   tag       as given
 *   begun     an answer came, if only in part
 *   url       where it came from, after redirects
 *   type      its Content-Type, "" where absent
 *   length    of its body, as it says, -1 unknown
 *   told      HTTP tells where the body ends: by its length or its last chunk
 *   partial   the server said that it leaves something out (206)
 *   bytes, parts   that came
 *   whole     the body ended as such a body should
 *   refused   there is no form of the request that the server takes
 *   error     of HTTP, of the body, or what the sink said; WK_NOT_FOUND where nothing came
 */
struct wki_transfer {
    void *tag;
    wki_form form;
    bool begun;
    char *url;
    char type[256];
    int64_t length;
    bool told, partial;
    uint64_t bytes;
    size_t parts;
    bool whole;
    bool refused;
    wk_error error;
};

wk_code wki_fetch_new(wk_session *session, wki_fetch **out, wk_error *err) WK_MUST_USE;

/* Ends what is under way. Takes NULL. */
void wki_fetch_free(wki_fetch *f);

/* Begins. What cannot even be sent ends at once, with its error, and is had by wki_fetch_next().
 * WK_NOMEM. `out` (may be NULL) is borrowed until the transfer is freed. */
wk_code wki_fetch_begin(wki_fetch *f, const wki_ask *ask, const wki_sink_of_parts *sink, void *tag,
                        wki_transfer **out, wk_error *err) WK_MUST_USE;

/* Whether one more to where `url` leads would not wait long. */
bool wki_fetch_has_room(const wki_fetch *f, const char *url);

/* The transfer that ended first, NULL where none has; to be freed. */
wki_transfer *wki_fetch_next(wki_fetch *f);
void wki_transfer_free(wki_transfer *t);

/* Begun, and not yet had by wki_fetch_next(). */
size_t wki_fetch_active(const wki_fetch *f);

/* Runs until one has ended, `enough` (may be NULL) says so, or nothing is under way. Fails only
 * where the run is cancelled: all have ended then. */
wk_code wki_fetch_run(wki_fetch *f, bool (*enough)(void *user), void *user,
                      wk_error *err) WK_MUST_USE;

/* Ends all of them, as cancelled. */
void wki_fetch_stop(wki_fetch *f);

/* One transfer from start to end, beside those that are under way. Its error is returned. */
wk_code wki_fetch_one(wk_session *session, const wki_ask *ask, const wki_sink_of_parts *sink,
                      wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
