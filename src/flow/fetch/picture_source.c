#include "flow/fetch/picture_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "store/tmpfile.h"

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
