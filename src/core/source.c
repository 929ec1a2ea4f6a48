#include "core/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- memory ---- */

static wk_code memory_read(void *user, void *data, size_t n, size_t *got, wk_error *err)
{
    wki_memory_source *m = user;

    (void)err;
    *got = n < m->n - m->at ? n : m->n - m->at;
    if (*got > 0)
        memcpy(data, (const char *)m->data + m->at, *got);
    m->at += *got;
    return WK_OK;
}

static wk_code memory_rewind(void *user, wk_error *err)
{
    (void)err;
    ((wki_memory_source *)user)->at = 0;
    return WK_OK;
}

wki_source wki_source_of_memory(wki_memory_source *m, const void *data, size_t n)
{
    *m = (wki_memory_source){.data = data, .n = n};
    return (wki_source){.read = memory_read, .rewind = memory_rewind, .size = n, .user = m};
}

/* ---- a file ---- */

static wk_code file_changed(const wki_file_source *f, wk_error *err)
{
    return wk_fail(err, WK_IO, "%s: was changed while it was read", f->name);
}

/* At the end: whether what was read is one state of the file. */
static wk_code check_file(const wki_file_source *f, wk_error *err)
{
    struct stat st;

    if (fstat(f->fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "%s", f->name);
    if (st.st_size != f->size || st.st_mtim.tv_sec != f->changed.tv_sec ||
        st.st_mtim.tv_nsec != f->changed.tv_nsec)
        return file_changed(f, err);
    return WK_OK;
}

static wk_code file_read(void *user, void *data, size_t n, size_t *got, wk_error *err)
{
    wki_file_source *f = user;
    off_t left = f->size - f->at;
    ssize_t some;

    *got = 0;
    if (left == 0)
        return WK_OK;
    if (n > (uint64_t)left)
        n = (size_t)left;
    do
        some = pread(f->fd, data, n, f->at);
    while (some < 0 && errno == EINTR);
    if (some < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s", f->name);
    if (some == 0)
        return file_changed(f, err);
    f->at += some;
    *got = (size_t)some;
    return f->at == f->size ? check_file(f, err) : WK_OK;
}

static wk_code file_rewind(void *user, wk_error *err)
{
    (void)err;
    ((wki_file_source *)user)->at = 0;
    return WK_OK;
}

wk_code wki_source_of_file(wki_file_source *f, int fd, const char *name, wki_source *out,
                           wk_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "%s", name);
    if (!S_ISREG(st.st_mode))
        return wk_fail(err, WK_USAGE, "%s: is no file", name);
    *f = (wki_file_source){.fd = fd, .name = name, .size = st.st_size, .changed = st.st_mtim};
    *out = (wki_source){
        .read = file_read, .rewind = file_rewind, .size = (uint64_t)st.st_size, .user = f};
    return WK_OK;
}

/* ---- one after the other ---- */

static wk_code joined_read(void *user, void *data, size_t n, size_t *got, wk_error *err)
{
    wki_joined_source *j = user;
    wk_code rc = WK_OK;

    *got = 0;
    while (rc == WK_OK && *got == 0 && n > 0 && j->part < j->n) {
        const wki_source *s = &j->parts[j->part];

        rc = s->read(s->user, data, n, got, err);
        if (rc == WK_OK && *got == 0)
            j->part++;
    }
    return rc;
}

static wk_code joined_rewind(void *user, wk_error *err)
{
    wki_joined_source *j = user;
    wk_code rc = WK_OK;

    for (size_t i = 0; rc == WK_OK && i < j->n; i++)
        rc = j->parts[i].rewind(j->parts[i].user, err);
    j->part = 0;
    return rc;
}

wki_source wki_source_of_parts(wki_joined_source *j, const wki_source *parts, size_t n)
{
    uint64_t size = 0;

    for (size_t i = 0; i < n; i++)
        size += parts[i].size;
    *j = (wki_joined_source){.parts = parts, .n = n};
    return (wki_source){.read = joined_read, .rewind = joined_rewind, .size = size, .user = j};
}

wk_code wki_source_read_all(const wki_source *s, wki_buf *out, wk_error *err)
{
    char some[4096];
    size_t got = 1;
    wk_code rc = s->rewind(s->user, err);

    while (rc == WK_OK && got > 0) {
        rc = s->read(s->user, some, sizeof some, &got, err);
        if (rc == WK_OK)
            rc = wki_buf_add(out, some, got, err);
    }
    explicit_bzero(some, sizeof some);
    return rc;
}
