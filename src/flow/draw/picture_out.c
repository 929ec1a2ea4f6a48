#include "flow/draw/picture_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "core/text.h"
#include "store/tmpfile.h"

static const struct {
    const char *suffix;
    wk_picture_format format;
} suffixes[] = {{".png", WK_PICTURE_PNG},
                {".jpg", WK_PICTURE_JPEG},
                {".jpeg", WK_PICTURE_JPEG},
                {".npy", WK_PICTURE_NPY}};

static wk_picture_format format_of(const char *path)
{
    size_t n = strlen(path);

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        size_t k = strlen(suffixes[i].suffix);

        if (n > k && wki_str_ieq(path + n - k, suffixes[i].suffix))
            return suffixes[i].format;
    }
    return WK_PICTURE_BY_NAME;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

wk_code wki_picture_out_open(wki_picture_out *out, const char *output, int output_fd, wk_error *err)
{
    wk_code rc = WK_OK;

    memset(out, 0, sizeof *out);
    out->dir_fd = out->fd = out->parent.fd = -1;
    pthread_mutex_init(&out->lock, NULL);
    output = output ? output : ".";
    out->path = wki_strdup(output);
    if (!out->path) {
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    } else if (strcmp(output, "-") == 0) {
        out->single = true;
        out->fd = output_fd;
        if (output_fd < 0)
            rc = wk_fail(err, WK_USAGE, "a picture is not written to a terminal: name a file");
    } else if (format_of(output) != WK_PICTURE_BY_NAME && !is_folder(output)) {
        out->single = true;
    } else {
        rc = wki_path_make_dirs(output, err);
        if (rc == WK_OK) {
            out->dir_fd = open(output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            if (out->dir_fd < 0)
                rc = wk_fail_errno(err, WK_IO, errno, "%s", output);
        }
    }
    if (rc != WK_OK)
        wki_picture_out_close(out);
    return rc;
}

void wki_picture_out_close(wki_picture_out *out)
{
    if (!out->path)
        return;
    if (out->dir_fd >= 0)
        close(out->dir_fd);
    wki_path_parent_close(&out->parent);
    pthread_mutex_destroy(&out->lock);
    free(out->path);
    memset(out, 0, sizeof *out);
}

wk_picture_format wki_picture_out_format(const wki_picture_out *out)
{
    return out->single && out->fd < 0 ? format_of(out->path) : WK_PICTURE_BY_NAME;
}

wk_code wki_picture_out_too_many(const wki_picture_out *out, wk_error *err)
{
    return wk_fail(err, WK_USAGE, "more than one picture for %s: name a folder", out->path);
}

static wk_code take(wki_picture_out *out, wk_error *err)
{
    bool taken;

    pthread_mutex_lock(&out->lock);
    taken = out->taken;
    out->taken = true;
    pthread_mutex_unlock(&out->lock);
    return taken ? wki_picture_out_too_many(out, err) : WK_OK;
}

static wk_code write_tmpfile(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_tmpfile_write(user, data, n, err);
}

typedef struct raw {
    int fd;
    uint64_t bytes;
} raw;

static wk_code write_raw(void *user, const void *data, size_t n, wk_error *err)
{
    raw *r = user;
    const char *at = data;

    while (n > 0) {
        ssize_t done = write(r->fd, at, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return wk_fail_errno(err, WK_IO, errno, "standard output");
        at += done;
        n -= (size_t)done;
        r->bytes += (uint64_t)done;
    }
    return WK_OK;
}

typedef wk_code (*produce_fn)(void *user, wki_sink *sink, wk_error *err);

static wk_code write_to_fd(wki_picture_out *out, produce_fn produce, void *user, uint64_t *bytes,
                           wk_error *err)
{
    raw r = {out->fd, 0};
    wki_sink sink = {write_raw, &r};
    wk_code rc = produce(user, &sink, err);

    *bytes = r.bytes;
    return rc;
}

/* The folder of `relative`, opened for the caller: another thread may enter another. */
static wk_code open_parent(wki_picture_out *out, const char *relative, const char **name, int *fd,
                           wk_error *err)
{
    wk_code rc;

    pthread_mutex_lock(&out->lock);
    rc = wki_path_parent_enter(&out->parent, out->dir_fd, relative, name, err);
    if (rc == WK_OK) {
        *fd = fcntl(out->parent.fd, F_DUPFD_CLOEXEC, 0);
        if (*fd < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "%s", out->path);
    }
    pthread_mutex_unlock(&out->lock);
    return rc;
}

/* The folders above a file that was named, as the folder that was named is made. */
static wk_code make_parent(const char *path, wk_error *err)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash && slash != path ? wki_strfmt("%.*s", (int)(slash - path), path) : NULL;
    wk_code rc = WK_OK;

    if (dir)
        rc = wki_path_make_dirs(dir, err);
    else if (slash && slash != path)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    free(dir);
    return rc;
}

static wk_code write_to_file(wki_picture_out *out, const char *relative, produce_fn produce,
                             void *user, uint64_t *bytes, wk_error *err)
{
    wki_tmpfile t = {0};
    wki_sink sink = {write_tmpfile, &t};
    const char *base = NULL;
    bool existed = false;
    int parent = -1;
    wk_code rc;

    if (out->single) {
        rc = make_parent(out->path, err);
        if (rc == WK_OK)
            rc = wki_tmpfile_open_for(&t, out->path, &base, err);
    } else {
        rc = open_parent(out, relative, &base, &parent, err);
        if (rc == WK_OK)
            rc = wki_tmpfile_open_in(&t, parent, err);
    }
    if (rc == WK_OK)
        rc = produce(user, &sink, err);
    *bytes = t.bytes;
    if (rc == WK_OK)
        rc = wki_tmpfile_commit(&t, base, false, &existed, err);
    wki_tmpfile_clear(&t);
    if (parent >= 0)
        close(parent);
    return rc;
}

wk_code wki_picture_out_write(wki_picture_out *out, const char *relative, produce_fn produce,
                              void *user, char **path, uint64_t *bytes, wk_error *err)
{
    char *name = NULL;
    wk_code rc = out->single ? take(out, err) : WK_OK;

    if (rc != WK_OK)
        return rc;
    if (out->single) {
        name = wki_strdup(out->path);
        if (!name)
            rc = wk_fail(err, WK_NOMEM, "out of memory");
    } else {
        rc = wki_path_join(&name, out->path, relative, err);
    }
    if (rc == WK_OK)
        rc = out->fd >= 0 ? write_to_fd(out, produce, user, bytes, err)
                          : write_to_file(out, relative, produce, user, bytes, err);
    if (rc != WK_OK) {
        free(name);
        return rc;
    }
    *path = name;
    return WK_OK;
}
