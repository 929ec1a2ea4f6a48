/* Lossless JPEG: the first byte says what the header of the file adds, the rest is the stream. What
 * the decoder takes is what DCMTK makes of it. */
#include <string.h>

#include "core/jpeg_header.h"
#include "decode/codec.h"
#include "fuzz.h"

enum {
    PIXELS_MAX = 1 << 16
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_image_desc d = {.frames = 1, .pixels = WKI_PIXELS_INTEGER, .encapsulated = true};
    wki_pixels own = {0}, theirs = {0};
    wki_frame_bytes bytes = {0};
    wki_decode_opts whole = {0};
    wki_jpeg_header h;

    if (size < 2 || !wki_jpeg_header_read(data + 1, size - 1, &h) || h.precision < 2 ||
        h.precision > 16 || (h.components != 1 && h.components != 3) || h.rows == 0 ||
        h.cols == 0 || (uint32_t)h.rows * h.cols > PIXELS_MAX)
        return 0;
    strcpy(d.transfer_syntax, "1.2.840.10008.1.2.4.70");
    d.rows = h.rows;
    d.cols = h.cols;
    d.samples = h.components;
    d.photometric = h.components == 3 ? WKI_RGB : WKI_MONOCHROME2;
    d.bits_allocated = h.precision > 8 || data[0] & 1 ? 16 : 8;
    d.bits_stored = data[0] & 2 ? d.bits_allocated : h.precision;
    d.high_bit = (uint16_t)(d.bits_stored - 1);
    d.is_signed = data[0] & 4;
    bytes.data = data + 1;
    bytes.n = size - 1;
    if (wki_decode_jpegll(&d, &bytes, 0, &own, NULL) != WK_OK)
        return 0;
    if (wki_decode_apart("ijg", &d, &bytes, &whole, &theirs, NULL) == WK_OK) {
        FUZZ_HOLDS(own.size == theirs.size);
        FUZZ_HOLDS(memcmp(own.data, theirs.data, own.size) == 0);
        wki_pixels_clear(&theirs);
    }
    wki_pixels_clear(&own);
    return 0;
}
