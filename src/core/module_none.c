/* For what is linked with everything: the static library and the tests. */
#include "core/module.h"

#include <string.h>

/* When fuzzing, the decoders too: X(name) for each (src/decoder/CMakeLists.txt). */
#ifdef WADOKIT_FUZZ
#include "codecs.h"
#else
#define WADOKIT_DIRECT_MODULES(X)
#endif

#define DECLARE(name) extern const wki_module_head wki_##name##_module_table;
WADOKIT_DIRECT_MODULES(DECLARE)

const char *wki_module_name(size_t i)
{
    (void)i;
    return NULL;
}

const void *wki_module_open(const char *name, wk_error *err)
{
#define FIND(one)                                                                                  \
    if (strcmp(name, #one) == 0)                                                                   \
        return &wki_##one##_module_table;
    WADOKIT_DIRECT_MODULES(FIND)
    wk_fail(err, WK_INTERNAL, "module %s is linked in", name);
    return NULL;
}
