/*
 * What goes on, for the session's progress display: a flow says who can describe it, and is asked
 * while transfers run.
 */
#ifndef WADOKIT_FLOW_RUN_PROGRESS_H
#define WADOKIT_FLOW_RUN_PROGRESS_H

#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From now on `describe` is asked, on the thread that runs transfers: it fills what it knows, the
 * rest is as wki_progress_init() leaves it, and takes from `targets` what is still under way. What
 * it points to lives until it is asked again. A flow inside of another one's takes nothing away
 * from it. */
void wki_progress_begin(wk_session *session, void (*describe)(void *user, wk_progress *out),
                        void *user);

/* To be called with the same `user`. */
void wki_progress_end(wk_session *session, void *user);

/* Nothing is known, and nothing waits. */
void wki_progress_init(wk_progress *p);

/* Tells it at once; from any thread. */
void wki_progress_tell(const wk_session *session, const wk_progress *p);

/* Asks and tells, at most ten times a second. For wki_http_opts.turn; takes the session. */
void wki_progress_turn(void *session);

#ifdef __cplusplus
}
#endif

#endif
