#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/text.h"

enum {
    PIECE = 65536
};

static int open_parent(int root_fd, char *path, char **name)
{
    int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
    char *slash;

    while (fd >= 0 && (slash = strchr(path, '/')) != NULL) {
        int next;

        *slash = '\0';
        next = openat(fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(fd);
        fd = next;
        path = slash + 1;
    }
    *name = path;
    return fd;
}

int wki_store_file_open(int root_fd, const char *relative, uint64_t *bytes)
{
    char path[WK_MAX_PATH_BYTES];
    struct stat st;
    char *name;
    int dir, fd;

    if (!wki_strcopy(path, sizeof path, relative))
        return -1;
    dir = open_parent(root_fd, path, &name);
    if (dir < 0)
        return -1;
    /* O_NONBLOCK: a FIFO in the way must not hold us up. */
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    close(dir);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        *bytes = (uint64_t)st.st_size;
    return fd;
}

static ssize_t read_piece(int fd, char *buf, off_t at)
{
    ssize_t got;

    do
        got = pread(fd, buf, PIECE, at);
    while (got < 0 && errno == EINTR);
    return got;
}

bool wki_store_file_same(int a, int b)
{
    char *buf = malloc((size_t)2 * PIECE);
    bool same = buf != NULL;
    ssize_t n = 1;

    for (off_t at = 0; same && n > 0; at += n) {
        n = read_piece(a, buf, at);
        same = n >= 0 && read_piece(b, buf + PIECE, at) == n &&
               memcmp(buf, buf + PIECE, (size_t)n) == 0;
    }
    free(buf);
    return same;
}

wk_code wki_store_file_scan(int fd, wki_dicom_scan *scan, wki_sha256 *sha, wk_error *err)
{
    char *buf = malloc(PIECE);
    wk_code rc = buf ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
    ssize_t n = 1;

    wki_dicom_scan_reset(scan);
    for (off_t at = 0; rc == WK_OK && n > 0; at += n) {
        n = read_piece(fd, buf, at);
        if (n < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "cannot read the file");
        if (n <= 0)
            break;
        if (sha)
            wki_sha256_add(sha, buf, (size_t)n);
        rc = wki_dicom_feed(scan, buf, (size_t)n, err);
    }
    free(buf);
    return rc == WK_OK ? wki_dicom_finish(scan, err) : rc;
}

/* As far as the UIDs of classes tell: structured reports,
 * key objects, presentation states, waveforms, documents, plans and raw data have none. */
bool wki_dicom_lacks_pixels(const wki_dicom_identity *id)
{
    static const char *const without[] = {"88.",   "11.",   "9.",    "104.",  "66.1",
                                          "66.2",  "66.3",  "66.5",  "481.3", "481.4",
                                          "481.5", "481.6", "481.7", "481.8", "481.9"};
    static const char root[] = "1.2.840.10008.5.1.4.1.1.";
    const char *tail = id->sop_class + sizeof root - 1;

    if (id->has_pixels)
        return false;
    if (id->rows > 0)
        return true;
    if (!wki_str_starts(id->sop_class, root))
        return false;
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        if (wki_str_starts(tail, without[i]))
            return false;
    }
    return strcmp(tail, "66") != 0;
}
