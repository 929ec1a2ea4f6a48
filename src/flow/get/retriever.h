/*
 * The engine of wk_get(): takes plan items, runs their transfers side by side on one thread, and
 * works out what is missing.
 *
 *   item -> task     what is expected, what has come, at which level it is asked for: tells what to
 * ask for next, and is told what came of it task -> pieces   one transfer each
 *
 * One loop (retriever.c) asks the tasks, begins their pieces, runs the transfers, tells the tasks
 * of those that ended, and ends tasks that are over. Nothing else begins or ends anything.
 */
#ifndef WADOKIT_FLOW_GET_RETRIEVER_H
#define WADOKIT_FLOW_GET_RETRIEVER_H

#include <wadokit/plan.h>
#include <wadokit/retrieve.h>

#include "core/seen.h"
#include "flow/fetch/transfer.h"
#include "flow/session.h"
#include "store/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_retriever wki_retriever;
typedef struct wki_task wki_task;
typedef struct wki_job wki_job;
typedef struct wki_piece wki_piece;

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

/* What came of an item whose instances nobody lists: of_series goes with the item's series_hints,
 * `series` has those that something came of. Starts zeroed. */
typedef struct wki_stated {
    uint64_t instances;
    uint64_t *of_series;
    wki_seen series;
} wki_stated;

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
 * stated       what came, to be compared with what the item's source states
 * reported     SOP Instance UIDs that had their report
 * cursor       what of `expected` this stage has asked for; below singly_to one by one
 * asked        the stage's only piece is under way, or was
 * open         pieces under way
 * over         nothing more is to be asked for
 */
struct wki_task {
    wki_retriever *retriever;
    wk_plan_item *item;
    wki_expected *expected;
    size_t n_expected, n_done;
    wki_stage stage;
    size_t cursor, singly_to, open;
    bool asked, over;
    unsigned tries;
    uint64_t instances;
    wk_error error;
    bool broken, partial;
    bool list_failed, divided;
    wki_seen reported;
    wki_stated stated;
    wki_bad_part *bad, **bad_end; /* in order */
    size_t n_bad;
    uint64_t bytes;          /* of bodies */
    int64_t bytes_total;     /* as the answer to its only transfer says, -1 unknown */
    bool begun;              /* a transfer of it was started */
    wki_task *next, **place; /* among all tasks; place NULL: not among them */
};

enum {
    WKI_MAX_PARTS_TOLD = 8
};

/* What a transfer was begun for, its tag: told, once, by the loop that it has ended. The transfer
 * is the loop's. */
struct wki_job {
    void (*ended)(wki_job *job, const wki_transfer *t);
};

/* One transfer of a task. series and sop are "" above their level. */
struct wki_piece {
    wki_job job; /* first */
    wki_task *task;
    char series[WK_UID_SIZE], sop[WK_UID_SIZE];
    wki_store_part *part;
    bool part_skipped;
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
    wki_fetch *fetch;
    size_t expecting;             /* instances of all tasks */
    wki_task *tasks, **tasks_end; /* all, in order */
    size_t n_tasks;
    wk_instance_fn each;
    void *user;
    wk_get_summary summary;
    bool unknown;     /* a task whose number of instances nobody told */
    wk_error failure; /* the first thing that went wrong with an item */
    wk_error fatal;   /* ends the run */
    int64_t started_ms;
    wki_retrieve_parts told;
};

/* WK_USAGE for options, WK_IO for the folder. The session outlives the retriever. */
wk_code wki_retriever_new(wk_session *session, const wk_get_opts *opts, wk_instance_fn each,
                          void *user, wki_retriever **out, wk_error *err) WK_MUST_USE;

/* Transfers run until `enough` says so (or nothing is under way). The run's fatal error. */
wk_code wki_retriever_run_until(wki_retriever *r, bool (*enough)(void *user), void *user,
                                wk_error *err) WK_MUST_USE;

/* The same until one more transfer to where `url` leads would not wait long. */
wk_code wki_retriever_wait(wki_retriever *r, const char *url, wk_error *err) WK_MUST_USE;

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
void wki_retriever_report(wki_task *t, wk_instance_status status, const char *series,
                          const char *sop, const wki_journal_entry *entry, const wk_error *error);
/* Counts and hands over a report; the entry gives UIDs, path, size and digest. */
void wki_retriever_tell(wki_retriever *r, wk_instance_report *rep, const wki_journal_entry *entry);
/* An error that is not of one item. */
bool wki_ends_the_run(wk_code code);

/* retrieve_progress.c: for wki_progress_begin(), with the retriever. */
void wki_retriever_describe(void *retriever, wk_progress *out);
/* Puts a task among those that it tells of, and takes it away (where it is among them). */
void wki_retriever_link(wki_task *t);
void wki_retriever_unlink(wki_task *t);
/* One line in the log for a task that has ended. */
void wki_retriever_say_end(const wki_task *t);

/* retrieve_piece.c: begins a transfer. WK_NOMEM, WK_IO. */
wk_code wki_piece_begin(wki_task *t, const char *series, const char *sop,
                        wk_error *err) WK_MUST_USE;

/* retrieve_stated.c: an instance came that nobody had listed, and had not come before. */
void wki_stated_note(wki_task *t, const char *series);
/* Reports what is missing by what the item's source states. */
void wki_stated_report(wki_task *t);
void wki_stated_clear(wki_stated *s);

/* --- retrieve_task.c --- */

/* What to ask for next; false where nothing is until a piece ends. */
bool wki_task_next(wki_task *t, char series[WK_UID_SIZE], char sop[WK_UID_SIZE]);

/* A piece has ended, or could not be begun: where it was the last one, the next stage begins, or
 * the task is over. */
void wki_task_piece_ended(wki_task *t);

/* Of a task that is over: its last reports, and frees it. */
void wki_task_end(wki_task *t);

/* A transfer for one instance ended with an error. */
void wki_task_instance_failed(wki_task *t, const wki_piece *piece, const wk_error *error);
/* Makes a task of a remote item, unless all of it is there; it joins the retriever's. */
wk_code wki_task_begin(wki_retriever *r, const wk_plan_item *item, wk_error *err) WK_MUST_USE;
/* An instance is there. */
void wki_task_instance(wki_task *t, wk_instance_status status, const wki_journal_entry *entry,
                       const wk_error *error);
/* A part was no instance, or a wrong one. */
void wki_task_bad_part(const wki_piece *piece, const wki_dicom_identity *id, const wk_error *error);

#ifdef __cplusplus
}
#endif

#endif
