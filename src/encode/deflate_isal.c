#include "encode/deflate.h"

#ifdef WADOKIT_ISAL

#include <stdlib.h>

#include <isa-l.h>

enum {
    OUT_BYTES = 1 << 18 /* a picture of 512 x 512 in one piece */
};

struct wki_deflate {
    struct isal_zstream z;
    wki_deflate_sink sink;
    void *user;
    uint8_t level_buffer[ISAL_DEF_LVL1_DEFAULT];
    uint8_t out[WKI_DEFLATE_BEFORE + OUT_BYTES + WKI_DEFLATE_BEHIND];
};

wki_deflate *wki_deflate_new(wki_deflate_sink sink, void *user)
{
    wki_deflate *d = malloc(sizeof *d);

    if (!d)
        return NULL;
    isal_deflate_init(&d->z);
    d->z.level = 1;
    d->z.level_buf = d->level_buffer;
    d->z.level_buf_size = sizeof d->level_buffer;
    d->z.gzip_flag = IGZIP_ZLIB;
    d->z.flush = NO_FLUSH;
    d->z.next_out = d->out + WKI_DEFLATE_BEFORE;
    d->z.avail_out = OUT_BYTES;
    d->sink = sink;
    d->user = user;
    return d;
}

void wki_deflate_free(wki_deflate *d)
{
    free(d);
}

static bool push(wki_deflate *d)
{
    size_t n = OUT_BYTES - d->z.avail_out;

    d->z.next_out = d->out + WKI_DEFLATE_BEFORE;
    d->z.avail_out = OUT_BYTES;
    return n == 0 || d->sink(d->user, d->out + WKI_DEFLATE_BEFORE, n);
}

/* Until all input is taken and what it gave has room. */
static bool drain(wki_deflate *d)
{
    bool full;

    do {
        if (isal_deflate(&d->z) != COMP_OK)
            return false;
        full = d->z.avail_out == 0;
        if (full && !push(d))
            return false;
    } while (full || d->z.avail_in > 0);
    return true;
}

bool wki_deflate_add(wki_deflate *d, const uint8_t *data, size_t n, bool last)
{
    do {
        uint32_t some = n < UINT32_MAX / 2 ? (uint32_t)n : UINT32_MAX / 2;
        union {
            const uint8_t *in;
            uint8_t *out;
        } borrowed = {data}; /* ISA-L only reads it */

        d->z.next_in = borrowed.out;
        d->z.avail_in = some;
        d->z.end_of_stream = last && some == n;
        if (!drain(d))
            return false;
        data += some;
        n -= some;
    } while (n > 0);
    return !last || push(d);
}

uint32_t wki_deflate_crc(uint32_t crc, const uint8_t *data, size_t n)
{
    return crc32_gzip_refl(crc, data, n);
}

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *wki_deflate_version(void)
{
    return "ISA-L " TEXT(ISAL_MAJOR_VERSION) "." TEXT(ISAL_MINOR_VERSION) "." TEXT(
        ISAL_PATCH_VERSION);
}

#else

wki_deflate *wki_deflate_new(wki_deflate_sink sink, void *user)
{
    (void)sink;
    (void)user;
    return NULL;
}

void wki_deflate_free(wki_deflate *d)
{
    (void)d;
}

bool wki_deflate_add(wki_deflate *d, const uint8_t *data, size_t n, bool last)
{
    (void)d;
    (void)data;
    (void)n;
    (void)last;
    return false;
}

uint32_t wki_deflate_crc(uint32_t crc, const uint8_t *data, size_t n)
{
    (void)data;
    (void)n;
    return crc;
}

const char *wki_deflate_version(void)
{
    return NULL;
}

#endif
