/*
 * The engine of wk_get(): takes plan items, runs their transfers side by side on one thread, and
 * works out what is missing.
 *
 *   item -> task: what is expected, what has come, at which level it is asked for
 *   task -> jobs: one transfer each; when the last one ends the task goes on to the next level,
 *                 or ends with its reports
 */
#ifndef WADOKIT_FLOW_GET_RETRIEVER_H
#define WADOKIT_FLOW_GET_RETRIEVER_H

#include <wadokit/plan.h>
#include <wadokit/retrieve.h>

#include "core/seen.h"
#include "dicomweb/accept.h"
#include "dicomweb/wado.h"
#include "flow/session.h"
#include "store/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_retriever wki_retriever;
typedef struct wki_task wki_task;
typedef struct wki_job wki_job;

/* An instance that should come. */
typedef struct wki_expected {
    char series[WK_UID_SIZE], sop[WK_UID_SIZE];
    bool done;
    bool answered; /* the server said that it will not come */
    bool changed;  /* its file has other bytes than came once */
} wki_expected;

/* A part that was no instance, or an instance that was asked for by itself and did not come: told
 * at the end, unless the instance came after all. own: the latter. asked: the instance that was
 * asked for where the part does not say what it is; "" where a series or a study was. */
typedef struct wki_bad_part {
    char series[WK_UID_SIZE], sop[WK_UID_SIZE], asked[WK_UID_SIZE];
    wk_error error;
    bool own;
    struct wki_bad_part *next;
} wki_bad_part;

/* How a task asks. Each step asks for what the one before did not bring. */
typedef enum wki_stage {
    WKI_STAGE_WHOLE,    /* the item's own address */
    WKI_STAGE_SERIES,   /* whole series, and single instances of series that are there in part */
    WKI_STAGE_INSTANCE, /* every instance by itself */
    WKI_STAGE_AGAIN,    /* the same once more */
} wki_stage;

/*
 * expected     n_expected, sorted by series and SOP; NULL where nobody tells
 * n_done       of them
 * error        the first failure of a transfer in this stage
 * broken       a body of this stage ended before its end
 * list_failed  the server could not tell what to expect
 * divided      other runs get other instances of it
 * partial      the server said that it leaves something out (206)
 * reported     SOP Instance UIDs that had their report
 */
struct wki_task {
    wki_retriever *retriever;
    wk_plan_item *item;
    wki_expected *expected;
    size_t n_expected, n_done;
    wki_stage stage;
    size_t open_jobs;
    unsigned tries;
    uint64_t instances;
    wk_error error;
    bool broken, partial;
    bool list_failed, divided;
    wki_seen reported;
    wki_bad_part *bad, **bad_end; /* in order */
    size_t n_bad;
    uint64_t bytes;          /* of bodies */
    int64_t bytes_total;     /* as the answer to its only transfer says, -1 unknown */
    bool begun;              /* a transfer of it was started */
    wki_task *next, **place; /* among all tasks; place NULL: not among them */
};

enum {
    WKI_MAX_ROOTS = 64,
    WKI_MAX_PARTS_TOLD = 8
};

/* What was learnt of a server. */
typedef struct wki_root_memory {
    char *root;
    int step;      /* of the Accept ladder that worked */
    bool no_qido;  /* does not answer QIDO */
    size_t active; /* jobs that run */
} wki_root_memory;

/* One transfer. series and sop are "" above their level. */
struct wki_job {
    wki_task *task;
    char series[WK_UID_SIZE], sop[WK_UID_SIZE];
    int step; /* of the Accept ladder */
    wki_wado_body *body;
    wki_store_part *part;
    wki_root_memory *root; /* while it runs */
    bool part_open, part_skipped;
    bool length_known;
    bool partial;
    wki_job *next;
};

/* What was told of the tasks under way. */
typedef struct wki_retrieve_parts {
    wk_progress_part parts[WKI_MAX_PARTS_TOLD];
    char names[WKI_MAX_PARTS_TOLD][2 * WK_UID_SIZE + 32];
} wki_retrieve_parts;

