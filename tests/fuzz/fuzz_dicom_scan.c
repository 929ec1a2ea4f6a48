/* A DICOM file as it arrives: in pieces and at once it is judged alike. */
#include "dicom/dicom_scan.h"
#include "fuzz.h"

static wk_code scan(const uint8_t *data, size_t size, size_t piece)
{
    wki_dicom_scan *s = NULL;
    wk_error err = {0};
    wk_code rc = wki_dicom_scan_new(&s, &err);

    for (size_t at = 0; rc == WK_OK && at < size; at += piece)
        rc = wki_dicom_feed(s, data + at, size - at < piece ? size - at : piece, &err);
    if (rc == WK_OK)
        rc = wki_dicom_finish(s, &err);
    wki_dicom_scan_free(s);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wk_code whole = scan(data, size, size ? size : 1);

    FUZZ_HOLDS((whole == WK_OK) == (scan(data, size, 1 + size / 11) == WK_OK));
    return 0;
}
