/*
 * DICOM UIDs (PS3.5 section 9) as they come: bare, as urn:oid: URI, padded.
 */
#ifndef WADOKIT_CORE_UID_H
#define WADOKIT_CORE_UID_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether `uid` may name a file or stand in a URL: 1 to 64 characters of 0-9 and '.', that does
 * not start or end with '.', and has no "..". Leading zeros in a component are let pass: they
 * are wrong by PS3.5 but occur, and harm nothing. */
bool wki_uid_is_valid(const char *uid);

/* Reads `n` bytes as a UID: "urn:oid:" in front (any case) and spaces or NULs behind are taken
 * off. True and `out` filled where the rest is valid; false and `out` empty otherwise. */
bool wki_uid_read(char out[WK_UID_SIZE], const char *text, size_t n);

#ifdef __cplusplus
}
#endif

#endif
