/*
 * How frames are labelled in answers (PS3.18 section 8.7.3): a media type and a transfer syntax for
 * the bytes as they are stored.
 */
#ifndef WADOKIT_DICOMWEB_FRAME_TYPE_H
#define WADOKIT_DICOMWEB_FRAME_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_FRAME_LABEL_SIZE = 128
};

/* "image/jpeg" for a transfer syntax of encapsulated pixels; "application/octet-stream" where none
 * is known, and for native ones. */
const char *wki_frame_media_type(const char *transfer_syntax, bool encapsulated);

/* A Content-Type for one frame: the media type and the transfer syntax. Native frames are little
 * endian, whatever the file was: they are labelled explicit little endian. */
void wki_frame_label(char out[WKI_FRAME_LABEL_SIZE], const char *transfer_syntax,
                     bool encapsulated);

#ifdef __cplusplus
}
#endif

#endif
