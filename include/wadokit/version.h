/* The version of the library, and of what it was built with. */
#ifndef WADOKIT_VERSION_H
#define WADOKIT_VERSION_H

#include <stddef.h>

#include <wadokit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" */
WK_API const char *wk_version(void);

/* Line `i` of what --version shows below the version: libraries and codecs, those in modules as it was
 * built with; NULL behind the last. */
WK_API const char *wk_version_line(size_t i);

#ifdef __cplusplus
}
#endif

#endif
