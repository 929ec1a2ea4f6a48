/*
 * A plan item that a server does not give as a whole, in smaller pieces.
 */
#ifndef WADOKIT_FLOW_PICTURE_PLAN_PARTS_H
#define WADOKIT_FLOW_PICTURE_PLAN_PARTS_H

#include <stdbool.h>

#include "flow/picture/picture_run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether smaller pieces may fare better than what failed so: not where it has none, or where the
 * server cannot be reached or does not let us in. `begun`: an answer had come in part. */
bool wki_plan_may_divide(const wk_plan_item *item, bool begun, const wk_error *why);

/* Asks the server for the series of a study, or the instances of a series, and adds an item for
 * each to `list`, without those that other items cover. WK_UNSUPPORTED where the item has no
 * service root, WK_NOT_FOUND where the server lists none, and what QIDO-RS fails with. */
wk_code wki_plan_divide(wk_session *session, const wk_plan_item *item, wki_plan_list *list,
                        wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
