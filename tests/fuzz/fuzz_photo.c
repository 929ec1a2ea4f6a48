/* Photos: their structure, orientation, and the decoders that only photos have. */
#include "core/image.h"
#include "flow/draw/photo_picture.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_media kind = WKI_MEDIA_UNKNOWN;
    uint32_t width = 0, height = 0;
    wki_picture picture = {0};
    wk_error err = {0};

    if (wki_photo_verify(data, size, &kind, &width, &height, &err) != WK_OK)
        FUZZ_HOLDS(err.message[0] != '\0');
    else if (wki_photo_draw(data, size, kind, 32, &picture, &err) == WK_OK)
        FUZZ_HOLDS(picture.width <= 32 && picture.height <= 32);
    wki_picture_clear(&picture);
    return 0;
}
