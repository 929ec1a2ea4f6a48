#include "flow/viewer/web_tree_instance.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/path.h"
#include "core/text.h"
#include "flow/viewer/web_object.h"

enum {
    PATH_SIZE = 1024,
    PIECE = 65536
};

static const char part_end[] = "\r\n--" WKI_WEB_BOUNDARY "--\r\n";

/* base/name; false where it does not fit. */
static wk_code path_of(const wki_web_tree_instance *i, char out[PATH_SIZE], const char *name,
                       wk_error *err)
{
    int n = snprintf(out, PATH_SIZE, "%s/%s", i->base, name);

    return n > 0 && n < PATH_SIZE ? WK_OK : wk_fail(err, WK_LIMIT, "%s: path too long", i->base);
}

wk_code wki_web_tree_instance_is_there(const wki_web_tree_instance *i, bool *there, wk_error *err)
{
    char path[PATH_SIZE];
    struct stat source, made;
    wk_code rc = path_of(i, path, "instance.dcm", err);

    if (rc != WK_OK)
        return rc;
    if (fstatat(i->tree->root_fd, path, &source, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(source.st_mode))
        return wk_fail(err, WK_NOT_FOUND, "%s: no instance", i->base);
    rc = path_of(i, path, "metadata", err);
    *there = rc == WK_OK && fstatat(i->tree->root_fd, path, &made, AT_SYMLINK_NOFOLLOW) == 0 &&
             (made.st_mtim.tv_sec > source.st_mtim.tv_sec ||
              (made.st_mtim.tv_sec == source.st_mtim.tv_sec &&
               made.st_mtim.tv_nsec >= source.st_mtim.tv_nsec));
    return rc;
}

/* --- multipart bodies of one part --- */

static wk_code begin_part(wki_web_tree_instance *i, const char *type, wk_error *err)
{
    char head[sizeof WKI_WEB_BOUNDARY + WKI_FRAME_LABEL_SIZE + 32];
    int n = snprintf(head, sizeof head, "--%s\r\nContent-Type: %s\r\n\r\n", WKI_WEB_BOUNDARY, type);
    wk_code rc = wki_tmpfile_open(i->file, i->tree->tmp_fd, err);

    return rc == WK_OK ? wki_tmpfile_write(i->file, head, (size_t)n, err) : rc;
}

static wk_code end_part(wki_web_tree_instance *i, const char *name, wk_error *err)
{
    char path[PATH_SIZE];
    wk_code rc = path_of(i, path, name, err);

    if (rc == WK_OK)
        rc = wki_tmpfile_write(i->file, part_end, sizeof part_end - 1, err);
    return rc == WK_OK ? wki_web_tree_commit(i->tree, i->file, path, err) : rc;
}

static wk_code write_frame(wki_web_tree_instance *i, wki_web_object *o, uint32_t frame,
                           wk_error *err)
{
    char label[WKI_FRAME_LABEL_SIZE], name[32];
    wki_frame_bytes bytes = {0};
    wk_code rc = wki_web_object_frame(o, frame, &bytes, label, err);

    if (rc == WK_OK)
        rc = begin_part(i, label, err);
    if (rc == WK_OK)
        rc = wki_tmpfile_write(i->file, bytes.data, bytes.n, err);
    snprintf(name, sizeof name, "frames/%u", frame + 1);
    if (rc == WK_OK)
        rc = end_part(i, name, err);
    i->frames += rc == WK_OK;
    wki_frame_bytes_clear(&bytes);
    wki_tmpfile_drop(i->file);
    return rc;
}

static wk_code copy_value(wki_web_tree_instance *i, const wki_dicom_bulk *value, wk_error *err)
{
    uint64_t n = wki_dicom_bulk_bytes(value);
    char *piece = malloc(PIECE);
    wk_code rc = piece ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    for (uint64_t at = 0; at < n && rc == WK_OK; at += PIECE) {
        size_t some = n - at < PIECE ? (size_t)(n - at) : PIECE;

        rc = wki_dicom_bulk_read(value, at, piece, some, err);
        if (rc == WK_OK)
            rc = wki_tmpfile_write(i->file, piece, some, err);
    }
    free(piece);
    return rc;
}

static wk_code write_value(void *user, const char *path, const wki_dicom_bulk *value, wk_error *err)
{
    wki_web_tree_instance *i = user;
    char name[PATH_SIZE], label[WKI_FRAME_LABEL_SIZE];
    int n = snprintf(name, sizeof name, "bulkdata/%s", path);
    wk_code rc = n > 0 && n < PATH_SIZE ? WK_OK : wk_fail(err, WK_LIMIT, "nested too deep");

    wki_frame_label(label, "", false);
    if (rc == WK_OK)
        rc = begin_part(i, label, err);
    if (rc == WK_OK)
        rc = copy_value(i, value, err);
    if (rc == WK_OK)
        rc = end_part(i, name, err);
    wki_tmpfile_drop(i->file);
    return rc;
}

static wk_code write_thumbnail(wki_web_tree_instance *i, wki_web_object *o, wk_error *err)
{
    char path[PATH_SIZE];
    wki_buf jpeg;
    wk_code rc;

    wki_buf_init(&jpeg, WKI_WEB_PICTURE_BYTES, "thumbnail");
    rc = wki_web_object_thumbnail(o, &jpeg, err);
    if (rc == WK_OK)
        rc = path_of(i, path, "thumbnail", err);
    if (rc == WK_OK)
        rc = wki_web_tree_put(i->tree, i->file, path, jpeg.data, jpeg.n, err);
    wki_buf_clear(&jpeg);
    return rc;
}

/* An old time makes the next run write it anew. */
static void mark_unfinished(wki_web_tree_instance *i, const char *path)
{
    static const struct timespec old[2] = {{0, 0}, {0, 0}};

    (void)!utimensat(i->tree->root_fd, path, old, AT_SYMLINK_NOFOLLOW);
}

static wk_code write_metadata(wki_web_tree_instance *i, wki_web_object *o, bool whole,
                              wk_error *err)
{
    char path[PATH_SIZE];
    char *json = NULL, *array = NULL;
    wk_code rc = wki_web_object_metadata(o, "", &json, err);

    if (rc == WK_OK) {
        array = wki_strfmt("[%s]\n", json);
        rc = array ? path_of(i, path, "metadata", err) : wk_fail(err, WK_NOMEM, "out of memory");
    }
    if (rc == WK_OK)
        rc = wki_web_tree_put(i->tree, i->file, path, array, strlen(array), err);
    if (rc == WK_OK && !whole)
        mark_unfinished(i, path);
    free(json);
    free(array);
    return rc;
}

/* What no next instance would mend. */
static bool is_fatal(wk_code code)
{
    return code == WK_IO || code == WK_NOMEM || code == WK_CANCELLED;
}

/* Keeps the first failure in `first`, and gives it back where it ends the run. */
static wk_code note(wk_error *first, const wk_error *why, wk_error *err)
{
    if (why->code != WK_OK && is_fatal(why->code))
        return wk_fail_from(err, why->code, why);
    if (why->code != WK_OK && first->code == WK_OK)
        *first = *why;
    return WK_OK;
}

static wk_code write_pixels(wki_web_tree_instance *i, wki_web_object *o, wk_error *first,
                            wk_error *err)
{
    wk_error why = {0};
    wk_code rc = note(first, &o->not_drawn, err);

    for (uint32_t f = 0; f < o->frames && rc == WK_OK; f++) {
        wk_error_clear(&why);
        if (wki_session_check(i->session, &why) == WK_OK)
            (void)!write_frame(i, o, f, &why);
        rc = note(first, &why, err);
    }
    wk_error_clear(&why);
    if (rc == WK_OK && write_thumbnail(i, o, &why) != WK_OK)
        rc = note(first, &why, err);
    return rc;
}

static wk_code write_all(wki_web_tree_instance *i, wki_web_object *o, wk_error *first,
                         wk_error *err)
{
    wk_error why = {0};
    wk_code rc = write_pixels(i, o, first, err);

    if (rc == WK_OK && wki_dicom_bulk_each(o->file, write_value, i, &why) != WK_OK)
        rc = note(first, &why, err);
    return rc == WK_OK ? write_metadata(i, o, first->code == WK_OK, err) : rc;
}

wk_code wki_web_tree_instance_write(wki_web_tree_instance *i, wk_error *err)
{
    wki_web_object o = {0};
    wk_error first = {0};
    char path[PATH_SIZE];
    char *whole = NULL;
    wk_code rc = path_of(i, path, "instance.dcm", err);

    if (rc == WK_OK)
        rc = wki_path_join(&whole, i->dir, path, err);
    if (rc == WK_OK)
        rc = wki_web_object_open(&o, whole, err);
    if (rc == WK_OK)
        rc = write_all(i, &o, &first, err);
    if (rc == WK_OK && first.code != WK_OK)
        rc = wk_fail_from(err, first.code, &first);
    wki_web_object_close(&o);
    free(whole);
    return rc;
}
