/*
 * Instances that had to be fetched before it was known which of them are drawn: their bytes, one
 * after another, in one temporary file without a name.
 */
#ifndef WADOKIT_FLOW_SHOW_THUMB_SPOOL_H
#define WADOKIT_FLOW_SHOW_THUMB_SPOOL_H

#include "flow/fetch/picture_source.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero it; clear it in any case. */
typedef struct wki_thumb_spool {
    wki_picture_source file;
    uint64_t end;
} wki_thumb_spool;

void wki_thumb_spool_clear(wki_thumb_spool *s);

/* Puts the bytes of a temporary source behind the others, and says where. The source stays. */
wk_code wki_thumb_spool_add(wki_thumb_spool *s, const wki_picture_source *source, uint64_t *offset,
                            uint64_t *length, wk_error *err) WK_MUST_USE;

/* Makes a temporary source of its own from what lies there, under the name `shown`. */
wk_code wki_thumb_spool_take(const wki_thumb_spool *s, uint64_t offset, uint64_t length,
                             const char *shown, wki_picture_source *out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
