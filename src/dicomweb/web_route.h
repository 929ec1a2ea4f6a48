/*
 * What a request to a DICOMweb origin asks for (PS3.18 section 10.1): the path below its root, and
 * the keys of its query. Pure: nothing is looked up.
 */
#ifndef WADOKIT_DICOMWEB_WEB_ROUTE_H
#define WADOKIT_DICOMWEB_WEB_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_web_resource {
    WKI_WEB_STUDIES,   /* a search for studies ... */
    WKI_WEB_SERIES,    /* ... for series ... */
    WKI_WEB_INSTANCES, /* ... for instances */
    WKI_WEB_RETRIEVE,  /* the instances themselves */
    WKI_WEB_METADATA,
    WKI_WEB_FRAMES,   /* those of `frames`; "" is all of them */
    WKI_WEB_RENDERED, /* of the first of `frames`, or of the middle one */
    WKI_WEB_THUMBNAIL,
    WKI_WEB_BULKDATA, /* at the path `bulk` */
} wki_web_resource;

/* study, series, sop are "" where the path does not name one; frames is "1,2,3" and bulk
 * "54000100/0/54001010", inside of the path that was parsed. */
typedef struct wki_web_route {
    wki_web_resource resource;
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    char frames[WK_MAX_URL_BYTES];
    char bulk[256];
} wki_web_route;

/* Reads a path that begins with "/studies", "/series" or "/instances"; false where it is none of
 * these resources. What is no UID or number is not taken. */
bool wki_web_route_parse(const char *path, wki_web_route *out);

/* The next number of a list of frames; false at its end. *list moves behind it. */
bool wki_web_route_frame(const char **list, uint32_t *frame);

#ifdef __cplusplus
}
#endif

#endif
