/*
 * Files of a static DICOMweb tree: written beside the tree, then given their names.
 */
#ifndef WADOKIT_FLOW_VIEWER_WEB_TREE_FILE_H
#define WADOKIT_FLOW_VIEWER_WEB_TREE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#include "core/buf.h"
#include "store/tmpfile.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The tree; the descriptors are owned. tmp_fd is DIR/.wadokit. */
typedef struct wki_web_tree_dir {
    int root_fd, tmp_fd;
} wki_web_tree_dir;

wk_code wki_web_tree_dir_open(wki_web_tree_dir *d, const char *path, wk_error *err) WK_MUST_USE;
void wki_web_tree_dir_close(wki_web_tree_dir *d); /* safe on {-1, -1} */

/* Gives an open temporary file its name below the tree. Folders are made on the way. */
wk_code wki_web_tree_commit(wki_web_tree_dir *d, wki_tmpfile *file, const char *relative,
                            wk_error *err) WK_MUST_USE;

/* One file of bytes at hand. */
wk_code wki_web_tree_put(wki_web_tree_dir *d, wki_tmpfile *file, const char *relative,
                         const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* Reads a file of the tree into `out`; WK_NOT_FOUND where it is not there. */
wk_code wki_web_tree_read(wki_web_tree_dir *d, const char *relative, wki_buf *out,
                          wk_error *err) WK_MUST_USE;

/* A JSON array that grows element by element. Starts zeroed. */
typedef struct wki_web_array {
    wki_tmpfile file;
    uint64_t n;
} wki_web_array;

wk_code wki_web_array_begin(wki_web_tree_dir *d, wki_web_array *a, wk_error *err) WK_MUST_USE;
wk_code wki_web_array_add(wki_web_array *a, const char *text, size_t n, wk_error *err) WK_MUST_USE;
wk_code wki_web_array_end(wki_web_tree_dir *d, wki_web_array *a, const char *relative,
                          wk_error *err) WK_MUST_USE;
void wki_web_array_clear(wki_web_array *a);

/* The names in a folder of the tree that are UIDs, in order. Clear by free() of `uids`. */
typedef struct wki_web_uids {
    char (*uids)[WK_UID_SIZE];
    size_t n, room;
} wki_web_uids;

wk_code wki_web_uids_read(wki_web_tree_dir *d, const char *relative, wki_web_uids *out,
                          wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
