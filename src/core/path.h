/*
 * Names and folders on disk. What a server sends never becomes a path: names are made from checked
 * UIDs and numbers, or percent-encoded here.
 */
#ifndef WADOKIT_CORE_PATH_H
#define WADOKIT_CORE_PATH_H

#include <stddef.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `text` as one path component: everything but letters, digits, '.', '-' and '_' becomes %XX,
 * a leading '.' too (so "..", "." and hidden names cannot arise), and an empty text "_". Cut at a
 * whole character to fit `size` and the 255 bytes of a file name. */
void wki_path_encode(char *out, size_t size, const char *text);

/* "dir/name" in one string on the heap. WK_LIMIT over WK_MAX_PATH_BYTES. */
wk_code wki_path_join(char **out, const char *dir, const char *name, wk_error *err) WK_MUST_USE;

/* Makes `dir` (which the user named) and the missing folders above it, mode 0777 less the umask. */
wk_code wki_path_make_dirs(const char *dir, wk_error *err) WK_MUST_USE;

/* Makes the folders of `relative`'s parents below the open folder `root_fd` without following a
 * symbolic link anywhere on the way (WK_REFUSED where one stands there), and opens the last of
 * them. `relative` has no empty, "." or ".." component. The file descriptor is the caller's. */
wk_code wki_path_open_parent(int root_fd, const char *relative, int *out_fd,
                             wk_error *err) WK_MUST_USE;

/* The folder of the last file below a root, kept open: it is mostly that of the next one too. Begin
 * with fd -1. */
typedef struct wki_path_parent {
    int fd;
    char path[WK_MAX_PATH_BYTES]; /* below the root, "" for the root itself */
} wki_path_parent;

/* As wki_path_open_parent(), into `p`, unless it is there already. *name: the file's own name, in
 * `relative`. */
wk_code wki_path_parent_enter(wki_path_parent *p, int root_fd, const char *relative,
                              const char **name, wk_error *err) WK_MUST_USE;
void wki_path_parent_close(wki_path_parent *p);

#ifdef __cplusplus
}
#endif

#endif
