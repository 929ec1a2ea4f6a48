#include "flow/draw/scan_head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/draw/drawing.h"

enum {
    FIRST_BYTES = 8192, /* the head of nearly every file ends there */
    READ_BYTES = 65536
};

wk_code wki_scan_head(wki_dicom_scan *scan, const char *path, wk_error *err)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(scan);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *buffer = malloc(READ_BYTES);
    size_t piece = FIRST_BYTES;
    wk_code rc = WK_OK;
    ssize_t n = 1;

    wki_dicom_scan_reset(scan);
    if (fd < 0)
        rc = wk_fail_errno(err, WK_IO, errno, "%s", path);
    else if (!buffer)
        rc = wk_fail(err, WK_NOMEM, "out of memory");
    while (rc == WK_OK && n > 0 && !id->has_pixels) {
        n = read(fd, buffer, piece);
        piece = READ_BYTES;
        if (n < 0)
            rc = wk_fail_errno(err, WK_IO, errno, "%s", path);
        else
            rc = wki_dicom_feed(scan, buffer, (size_t)n, err);
    }
    free(buffer);
    if (fd >= 0)
        close(fd);
    return rc;
}

static wk_code identify_slowly(const char *path, wki_dicom_identity *id, wk_error *err)
{
    wki_drawing d;
    wk_code rc = wki_drawing_open(&d, path, err);

    memset(id, 0, sizeof *id);
    if (rc == WK_OK) {
        memcpy(id->study_uid, d.desc.study_uid, sizeof id->study_uid);
        memcpy(id->series_uid, d.desc.series_uid, sizeof id->series_uid);
        memcpy(id->sop_uid, d.desc.sop_uid, sizeof id->sop_uid);
        memcpy(id->transfer_syntax, d.desc.transfer_syntax, sizeof id->transfer_syntax);
        id->frames = d.desc.frames;
        id->instance_number = id->series_number = -1;
    }
    wki_drawing_close(&d);
    return rc;
}

wk_code wki_identify_file(wki_dicom_scan *scan, const char *path, wki_dicom_identity *out,
                          wk_error *err)
{
    wk_error why = {0};
    wk_code rc = wki_scan_head(scan, path, &why);

    if (rc == WK_OK)
        *out = *wki_dicom_scan_identity(scan);
    else if (rc == WK_DATA)
        return identify_slowly(path, out, err);
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &why);
}
