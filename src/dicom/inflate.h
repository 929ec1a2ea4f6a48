/*
 * Inflating what was deflated (RFC 1951; a zlib header is accepted): the Deflated transfer syntax.
 */
#ifndef WADOKIT_DICOM_INFLATE_H
#define WADOKIT_DICOM_INFLATE_H

#include <stdint.h>

#include <wadokit/error.h>

#include "dicom/dicom_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Inflates from `at` to the end of the stream into the empty file `fd`. WK_DATA where it is
 * corrupt or cut short; WK_LIMIT over WK_MAX_INFLATE_RATIO or WK_MAX_INFLATED_BYTES. */
wk_code wki_inflate_to_fd(const wki_blob *s, uint64_t at, int fd, uint64_t *size,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
