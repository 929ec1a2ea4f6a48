#include "store/tmpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/clock.h"
#include "core/text.h"

enum {
    GATHER_SIZE = 256 * 1024, /* more brings no more; a write for every slice costs a third more */
    ATTEMPTS = 100,
};

static void make_name(char name[WKI_TMP_NAME_SIZE])
{
    const wki_clock *clock = wki_clock_system();
    unsigned char r[8];

    clock->random(clock->user, r, sizeof r);
    snprintf(name, WKI_TMP_NAME_SIZE, ".wadokit-%ld-%02x%02x%02x%02x%02x%02x%02x%02x",
             (long)getpid(), r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]);
}

/* --- files without a name --- */

enum {
    WAY_UNKNOWN,
    WAY_EMPTY_PATH, /* kernels before 6.10 want a privilege for it */
    WAY_PROC,
    WAY_NONE
};

static int link_by(int way, int fd, int dir_fd, const char *name)
{
    char proc[32];

    if (way == WAY_EMPTY_PATH)
        return linkat(fd, "", dir_fd, name, AT_EMPTY_PATH);
    snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, proc, dir_fd, name, AT_SYMLINK_FOLLOW);
}

/* What this process may do, tried once: a link by the name "." never comes to be, and the error
 * tells how far it came. */
static int way_to_link(int fd, int dir_fd)
{
    static int known = WAY_UNKNOWN;
    int way = __atomic_load_n(&known, __ATOMIC_RELAXED);

    if (way != WAY_UNKNOWN)
        return way;
    for (way = WAY_EMPTY_PATH; way < WAY_NONE; way++) {
        if (link_by(way, fd, dir_fd, ".") != 0 && errno == EEXIST)
            break;
    }
    __atomic_store_n(&known, way, __ATOMIC_RELAXED);
    return way;
}

static bool create_unnamed(wki_tmpfile *t)
{
    t->fd = openat(t->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (t->fd < 0)
        return false;
    if (way_to_link(t->fd, t->dir_fd) != WAY_NONE)
        return true;
    close(t->fd);
    return false;
}

/* As link_by(), for a file that has no name yet. */
static bool link_new(const wki_tmpfile *t, int dir_fd, const char *name)
{
    return link_by(way_to_link(t->fd, t->dir_fd), t->fd, dir_fd, name) == 0;
}

/* A name replaces another only by rename, so the file gets a temporary one first. */
static bool link_to_rename(wki_tmpfile *t)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        make_name(t->name);
        if (link_new(t, t->dir_fd, t->name))
            return true;
        if (errno != EEXIST)
            break;
    }
    t->name[0] = '\0';
    return false;
}

/* --- opening --- */

