/*
 * What is asked for a plan item: addresses below it, and what its requests carry.
 */
#ifndef WADOKIT_FLOW_FETCH_PLAN_ASK_H
#define WADOKIT_FLOW_FETCH_PLAN_ASK_H

#include <wadokit/plan.h>

#include "dicomweb/qido.h"
#include "dicomweb/server.h"
#include "flow/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A request with the item's headers, with credentials where they may go along, and held to where
 * the one who named the item may send us. The rest is empty. Borrows from the item. */
void wki_plan_request(const wk_plan_item *item, wki_http_request *out);

/* The same for a list. */
void wki_plan_qido(wk_session *session, const wk_plan_item *item, wki_qido_opts *out);

/* What is known of the item's server. */
wki_server *wki_plan_server(wk_session *session, const wk_plan_item *item);

/* The same of an address whose service root nobody knows: of its origin. */
wki_server *wki_url_server(wk_session *session, const char *url);

/* The address of an instance of the item's study, on the heap; NULL where that is not known (no
 * service root, an empty UID), or memory is out. */
char *wki_plan_instance_url(const wk_plan_item *item, const char *series, const char *sop);

/* A series of a study item, or an instance where `sop` is not "", as an item of its own; free with
 * wk_plan_item_free(). The item has a service root. */
wk_code wki_plan_part(const wk_plan_item *item, const char *series, const char *sop,
                      wk_plan_item **out, wk_error *err) WK_MUST_USE;

/* The address of an item's metadata, on the heap: that of its instance, where it is a frame. NULL
 * where memory is out. */
char *wki_plan_metadata_url(const wk_plan_item *item);

/* Whether a series of the item's study is covered by other items. */
bool wki_plan_is_excepted(const wk_plan_item *item, const char *series);

/* How many instances the source of an item says there are, 0 where it does not. */
uint64_t wki_plan_count(const wk_plan_item *item);

/* WK_NOT_FOUND where fewer instances, or series (`what`), came than the source of the item states;
 * where the server lists what there is, that counts instead. */
wk_code wki_plan_check_count(uint64_t came, uint64_t stated, const char *what, wk_error *err);

/* Whether the hints of an item name every instance of it. */
bool wki_plan_lists_all(const wk_plan_item *item);

#ifdef __cplusplus
}
#endif

#endif
