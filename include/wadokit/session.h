/*
 * A session: what is common to all work of one run - servers, credentials, patience, limits,
 * where words go. Every other call takes one.
 */
#ifndef WADOKIT_SESSION_H
#define WADOKIT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/cancel.h>
#include <wadokit/error.h>
#include <wadokit/log.h>
#include <wadokit/shard.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One of several things under way side by side: a study, a series. */
typedef struct wk_progress_part {
    const char *what;
    uint64_t bytes;
    int64_t bytes_total;
    uint64_t items;
    int64_t items_total;
} wk_progress_part;

/* What a run is doing now, for a progress display. Totals are -1 where unknown; everything is
 * borrowed during the call.
 *   what           "studies/1.2.3" or a file
 *   bytes          of bodies received (retrieval) or files written (drawing) so far
 *   items          instances, pictures or files that are finished
 *   growing        not every target was looked at yet: items_total is that of what is known so far
 *   targets        of them, that are finished; targets_total is what the call was given
 *   parts          n_parts of what is under way, the oldest first
 *   wait_origin    a server whose next answer is waited for before going on, NULL where none is;
 *                  wait_status is its last answer (202, 429, 503 ...; 0: none came), wait_asked
 * whether it named the time, wait_ms how much of it is left */
typedef struct wk_progress {
    const char *what;
    uint64_t bytes;
    int64_t bytes_total;
    uint64_t items;
    int64_t items_total;
    bool growing;
    uint64_t targets;
    int64_t targets_total;
    const wk_progress_part *parts;
    size_t n_parts;
    const char *wait_origin;
    int wait_status;
    bool wait_asked;
    int64_t wait_ms;
} wk_progress;

/* The sandbox of decoders, which run in a process of their own in any case (wadokit(1), SANDBOX). */
typedef enum wk_sandbox {
    WK_SANDBOX_AUTO,    /* a missing part is a warning, once */
    WK_SANDBOX_REQUIRE, /* it is WK_REFUSED, and nothing is decoded there */
    WK_SANDBOX_OFF,     /* none but the limits of memory and time */
} wk_sandbox;

/*
 * Strings are borrowed until wk_session_new() returns; NULL means "not given".
 *
 * Servers
 *   fhir, dicomweb, base   root URLs (base: a vendor API). They are the origins that credentials
 *                          were configured for. Where none of them is given, the origins of the
 *                          URL targets that the user typed are.
 *   allow_origins          n_allow_origins more origins ("https://host[:port]") that credentials
 *                          may go to
 *   map_origins            n_map_origins "FROM=TO": what a server calls itself (in next links,
 *                          BulkDataURIs, Endpoints, redirects), and what that is from here: two
 *                          URLs, each may have a path
 *   sets                   n_sets "NAME=VALUE" that fill {{NAME}} in endpoint addresses
 *   include_entered_in_error   FHIR: also take studies that were entered in error, or cancelled
 *   no_include             FHIR: ask for no Endpoints with a search (_include); they are read one
 *                          by one. Servers that refuse it are asked again without it in any case
 *
 * Credentials: at most one of token*, user
 *   token_file             first line is a bearer token, read again when it must be renewed
 *   token_command          run by /bin/sh -c; first line of its output is a bearer token
 *   token                  a bearer token (of the environment)
 *   user, password_file, password   HTTP Basic
 *   aws_sigv4              "aws:amz:REGION:SERVICE": user and password are a key id and its secret,
 *                          which sign requests to configured origins (AWS Signature Version 4)
 *   netrc                  look credentials up in ~/.netrc for configured origins
 *   auth                   which of them to use: "none", "bearer" (token*), "basic" (user or
 * netrc), or a login by OAuth 2.0: "client-credentials" (client_id and secret), "backend-services"
 * (client_id and private_key), "smart" (a person, wk_auth_login() in auth.h). NULL: what is given
 * Logins by OAuth 2.0; with these, token_file gives the first token
 *   token_url              token endpoint; NULL: the FHIR server is asked
 *   authorize_url          smart: where people log in; NULL: the FHIR server is asked
 *   client_id, client_secret, client_secret_file (first line)
 *   client_auth            how the secret is sent: "post" (default), "basic", or "basic-raw" for
 *                          servers that do not decode it
 *   scope                  separated by spaces
 *   private_key, key_id    PEM or JWK file, and its kid
 *   jwt_alg                "RS384" or "ES384"; NULL: as the key is
 *   profile                a name that keeps logins apart
 *   state_dir              tokens are kept in state_dir/wadokit; NULL: $XDG_STATE_HOME/wadokit,
 * else
 *                          ~/.local/state/wadokit
 * Transport
 *   cacert, cert, key      PEM files      proxy   URL, NULL: the environment's
 *   key_password_file, key_password   the pass phrase that `key` is under: the first line of a file, or
 *                          itself
 *   headers                n_headers "Name: value" added to requests to configured origins
 *   source_id              value of redox-source-id for configured origins
 *   jobs                   transfers (or drawing threads) at once, 0: default
 *   retries                attempts after the first, negative: default (5)
 *   max_wait_s             total patience for 202/429/503, negative: default (300)
 *   connect_timeout_s, idle_timeout_s   0: default (30, 60)
 *   speed_limit, speed_time_s   a transfer ends (WK_NET, tried again like one that broke off) that
 *                          moves fewer bytes a second than speed_limit for so many seconds, what a
 *                          server takes to begin its answer not counted. 0: default (10, and 120,
 *                          or 30 where speed_limit is given); speed_limit negative: any rate will
 *                          do
 *   max_bytes              most bytes one run may receive, 0: no limit
 *   shard                  do this part only. wk_get() and wk_render() divide by SOP Instance UID
 *                          (wk_get() with WK_BY_SERIES or WK_BY_STUDY by theirs), wk_thumbnail()
 *                          by the UIDs that name a picture. What has no UID goes by its name; what
 *                          a server without QIDO-RS has goes by the UID of the target
 * Decoders: for the whole process, what the last session said
 *   sandbox                what to do where this system lacks a part of the sandbox
 *   decoder                the program wadokit-decode, of the same version; NULL: it is found
 *                          beside the file that has this library
 */
