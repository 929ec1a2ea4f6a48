#include "flow/fetch/picture_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "store/tmpfile.h"

enum {
    BLOCK = 1 << 16
};

void wki_picture_source_clear(wki_picture_source *s)
{
    if (s->path && s->fd >= 0)
        close(s->fd);
    free(s->path);
    free(s->shown);
    *s = (wki_picture_source){.fd = -1};
}

wk_code wki_picture_source_file(wki_picture_source *out, const char *path, const char *shown,
                                wk_error *err)
{
    wki_picture_source s = {.path = wki_strdup(path), .shown = wki_strdup(shown), .fd = -1};

    if (!s.path || !s.shown) {
        wki_picture_source_clear(&s);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    *out = s;
    return WK_OK;
}

wk_code wki_picture_source_temporary(wki_picture_source *out, const char *shown, wk_error *err)
{
    wki_picture_source s = {.fd = wki_tmpfile_nameless(err)};

    if (s.fd < 0)
        return WK_IO;
    s.path = wki_strfmt("/proc/self/fd/%d", s.fd);
    s.shown = wki_strdup(shown);
    if (!s.path || !s.shown) {
        if (!s.path)
            close(s.fd);
        wki_picture_source_clear(&s);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    *out = s;
    return WK_OK;
}

wk_code wki_picture_source_write(wki_picture_source *s, const void *data, size_t n, wk_error *err)
{
    const char *at = data;

    while (n > 0) {
        ssize_t done = write(s->fd, at, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return wk_fail_errno(err, WK_IO, errno, "temporary file");
        at += done;
        n -= (size_t)done;
    }
    return WK_OK;
}

wk_code wki_picture_source_digest(const wki_picture_source *s, char out[WKI_SHA256_HEX_SIZE],
                                  wk_error *err)
{
    char *block = malloc(BLOCK);
    wki_sha256 *sha = NULL;
    off_t at = 0;
    ssize_t n = 1;
    wk_code rc = block ? wki_sha256_new(&sha, err) : wk_fail(err, WK_NOMEM, "out of memory");

    while (rc == WK_OK && n != 0) {
        n = pread(s->fd, block, BLOCK, at);
        if (n < 0 && errno != EINTR)
            rc = wk_fail_errno(err, WK_IO, errno, "temporary file");
        if (n > 0)
            wki_sha256_add(sha, block, (size_t)n);
        at += n > 0 ? n : 0;
    }
    if (rc == WK_OK)
        wki_sha256_finish(sha, out);
    wki_sha256_free(sha);
    free(block);
    return rc;
}

bool wki_picture_came_before(wki_seen *run, const char *sop, const char *digest, bool *other)
{
    char exactly[WK_UID_SIZE + WKI_SHA256_HEX_SIZE];
    bool before = wki_seen_before(run, sop);

    snprintf(exactly, sizeof exactly, "%.64s %s", sop, digest);
    *other = !wki_seen_before(run, exactly) && before;
    return before;
}
