/*
 * The one seam to C++: DCMTK behind plain C. The .cc files of this folder define what is declared
 * here and are the only ones that see DCMTK; no DCMTK or std type, and no exception, crosses.
 */
#ifndef WADOKIT_DICOM_DICOM_FILE_H
#define WADOKIT_DICOM_DICOM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/image.h"
#include "core/sink.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_dicom_file wki_dicom_file;

/* WK_IO where DCMTK cannot be had (core/module.h); what says nothing of errors asks this before. */
wk_code wki_dicom_ready(wk_error *err) WK_MUST_USE;

/* Opens a file by path and reads its data set; large values stay on disk. Files without preamble
 * or meta header are accepted where they parse. WK_IO where it cannot be opened or read, WK_DATA
 * where it is not DICOM or cannot be parsed; messages leave the file's name to the caller. Free
 * with wki_dicom_close(). One thread a handle. */
wk_code wki_dicom_open(const char *path, wki_dicom_file **out, wk_error *err) WK_MUST_USE;
void wki_dicom_close(wki_dicom_file *f);

/* Fills the description for drawing. A data set without pixels is no error: pixels is
 * WKI_PIXELS_NONE. WK_DATA where attributes that the pixels need are missing, absurd, or
 * contradict each other. Clear with wki_image_desc_clear() in any case. */
wk_code wki_dicom_describe(wki_dicom_file *f, wki_image_desc *out, wk_error *err) WK_MUST_USE;

/* The bytes of one frame (0-based) as stored: a code stream with its fragments joined, or the
 * native bytes. Reads no other frame. Native bytes are little-endian whatever the file's order, as
 * `wki_decode` expects. WK_DATA where the frame is not there or cut short. */
wk_code wki_dicom_frame_bytes(wki_dicom_file *f, const wki_image_desc *d, uint32_t frame,
                              wki_frame_bytes *out, wk_error *err) WK_MUST_USE;

/* How many of the frames have a place among the pixels, the last one maybe cut short: at least 1,
 * at most d->frames. */
uint32_t wki_dicom_frames_there(wki_dicom_file *f, const wki_image_desc *d);

/* One frame decoded by DCMTK's codecs: JPEG with 8 to 16 bits, lossy and lossless. */
wk_code wki_dicom_decode_frame(wki_dicom_file *f, const wki_image_desc *d, uint32_t frame,
                               wki_pixels *out, wk_error *err) WK_MUST_USE;

/* The same for a code stream at hand. */
wk_code wki_dicom_decode_stream(const wki_image_desc *d, const wki_frame_bytes *stream,
                                wki_pixels *out, wk_error *err) WK_MUST_USE;

/* The data set (without group 0002, pixel and bulk values above 1 KiB as BulkDataURI-less empty
 * elements) as DICOM JSON (PS3.18 annex F), UTF-8, on the heap: free(). */
wk_code wki_dicom_json(wki_dicom_file *f, char **out, wk_error *err) WK_MUST_USE;

/* One value by tag path ("PatientID", "00100020", "RequestAttributesSequence[0].StepID"), as UTF-8
 * text with '\\' between values, on the heap; NULL in *out where it is absent. WK_USAGE where the
 * path names no tag. */
wk_code wki_dicom_value(wki_dicom_file *f, const char *path, char **out, wk_error *err) WK_MUST_USE;

/* One step of such a path: its tag (0xGGGGEEEE) and item number. *path moves to the next step, or
 * to the NUL at the end; false (and *path not at a NUL) where it names no tag. Asks the dictionary.
 */
bool wki_dicom_path_next(const char **path, uint32_t *tag, uint32_t *index);

#ifdef __cplusplus
}
#endif

#endif
