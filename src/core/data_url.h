/*
 * data: URLs (RFC 2397): what stands in an address instead of somewhere else.
 */
#ifndef WADOKIT_CORE_DATA_URL_H
#define WADOKIT_CORE_DATA_URL_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/error.h>

#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

bool wki_data_url_is(const char *url);

/* Writes the bytes that it holds: base64 where it says so, else percent-encoded. `type` (may be
 * NULL) gets its media type with parameters, "text/plain;charset=US-ASCII" where it names none, ""
 * where that does not fit. A fragment is no part of it. WK_DATA where it is none, or its base64 is
 * broken. */
wk_code wki_data_url_read(const char *url, wki_sink out, char *type, size_t size,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
