#include "core/path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/text.h"

enum {
    MAX_NAME = 255,
    HASH_TAIL = 17, /* "-" and 16 digits */
    MIN_HASHED = 40
};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* CON, NUL, COM1 ..., with any suffix: Windows, and CIFS in front of it, refuse them. */
static bool is_device(const char *text)
{
    static const char *const names[] = {"con", "prn", "aux", "nul"};
    size_t n = strcspn(text, ".");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (n == 3 && strncasecmp(text, names[i], 3) == 0)
            return true;
    }
    return n == 4 && text[3] >= '1' && text[3] <= '9' &&
           (strncasecmp(text, "com", 3) == 0 || strncasecmp(text, "lpt", 3) == 0);
}

/* Whether the character at `p` stands as it is. */
static bool stays(const char *text, const char *p, bool device)
{
    if (!is_plain(*p) || (*p == '.' && p[1] == '\0'))
        return false;
    return p != text || !(*p == '.' || *p == '-' || device);
}

/* FNV-1a. */
static uint64_t hash_of(const char *text)
{
    uint64_t h = 14695981039346656037u;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

/* Encodes as much as fits `max`; what is left is returned. */
static const char *encode(char *out, size_t max, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    bool device = is_device(text);
    const char *p = text;
    size_t used = 0;

    for (; *p; p++) {
        bool plain = stays(text, p, device);
        unsigned char byte = (unsigned char)*p;

        if (used + (plain ? 1 : 3) > max)
            break;
        if (plain) {
            out[used++] = *p;
        } else {
            out[used++] = '%';
            out[used++] = digits[byte >> 4];
            out[used++] = digits[byte & 15];
        }
    }
    out[used] = '\0';
    return p;
}

void wki_path_encode(char *out, size_t size, const char *text)
{
    size_t max = size - 1 < MAX_NAME ? size - 1 : MAX_NAME;

    if (*encode(out, max, text) && max >= MIN_HASHED) {
        (void)encode(out, max - HASH_TAIL, text);
        snprintf(out + strlen(out), HASH_TAIL + 1, "-%016" PRIx64, hash_of(text));
    }
    if (out[0] == '\0' && max > 0)
        memcpy(out, "_", 2);
}

void wki_path_of_fd(int fd, char *out, size_t size)
{
    char link[32];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
}

wk_code wki_path_join(char **out, const char *dir, const char *name, wk_error *err)
{
    size_t n = strlen(dir), name_n = strlen(name);
    bool slash = n == 0 || dir[n - 1] != '/';
    char *path;

    if (n + name_n + 2 > WK_MAX_PATH_BYTES)
        return wk_fail(err, WK_LIMIT, "%.80s...: path longer than %d bytes", dir,
                       WK_MAX_PATH_BYTES);
    path = malloc(n + slash + name_n + 1);
    if (!path)
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(path, dir, n);
    if (slash)
        path[n++] = '/';
    memcpy(path + n, name, name_n + 1);
    *out = path;
    return WK_OK;
}

wk_code wki_path_make_dirs(const char *dir, wk_error *err)
{
    char path[WK_MAX_PATH_BYTES];

    if (!wki_strcopy(path, sizeof path, dir))
        return wk_fail(err, WK_LIMIT, "%.80s...: path longer than %d bytes", dir,
                       WK_MAX_PATH_BYTES);
    for (char *p = path + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return wk_fail_errno(err, WK_IO, errno, "%s: cannot make the folder", path);
        *p = '/';
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot make the folder", path);
    return WK_OK;
}

static wk_code open_below(int fd, const char *name, int *out, wk_error *err)
{
    int next;

    if (mkdirat(fd, name, 0777) != 0 && errno != EEXIST)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot make the folder", name);
    next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 && (errno == ELOOP || errno == ENOTDIR))
        return wk_fail(err, WK_REFUSED,
                       "%s: not a folder but a link or a file; nothing is written through it",
                       name);
    if (next < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot open the folder", name);
    *out = next;
    return WK_OK;
}

wk_code wki_path_open_parent(int root_fd, const char *relative, int *out_fd, wk_error *err)
{
    char path[WK_MAX_PATH_BYTES];
    char *name = path;
    char *slash;
    int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "cannot open the folder");
    if (!wki_strcopy(path, sizeof path, relative)) {
        close(fd);
        return wk_fail(err, WK_LIMIT, "%.80s...: path longer than %d bytes", relative,
                       WK_MAX_PATH_BYTES);
    }
    while ((slash = strchr(name, '/')) != NULL) {
        int next = -1;
        wk_code rc;

        *slash = '\0';
        rc = open_below(fd, name, &next, err);
        close(fd);
        if (rc != WK_OK)
            return rc;
        fd = next;
        name = slash + 1;
    }
    *out_fd = fd;
    return WK_OK;
}

wk_code wki_path_parent_enter(wki_path_parent *p, int root_fd, const char *relative,
                              const char **name, wk_error *err)
{
    const char *slash = strrchr(relative, '/');
    size_t n = slash ? (size_t)(slash - relative) : 0;
    int fd = -1;
    wk_code rc;

    *name = slash ? slash + 1 : relative;
    if (p->fd >= 0 && strlen(p->path) == n && memcmp(p->path, relative, n) == 0)
        return WK_OK;
    rc = wki_path_open_parent(root_fd, relative, &fd, err);
    if (rc != WK_OK)
        return rc;
    wki_path_parent_close(p);
    p->fd = fd;
    memcpy(p->path, relative, n);
    p->path[n] = '\0';
    return WK_OK;
}

void wki_path_parent_close(wki_path_parent *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}
