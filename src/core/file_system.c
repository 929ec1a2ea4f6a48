#include "core/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/path.h"

enum {
    NAME_MAX_BYTES = 255,
    NAME_MIN_BYTES = 64 /* a file system that says less says nothing */
};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int number; /* 0: nothing is lacking */
    bool told;
    char path[512];
} known[WKI_FS_LACKS];

bool wki_fs_cannot(int number)
{
    static const int numbers[] = {EPERM, EOPNOTSUPP, ENOSYS, EINVAL, EMLINK, EXDEV, ENOLCK, ENOTTY};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (number == numbers[i])
            return true;
    }
    return false;
}

void wki_fs_lacks(wki_fs_lack what, int fd, int number)
{
    pthread_mutex_lock(&guard);
    if (known[what].number == 0) {
        known[what].number = number;
        wki_path_of_fd(fd, known[what].path, sizeof known[what].path);
    }
    pthread_mutex_unlock(&guard);
}

void wki_fs_tell(const wk_log *log)
{
    static const char *const words[] = {
        "%s: cannot be locked here (%s): two runs at once would not know of each other",
        "%s: files get their names in two steps here, for want of hard links and of a rename that "
        "does not replace (%s): a run that is killed in between leaves an empty file, which the "
        "next run replaces"};

    pthread_mutex_lock(&guard);
    for (size_t i = 0; i < WKI_FS_LACKS; i++) {
        if (known[i].number != 0 && !known[i].told)
            wk_log_write(log, WK_LOG_WARN, words[i], known[i].path, strerror(known[i].number));
        known[i].told = known[i].number != 0;
    }
    pthread_mutex_unlock(&guard);
}

bool wki_fs_lock(int fd, int how, bool *locked)
{
    int got;

    do
        got = flock(fd, how);
    while (got != 0 && errno == EINTR);
    *locked = got == 0;
    if (got == 0)
        return true;
    if (!wki_fs_cannot(errno))
        return false;
    wki_fs_lacks(WKI_FS_NO_LOCKS, fd, errno);
    return true;
}

int wki_fs_sync(int fd)
{
    int got = fsync(fd);

    return got != 0 && (wki_fs_cannot(errno) || errno == EROFS) ? 0 : got;
}

bool wki_fs_ignores_case(int dir_fd)
{
    char name[64], other[64];
    struct stat st;
    bool same;
    int fd;

    snprintf(name, sizeof name, ".wadokit-case-%ld", (long)getpid());
    snprintf(other, sizeof other, ".WADOKIT-CASE-%ld", (long)getpid());
    fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    close(fd);
    same = fstatat(dir_fd, other, &st, AT_SYMLINK_NOFOLLOW) == 0;
    unlinkat(dir_fd, name, 0);
    return same;
}

size_t wki_fs_name_max(int dir_fd)
{
    long most = fpathconf(dir_fd, _PC_NAME_MAX);

    return most < NAME_MIN_BYTES || most > NAME_MAX_BYTES ? NAME_MAX_BYTES : (size_t)most;
}
