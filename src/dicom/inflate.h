/*
 * Inflating what was deflated (RFC 1951; a zlib header is accepted): the Deflated transfer syntax.
 */
#ifndef WADOKIT_DICOM_INFLATE_H
#define WADOKIT_DICOM_INFLATE_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "dicom/dicom_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

/* RFC 1950: the first two bytes of a zlib stream, which is wrong here (PS3.5 section A.5 wants raw
 * deflate) but occurs. */
bool wki_has_zlib_header(const uint8_t p[2]);

/* Whether these bytes are how a data set begins that is not deflated: an element in explicit VR, or
 * one whose first byte would be that of a stored block (RFC 1951 section 3.2.4), the length of which
 * is not repeated as it should be. */
bool wki_is_no_deflate(const uint8_t p[8]);

/* Inflates from `at` to the end of the stream into the empty file `fd`. WK_DATA where it is
 * corrupt or cut short; WK_LIMIT over WK_MAX_INFLATE_RATIO or WK_MAX_INFLATED_BYTES. */
wk_code wki_inflate_to_fd(const wki_blob *s, uint64_t at, int fd, uint64_t *size,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
