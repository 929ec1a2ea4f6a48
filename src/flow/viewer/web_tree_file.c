#include "flow/viewer/web_tree_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"
#include "core/text.h"
#include "core/uid.h"
#include "store/store_file.h"

enum {
    PIECE = 65536
};

wk_code wki_web_tree_dir_open(wki_web_tree_dir *d, const char *path, wk_error *err)
{
    int tmp_fd = -1, root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wk_code rc;

    if (root_fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot open the folder", path);
    rc = wki_path_open_parent(root_fd, ".wadokit/x", &tmp_fd, err);
    if (rc != WK_OK) {
        close(root_fd);
        return wk_fail_add(err, "%s: ", path);
    }
    *d = (wki_web_tree_dir){root_fd, tmp_fd};
    return WK_OK;
}

void wki_web_tree_dir_close(wki_web_tree_dir *d)
{
    if (d->root_fd >= 0)
        close(d->root_fd);
    if (d->tmp_fd >= 0)
        close(d->tmp_fd);
    *d = (wki_web_tree_dir){-1, -1};
}

wk_code wki_web_tree_commit(wki_web_tree_dir *d, wki_tmpfile *file, const char *relative,
                            wk_error *err)
{
    const char *slash = strrchr(relative, '/');
    int dir_fd = -1;
    wk_code rc = wki_path_open_parent(d->root_fd, relative, &dir_fd, err);

    if (rc == WK_OK)
        rc = wki_tmpfile_commit_at(file, dir_fd, slash ? slash + 1 : relative, false, NULL, err);
    if (dir_fd >= 0)
        close(dir_fd);
    return rc == WK_OK ? WK_OK : wk_fail_add(err, "%s: ", relative);
}

wk_code wki_web_tree_put(wki_web_tree_dir *d, wki_tmpfile *file, const char *relative,
                         const void *data, size_t n, wk_error *err)
{
    wk_code rc = wki_tmpfile_open(file, d->tmp_fd, err);

    if (rc == WK_OK)
        rc = wki_tmpfile_write(file, data, n, err);
    if (rc == WK_OK)
        rc = wki_web_tree_commit(d, file, relative, err);
    if (rc != WK_OK)
        wki_tmpfile_drop(file);
    return rc;
}

wk_code wki_web_tree_read(wki_web_tree_dir *d, const char *relative, wki_buf *out, wk_error *err)
{
    uint64_t bytes = 0;
    int fd = wki_store_file_open(d->root_fd, relative, &bytes);
    char *piece = malloc(PIECE);
    wk_code rc = WK_OK;
    ssize_t n = 1;

    wki_buf_reset(out);
    if (fd < 0)
        rc = wk_fail(err, WK_NOT_FOUND, "%s: not there", relative);
    else if (!piece)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    while (rc == WK_OK && n != 0) {
        n = read(fd, piece, PIECE);
        if (n > 0)
            rc = wki_buf_add(out, piece, (size_t)n, err);
        else if (n < 0 && errno != EINTR)
            rc = wk_fail_errno(err, WK_IO, errno, "%s: cannot read", relative);
    }
    free(piece);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* --- arrays --- */

wk_code wki_web_array_begin(wki_web_tree_dir *d, wki_web_array *a, wk_error *err)
{
    a->n = 0;
    return wki_tmpfile_open(&a->file, d->tmp_fd, err);
}

wk_code wki_web_array_add(wki_web_array *a, const char *text, size_t n, wk_error *err)
{
    const char *before = a->n ? ",\n" : "[";
    wk_code rc = wki_tmpfile_write(&a->file, before, strlen(before), err);

    a->n++;
    return rc == WK_OK ? wki_tmpfile_write(&a->file, text, n, err) : rc;
}

wk_code wki_web_array_end(wki_web_tree_dir *d, wki_web_array *a, const char *relative,
                          wk_error *err)
{
    const char *end = a->n ? "]\n" : "[]\n";
    wk_code rc = wki_tmpfile_write(&a->file, end, strlen(end), err);

    return rc == WK_OK ? wki_web_tree_commit(d, &a->file, relative, err) : rc;
}

void wki_web_array_clear(wki_web_array *a)
{
    wki_tmpfile_clear(&a->file);
}

/* --- names --- */

static int in_order(const void *a, const void *b)
{
    return strcmp(a, b);
}

static wk_code add_uid(wki_web_uids *list, const char *uid, wk_error *err)
{
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 64, size;
        char(*grown)[WK_UID_SIZE] = NULL;

        if (wki_mul_size(room, sizeof *grown, &size))
            grown = realloc(list->uids, size);
        if (!grown)
            return wk_fail(err, WK_NOMEM, "out of memory");
        list->uids = grown;
        list->room = room;
    }
    (void)wki_strcopy(list->uids[list->n++], WK_UID_SIZE, uid);
    return WK_OK;
}

wk_code wki_web_uids_read(wki_web_tree_dir *d, const char *relative, wki_web_uids *out,
                          wk_error *err)
{
    char *inside = wki_strfmt("%s/x", relative);
    int fd = -1;
    DIR *dir = NULL;
    struct dirent *e;
    wk_code rc;

    out->n = 0;
    if (!inside)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_path_open_parent(d->root_fd, inside, &fd, err);
    free(inside);
    if (rc != WK_OK)
        return rc;
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot read the folder", relative);
    }
    while (rc == WK_OK && (e = readdir(dir)) != NULL) {
        if (wki_uid_is_valid(e->d_name))
            rc = add_uid(out, e->d_name, err);
    }
    closedir(dir);
    if (rc == WK_OK && out->n > 1)
        qsort(out->uids, out->n, sizeof *out->uids, in_order);
    return rc;
}
