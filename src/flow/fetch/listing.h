/*
 * What an item holds, by whoever tells: the source that named it, its server's QIDO-RS, the
 * metadata. The only place that asks.
 */
#ifndef WADOKIT_FLOW_FETCH_LISTING_H
#define WADOKIT_FLOW_FETCH_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/plan.h>

#include "dicomweb/qido.h"
#include "flow/session.h"
#include "json/json_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * item      an instance or frame holds itself
 * details   numbers, classes and sizes are wanted too, not UIDs alone: some servers open every file
 *           for them, and fail where one is broken
 * most      rows of a list are wanted, 0: all; then *found is not less where there may be more
 * metadata  may be asked for where nobody else tells: says much more of each instance than a list
 *           needs
 */
typedef struct wki_listing {
    wk_session *session;
    const wk_plan_item *item;
    bool details, metadata;
    uint64_t most;
} wki_listing;

/* Hands over the instances of the item, those of series that other items cover left out; each once.
 * Rows that are of another study or series are none of it. *found counts. The functions that take
 * them must not fetch.
 * WK_UNSUPPORTED where nobody can be asked (no service root, or a server that is known to fail),
 * what the last who was asked failed with, and what `each` returned. WK_OK with none found where
 * the server lists nothing. */
wk_code wki_list_instances(const wki_listing *l, wki_qido_instance_fn each, void *user,
                           size_t *found, wk_error *err) WK_MUST_USE;

/* The same of the series of a study, by QIDO-RS. Who has asked for the instances in vain notes a
 * server that fails here too as `no_list`. */
wk_code wki_list_series(const wki_listing *l, wki_qido_series_fn each, void *user, size_t *found,
                        wk_error *err) WK_MUST_USE;

/* The only instance of a series of the item's study that has this Instance Number, by QIDO-RS.
 * *found is false where none or several have it, and where the server does not take the key, which
 * is noted. Fails with WK_CANCELLED and WK_NOMEM only. */
wk_code wki_list_by_number(const wki_listing *l, const char *series, int64_t number,
                           wki_qido_instance_row *out, bool *found, wk_error *err) WK_MUST_USE;

/* How many instances of the item are listed (not by the metadata), 0 where nobody lists them. Fails
 * with WK_CANCELLED and WK_NOMEM only. */
wk_code wki_list_count(wk_session *session, const wk_plan_item *item, uint64_t *out,
                       wk_error *err) WK_MUST_USE;

/* Hands over each object of the metadata at `url`, an address of the item's, that is a data set.
 * WK_NOT_FOUND where there is none, WK_DATA where the answer is something else, WK_PARTIAL where it
 * just ended and nobody tells that all of it came. */
wk_code wki_list_metadata(wk_session *session, const wk_plan_item *item, const char *url,
                          wki_json_stream_fn each, void *user, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
