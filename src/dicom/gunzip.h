/*
 * gzip in pieces (RFC 1952, several members in a row), for bodies that are gzip without saying so.
 */
#ifndef WADOKIT_DICOM_GUNZIP_H
#define WADOKIT_DICOM_GUNZIP_H

#include <stddef.h>

#include <wadokit/error.h>

#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_gunzip wki_gunzip;

wk_code wki_gunzip_new(wki_sink out, wki_gunzip **g, wk_error *err) WK_MUST_USE;
void wki_gunzip_free(wki_gunzip *g);

/* WK_DATA where it is corrupt, WK_LIMIT over WK_MAX_INFLATE_RATIO. */
wk_code wki_gunzip_feed(wki_gunzip *g, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* WK_DATA where it is cut short. */
wk_code wki_gunzip_finish(wki_gunzip *g, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
