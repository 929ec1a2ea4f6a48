/*
 * The middle instance of a series of a server that has many, without a list of them all: some
 * servers give 2 KB of each.
 */
#ifndef WADOKIT_FLOW_SHOW_THUMB_MIDDLE_H
#define WADOKIT_FLOW_SHOW_THUMB_MIDDLE_H

#include <stdbool.h>

#include <wadokit/plan.h>
#include <wadokit/thumbnail.h>

#include "dicomweb/qido.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_MIDDLE_FROM = 100 /* rows; fewer are listed */
};

/* Whether it may be of use: one picture a series or a study is drawn of a study or series that is
 * not listed yet, and the server is not known to lack what it takes. */
bool wki_thumb_middle_may_be(wk_session *session, const wk_plan_item *item, wk_thumb_per per);

/* Hands over the middle instance of each series of the item (per study: of the largest), by its
 * Instance Number, where the server says how many there are and numbers them from 1 as far as can
 * be seen. *done is false, and nothing is handed over, where that is not so: then a list tells.
 * Fails with WK_CANCELLED and WK_NOMEM, and with what `each` returned. */
wk_code wki_thumb_middle(wk_session *session, const wk_plan_item *item, wk_thumb_per per,
                         wki_qido_instance_fn each, void *user, bool *done,
                         wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
