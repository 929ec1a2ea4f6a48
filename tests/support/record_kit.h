/* A session on a scripted wire, a folder for what it saves, and what it logged: for the flows of
 * src/flow/record. */
#ifndef WADOKIT_TESTS_RECORD_KIT_H
#define WADOKIT_TESTS_RECORD_KIT_H

#include <fcntl.h>

#include "flow/session.h"
#include "json/problem.h"
#include "support/scratch.h"
#include "support/script_wire.h"
#include "support/t.h"

typedef struct record_kit {
    script script;
    scratch scratch;
    wk_session session;
    wk_cancel cancel;
    char log[4096];
} record_kit;

static inline void record_hear(void *user, wk_log_level level, const char *message)
{
    record_kit *kit = (record_kit *)user;
    size_t used = strlen(kit->log);

    (void)level;
    snprintf(kit->log + used, sizeof kit->log - used, "%s\n", message);
}

/* One transfer at a time, so that the replies are those of the requests in their order. The FHIR
 * server is https://h/f. */
static inline void record_open(record_kit *kit, const script_reply *replies, size_t n)
{
    static const char *const origins[] = {"https://h"};
    wki_http_opts opts = {.origins = origins,
                          .n_origins = 1,
                          .retries = 0,
                          .max_wait_ms = -1,
                          .max_transfers = 1,
                          .explain = wki_problem_text};
    wki_transport wire;
    wk_error err = {0};

    memset(kit, 0, sizeof *kit);
    scratch_make(&kit->scratch);
    script_init(&kit->script, replies, n);
    wire = script_transport(&kit->script);
    kit->session.opts.fhir = "https://h/f";
    kit->session.opts.base = "https://h/b";
    kit->session.opts.jobs = 1;
    kit->session.opts.retries = 0;
    kit->session.opts.max_wait_s = -1;
    kit->session.opts.cancel = &kit->cancel;
    kit->session.clock = &kit->script.clock;
    kit->session.log = (wk_log){record_hear, kit, WK_LOG_WARN};
    opts.log = &kit->session.log;
    opts.cancel = &kit->cancel;
    opts.clock = &kit->script.clock;
    T_OK(wki_http_new_on(&opts, &wire, &kit->session.http, &err), &err);
}

/* Other replies from now on, for a run that follows. */
static inline void record_next(record_kit *kit, const script_reply *replies, size_t n)
{
    kit->script.replies = replies;
    kit->script.n_replies = n;
    kit->script.n_seen = 0;
    kit->log[0] = '\0';
}

static inline void record_close(record_kit *kit)
{
    wki_http_free(kit->session.http);
    scratch_remove(&kit->scratch);
}

/* The text of a file below the folder, "(none)" where it is not there; two results live. */
static inline const char *record_text(const record_kit *kit, const char *name)
{
    static char texts[2][4096];
    static unsigned next;
    char *text = texts[next++ % 2];
    FILE *f = fopen(scratch_path(&kit->scratch, name), "rb");
    size_t n;

    if (!f)
        return "(none)";
    n = fread(text, 1, sizeof texts[0] - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

#endif
