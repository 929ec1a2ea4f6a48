/*
 * The inside of a wk_session: what the flows share.
 */
#ifndef WADOKIT_FLOW_SESSION_H
#define WADOKIT_FLOW_SESSION_H

#include <wadokit/session.h>

#include "core/clock.h"
#include "dicomweb/server.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

struct wk_session {
    wk_session_opts opts; /* strings owned by the session (deep copies) */
    wki_http *http;
    wk_log log;
    const wki_clock *clock;
    wki_servers servers;             /* what is known of DICOMweb servers */
    uint64_t received;               /* bytes of bodies so far */
    size_t n_targets, targets_begun; /* of wk_resolve() */
    bool resolving;
    int *spools; /* n_spools files that hold what came by standard input; closed at the end */
    size_t n_spools;
    /* run_progress.h: who describes what goes on, and when that was told last */
    void (*describe)(void *user, wk_progress *out);
    void *describe_user;
    int64_t told_ms;
    const char *auth; /* "none", "bearer", "basic" or the kind of login: what is used */
    struct wki_session_login *login; /* session_login.h; NULL: no login by OAuth */
    void *owned;                     /* private to session.c */
};

/* The value for {{name}} in an endpoint address (--set, destination_slug), NULL where not given. */
const char *wki_session_lookup(void *session, const char *name);

/* A URL that the user typed: its origin counts as configured where no server is configured. */
wk_code wki_session_typed_url(wk_session *session, const char *url, wk_error *err) WK_MUST_USE;

/* What the session's requests carry; header NULL where it is nothing. Borrowed. */
wki_credential wki_session_credential(wk_session *session);

/* What every HTTP client of the session has in common: TLS, proxy, patience, log. The rest
 * (origins, credentials, headers, limits) is empty. Strings are the session's. */
void wki_session_http_opts(const wk_session *session, wki_http_opts *out);

/* WK_CANCELLED where the run was asked to stop. */
wk_code wki_session_check(const wk_session *session, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
