/* Ordinary files: found, described, a frame read. */
#include "dicom/frames.h"
#include "dicom/plain.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_source source = {.fd = -1, .memory = data, .size = size};
    wki_plain_value values[WKI_PLAIN_KEYS];
    wki_frame_bytes bytes = {0};
    wki_layout layout;
    wki_image_desc d;

    (void)wki_plain_find(data, size, true, values);
    (void)wki_plain_find(data, size, false, values);
    if (!wki_plain_describe(&source, &layout, &d))
        return 0;
    if (!d.encapsulated &&
        wki_native_read(&source, &layout, &d, d.frames / 2, &bytes, NULL) == WK_OK)
        wki_frame_bytes_clear(&bytes);
    wki_image_desc_clear(&d);
    return 0;
}
