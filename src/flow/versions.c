#include <wadokit/version.h>

#include "decode/decode.h"
#include "encode/encode.h"
#include "json/json.h"
#include "render/icc.h"

const char *wk_version_line(size_t i)
{
    /* Of libraries in modules, what they were built with: nothing is opened for this. */
    const char *const libraries[] = {"libcurl " WADOKIT_CURL ": HTTP, TLS",
                                     wki_json_version(),
                                     "DCMTK " WADOKIT_DCMTK
                                     ": data sets, JPEG lossless, 12-bit JPEG",
                                     wki_png_version(),
                                     wki_icc_version()};
    enum {
        N = sizeof libraries / sizeof libraries[0]
    };

    return i < N ? libraries[i] : wki_decode_version(i - N);
}
