/*
 * Many fetches from several servers, each with a lane of its own: while one is slow, and its lane
 * is full, the others go on.
 */
#ifndef WADOKIT_FLOW_PICTURE_PICTURE_LANES_H
#define WADOKIT_FLOW_PICTURE_PICTURE_LANES_H

#include "flow/picture/picture_run.h"
#include "flow/picture/picture_source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The lane of each item of a list, by its service root; the last lane takes those that are left. */
wk_code wki_picture_lanes(const wki_plan_list *list, unsigned char **lanes,
                          wk_error *err) WK_MUST_USE;

/* One of n things: its lane, or -1 for what is not to be started; and its start, which adds at most
 * one fetch in that lane. */
typedef struct wki_picture_lane_user {
    int (*lane)(void *user, size_t i);
    wk_code (*start)(void *user, size_t i, wk_error *err);
    void *user;
} wki_picture_lane_user;

/* Starts all of n, in order within a lane, as soon as their lanes have room. The first failure of a
 * start ends it. What was started may still be under way. */
wk_code wki_picture_lanes_run(wki_picture_fetch *f, size_t n, const wki_picture_lane_user *user,
                              wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
