/* Which symbols the shared library shows. Everything else has hidden visibility. */
#ifndef WADOKIT_EXPORT_H
#define WADOKIT_EXPORT_H

#if defined(__GNUC__)
#define WK_API __attribute__((visibility("default")))
#else
#define WK_API
#endif

#endif
