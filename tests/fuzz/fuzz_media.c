/* Content-Type values. */
#include <stdlib.h>
#include <string.h>

#include "dicomweb/media_type.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *value = malloc(size + 1);
    char out[32];

    if (!value)
        return 0;
    if (size)
        memcpy(value, data, size);
    value[size] = '\0';
    wki_media_type(value, out, sizeof out);
    FUZZ_HOLDS(strlen(out) < sizeof out);
    wki_media_param(value, "boundary", out, sizeof out);
    FUZZ_HOLDS(strlen(out) < sizeof out);
    wki_media_is_multipart(value);
    free(value);
    return 0;
}
