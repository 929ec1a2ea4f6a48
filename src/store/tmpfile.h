/*
 * A file that appears under its final name only when it is whole. Until then it has no name
 * (O_TMPFILE, given its name by linkat), so that a killed run leaves nothing behind; where the
 * system or the file system cannot do that, it has a temporary one in the same folder, and is
 * renamed. A name that must not be replaced is taken by a hard link, else by a rename that does not
 * replace, else with O_EXCL (file_system.h remembers that). The life of one: open, write (any
 * number), commit or clear.
 */
#ifndef WADOKIT_STORE_TMPFILE_H
#define WADOKIT_STORE_TMPFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_TMP_NAME_SIZE = 64
};

/* Starts zeroed. Private but for `bytes` and `with_name`. */
typedef struct wki_tmpfile {
    int dir_fd; /* the folder */
    bool lent;  /* which is the caller's */
    int fd;
    char name[WKI_TMP_NAME_SIZE]; /* "": none */
    bool with_name;               /* set before the first open: to have a name in any case */
    uint64_t bytes;               /* written so far */
    void *gather;                 /* small writes are gathered to 256 KiB */
    size_t gathered;
    bool open;
} wki_tmpfile;

/* Makes a temporary file in the folder `dir_fd` (a copy of the descriptor is kept). Its name, if
 * any, starts with ".wadokit-" and is unique between processes. A struct whose file was committed
 * may be opened again; the gathering memory is then used again. */
wk_code wki_tmpfile_open(wki_tmpfile *t, int dir_fd, wk_error *err) WK_MUST_USE;

/* The same with the descriptor itself, which must stay open as long. */
wk_code wki_tmpfile_open_in(wki_tmpfile *t, int dir_fd, wk_error *err) WK_MUST_USE;
wk_code wki_tmpfile_write(wki_tmpfile *t, const void *data, size_t n, wk_error *err) WK_MUST_USE;

/* Writes out and closes (checked), and gives the file `name` in the same folder, replacing what is
 * there. With `keep_existing` a file that is there stays: *existed is set, and this one is gone. */
wk_code wki_tmpfile_commit(wki_tmpfile *t, const char *name, bool keep_existing, bool *existed,
                           wk_error *err) WK_MUST_USE;

/* The same into another folder of the same file system. */
wk_code wki_tmpfile_commit_at(wki_tmpfile *t, int dir_fd, const char *name, bool keep_existing,
                              bool *existed, wk_error *err) WK_MUST_USE;

/* The same without replacing: where the name is taken, *existed is set, and this file is as it was,
 * written out. */
wk_code wki_tmpfile_commit_new(wki_tmpfile *t, int dir_fd, const char *name, bool *existed,
                               wk_error *err) WK_MUST_USE;

/* Writes out what is gathered; the descriptor, for reading what was written. Owned by `t`. */
wk_code wki_tmpfile_flush(wki_tmpfile *t, int *out_fd, wk_error *err) WK_MUST_USE;

/* Closes and removes the file, and keeps the memory for the next open. */
void wki_tmpfile_drop(wki_tmpfile *t);

/* Closes, and removes the file unless it was committed. Safe on a zeroed struct and twice. */
void wki_tmpfile_clear(wki_tmpfile *t);

/* Opens a temporary file for a path that the user named (-o FILE); commit with
 * wki_tmpfile_commit(t, base name). */
wk_code wki_tmpfile_open_for(wki_tmpfile *t, const char *path, const char **base,
                             wk_error *err) WK_MUST_USE;

/* An empty file in $TMPDIR (or /tmp) that has no name, so that nothing stays behind however the run
 * ends; to be closed. -1 where there can be none (WK_IO). */
int wki_tmpfile_nameless(wk_error *err);

#ifdef __cplusplus
}
#endif

#endif