struct wki_retriever {
    wk_session *session;
    wki_store *store;
    char *dir;
    char syntax[WK_UID_SIZE];
    wk_get_by by;
    bool bulkdata;
    size_t max_jobs, active, waiting; /* waiting: jobs in the queue */
    size_t expecting;                 /* instances of all tasks */
    wki_job *first, *last;            /* waiting */
    wki_task *tasks, **tasks_end;     /* all, in order */
    size_t n_tasks;
    wk_instance_fn each;
    void *user;
    wk_get_summary summary;
    bool unknown;     /* a task whose number of instances nobody told */
    wk_error failure; /* the first thing that went wrong with an item */
    wk_error fatal;   /* ends the run */
    wki_root_memory roots[WKI_MAX_ROOTS];
    size_t n_roots;
    wki_root_memory other; /* of servers that there was no room for */
    bool pumping;
    int64_t started_ms;
    wki_retrieve_parts told;
};

/* WK_USAGE for options, WK_IO for the folder. The session outlives the retriever. */
wk_code wki_retriever_new(wk_session *session, const wk_get_opts *opts, wk_instance_fn each,
                          void *user, wki_retriever **out, wk_error *err) WK_MUST_USE;

/* Transfers run until `enough` says so (or nothing is under way). The run's fatal error. */
wk_code wki_retriever_run_until(wki_retriever *r, bool (*enough)(void *user), void *user,
                                wk_error *err) WK_MUST_USE;

/* The same until one more transfer may begin beside them. */
wk_code wki_retriever_wait(wki_retriever *r, wk_error *err) WK_MUST_USE;

/* Takes one item (copied). Transfers run meanwhile; it returns when there is room for more. A
 * failure of the item is reported, and no failure of the call. */
wk_code wki_retriever_add(wki_retriever *r, const wk_plan_item *item, wk_error *err) WK_MUST_USE;

/* Runs all transfers to their end and fills the summary. Returns as wk_get(). */
wk_code wki_retriever_finish(wki_retriever *r, wk_get_summary *summary, wk_error *err) WK_MUST_USE;

/* To be called after wki_retriever_finish(). */
void wki_retriever_free(wki_retriever *r);

/* --- between the files of the engine --- */

/* Whether an instance is of this run's shard: by its own UID, or where whole series or studies are
 * asked for (wk_get_opts.by) by theirs. "" for what is not known. */
bool wki_retriever_has(const wki_retriever *r, const char *study, const char *series,
                       const char *sop);
wki_root_memory *wki_retriever_root(wki_retriever *r, const char *root);
void wki_retriever_report(wki_task *t, wk_instance_status status, const char *series,
                          const char *sop, const wki_journal_entry *entry, const wk_error *error);
/* Counts and hands over a report; the entry gives UIDs, path, size and digest. */
void wki_retriever_tell(wki_retriever *r, wk_instance_report *rep, const wki_journal_entry *entry);
/* Starts waiting jobs as long as there is room. */
void wki_retriever_pump(wki_retriever *r);

/* retrieve_progress.c: for wki_progress_begin(), with the retriever. */
void wki_retriever_describe(void *retriever, wk_progress *out);
/* Puts a task among those that it tells of, and takes it away (where it is among them). */
void wki_retriever_link(wki_task *t);
void wki_retriever_unlink(wki_task *t);
/* One line in the log for a task that has ended. */
void wki_retriever_say_end(const wki_task *t);

/* Puts a job behind the others. False where memory is out (fatal is set). */
bool wki_job_add(wki_task *t, const char *series, const char *sop);
/* Starts the transfer; where it cannot, the job ends at once with its error. Takes the job. */
void wki_job_start(wki_job *job);
void wki_job_free(wki_job *job);

/* A transfer for one instance ended with an error. */
void wki_task_instance_failed(wki_task *t, const wki_job *job, const wk_error *error);
/* Makes a task of a remote item and its first jobs; ends it at once where all is there. */
wk_code wki_task_begin(wki_retriever *r, const wk_plan_item *item, wk_error *err) WK_MUST_USE;
/* A job has ended. May end, and free, the task. */
void wki_task_job_done(wki_task *t);
/* An instance is there. */
void wki_task_instance(wki_task *t, wk_instance_status status, const wki_journal_entry *entry,
                       const wk_error *error);
/* A part was no instance, or a wrong one. */
void wki_task_bad_part(const wki_job *job, const wki_dicom_identity *id, const wk_error *error);

#ifdef __cplusplus
}
#endif

#endif
