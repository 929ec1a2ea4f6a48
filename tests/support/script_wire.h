/*
 * A scripted wire and a clock that only moves when asked: the HTTP client's logic runs on it
 * without network and without waiting.
 */
#ifndef WADOKIT_TESTS_SCRIPT_WIRE_H
#define WADOKIT_TESTS_SCRIPT_WIRE_H

#include "http/transport.h"

enum {
    SCRIPT_MAX = 256
};

/* Answers exchanges in the order they start. A reply with status 0 gives no head. */
typedef struct script_reply {
    int status;
    const char *headers[6]; /* "Name: value" */
    const char *body;       /* NULL: none */
    wki_wire_end end;
    int64_t delay_ms; /* from the start to the answer */
} script_reply;

typedef struct script_seen {
    char method[16];
    char url[256];
    char headers[1024]; /* "Name: value\n" ... */
    char body[128];
    size_t body_n; /* of the whole */
    int64_t at_ms;
    char proxy[128];
    bool gzip, trusted, no_local, no_loopback, fresh;
} script_seen;

typedef struct script_exchange {
    struct script_exchange *next;
    const script_reply *reply;
    wki_wire_events events;
    int64_t due_ms;
} script_exchange;

typedef struct script {
    const script_reply *replies; /* the last one repeats */
    size_t n_replies;
    size_t body_n; /* of each body that is no text; 0: strlen() */
    size_t n_seen; /* exchanges started */
    script_seen seen[SCRIPT_MAX];
    script_exchange *open;
    int n_open, most_open;
    int64_t now_ms;
    wk_cancel *cancel; /* set on after this many exchanges */
    size_t cancel_at;
    wki_clock clock;
} script;

void script_init(script *s, const script_reply *replies, size_t n);
wki_transport script_transport(script *s);

#endif
