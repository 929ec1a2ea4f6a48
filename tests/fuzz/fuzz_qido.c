/* Records of QIDO-RS answers: DICOM JSON of any shape. */
#include <string.h>

#include "dicomweb/dicom_json.h"
#include "dicomweb/qido.h"
#include "fuzz.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_json *doc = NULL;
    wk_error err = {0};

    if (wki_json_parse((const char *)data, size, "input", &doc, &err) != WK_OK)
        return 0;
    for (const wki_json *r = wki_json_first(doc); r; r = wki_json_next(doc, r)) {
        wki_qido_study_row study;
        wki_qido_series_row series;
        wki_qido_instance_row instance;
        char small[8];

        wki_qido_read_study(r, &study);
        wki_qido_read_series(r, "1.2", &series);
        wki_qido_read_instance(r, "1.2", "1.2.3", &instance);
        wki_dicom_json_texts(small, sizeof small, r, 0x00080061);
        FUZZ_HOLDS(strlen(small) < sizeof small);
    }
    wki_json_free(doc);
    return 0;
}
