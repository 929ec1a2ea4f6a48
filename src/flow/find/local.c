#include "flow/find/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/bytes.h"
#include "core/path.h"
#include "core/text.h"

static bool is_vr(const unsigned char *p)
{
    static const char all[] =
        "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS "
        "ST SV TM UC UI UL UN UR US UT UV";

    for (const char *vr = all; vr < all + sizeof all - 1; vr += 3) {
        if (p[0] == (unsigned char)vr[0] && p[1] == (unsigned char)vr[1])
            return true;
    }
    return false;
}

/* A first element of group 0002 or 0008, explicit (either byte order) or implicit VR. */
static bool starts_data_set(const unsigned char *p, size_t n)
{
    bool little, big;

    if (n < 8)
        return false;
    little = (p[0] == 0x02 || p[0] == 0x08) && p[1] == 0;
    big = p[0] == 0 && (p[1] == 0x02 || p[1] == 0x08);
    if ((little || big) && is_vr(p + 4))
        return true;
    return little && p[0] == 0x08 && p[3] == 0 && wki_le32(p + 4) < 0x10000 &&
           wki_le32(p + 4) % 2 == 0;
}

/* Media Storage SOP Class UID (0002,0002), always Explicit VR Little Endian. */
static bool is_dicomdir(const unsigned char *p, size_t n)
{
    static const unsigned char tag[] = {2, 0, 2, 0, 'U', 'I'};
    static const char directory[] = "1.2.840.10008.1.3.10";
    const unsigned char *at = memmem(p, n, tag, sizeof tag);

    if (!at || (size_t)(p + n - at) < 8 + sizeof directory - 1)
        return false;
    return memcmp(at + 8, directory, sizeof directory - 1) == 0;
}

wki_sniffed wki_sniff(const void *data, size_t n)
{
    const unsigned char *p = data;
    size_t at = 0;

    if (n == 0)
        return WKI_SNIFF_EMPTY;
    if ((n >= 132 && memcmp(p + 128, "DICM", 4) == 0) || starts_data_set(p, n))
        return is_dicomdir(p, n) ? WKI_SNIFF_DICOMDIR : WKI_SNIFF_DICOM;
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        at = 3;
    while (at < n && strchr(" \t\r\n\x1e", p[at]) && p[at])
        at++;
    return at < n && (p[at] == '{' || p[at] == '[') ? WKI_SNIFF_JSON : WKI_SNIFF_OTHER;
}

const char *wki_local_shown(const char *path)
{
    static const char spool[] = WKI_SPOOL_PATH;

    return strncmp(path, spool, sizeof spool - 1) == 0 ? "-" : path;
}

wk_code wki_read_up_to(int fd, void *data, size_t n, const char *name, const wk_cancel *cancel,
                       size_t *got, wk_error *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = read(fd, (char *)data + *got, n - *got);

        if (r == 0)
            break;
        if (r < 0 && errno == EINTR && cancel && cancel->requested)
            return wk_fail(err, WK_CANCELLED, "interrupted");
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return wk_fail_errno(err, WK_IO, errno, "%s: cannot be read", name);
        *got += (size_t)r;
    }
    return WK_OK;
}

/* --- walking --- */

typedef struct names {
    char **items;
    size_t n, capacity;
} names;

static void names_clear(names *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
}

static bool names_add(names *list, const char *name)
{
    if (list->n == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        char **items = realloc(list->items, capacity * sizeof *items);

        if (!items)
            return false;
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->n] = wki_strdup(name);
    return list->items[list->n] && ++list->n;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Our own journal, and files that are still being written, are nobody's input. */
static bool is_input(const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    return strcmp(name, ".wadokit") != 0 && !wki_str_starts(name, ".wadokit-");
}

static wk_code read_names(const char *dir, names *list, wk_error *err)
{
    DIR *d = opendir(dir);
    wk_code rc = WK_OK;

    if (!d)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot be read", dir);
    for (;;) {
        struct dirent *entry;

        errno = 0;
        entry = readdir(d);
        if (!entry)
            break;
        if (!is_input(entry->d_name))
            continue;
        if (!names_add(list, entry->d_name)) {
            rc = wk_fail(err, WK_NOMEM, "out of memory");
            break;
        }
    }
    if (rc == WK_OK && errno)
        rc = wk_fail_errno(err, WK_IO, errno, "%s: cannot be read", dir);
    closedir(d);
    if (rc == WK_OK && list->n)
        qsort(list->items, list->n, sizeof *list->items, by_bytes);
    return rc;
}

static wk_code sniff_file(const char *path, wki_sniffed *out, wk_error *err)
{
    unsigned char head[WKI_SNIFF_BYTES];
    size_t n = 0;
    wk_code rc;
    /* Not to wait for the other end of a pipe that was put in place of the file. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s: cannot be read", path);
    rc = wki_read_up_to(fd, head, sizeof head, path, NULL, &n, err);
    close(fd);
    if (rc == WK_OK)
        *out = wki_sniff(head, n);
    return rc;
}

static wk_code visit(wki_walk *walk, const char *path, wk_error *err)
{
    wki_sniffed is = WKI_SNIFF_OTHER;
    wk_error why = {0};
    struct stat link, st;

    if (lstat(path, &link) != 0 || stat(path, &st) != 0) {
        /* A link that leads nowhere is no DICOM file. */
        walk->skipped++;
        return WK_OK;
    }
    if (S_ISDIR(link.st_mode))
        return wki_walk_dir(walk, path, err);
    if (!S_ISREG(st.st_mode)) {
        walk->skipped++;
        return WK_OK;
    }
    if (sniff_file(path, &is, &why) != WK_OK)
        return walk->failed(walk->user, path, &why, err);
    if (is == WKI_SNIFF_DICOM)
        return walk->dicom(walk->user, path, err);
    walk->skipped++;
    return WK_OK;
}

wk_code wki_walk_dir(wki_walk *walk, const char *dir, wk_error *err)
{
    names list = {0};
    wk_error why = {0};
    wk_code rc = read_names(dir, &list, &why);

    if (rc == WK_NOMEM)
        rc = wk_fail_from(err, rc, &why);
    else if (rc != WK_OK)
        rc = walk->failed(walk->user, dir, &why, err);
    for (size_t i = 0; i < list.n && rc == WK_OK; i++) {
        char *path = NULL;

        wk_error_clear(&why);
        rc = wki_path_join(&path, dir, list.items[i], &why);
        if (rc == WK_OK)
            rc = visit(walk, path, err);
        else
            rc = walk->failed(walk->user, dir, &why, err);
        free(path);
    }
    names_clear(&list);
    return rc;
}
