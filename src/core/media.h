/*
 * What bytes are, by how they begin; labels are not believed. Names and suffixes of such kinds.
 */
#ifndef WADOKIT_CORE_MEDIA_H
#define WADOKIT_CORE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_media {
    WKI_MEDIA_UNKNOWN,
    WKI_MEDIA_JPEG,
    WKI_MEDIA_PNG,
    WKI_MEDIA_GIF,
    WKI_MEDIA_BMP,
    WKI_MEDIA_TIFF,
    WKI_MEDIA_WEBP,
    WKI_MEDIA_JP2,
    WKI_MEDIA_J2K,
    WKI_MEDIA_JPEGLS,
    WKI_MEDIA_JXL,
    WKI_MEDIA_HEIF,
    WKI_MEDIA_PDF,
    WKI_MEDIA_DICOM,
    WKI_MEDIA_ZIP,
    WKI_MEDIA_GZIP,
} wki_media;

/* Bytes from the start that wki_media_of() looks at. */
enum {
    WKI_MEDIA_HEAD = 132
};

/* `n` bytes from the start; fewer than WKI_MEDIA_HEAD are taken for all there is. */
wki_media wki_media_of(const void *head, size_t n);

/* Whether it is a picture that people look at. */
bool wki_media_is_picture(wki_media kind);

/* "JPEG", "image/jpeg", ".jpg"; of UNKNOWN "unknown", "application/octet-stream", ".bin". */
const char *wki_media_name(wki_media kind);
const char *wki_media_mime(wki_media kind);
const char *wki_media_suffix(wki_media kind);

/* The suffix that files of a media type (parameters and case are ignored) have; NULL where it is
 * not one of those that are known. Never made from the type's own letters. */
const char *wki_media_suffix_of_type(const char *type);

#ifdef __cplusplus
}
#endif

#endif
