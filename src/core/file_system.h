/*
 * What the file systems of this process cannot do (FUSE, CIFS, NFS, Lustre, exFAT): then there are
 * other ways, and each lack is remembered for one warning.
 */
#ifndef WADOKIT_CORE_FILE_SYSTEM_H
#define WADOKIT_CORE_FILE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

#include <wadokit/log.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_fs_lack {
    WKI_FS_NO_LOCKS,          /* flock() */
    WKI_FS_NO_EXCLUSIVE_NAME, /* neither a hard link nor a rename that does not replace */
    WKI_FS_LACKS
} wki_fs_lack;

/* Whether an error number of link, rename or lock says that the file system knows no such thing. */
bool wki_fs_cannot(int number);

/* Remembers the first lack of a kind: `fd` is the folder or a file in it, `number` the error. */
void wki_fs_lacks(wki_fs_lack what, int fd, int number);

/* Warns of what is remembered and was not told yet. */
void wki_fs_tell(const wk_log *log);

/* flock(fd, how) where the file system has it: true, *locked too. Where it has none: true, and
 * remembered. false, with errno (EWOULDBLOCK: another has it), in all other cases. */
bool wki_fs_lock(int fd, int how, bool *locked);

/* fsync(), 0 also where there is nothing that could be synchronised. */
int wki_fs_sync(int fd);

/* Whether two names in the open folder that differ by their case alone are one: tried with a file
 * that goes again. */
bool wki_fs_ignores_case(int dir_fd);

/* The most bytes that a name in the open folder may have: 255, on some less. */
size_t wki_fs_name_max(int dir_fd);

#ifdef __cplusplus
}
#endif

#endif
