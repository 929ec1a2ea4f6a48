#include "core/module.h"

/* For what is linked with everything: the static library and the tests. */
const char *wki_module_name(size_t i)
{
    (void)i;
    return NULL;
}

const void *wki_module_open(const char *name, wk_error *err)
{
    wk_fail(err, WK_INTERNAL, "module %s is linked in", name);
    return NULL;
}
