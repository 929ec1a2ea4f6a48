/*
 * One frame of an image as a file of the whole: what a server says of the image (metadata) and the
 * bytes of a frame become a DICOM file with a hole where the other frames would be. All that reads
 * files draws that frame from it as it would from the file of the server.
 */
#ifndef WADOKIT_FLOW_FETCH_FRAME_FILE_H
#define WADOKIT_FLOW_FETCH_FRAME_FILE_H

#include <stdint.h>

#include <wadokit/error.h>

#include "flow/fetch/picture_source.h"
#include "json/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* dataset       the metadata of one instance, DICOM JSON
 * frame         1-based
 * content_type  of the part that brought the frame: names the transfer syntax, where it does
 * bytes, n      the frame, a temporary source of n bytes, borrowed
 * The transfer syntax is that of content_type, else what the bytes look like. `out` is a temporary
 * source as of picture_source.h. WK_UNSUPPORTED where the two do not make an image that is surely
 * that of the file: values that are not in the metadata, no such frame, another size than the
 * description says, colour that was maybe converted, float pixels, bits that are no bytes. */
wk_code wki_frame_file(const wki_json *dataset, uint32_t frame, const char *content_type,
                       const wki_picture_source *bytes, uint64_t n, wki_picture_source *out,
                       wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
