#include "support/odd_fs.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

const char *odd_fs = "";

#ifdef ODD_FS_PRELOAD
#define WRAPPED(name) name
#define REAL(type, name, arguments)                                                                \
    type(*real) arguments = (type(*) arguments)(uintptr_t)dlsym(RTLD_NEXT, #name)
#else
#define WRAPPED(name) __wrap_##name
#define REAL(type, name, arguments)                                                                \
    type __real_##name arguments;                                                                  \
    type(*real) arguments = __real_##name
#endif

/* What stands after `word` in the list, NULL where it is not there. */
static const char *lacks(const char *word)
{
    const char *list = odd_fs, *found;
    size_t n = strlen(word);

#ifdef ODD_FS_PRELOAD
    list = getenv("ODD_FS") ? getenv("ODD_FS") : "";
#endif
    found = strstr(list, word);
    return found && (found == list || found[-1] == ' ') ? found + n : NULL;
}

static bool fails(const char *word)
{
    const char *number = lacks(word);

    if (!number)
        return false;
    errno = *number == '=' ? (int)strtol(number + 1, NULL, 10) : EINVAL;
    return true;
}

static bool too_long(const char *path)
{
    const char *most = lacks("names"), *slash = strrchr(path, '/');

    if (!most || strlen(slash ? slash + 1 : path) <= (size_t)strtol(most + 1, NULL, 10))
        return false;
    errno = ENAMETOOLONG;
    return true;
}

static bool read_only(int dir_fd)
{
    const char *end = lacks("readonly");
    char link[32], path[4096];
    size_t n = end ? strcspn(end + 1, " ") : 0;
    ssize_t got;

    if (!end)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", dir_fd);
    got = readlink(link, path, sizeof path - 1);
    if (got < (ssize_t)n || memcmp(path + got - n, end + 1, n) != 0)
        return false;
    errno = EROFS;
    return true;
}

int WRAPPED(linkat)(int from_fd, const char *from, int to_fd, const char *to, int flags);
int WRAPPED(linkat)(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    REAL(int, linkat, (int, const char *, int, const char *, int));
    /* The name is looked at first, as in the kernel. */
    if (strcmp(to, ".") != 0 && (too_long(to) || fails("nolink")))
        return -1;
    return real(from_fd, from, to_fd, to, flags);
}

int WRAPPED(renameat2)(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int WRAPPED(renameat2)(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    REAL(int, renameat2, (int, const char *, int, const char *, unsigned));
    if (too_long(to) || (flags && fails("norename2")))
        return -1;
    return real(from_fd, from, to_fd, to, flags);
}

int WRAPPED(renameat)(int from_fd, const char *from, int to_fd, const char *to);
int WRAPPED(renameat)(int from_fd, const char *from, int to_fd, const char *to)
{
    REAL(int, renameat, (int, const char *, int, const char *));
    struct stat st;

    if (too_long(to))
        return -1;
    if (lacks("noreplace") && fstatat(to_fd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EPERM;
        return -1;
    }
    return real(from_fd, from, to_fd, to);
}

int WRAPPED(flock)(int fd, int how);
int WRAPPED(flock)(int fd, int how)
{
    REAL(int, flock, (int, int));
    return fails("noflock") ? -1 : real(fd, how);
}

int WRAPPED(fsync)(int fd);
int WRAPPED(fsync)(int fd)
{
    REAL(int, fsync, (int));
    return fails("nosync") ? -1 : real(fd);
}

long WRAPPED(fpathconf)(int fd, int name);
long WRAPPED(fpathconf)(int fd, int name)
{
    REAL(long, fpathconf, (int, int));
    const char *most = lacks("names");

    return most && name == _PC_NAME_MAX ? strtol(most + 1, NULL, 10) : real(fd, name);
}

#ifndef ODD_FS_PRELOAD
int WRAPPED(fstatat64)(int dir_fd, const char *path, struct stat *st, int flags);
int WRAPPED(fstatat64)(int dir_fd, const char *path, struct stat *st, int flags)
{
    REAL(int, fstatat64, (int, const char *, struct stat *, int));
    char lower[256];
    size_t i = 0;
    int got = real(dir_fd, path, st, flags);

    if (got == 0 || !lacks("nocase"))
        return got;
    for (; path[i] && i < sizeof lower - 1; i++)
        lower[i] = (char)tolower((unsigned char)path[i]);
    lower[i] = '\0';
    return real(dir_fd, lower, st, flags);
}
#endif

static bool may_open(int dir_fd, const char *path, int flags)
{
    if (too_long(path) || ((flags & O_CREAT) && read_only(dir_fd)))
        return false;
    if ((flags & O_TMPFILE) == O_TMPFILE && lacks("notmpfile")) {
        errno = EOPNOTSUPP;
        return false;
    }
    return true;
}

#define OPENAT(name)                                                                               \
    int WRAPPED(name)(int dir_fd, const char *path, int flags, ...);                               \
    int WRAPPED(name)(int dir_fd, const char *path, int flags, ...)                                \
    {                                                                                              \
        REAL(int, name, (int, const char *, int, ...));                                            \
        va_list more;                                                                              \
        unsigned mode;                                                                             \
                                                                                                   \
        va_start(more, flags);                                                                     \
        mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, unsigned) : 0;                       \
        va_end(more);                                                                              \
        return may_open(dir_fd, path, flags) ? real(dir_fd, path, flags, mode) : -1;               \
    }

#ifdef ODD_FS_PRELOAD
OPENAT(openat)
#endif
OPENAT(openat64)
