/*
 * Values of Content-Type headers as servers really write them (RFC 9110 section 8.3.1, RFC 2045
 * section 5.1): parameters in any case, bare or in double or single quotes, with blanks around
 * ';' and '=', empty parameters, and ':' in place of '='.
 */
#ifndef WADOKIT_DICOMWEB_MEDIA_TYPE_H
#define WADOKIT_DICOMWEB_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "type/subtype" in lower case, without parameters; false (out "") where there is none or it does
 * not fit. */
bool wki_media_type(const char *value, char *out, size_t size);

/* The value of the parameter `name` (any case) without its quotes. A parameter that a server put
 * inside the quotes of another (type="application/octet-stream; transfer-syntax=1.2.3") is found
 * where there is none outside. False (out "") where it is absent, empty, holds control characters
 * or does not fit. */
bool wki_media_param(const char *value, const char *name, char *out, size_t size);

/* Whether the type of `value` is multipart/related or any other multipart. */
bool wki_media_is_multipart(const char *value);

#ifdef __cplusplus
}
#endif

#endif
