/* Metadata of a server as a data set: what comes out is whole elements, and never too much. */
#include "dicomweb/dicom_json_encode.h"
#include "fuzz.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_json *doc = NULL;
    wki_buf out;
    wk_error err = {0};

    if (wki_json_parse((const char *)data, size, "input", &doc, &err) != WK_OK)
        return 0;
    wki_buf_init(&out, 1 << 16, "data set");
    if (wki_dicom_json_encode(wki_json_first(doc), &out, &err) == WK_OK)
        FUZZ_HOLDS(out.n % 2 == 0);
    FUZZ_HOLDS(out.n <= 1 << 16);
    wki_buf_clear(&out);
    wki_json_free(doc);
    return 0;
}
