#include <stdio.h>
#include <string.h>

#include "encode/encode.h"

enum {
    ALIGN = 64,
    PREAMBLE = 10,
    DIMS_MAX = 4,
    HEADER_MAX = 256
};

static const char *const descriptions[] = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<f4", "<f8"};

static size_t write_shape(char *out, size_t size, const size_t *shape, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%zu", i ? ", " : "", shape[i]);
    /* Python writes a tuple of one as (5,). */
    if (n == 1)
        at += (size_t)snprintf(out + at, size - at, ",");
    return at;
}

wk_code wki_npy_header(wki_sample_type type, const size_t *shape, size_t n_dims, wki_sink *out,
                       wk_error *err)
{
    char header[HEADER_MAX], dims[128];
    size_t n, total;

    if (n_dims > DIMS_MAX)
        return wk_fail(err, WK_INTERNAL, "npy: too many dimensions");
    dims[0] = '\0';
    write_shape(dims, sizeof dims, shape, n_dims);
    memcpy(header, "\x93NUMPY\x01\x00\x00\x00", PREAMBLE);
    n = PREAMBLE + (size_t)snprintf(header + PREAMBLE, sizeof header - PREAMBLE,
                                    "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                                    descriptions[type], dims);
    total = (n + 1 + ALIGN - 1) / ALIGN * ALIGN;
    memset(header + n, ' ', total - n);
    header[total - 1] = '\n';
    header[8] = (char)((total - PREAMBLE) & 0xff);
    header[9] = (char)((total - PREAMBLE) >> 8);
    return out->write(out->user, header, total, err);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

wk_code wki_npy_values(wki_sample_type type, const void *values, size_t n, wki_sink *out,
                       wk_error *err)
{
    return out->write(out->user, values, n * wki_sample_bytes(type), err);
}

#else

wk_code wki_npy_values(wki_sample_type type, const void *values, size_t n, wki_sink *out,
                       wk_error *err)
{
    size_t size = wki_sample_bytes(type);
    const unsigned char *in = values;
    unsigned char turned[4096];
    wk_code rc = WK_OK;

    for (size_t i = 0; i < n * size && rc == WK_OK; i += sizeof turned) {
        size_t part = n * size - i < sizeof turned ? n * size - i : sizeof turned;

        for (size_t k = 0; k < part; k++)
            turned[k] = in[i + k / size * size + (size - 1 - k % size)];
        rc = out->write(out->user, turned, part, err);
    }
    return rc;
}

#endif
