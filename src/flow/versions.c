#include <wadokit/version.h>

#include "decode/decode.h"
#include "dicom/dicom_file.h"
#include "encode/encode.h"
#include "http/http.h"
#include "json/json.h"
#include "render/icc.h"

const char *wk_version_line(size_t i)
{
    const char *const libraries[] = {wki_http_version(), wki_json_version(), wki_dicom_version(),
                                     wki_png_version(), wki_icc_version()};
    enum {
        N = sizeof libraries / sizeof libraries[0]
    };

    return i < N ? libraries[i] : wki_decode_version(i - N);
}
