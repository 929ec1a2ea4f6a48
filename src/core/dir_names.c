#include "core/dir_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool add(wki_dir_names *d, size_t *room, const char *name)
{
    if (d->n == *room) {
        size_t more = *room ? 2 * *room : 64;
        char **names = realloc(d->names, more * sizeof *names);

        if (!names)
            return false;
        d->names = names;
        *room = more;
    }
    d->names[d->n] = strdup(name);
    if (!d->names[d->n])
        return false;
    d->n++;
    return true;
}

static bool read_all(DIR *dir, bool (*wanted)(const char *name), wki_dir_names *d)
{
    size_t room = 0;
    struct dirent *e;

    for (errno = 0; (e = readdir(dir)) != NULL; errno = 0) {
        bool dots = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;

        if (!dots && wanted(e->d_name) && !add(d, &room, e->d_name)) {
            errno = ENOMEM;
            return false;
        }
    }
    return errno == 0;
}

bool wki_dir_names_read(int dir_fd, bool (*wanted)(const char *name), wki_dir_names *out)
{
    /* Opened anew: a duplicate would share the place where reading goes on. */
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), why;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    wki_dir_names d = {0};
    bool ok = dir && read_all(dir, wanted, &d);

    why = errno;
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    if (ok) {
        if (d.n > 0)
            qsort(d.names, d.n, sizeof *d.names, by_bytes);
        *out = d;
    } else {
        wki_dir_names_clear(&d);
        errno = why;
    }
    return ok;
}

void wki_dir_names_clear(wki_dir_names *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->names[i]);
    free(d->names);
    *d = (wki_dir_names){0};
}
