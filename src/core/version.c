#include <wadokit/version.h>

const char *wk_version(void)
{
    return WADOKIT_VERSION;
}
