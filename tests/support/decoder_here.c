/* For programs that are linked with the library's objects: the decoders are those of this build. */
#include "box/box.h"

static void __attribute__((constructor)) use_this_build(void)
{
    wki_box_opts opts = {.program = WADOKIT_DECODE_BUILT};

    wki_box_set_up(&opts);
}
