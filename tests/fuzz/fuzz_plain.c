/* Ordinary files: found, described, a frame read. */
#include "dicom/frames.h"
#include "dicom/plain.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_blob source = {.fd = -1, .memory = data, .size = size};
    wki_plain_value values[WKI_PLAIN_KEYS];
    wki_frame_bytes bytes = {0};
    wki_plain *file;
    wki_image_desc d;

    (void)wki_plain_find(data, size, true, values);
    (void)wki_plain_find(data, size, false, values);
    if (!wki_plain_open_source(&source, &file, &d))
        return 0;
    if (wki_plain_select(file, &d, d.frames / 2) &&
        wki_plain_frame_bytes(file, &d, d.frames / 2, &bytes, NULL) == WK_OK)
        wki_frame_bytes_clear(&bytes);
    wki_image_desc_clear(&d);
    wki_plain_close(file);
    return 0;
}
