#include <wadokit/version.h>

const char *wk_version(void)
{
    return WADOKIT_VERSION;
}

const char *wk_version_line(size_t i)
{
    (void)i;
    return NULL;
}
