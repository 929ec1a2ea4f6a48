#include "dicom/scan_head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
