/* A whole file: parsed, described, written as JSON, its first and last frame decoded. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode/decode.h"
#include "dicom/dicom_file.h"
#include "fuzz.h"

static void decode(wki_dicom_file *f, const wki_image_desc *d, uint32_t frame)
{
    wki_frame_bytes bytes = {0};
    wki_pixels out = {0};

    if ((uint64_t)d->rows * d->cols > 1 << 20)
        return;
    if (wki_dicom_frame_bytes(f, d, frame, &bytes, NULL) == WK_OK &&
        wki_decode(d, &bytes, NULL, &out, NULL) == WK_OK)
        wki_pixels_clear(&out);
    wki_frame_bytes_clear(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", 0);
    wki_dicom_file *f = NULL;
    wki_image_desc d = {0};
    char path[64], *text = NULL;
    wk_error err = {0};

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size &&
        wki_dicom_open(path, &f, &err) == WK_OK) {
        if (wki_dicom_describe(f, &d, &err) == WK_OK && d.pixels != WKI_PIXELS_NONE) {
            decode(f, &d, 0);
            decode(f, &d, d.frames - 1);
        }
        if (wki_dicom_json(f, &text, NULL) == WK_OK)
            free(text);
        text = NULL;
        if (wki_dicom_value(f, "PerFrameFunctionalGroupsSequence[0].00289132[0].WindowCenter",
                            &text, NULL) == WK_OK)
            free(text);
    }
    wki_image_desc_clear(&d);
    wki_dicom_close(f);
    if (fd >= 0)
        close(fd);
    return 0;
}
