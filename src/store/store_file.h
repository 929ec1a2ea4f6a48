/*
 * Reading what is already in an output folder, never through a symbolic link.
 */
#ifndef WADOKIT_STORE_STORE_FILE_H
#define WADOKIT_STORE_STORE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/hash.h"
#include "dicom/dicom_scan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the regular file `relative` below `root_fd` for reading. -1 where it is not there, no
 * regular file, or behind a link. */
int wki_store_file_open(int root_fd, const char *relative, uint64_t *bytes);

/* Whether two open files hold the same bytes. */
bool wki_store_file_same(int a, int b);

/* Reads a file through `scan` (reset before) and, where not NULL, `sha` from its start.
 * WK_OK: whole, with its identity in the scan. WK_DATA: not. */
wk_code wki_store_file_scan(int fd, wki_dicom_scan *scan, wki_sha256 *sha,
                            wk_error *err) WK_MUST_USE;

/* Whether an instance ended before its pixel data, though its class has some: where nobody vouches
 * for the end of its bytes, it was cut short. */
bool wki_dicom_lacks_pixels(const wki_dicom_identity *id);

#ifdef __cplusplus
}
#endif

#endif
