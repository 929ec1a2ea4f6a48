/*
 * A part of a file as memory, so that large pixels are not copied. A mapped file that another
 * program cuts short would end this one (SIGBUS); so it is mapped under a read lease (fcntl(2),
 * F_SETLEASE): whoever opens it for writing waits for the lease to be given back, 45 s by default,
 * and `take` sees that somebody waits. Pages are brought in before they are looked at, so that what
 * a disk cannot read is an error too.
 */
#ifndef WADOKIT_DICOM_MAPPING_H
#define WADOKIT_DICOM_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `n` bytes from `data` on; those from `from` to `to` are in memory. Zeroed: none. */
typedef struct wki_mapping {
    int fd; /* borrowed */
    uint8_t *base;
    size_t length, skew; /* of the whole mapping; of the first byte in it */
    size_t n, from, to;
} wki_mapping;

/* Maps `n` bytes from `at` of a file that is open for reading only. False, and nothing done, where
 * that cannot be done safely: a file of another user, one that is being written, a file system
 * without leases, an old kernel. Then it is to be read. */
bool wki_mapping_open(wki_mapping *m, int fd, uint64_t at, size_t n);

/* `n` bytes from `at` of the mapped part, to be used at once; NULL where they cannot be read, or
 * somebody waits to write. What was taken before is gone. */
const uint8_t *wki_mapping_take(wki_mapping *m, size_t at, size_t n);

/* Safe on a zeroed struct. */
void wki_mapping_close(wki_mapping *m);

#ifdef __cplusplus
}
#endif

#endif