static wk_code create(wki_tmpfile *t, wk_error *err)
{
    if (!t->with_name && create_unnamed(t))
        return WK_OK;
    for (int i = 0; i < ATTEMPTS; i++) {
        make_name(t->name);
        t->fd =
            openat(t->dir_fd, t->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (t->fd >= 0)
            return WK_OK;
        if (errno != EEXIST)
            break;
    }
    return wk_fail_errno(err, WK_IO, errno, "cannot make a temporary file");
}

static void close_folder(wki_tmpfile *t)
{
    if (!t->lent)
        close(t->dir_fd);
}

static wk_code open_as(wki_tmpfile *t, int dir_fd, bool lent, wk_error *err)
{
    void *gather = t->gather ? t->gather : malloc(GATHER_SIZE);
    wk_code rc;

    if (!gather)
        return wk_fail(err, WK_NOMEM, "out of memory");
    *t = (wki_tmpfile){.dir_fd = dir_fd, .lent = lent, .gather = gather, .with_name = t->with_name};
    rc = create(t, err);
    if (rc != WK_OK)
        return rc;
    t->open = true;
    return WK_OK;
}

wk_code wki_tmpfile_open_in(wki_tmpfile *t, int dir_fd, wk_error *err)
{
    return open_as(t, dir_fd, true, err);
}

wk_code wki_tmpfile_open(wki_tmpfile *t, int dir_fd, wk_error *err)
{
    int copy = fcntl(dir_fd, F_DUPFD_CLOEXEC, 0);
    wk_code rc;

    if (copy < 0)
        return wk_fail_errno(err, WK_IO, errno, "cannot open the folder");
    rc = open_as(t, copy, false, err);
    if (rc != WK_OK)
        close(copy);
    return rc;
}

/* --- writing --- */

static wk_code write_all(wki_tmpfile *t, const char *p, size_t n, wk_error *err)
{
    while (n > 0) {
        ssize_t put = write(t->fd, p, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return wk_fail_errno(err, WK_IO, put < 0 ? errno : EIO, "cannot write the file");
        p += put;
        n -= (size_t)put;
    }
    return WK_OK;
}

static wk_code write_gathered(wki_tmpfile *t, wk_error *err)
{
    size_t n = t->gathered;

    t->gathered = 0;
    return write_all(t, t->gather, n, err);
}

wk_code wki_tmpfile_write(wki_tmpfile *t, const void *data, size_t n, wk_error *err)
{
    const char *p = data;

    t->bytes += n;
    while (n > 0) {
        size_t room = GATHER_SIZE - t->gathered;
        size_t kept = n < room ? n : room;
        wk_code rc;

        if (t->gathered == 0 && n >= GATHER_SIZE)
            return write_all(t, p, n, err);
        memcpy((char *)t->gather + t->gathered, p, kept);
        t->gathered += kept;
        p += kept;
        n -= kept;
        if (t->gathered < GATHER_SIZE)
            continue;
        rc = write_gathered(t, err);
        if (rc != WK_OK)
            return rc;
    }
    return WK_OK;
}

wk_code wki_tmpfile_flush(wki_tmpfile *t, int *out_fd, wk_error *err)
{
    wk_code rc = write_gathered(t, err);

    if (rc == WK_OK)
        *out_fd = t->fd;
    return rc;
}

/* --- giving the name --- */

/* Renames without replacing; false and errno where it cannot. Where the file system knows no such
 * rename, a hard link does the same. */
static bool rename_new(const wki_tmpfile *t, int dir_fd, const char *name)
{
    if (renameat2(t->dir_fd, t->name, dir_fd, name, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (linkat(t->dir_fd, t->name, dir_fd, name, 0) != 0)
        return false;
    unlinkat(t->dir_fd, t->name, 0);
    return true;
}

static bool give_name(wki_tmpfile *t, int dir_fd, const char *name, bool replace)
{
    if (!t->name[0]) {
        if (link_new(t, dir_fd, name))
            return true;
        if (errno != EEXIST || !replace || !link_to_rename(t))
            return false;
    }
    return replace ? renameat(t->dir_fd, t->name, dir_fd, name) == 0 : rename_new(t, dir_fd, name);
}

/* Before it has a name: network file systems tell only now that the last bytes did not fit. Those
 * have no files without a name; of such files writing has told all. */
static wk_code close_named(wki_tmpfile *t, wk_error *err)
{
    int fd = t->fd;

    if (!t->name[0])
        return WK_OK;
    t->fd = -1;
    return close(fd) == 0 ? WK_OK : wk_fail_errno(err, WK_IO, errno, "cannot write the file");
}

static void forget(wki_tmpfile *t)
{
    if (t->fd >= 0)
        close(t->fd);
    close_folder(t);
    t->open = false;
}

wk_code wki_tmpfile_commit_at(wki_tmpfile *t, int dir_fd, const char *name, bool keep_existing,
                              bool *existed, wk_error *err)
{
    wk_code rc = write_gathered(t, err);
    bool done;

    if (rc == WK_OK)
        rc = close_named(t, err);
    if (rc != WK_OK)
        return rc;
    done = give_name(t, dir_fd, name, !keep_existing);
    if (existed)
        *existed = !done && errno == EEXIST;
    if (!done && errno == EEXIST && keep_existing) {
        wki_tmpfile_drop(t);
        return WK_OK;
    }
    if (!done)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot give the file its name", name);
    forget(t);
    return WK_OK;
}

wk_code wki_tmpfile_commit_new(wki_tmpfile *t, int dir_fd, const char *name, bool *existed,
                               wk_error *err)
{
    wk_code rc = write_gathered(t, err);
    struct stat st;

    if (rc != WK_OK)
        return rc;
    *existed = t->name[0] && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*existed)
        rc = close_named(t, err);
    if (*existed || rc != WK_OK)
        return rc;
    if (give_name(t, dir_fd, name, false)) {
        forget(t);
        return WK_OK;
    }
    *existed = errno == EEXIST && t->fd >= 0;
    return *existed ? WK_OK
                    : wk_fail_errno(err, WK_IO, errno, "%s: cannot give the file its name", name);
}

wk_code wki_tmpfile_commit(wki_tmpfile *t, const char *name, bool keep_existing, bool *existed,
                           wk_error *err)
{
    return wki_tmpfile_commit_at(t, t->dir_fd, name, keep_existing, existed, err);
}

void wki_tmpfile_drop(wki_tmpfile *t)
{
    if (!t->open)
        return;
    if (t->name[0])
        unlinkat(t->dir_fd, t->name, 0);
    forget(t);
    t->gathered = 0;
}

void wki_tmpfile_clear(wki_tmpfile *t)
{
    wki_tmpfile_drop(t);
    free(t->gather);
    memset(t, 0, sizeof *t);
}

wk_code wki_tmpfile_open_for(wki_tmpfile *t, const char *path, const char **base, wk_error *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char dir[WK_MAX_PATH_BYTES];
    wk_code rc;
    int fd;

    if (*name == '\0')
        return wk_fail(err, WK_USAGE, "%s: names no file", path);
    if (strlen(path) >= sizeof dir)
        return wk_fail(err, WK_LIMIT, "%.80s...: path longer than %d bytes", path,
                       WK_MAX_PATH_BYTES);
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    fd = open(slash == path ? "/" : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot open the folder", dir);
    rc = wki_tmpfile_open(t, fd, err);
    close(fd);
    if (rc != WK_OK)
        wk_fail_add(err, "%s: ", path);
    else
        *base = name;
    return rc;
}

int wki_tmpfile_nameless(wk_error *err)
{
    const char *dir = getenv("TMPDIR");
    char *name = wki_strfmt("%s/wadokit-XXXXXX", dir && *dir ? dir : "/tmp");
    int fd = name ? mkostemp(name, O_CLOEXEC) : -1;

    if (fd >= 0)
        unlink(name);
    else
        (void)wk_fail_errno(err, WK_IO, name ? errno : ENOMEM, "temporary file");
    free(name);
    return fd;
}
