/* Every decoder's entry: the first bytes say which and for what picture, the rest is the frame.
 * Built with FUZZ_SYNTAX, a place in the table of syntaxes, it is that decoder's target. */
#include <string.h>

#include "decode/decode.h"
#include "dicom/dicom_file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const syntaxes[] = {"1.2.840.10008.1.2.1",     "1.2.840.10008.1.2.8.1",
                                           "1.2.840.10008.1.2.5",     "1.2.840.10008.1.2.4.50",
                                           "1.2.840.10008.1.2.4.51",  "1.2.840.10008.1.2.4.70",
                                           "1.2.840.10008.1.2.4.80",  "1.2.840.10008.1.2.4.90",
                                           "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.110"};
    static const uint16_t widths[] = {1, 8, 16, 32};
    enum {
        HEAD = 8
    };
    wki_image_desc d = {.frames = 1, .pixels = WKI_PIXELS_INTEGER};
    wki_frame_bytes bytes = {0};
    wki_decode_opts opts = {0};
    wki_region region;
    wki_pixels out = {0};
    wk_error err = {0};
    unsigned syntax;

    if (size < HEAD)
        return 0;
#ifdef FUZZ_SYNTAX
    syntax = FUZZ_SYNTAX;
#else
    syntax = data[0] % 10;
#endif
    strcpy(d.transfer_syntax, syntaxes[syntax]);
    d.encapsulated = syntax != 0;
    d.rows = 1u + data[1] + (data[7] & 1 ? 256u : 0);
    d.cols = 1u + data[2] + (data[7] & 2 ? 256u : 0);
    d.samples = data[3] & 1 ? 3 : 1;
    d.photometric = (wki_photometric)(data[3] / 2 % WKI_PHOTOMETRIC_OTHER);
    d.bits_allocated = widths[data[4] % 4];
    d.bits_stored = (uint16_t)(1 + data[5] % d.bits_allocated);
    d.high_bit = (uint16_t)(d.bits_stored - 1 + data[6] % (d.bits_allocated - d.bits_stored + 1));
    d.is_signed = data[7] & 4 && d.bits_allocated > 1;
    d.planar = data[7] & 8;
    opts.reduce = data[7] >> 6;
    region = (wki_region){d.cols / 3, d.rows / 4, (d.cols + 1) / 2, (d.rows + 1) / 2};
    if (data[7] & 16)
        opts.region = &region;
    bytes.data = data + HEAD;
    bytes.n = size - HEAD;
    if (wki_decode(&d, &bytes, &opts, &out, &err) == WK_OK)
        wki_pixels_clear(&out);
    return 0;
}
