#include "dicom/mapping.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WINDOW = 1 << 21 /* brought in at a time, and what stays in memory */
};

#ifdef MADV_POPULATE_READ

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* The signal that somebody waits is one that is ignored unless asked for: `take` asks itself. */
static bool lease(int fd)
{
    return fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
}

/* `n` bytes from `at`, and what else is in their pages. */
static bool advise(const wki_mapping *m, size_t at, size_t n, int how)
{
    size_t page = page_size();
    size_t begin = (m->skew + at) / page * page;

    return madvise(m->base + begin, m->skew + at + n - begin, how) == 0;
}

static void let_go(wki_mapping *m)
{
    if (m->to > m->from)
        (void)advise(m, m->from, m->to - m->from, MADV_DONTNEED);
    m->from = m->to = 0;
}

bool wki_mapping_open(wki_mapping *m, int fd, uint64_t at, size_t n)
{
    uint64_t skew = at % page_size();
    struct stat st;
    void *base = MAP_FAILED;

    if (n == 0 || n > SIZE_MAX - page_size() || !lease(fd))
        return false;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size >= at &&
        (uint64_t)st.st_size - at >= n)
        base = mmap(NULL, n + (size_t)skew, PROT_READ, MAP_SHARED, fd, (off_t)(at - skew));
    if (base == MAP_FAILED) {
        (void)fcntl(fd, F_SETLEASE, F_UNLCK);
        return false;
    }
    *m = (wki_mapping){
        .fd = fd, .base = base, .length = n + (size_t)skew, .skew = (size_t)skew, .n = n};
    if (wki_mapping_take(m, 0, 1)) /* an old kernel says here that it cannot */
        return true;
    wki_mapping_close(m);
    return false;
}

const uint8_t *wki_mapping_take(wki_mapping *m, size_t at, size_t n)
{
    if (at > m->n || n > m->n - at || fcntl(m->fd, F_GETLEASE) != F_RDLCK)
        return NULL;
    if (at < m->from || at + n > m->to) {
        size_t some = n > WINDOW ? n : WINDOW;

        let_go(m);
        some = some < m->n - at ? some : m->n - at;
        if (!advise(m, at, some, MADV_POPULATE_READ))
            return NULL;
        m->from = at;
        m->to = at + some;
    }
    return m->base + m->skew + at;
}

void wki_mapping_close(wki_mapping *m)
{
    if (!m->base)
        return;
    (void)munmap(m->base, m->length);
    (void)fcntl(m->fd, F_SETLEASE, F_UNLCK);
    memset(m, 0, sizeof *m);
}

#else

bool wki_mapping_open(wki_mapping *m, int fd, uint64_t at, size_t n)
{
    (void)m;
    (void)fd;
    (void)at;
    (void)n;
    return false;
}

const uint8_t *wki_mapping_take(wki_mapping *m, size_t at, size_t n)
{
    (void)m;
    (void)at;
    (void)n;
    return NULL;
}

void wki_mapping_close(wki_mapping *m)
{
    (void)m;
}

#endif
