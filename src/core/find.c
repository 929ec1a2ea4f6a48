#include "core/find.h"

#include <stdbool.h>
#include <string.h>

enum {
    BLOCK = 256
};

/* Whether `first` and `last` are at the right distance somewhere in a block: seldom in noise, and a
 * loop without an early end is vectorised. Written once, compiled for each instruction set. */
#define DEFINE(isa, attribute)                                                                     \
    attribute static bool may_be_in_##isa(const char *p, size_t distance, char first, char last)   \
    {                                                                                              \
        unsigned char any = 0;                                                                     \
                                                                                                   \
        for (size_t i = 0; i < BLOCK; i++)                                                         \
            any |= (unsigned char)((p[i] == first) & (p[i + distance] == last));                   \
        return any != 0;                                                                           \
    }

DEFINE(plain, )

typedef bool (*block_fn)(const char *p, size_t distance, char first, char last);

static const char *find(const char *p, size_t n, const char *what, size_t m, block_fn may_be_in)
{
    const char *found = NULL;

    while (n >= BLOCK + m - 1) {
        if (may_be_in(p, m - 1, what[0], what[m - 1]))
            found = memmem(p, BLOCK + m - 1, what, m);
        if (found)
            return found;
        p += BLOCK;
        n -= BLOCK;
    }
    return memmem(p, n, what, m);
}

const char *wki_find_plain(const char *p, size_t n, const char *what, size_t m)
{
    return find(p, n, what, m, may_be_in_plain);
}

#if defined(__x86_64__) && defined(__GNUC__)
DEFINE(avx2, __attribute__((target("avx2"))))

const char *wki_find(const char *p, size_t n, const char *what, size_t m)
{
    return find(p, n, what, m, __builtin_cpu_supports("avx2") ? may_be_in_avx2 : may_be_in_plain);
}
#else
const char *wki_find(const char *p, size_t n, const char *what, size_t m)
{
    return wki_find_plain(p, n, what, m);
}
#endif
