#include "store/tmpfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/clock.h"
#include "core/file_system.h"
#include "core/path.h"
#include "core/text.h"

enum {
    GATHER_SIZE = 256 * 1024, /* more brings no more; a write for every slice costs a third more */
    ATTEMPTS = 100,
    COPY_SIZE = 65536,
};

#ifndef RENAME_NOREPLACE
/* A C library that does not know it; the kernel may. */
#define RENAME_NOREPLACE 1

static int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
#ifdef SYS_renameat2
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
#else
    (void)from_fd, (void)from, (void)to_fd, (void)to, (void)flags;
    errno = ENOSYS;
    return -1;
#endif
}
#endif

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
static int known_way = WAY_UNKNOWN;

static int way_to_link(int fd, int dir_fd)
{
    int way = __atomic_load_n(&known_way, __ATOMIC_RELAXED);

    if (way != WAY_UNKNOWN)
        return way;
    for (way = WAY_EMPTY_PATH; way < WAY_NONE; way++) {
        if (link_by(way, fd, dir_fd, ".") != 0 && errno == EEXIST)
            break;
    }
    __atomic_store_n(&known_way, way, __ATOMIC_RELAXED);
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
    int way = way_to_link(t->fd, t->dir_fd);

    if (way == WAY_NONE) {
        errno = EPERM;
        return false;
    }
    return link_by(way, t->fd, dir_fd, name) == 0;
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

/* A file with a temporary name; -1 and errno where there can be none. */
static int create_named(int dir_fd, char name[WKI_TMP_NAME_SIZE])
{
    int fd = -1;

    for (int i = 0; i < ATTEMPTS; i++) {
        make_name(name);
        fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            break;
    }
    return fd;
}

/* Where something happened, for a message: "the folder" where its path is not known. */
static const char *where(int dir_fd, char path[WK_MAX_PATH_BYTES])
{
    wki_path_of_fd(dir_fd, path, WK_MAX_PATH_BYTES);
    return path[0] ? path : "the folder";
}

static wk_code create(wki_tmpfile *t, wk_error *err)
{
    char path[WK_MAX_PATH_BYTES];
    int why;

    if (!t->with_name && create_unnamed(t))
        return WK_OK;
    t->fd = create_named(t->dir_fd, t->name);
    if (t->fd >= 0)
        return WK_OK;
    why = errno;
    return wk_fail_errno(err, WK_IO, why, "%s: cannot make a temporary file",
                         where(t->dir_fd, path));
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

static bool put_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, p, n);

        if (put < 0 && errno == EINTR)
            continue;
        if (put == 0)
            errno = EIO;
        if (put <= 0)
            return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static wk_code cannot_write(const wki_tmpfile *t, int why, wk_error *err)
{
    char path[WK_MAX_PATH_BYTES];

    return wk_fail_errno(err, WK_IO, why, "cannot write a file in %s", where(t->dir_fd, path));
}

static wk_code write_all(wki_tmpfile *t, const char *p, size_t n, wk_error *err)
{
    return put_all(t->fd, p, n) ? WK_OK : cannot_write(t, errno, err);
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

/* The name is taken by an empty file first, which then is replaced: in the moment between, the name
 * stands for nothing. Some (sshfs) replace nothing: there the name is free once more in between. */
static bool rename_in_two(const wki_tmpfile *t, int dir_fd, const char *name)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    int why;

    if (fd < 0)
        return false;
    close(fd);
    if (renameat(t->dir_fd, t->name, dir_fd, name) == 0)
        return true;
    unlinkat(dir_fd, name, 0);
    if (renameat(t->dir_fd, t->name, dir_fd, name) == 0)
        return true;
    why = errno;
    errno = why == EEXIST ? EIO : why;
    return false;
}

/* Renames without replacing; false and errno where it cannot. Where the file system knows no such
 * rename, a hard link does the same; where it knows neither, O_EXCL does. */
static bool rename_new(const wki_tmpfile *t, int dir_fd, const char *name)
{
    int why;

    if (renameat2(t->dir_fd, t->name, dir_fd, name, RENAME_NOREPLACE) == 0)
        return true;
    if (!wki_fs_cannot(errno))
        return false;
    if (linkat(t->dir_fd, t->name, dir_fd, name, 0) == 0) {
        unlinkat(t->dir_fd, t->name, 0);
        return true;
    }
    why = errno;
    if (!wki_fs_cannot(why))
        return false;
    if (!rename_in_two(t, dir_fd, name))
        return false;
    wki_fs_lacks(WKI_FS_NO_EXCLUSIVE_NAME, dir_fd, why);
    return true;
}

/* A file without a name that cannot be given one (no hard links) becomes one with a temporary
 * name; so are all that follow from their beginning. */
static bool copy_to_named(wki_tmpfile *t)
{
    char *piece = malloc(COPY_SIZE), name[WKI_TMP_NAME_SIZE];
    int fd = piece ? create_named(t->dir_fd, name) : -1;
    ssize_t n = 1;
    bool ok = fd >= 0;
    int why;

    for (off_t at = 0; ok && n > 0; at += n) {
        n = pread(t->fd, piece, COPY_SIZE, at);
        ok = n >= 0 && put_all(fd, piece, (size_t)n);
    }
    why = errno;
    free(piece);
    if (ok) {
        __atomic_store_n(&known_way, WAY_NONE, __ATOMIC_RELAXED);
        close(t->fd);
        t->fd = fd;
        memcpy(t->name, name, sizeof name);
        return true;
    }
    if (fd >= 0) {
        close(fd);
        unlinkat(t->dir_fd, name, 0);
    }
    errno = why;
    return false;
}

static bool give_name(wki_tmpfile *t, int dir_fd, const char *name, bool replace)
{
    if (!t->name[0]) {
        if (link_new(t, dir_fd, name))
            return true;
        if (errno == EEXIST && !replace)
            return false;
        if (!(errno == EEXIST && link_to_rename(t)) && !(wki_fs_cannot(errno) && copy_to_named(t)))
            return false;
    }
    return replace ? renameat(t->dir_fd, t->name, dir_fd, name) == 0 : rename_new(t, dir_fd, name);
}

static wk_code no_name(int dir_fd, const char *name, int why, wk_error *err)
{
    char path[WK_MAX_PATH_BYTES];

    return wk_fail_errno(err, WK_IO, why, "%s/%s: cannot give the file its name",
                         where(dir_fd, path), name);
}

/* Before it has a name: network file systems tell only now that the last bytes did not fit. Those
 * have no files without a name; of such files writing has told all. */
static wk_code close_named(wki_tmpfile *t, wk_error *err)
{
    int fd = t->fd;

    if (!t->name[0])
        return WK_OK;
    t->fd = -1;
    return close(fd) == 0 ? WK_OK : cannot_write(t, errno, err);
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
    int why;

    if (rc == WK_OK)
        rc = close_named(t, err);
    if (rc != WK_OK)
        return rc;
    done = give_name(t, dir_fd, name, !keep_existing);
    why = done ? 0 : errno;
    if (existed)
        *existed = why == EEXIST;
    if (why == EEXIST && keep_existing) {
        wki_tmpfile_drop(t);
        return WK_OK;
    }
    if (!done)
        return no_name(dir_fd, name, why, err);
    forget(t);
    return WK_OK;
}

wk_code wki_tmpfile_commit_new(wki_tmpfile *t, int dir_fd, const char *name, bool *existed,
                               wk_error *err)
{
    wk_code rc = write_gathered(t, err);
    struct stat st;
    int why;

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
    why = errno;
    *existed = why == EEXIST && t->fd >= 0;
    return *existed ? WK_OK : no_name(dir_fd, name, why, err);
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
