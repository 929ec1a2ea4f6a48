/* A build without OpenJPH: OpenJPEG decodes. */
#include "decode/openjph.h"

bool wki_openjph_ready(void)
{
    return false;
}

bool wki_openjph_decode(const wki_frame_bytes *bytes, unsigned reduce, const wki_openjph_sink *sink)
{
    (void)bytes;
    (void)reduce;
    (void)sink;
    return false;
}
