/*
 * What `get` takes beside whole instances: metadata, rendered pictures, thumbnails, frames and bulk
 * data of the DICOMweb resources (PS3.18 sections 10.4.1.1.2 to 10.4.1.1.6).
 */
#ifndef WADOKIT_FLOW_GET_RESOURCE_H
#define WADOKIT_FLOW_GET_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#include "flow/get/retriever.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_resource_kind {
    WKI_RESOURCE_METADATA,
    WKI_RESOURCE_RENDERED, /* also of a frame */
    WKI_RESOURCE_THUMBNAIL,
    WKI_RESOURCE_FRAMES,
    WKI_RESOURCE_BULKDATA,
} wki_resource_kind;

enum {
    WKI_MAX_FRAME_LIST = 2000 /* more do not fit an address */
};

/* url    what is requested
 * stem   the file below the output folder without what its number and bytes add: the UIDs, then
 *        "-metadata", "-rendered", "-thumbnail", "-3-rendered", "-bulkdata-..."; for frames the
 *        UIDs alone
 * frames n_frames numbers from 1, of FRAMES
 * named_by  URL of the answer that named `url`, NULL where the user did */
typedef struct wki_resource {
    wki_resource_kind kind;
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    char *url;
    char *stem;
    uint32_t *frames;
    size_t n_frames;
    char *named_by;
} wki_resource;

/* Reads ".../studies/UID[/series/UID[/instances/UID]]/WHAT", and with `dicomweb` also
 * "UID[/UID[/UID]]/WHAT", where WHAT is metadata, rendered, thumbnail, bulkdata[/...], bulk/...,
 * frames/N[,N...], frames/N/rendered or frames/N/thumbnail. *is tells whether the text has such a
 * form at all. WK_USAGE where it has and makes no sense. Clear with wki_resource_clear(). */
wk_code wki_resource_read(const char *text, const char *dicomweb, wki_resource *out, bool *is,
                          wk_error *err) WK_MUST_USE;
void wki_resource_clear(wki_resource *resource);

/* "metadata", "rendered" ... */
const char *wki_resource_name(wki_resource_kind kind);

/* The suffix for what starts so: ".jpg", ".png", ".jp2", ".json" ...; ".raw" for frames without
 * any other name, ".bin" for the rest. */
const char *wki_resource_suffix(wki_resource_kind kind, const void *data, size_t n);

/* Begins to get one resource into the retriever's folder, beside its other transfers: one file a
 * part, each with its report. Takes what `resource` holds, also where it fails. A failure of the
 * resource is reported, and no failure of the call. Metadata is waited for where its BulkDataURIs
 * are to be followed. */
wk_code wki_resource_get(wki_retriever *r, wki_resource *resource, wk_error *err) WK_MUST_USE;

/* Begins to get what each BulkDataURI (PS3.18 section F.2.2) in metadata leads to; `of` is the
 * metadata's resource, `fd` reads it from its start, `url` is where it came from. */
wk_code wki_resource_follow(wki_retriever *r, const wki_resource *of, int fd, const char *url,
                            wk_error *err) WK_MUST_USE;

/* The report of a resource that cannot even be asked for. */
void wki_resource_refused(wki_retriever *r, const wki_resource *resource, const wk_error *error);

#ifdef __cplusplus
}
#endif

#endif
