#include "dicom/inflate.h"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>

#include "dicom/element.h"

enum {
    CHUNK = 65536
};

static wk_code write_all(int fd, const uint8_t *data, size_t n, wk_error *err)
{
    while (n > 0) {
        ssize_t done = write(fd, data, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return wk_fail_errno(err, WK_IO, errno, "temporary file for inflating");
        data += done;
        n -= (size_t)done;
    }
    return WK_OK;
}

typedef struct run {
    z_stream z;
    int fd;
    uint64_t in, out; /* bytes so far */
    bool ended;
} run;

/* Takes what is in `r->z.next_in`. */
static wk_code pump(run *r, wk_error *err)
{
    uint8_t buffer[CHUNK];

    while (!r->ended) {
        int got;
        size_t n;
        wk_code rc;

        r->z.next_out = buffer;
        r->z.avail_out = sizeof buffer;
        got = inflate(&r->z, Z_NO_FLUSH);
        n = sizeof buffer - r->z.avail_out;
        r->ended = got == Z_STREAM_END;
        if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
            return wk_fail(err, WK_DATA, "the deflated data set is corrupt");
        r->out += n;
        if (r->out > WK_MAX_INFLATED_BYTES || r->out / WK_MAX_INFLATE_RATIO > r->in + CHUNK)
            return wk_fail(err, WK_LIMIT, "the deflated data set grows without end");
        rc = write_all(r->fd, buffer, n, err);
        if (rc != WK_OK)
            return rc;
        if (r->z.avail_out != 0)
            break;
    }
    return WK_OK;
}

bool wki_has_zlib_header(const uint8_t p[2])
{
    return (p[0] & 0x0F) == 8 && p[0] >> 4 <= 7 && (p[0] * 256 + p[1]) % 31 == 0;
}

bool wki_is_no_deflate(const uint8_t p[8])
{
    bool stored = (p[0] & 6) == 0;

    if (p[1] == 0 && wki_vr_form_of(p + 4) != WKI_VR_NONE)
        return true;
    return stored && !wki_has_zlib_header(p) && ((p[1] ^ p[3]) != 0xFF || (p[2] ^ p[4]) != 0xFF);
}

static bool has_zlib_header(const wki_blob *s, uint64_t at)
{
    uint8_t h[2];

    return wki_blob_read(s, at, h, 2) && wki_has_zlib_header(h);
}

wk_code wki_inflate_to_fd(const wki_blob *s, uint64_t at, int fd, uint64_t *size, wk_error *err)
{
    run r = {.fd = fd};
    uint8_t in[CHUNK];
    wk_code rc = WK_OK;

    if (inflateInit2(&r.z, has_zlib_header(s, at) ? 15 : -15) != Z_OK)
        return wk_fail(err, WK_NOMEM, "out of memory");
    while (rc == WK_OK && !r.ended && at < s->size) {
        size_t n = s->size - at < sizeof in ? (size_t)(s->size - at) : sizeof in;

        if (!wki_blob_read(s, at, in, n)) {
            rc = wk_fail(err, WK_IO, "the deflated data set cannot be read");
            break;
        }
        at += n;
        r.in += n;
        r.z.next_in = in;
        r.z.avail_in = (uInt)n;
        rc = pump(&r, err);
    }
    inflateEnd(&r.z);
    if (rc == WK_OK && !r.ended)
        rc = wk_fail(err, WK_DATA, "the deflated data set is cut short");
    if (rc == WK_OK)
        *size = r.out;
    return rc;
}
