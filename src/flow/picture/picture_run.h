/*
 * What drawing many pictures has in common: who hears of them, how they are counted, and with which
 * code the run ends. Used by several threads at once.
 */
#ifndef WADOKIT_FLOW_PICTURE_PICTURE_RUN_H
#define WADOKIT_FLOW_PICTURE_PICTURE_RUN_H

#include <pthread.h>

#include <wadokit/convert.h>
#include <wadokit/plan.h>

#include "flow/draw/drawing.h"
#include "flow/fetch/plan_ask.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_picture_run {
    wk_session *session;
    wk_image_fn on_image;
    void *user;
    wki_drawing_opts drawing;
    wki_picture_out out;

    pthread_mutex_t lock; /* of all that follows, and of calls to on_image */
    wk_image_summary summary;
    wk_error first;     /* failure */
    uint64_t elsewhere; /* left to other shards */
    uint64_t received;  /* bytes, from servers */
    char last[128];     /* the picture that was told of */
    int64_t started_ms;
} wki_picture_run;

/* Opens the output and settles the format: `format`, else the output's suffix, else `fallback`.
 * `window` NULL: "dicom". Clear with wki_picture_run_clear() in any case. */
wk_code wki_picture_run_init(wki_picture_run *run, wk_session *session, const char *output,
                             int output_fd, wk_picture_format format, wk_picture_format fallback,
                             const char *window, wk_error *err) WK_MUST_USE;
void wki_picture_run_clear(wki_picture_run *run);

/* Checks how pictures shall look, and notes it. WK_USAGE. */
wk_code wki_picture_run_look(wki_picture_run *run, const wk_picture_look *look,
                             wk_error *err) WK_MUST_USE;

/* The same without an output: `run->out` is not to be used, and the format is JPEG. */
wk_code wki_picture_run_begin(wki_picture_run *run, wk_session *session, const char *window,
                              wk_error *err) WK_MUST_USE;

/* Counts a report and hands it on. */
void wki_picture_run_report(wki_picture_run *run, const wk_image_report *report);

/* Whether this run's shard does what has this key; counts what it does not. */
bool wki_picture_run_is_here(wki_picture_run *run, const char *key);

/* Counts and hands on a source that gave nothing. `item` may be NULL. */
void wki_picture_run_failed(wki_picture_run *run, const char *source, const wk_plan_item *item,
                            const wk_error *error);

/* An item that gives nothing: reported where it is a failure, else said in the log. */
void wki_picture_run_notice(wki_picture_run *run, const wk_plan_item *item);

/* Items kept for later, deep copies. */
typedef struct wki_plan_list {
    wk_plan_item **items;
    size_t n, room;
} wki_plan_list;

wk_code wki_plan_list_add(wki_plan_list *list, const wk_plan_item *item, wk_error *err) WK_MUST_USE;
/* An item of a series, or of an instance where `sop` is not "", of an item's study. */
wk_code wki_plan_list_add_part(wki_plan_list *list, const wk_plan_item *item, const char *series,
                               const char *sop, wk_error *err) WK_MUST_USE;
void wki_plan_list_clear(wki_plan_list *list);

/* Adds an item to a list; where several runs share the work, what of it belongs to this run's
 * shard: in the place of a study or series those of its instances, by QIDO-RS; one that cannot be
 * listed counts as failed, unless the server has no such lists: then it belongs to one run as a
 * whole. */
wk_code wki_picture_run_divide(wki_picture_run *run, const wk_plan_item *item, wki_plan_list *out,
                               wk_error *err) WK_MUST_USE;

/* Whether an instance that came is one that the item asks for: WK_REFUSED where it is of another
 * study or series, or another instance; what the item does not say is not compared. */
wk_code wki_plan_check_instance(const wk_plan_item *item, const char *study, const char *series,
                                const char *sop, wk_error *err) WK_MUST_USE;

/* Threads to draw with. */
unsigned wki_picture_run_threads(const wki_picture_run *run);

/* The code of the whole run, after the last report. `resolve` is what wk_resolve() returned, with
 * its error in `err`. */
wk_code wki_picture_run_end(wki_picture_run *run, wk_code resolve,
                            const wk_resolve_summary *resolved, wk_image_summary *summary,
                            wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
