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

/* `text` as one path component that every file system takes: all but letters, digits, '.', '-' and
 * '_' becomes %XX, so do '.' and '-' in front (so that "..", hidden names and names like options
 * cannot arise), '.' at the end, and the first letter of a device of Windows ("nul", "COM1.x"); an
 * empty text is "_". What does not fit `size` and the 255 bytes of a file name is cut at a whole
 * character; where there is room for 40 bytes, it then ends in '-' and 16 hex digits of a hash of
 * the text, so that names that begin alike stay apart. */
void wki_path_encode(char *out, size_t size, const char *text);

/* Where an open file or folder is, for messages; "" where that cannot be told. */
void wki_path_of_fd(int fd, char *out, size_t size);

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
