#include "dicom/file_meta.h"

#include <string.h>

/* Implementation Class UID of this library, made from a UUID (PS3.5 section B.2). */
#define IMPLEMENTATION "2.25.206748012431675894306521703145098276341"

wk_code wki_preamble_write(wki_buf *out, wk_error *err)
{
    static const char zeros[WKI_PREAMBLE_SIZE - 4];
    wk_code rc = wki_buf_add(out, zeros, sizeof zeros, err);

    return rc == WK_OK ? wki_buf_add(out, "DICM", 4, err) : rc;
}

/* An element of a VR with a length of 16 bits; UIDs are padded with a NUL. */
static wk_code add_short(wki_buf *out, unsigned element, const char *vr, const void *value,
                         size_t n, wk_error *err)
{
    size_t padded = n + n % 2;
    const unsigned char head[8] = {2,
                                   0,
                                   (unsigned char)(element & 0xff),
                                   (unsigned char)(element >> 8),
                                   (unsigned char)vr[0],
                                   (unsigned char)vr[1],
                                   (unsigned char)(padded & 0xff),
                                   (unsigned char)(padded >> 8)};
    wk_code rc = wki_buf_add(out, head, sizeof head, err);

    if (rc == WK_OK)
        rc = wki_buf_add(out, value, n, err);
    return rc == WK_OK && n % 2 ? wki_buf_add(out, "", 1, err) : rc;
}

static wk_code add_uid(wki_buf *out, unsigned element, const char *uid, wk_error *err)
{
    return add_short(out, element, "UI", uid, strlen(uid), err);
}

wk_code wki_file_meta_write(wki_buf *out, const char *sop_class, const char *sop,
                            const char *transfer_syntax, wk_error *err)
{
    static const unsigned char version[] = {2, 0, 1, 0, 'O', 'B', 0, 0, 2, 0, 0, 0, 0, 1};
    unsigned char length[4];
    wki_buf rest;
    wk_code rc;

    wki_buf_init(&rest, 1024, "file meta information");
    rc = wki_buf_add(&rest, version, sizeof version, err);
    if (rc == WK_OK)
        rc = add_uid(&rest, 0x0002, sop_class, err);
    if (rc == WK_OK)
        rc = add_uid(&rest, 0x0003, sop, err);
    if (rc == WK_OK)
        rc = add_uid(&rest, 0x0010, transfer_syntax, err);
    if (rc == WK_OK)
        rc = add_uid(&rest, 0x0012, IMPLEMENTATION, err);
    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (unsigned char)(rest.n >> (8 * i) & 0xff);
    if (rc == WK_OK)
        rc = add_short(out, 0x0000, "UL", length, sizeof length, err);
    if (rc == WK_OK)
        rc = wki_buf_add(out, rest.data, rest.n, err);
    wki_buf_clear(&rest);
    return rc;
}
