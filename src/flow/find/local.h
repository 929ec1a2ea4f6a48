/*
 * Local targets: what a file is by its first bytes, and walking a directory.
 */
#ifndef WADOKIT_FLOW_FIND_LOCAL_H
#define WADOKIT_FLOW_FIND_LOCAL_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/cancel.h>
#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that wki_sniff() wants to see, fewer where the file is shorter. */
#define WKI_SNIFF_BYTES 1024

/* Where resolving puts what comes by standard input or another pipe: an open file without a name,
 * and its number. */
#define WKI_SPOOL_PATH "/proc/self/fd/"

typedef enum wki_sniffed {
    WKI_SNIFF_EMPTY,
    WKI_SNIFF_DICOM,
    WKI_SNIFF_DICOMDIR, /* a Media Storage Directory: no image */
    WKI_SNIFF_JSON,
    WKI_SNIFF_OTHER,
} wki_sniffed;

/* DICOM by "DICM" at offset 128 (PS3.10 7.1), or by a plausible first element of group 0002 or 0008
 * where the preamble is missing. */
wki_sniffed wki_sniff(const void *data, size_t n);

/* Reads from `fd` until `n` bytes are there or it ends. *got is set on failure too. `name` goes
 * into errors (WK_IO). Where a signal interrupts the waiting and `cancel` (may be NULL) is set,
 * WK_CANCELLED. */
wk_code wki_read_up_to(int fd, void *data, size_t n, const char *name, const wk_cancel *cancel,
                       size_t *got, wk_error *err) WK_MUST_USE;

/* What to call a local file in reports and messages: "-" for one that came by standard input or
 * another pipe. */
const char *wki_local_shown(const char *path);

/*
 * What a walk finds, in order. A code other than WK_OK ends it.
 * dicom   a DICOM file
 * failed  a directory or file that could not be read; `error` says why
 * skipped counts files that are not DICOM, also DICOMDIRs and what is no regular file
 */
typedef struct wki_walk {
    wk_code (*dicom)(void *user, const char *path, wk_error *err);
    wk_code (*failed)(void *user, const char *path, const wk_error *error, wk_error *err);
    void *user;
    uint64_t skipped;
} wki_walk;

/* Walks `dir` and what is below it, names in the order of their bytes; symbolic links to
 * directories are not followed. */
wk_code wki_walk_dir(wki_walk *walk, const char *dir, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
