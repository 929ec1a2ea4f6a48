/*
 * DICOMweb addresses (PS3.18 section 10.1): a service root, and resources below it.
 */
#ifndef WADOKIT_DICOMWEB_DICOMWEB_URL_H
#define WADOKIT_DICOMWEB_DICOMWEB_URL_H

#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * root    what stands before /studies, without trailing '/' (owned)
 * query   "?..." as it stands in the URL, "" where there is none (owned)
 * study, series, sop   "" where the URL does not go down so far
 * frame   of .../frames/N, 0 where absent
 * rest    what follows ("metadata", "rendered", "frames/1,2"), "" where nothing does (owned)
 */
typedef struct wki_dicomweb_url {
    char *root;
    char *query;
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    uint32_t frame;
    char *rest;
} wki_dicomweb_url;

/* Takes an http(s) URL apart. A path without /studies is a root as a whole, and so is one that ends
 * with /studies. WK_DATA where what stands after /studies/, /series/ or /instances/ is no UID.
 * Clear with wki_dicomweb_url_clear(). */
wk_code wki_dicomweb_url_parse(const char *url, wki_dicomweb_url *out, wk_error *err) WK_MUST_USE;
void wki_dicomweb_url_clear(wki_dicomweb_url *url);

/* The service root that an address of a user means, as it is pasted: without /studies and what
 * follows, without '/' at the end, with its query. On the heap. */
wk_code wki_dicomweb_root(const char *url, char **out, wk_error *err) WK_MUST_USE;

/* root + /studies/... as far down as the UIDs go (each "" or NULL ends it; frame 0 is none) +
 * query, on the heap; NULL where memory is out. `query` is "" or starts with '?'; may be NULL. */
char *wki_dicomweb_url_build(const char *root, const char *study, const char *series,
                             const char *sop, uint32_t frame, const char *query);

#ifdef __cplusplus
}
#endif

#endif
