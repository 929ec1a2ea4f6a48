#include "flow/show/thumb_spool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    COPY_BYTES = 65536
};

void wki_thumb_spool_clear(wki_thumb_spool *s)
{
    wki_picture_source_clear(&s->file);
    s->end = 0;
}

/* Appends `length` bytes that lie at `offset` of `in`. */
static wk_code copy(int in, uint64_t offset, uint64_t length, wki_picture_source *out,
                    wk_error *err)
{
    char *buffer = malloc(COPY_BYTES);
    wk_code rc = buffer ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    while (length > 0 && rc == WK_OK) {
        size_t want = length < COPY_BYTES ? (size_t)length : COPY_BYTES;
        ssize_t n = pread(in, buffer, want, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            rc = wk_fail_errno(err, WK_IO, n < 0 ? errno : EIO, "temporary file");
        else
            rc = wki_picture_source_write(out, buffer, (size_t)n, err);
        offset += n > 0 ? (uint64_t)n : 0;
        length -= n > 0 ? (uint64_t)n : 0;
    }
    free(buffer);
    return rc;
}

wk_code wki_thumb_spool_add(wki_thumb_spool *s, const wki_picture_source *source, uint64_t *offset,
                            uint64_t *length, wk_error *err)
{
    struct stat st;
    wk_code rc = WK_OK;

    if (fstat(source->fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "temporary file");
    if (!s->file.path)
        rc = wki_picture_source_temporary(&s->file, "spool", err);
    if (rc == WK_OK)
        rc = copy(source->fd, 0, (uint64_t)st.st_size, &s->file, err);
    if (rc != WK_OK)
        return rc;
    *offset = s->end;
    *length = (uint64_t)st.st_size;
    s->end += *length;
    return WK_OK;
}

wk_code wki_thumb_spool_take(const wki_thumb_spool *s, uint64_t offset, uint64_t length,
                             const char *shown, wki_picture_source *out, wk_error *err)
{
    wki_picture_source made;
    wk_code rc = wki_picture_source_temporary(&made, shown, err);

    if (rc != WK_OK)
        return rc;
    rc = copy(s->file.fd, offset, length, &made, err);
    if (rc == WK_OK)
        *out = made;
    else
        wki_picture_source_clear(&made);
    return rc;
}
