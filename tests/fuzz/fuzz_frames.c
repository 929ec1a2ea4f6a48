/* Where things lie in a file, and which fragments are which frame. */
#include "dicom/frames.h"
#include "fuzz.h"

static void read_some(wki_frames *f, uint32_t n)
{
    const uint32_t wanted[] = {0, 1, n / 2, n - 1, n};

    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        wki_frame_bytes bytes = {0};

        if (wki_frames_read(f, wanted[i], &bytes, NULL) == WK_OK)
            wki_frame_bytes_clear(&bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_blob source = {.fd = -1, .memory = data + 1, .size = size ? size - 1 : 0};
    wki_layout layout = {0};
    wki_frames *frames = NULL;
    uint32_t n;

    if (size < 2 || wki_layout_read(&source, &layout, NULL) != WK_OK || layout.deflated)
        return 0;
    n = 1u + data[0];
    if (layout.encapsulated) {
        if (wki_frames_new(&source, &layout, n, &frames, NULL) == WK_OK)
            read_some(frames, n);
        wki_frames_free(frames);
    } else if (layout.pixel_element) {
        wki_image_desc d = {.rows = 7, .cols = 5, .samples = 1, .bits_allocated = 16, .frames = n};
        wki_frame_bytes bytes = {0};

        if (wki_native_read(&source, &layout, &d, n / 2, &bytes, NULL) == WK_OK)
            wki_frame_bytes_clear(&bytes);
    }
    return 0;
}
