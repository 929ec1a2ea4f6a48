/*
 * Where bytes come from, by pull: the twin of sink.h, for a consumer that sets the pace (a
 * request's body on its way out). Sources are put together: a file within text, encoded.
 */
#ifndef WADOKIT_CORE_SOURCE_H
#define WADOKIT_CORE_SOURCE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <wadokit/error.h>

#include "core/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

/* read    up to `n` bytes into `data`, *got of them (fewer say nothing, 0 is the end)
 * rewind  back to the start, as often as wanted
 * size    of all that read() will give, known beforehand; a source that gives less or more has
 *         failed, which its reader finds out */
typedef struct wki_source {
    wk_code (*read)(void *user, void *data, size_t n, size_t *got, wk_error *err);
    wk_code (*rewind)(void *user, wk_error *err);
    uint64_t size;
    void *user;
} wki_source;

/* Bytes in memory. The struct and the bytes outlive the source; so it is for the others below. */
typedef struct wki_memory_source {
    const void *data;
    size_t n, at;
} wki_memory_source;

wki_source wki_source_of_memory(wki_memory_source *m, const void *data, size_t n);

/* A regular file (else WK_USAGE) as large as it is now. One that changes until its last byte was
 * read is WK_IO. `fd` is borrowed, its offset is left alone; `name` is for errors. */
typedef struct wki_file_source {
    int fd;
    const char *name;
    off_t size, at;
    struct timespec changed;
} wki_file_source;

wk_code wki_source_of_file(wki_file_source *f, int fd, const char *name, wki_source *out,
                           wk_error *err) WK_MUST_USE;

/* Several sources, one after the other. */
typedef struct wki_joined_source {
    const wki_source *parts;
    size_t n, part;
} wki_joined_source;

wki_source wki_source_of_parts(wki_joined_source *j, const wki_source *parts, size_t n);

/* All of it, from the start, added to `out`. */
wk_code wki_source_read_all(const wki_source *s, wki_buf *out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