typedef struct wk_session_opts {
    const char *fhir;
    const char *dicomweb;
    const char *base;
    const char *const *allow_origins;
    size_t n_allow_origins;
    const char *const *map_origins;
    size_t n_map_origins;
    const char *const *sets;
    size_t n_sets;
    bool include_entered_in_error;
    bool no_include;

    const char *token_file;
    const char *token_command;
    const char *token;
    const char *user;
    const char *password_file;
    const char *password;
    const char *aws_sigv4;
    bool netrc;

    const char *auth;
    const char *token_url;
    const char *authorize_url;
    const char *client_id;
    const char *client_secret;
    const char *client_secret_file;
    const char *client_auth;
    const char *scope;
    const char *private_key;
    const char *key_id;
    const char *jwt_alg;
    const char *profile;
    const char *state_dir;

    const char *cacert;
    const char *cert;
    const char *key;
    const char *key_password_file;
    const char *key_password;
    const char *proxy;
    const char *const *headers;
    size_t n_headers;
    const char *source_id;
    const char *destination_slug; /* fills {{destination-slug}} */

    int jobs;
    int retries;
    int max_wait_s;
    int connect_timeout_s;
    int idle_timeout_s;
    int speed_limit;
    int speed_time_s;
    uint64_t max_bytes;
    wk_shard shard;
    wk_sandbox sandbox;
    const char *decoder;

    wk_log log;
    const wk_cancel *cancel; /* may be NULL; must outlive the session */
    /* May be NULL. Called at most about ten times a second while transfers run, and for each
     * picture; pictures are told by the threads that draw them, never by two at once. */
    void (*progress)(void *user, const wk_progress *progress);
    void *progress_user;
} wk_session_opts;

typedef struct wk_session wk_session;

/* Checks the options (WK_USAGE, WK_IO for unreadable files) and makes a session. Nothing is sent.
 * Free with wk_session_free(). One thread at a time. */
WK_API wk_code wk_session_new(const wk_session_opts *opts, wk_session **out,
                              wk_error *err) WK_MUST_USE;
WK_API void wk_session_free(wk_session *session);

#ifdef __cplusplus
}
#endif

#endif
