/*
 * What is asked for a plan item: addresses below it, and what its requests carry.
 */
#ifndef WADOKIT_FLOW_FIND_PLAN_ASK_H
#define WADOKIT_FLOW_FIND_PLAN_ASK_H

#include <wadokit/log.h>
#include <wadokit/plan.h>

#include "dicomweb/qido.h"
#include "http/http.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A request with the item's headers, with credentials where they may go along, and held to where
 * the one who named the item may send us. The rest is empty. Borrows from the item. */
void wki_plan_request(const wk_plan_item *item, wki_http_request *out);

/* The same for a list. */
void wki_plan_qido(const wk_plan_item *item, const wk_log *log, wki_qido_opts *out);

/* The address of an instance of the item's study, on the heap; NULL where that is not known (no
 * service root, an empty UID), or memory is out. */
char *wki_plan_instance_url(const wk_plan_item *item, const char *series, const char *sop);

/* The address of an item's metadata, on the heap: that of its instance, where it is a frame. NULL
 * where memory is out. */
char *wki_plan_metadata_url(const wk_plan_item *item);

#ifdef __cplusplus
}
#endif

#endif
