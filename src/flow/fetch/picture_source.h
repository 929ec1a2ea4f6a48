/*
 * Where the DICOM bytes of a picture lie: a local file, or an instance fetched into a temporary
 * file that has no name any more.
 */
#ifndef WADOKIT_FLOW_FETCH_PICTURE_SOURCE_H
#define WADOKIT_FLOW_FETCH_PICTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/hash.h"
#include "core/seen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* path   what to open, owned
 * shown  what to call it: the path, or the URL; owned
 * fd     of a temporary file, owned; -1 for none
 * frame  1-based, where one frame was named; 0 otherwise
 * drawn  a picture that the server drew, not DICOM */
typedef struct wki_picture_source {
    char *path;
    char *shown;
    int fd;
    uint32_t frame;
    bool drawn;
} wki_picture_source;

void wki_picture_source_clear(wki_picture_source *s);
wk_code wki_picture_source_file(wki_picture_source *out, const char *path, const char *shown,
                                wk_error *err) WK_MUST_USE;

/* Makes an empty temporary file in $TMPDIR (or /tmp) and takes its name away at once, so that
 * nothing stays behind however the run ends. */
wk_code wki_picture_source_temporary(wki_picture_source *out, const char *shown,
                                     wk_error *err) WK_MUST_USE;

/* Bytes behind those that a temporary source has. */
wk_code wki_picture_source_write(wki_picture_source *s, const void *data, size_t n,
                                 wk_error *err) WK_MUST_USE;

/* The digest of all bytes of a temporary source. */
wk_code wki_picture_source_digest(const wki_picture_source *s, char out[WKI_SHA256_HEX_SIZE],
                                  wk_error *err) WK_MUST_USE;

/* Whether this instance came before in one run; *other: with other bytes alone. Remembers it. */
bool wki_picture_came_before(wki_seen *run, const char *sop, const char *digest, bool *other);

#ifdef __cplusplus
}
#endif

#endif
