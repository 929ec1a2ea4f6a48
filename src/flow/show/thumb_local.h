/*
 * Local files on their way into the list of what could be drawn. Their heads are read by several
 * threads at once: on a network file system each waits.
 */
#ifndef WADOKIT_FLOW_SHOW_THUMB_LOCAL_H
#define WADOKIT_FLOW_SHOW_THUMB_LOCAL_H

#include "dicom/dicom_scan.h"
#include "flow/picture/picture_run.h"
#include "flow/show/thumb_pick.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_thumb_local wki_thumb_local;

/* `run` and `list` are borrowed; nobody else may touch the list before the end. */
wk_code wki_thumb_local_new(wki_picture_run *run, wki_thumb_list *list, wki_thumb_local **out,
                            wk_error *err) WK_MUST_USE;

/* One thread adds. What cannot be read is reported to the run. WK_NOMEM. */
wk_code wki_thumb_local_add(wki_thumb_local *l, const char *path, wk_error *err) WK_MUST_USE;

/* Waits until all are in the list, in any order, and frees. Takes NULL. WK_NOMEM. */
wk_code wki_thumb_local_finish(wki_thumb_local *l, wk_error *err) WK_MUST_USE;

/* What the head of an instance tells of its entry. */
void wki_thumb_entry_fill(wki_thumb_entry *e, const wki_dicom_identity *id);

#ifdef __cplusplus
}
#endif

#endif
