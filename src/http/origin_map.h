/*
 * Servers behind a gateway name themselves as they are called inside: "FROM=TO" says what such a
 * name is from here.
 */
#ifndef WADOKIT_HTTP_ORIGIN_MAP_H
#define WADOKIT_HTTP_ORIGIN_MAP_H

#include <stddef.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "http://inner:8042=https://outer.example": two URLs of http or https, each may have a path, none
 * a query. WK_USAGE where it is something else. */
wk_code wki_origin_map_check(const char *map, wk_error *err) WK_MUST_USE;

/* `url`, normalised, by the first of `n` maps whose FROM it begins with (whole segments of the
 * path), else as it is. On the heap. */
wk_code wki_origin_map(const char *const *maps, size_t n, const char *url, char **out,
                       wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
