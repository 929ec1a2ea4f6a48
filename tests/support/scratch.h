/* A folder of its own for a test, and what it needs to look into it. */
#ifndef WADOKIT_TESTS_SCRATCH_H
#define WADOKIT_TESTS_SCRATCH_H

#include <dirent.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct scratch {
    char dir[64];
} scratch;

static inline void scratch_make(scratch *s)
{
    snprintf(s->dir, sizeof s->dir, "/tmp/wadokit-test-XXXXXX");
    if (!mkdtemp(s->dir))
        abort();
}

static inline int scratch_remove_one(const char *path, const struct stat *st, int flag,
                                     struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void scratch_remove(scratch *s)
{
    nftw(s->dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* "DIR/name"; four results live at a time. */
static inline const char *scratch_path(const scratch *s, const char *name)
{
    static char paths[4][4096];
    static unsigned next;
    char *p = paths[next++ % 4];

    snprintf(p, sizeof paths[0], "%s/%s", s->dir, name);
    return p;
}

/* The size of a file below the folder, -1 where it is not there. */
static inline long scratch_size(const scratch *s, const char *name)
{
    struct stat st;

    return stat(scratch_path(s, name), &st) == 0 ? (long)st.st_size : -1;
}

static inline void scratch_write(const scratch *s, const char *name, const void *data, size_t n)
{
    FILE *f = fopen(scratch_path(s, name), "wb");

    if (!f || fwrite(data, 1, n, f) != n || fclose(f) != 0)
        abort();
}

/* Number of entries of a folder, without "." and "..". */
static inline int scratch_count(const scratch *s, const char *name)
{
    DIR *d = opendir(scratch_path(s, name));
    struct dirent *e;
    int n = 0;

    while (d && (e = readdir(d)) != NULL)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    if (d)
        closedir(d);
    return n;
}

#endif
