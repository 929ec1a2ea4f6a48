/*
 * One frame of an instance at a server: its metadata and the frame's bytes are fetched side by side
 * and become a source that is drawn like the whole (frame_file.h).
 */
#ifndef WADOKIT_FLOW_PICTURE_FRAME_FETCH_H
#define WADOKIT_FLOW_PICTURE_FRAME_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/plan.h>

#include "flow/picture/picture_source.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a frame alone is worth the metadata that it needs: of several, and of so many pixels that
 * the others are more, however well they are compressed. */
bool wki_frame_is_worth(int64_t frames, int64_t rows, int64_t cols);

/* Called once, when both have come or one has failed. `source` is taken where rc is WK_OK, NULL
 * otherwise; `refused`: the server has no frames for anybody. */
typedef void (*wki_frame_done)(void *user, wk_code rc, wki_picture_source *source, bool refused,
                               const wk_error *error);

/* Starts; `url` is that of the instance, `frame` 1-based, `from` gives headers and credentials and
 * outlives the call to `done`. The server's refusals of a form of request are tried around. */
wk_code wki_frame_fetch(wki_http *http, const char *url, const wk_plan_item *from, uint32_t frame,
                        wki_frame_done done, void *user, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
