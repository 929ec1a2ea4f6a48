/*
 * What arrived in place of what was asked for, told by its first bytes.
 */
#ifndef WADOKIT_CORE_FOREIGN_H
#define WADOKIT_CORE_FOREIGN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "a ZIP archive", "JSON", "XML" or "HTML", NULL where it is none of them. */
const char *wki_foreign_kind(const void *data, size_t n);

/* The first line that is not empty, made printable and cut to fit. */
void wki_foreign_line(const void *data, size_t n, char *out, size_t size);

#ifdef __cplusplus
}
#endif

#endif
