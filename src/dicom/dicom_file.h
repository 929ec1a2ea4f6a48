/*
 * A DICOM file of any kind, by DCMTK, which reads its data set in the program wadokit-decode
 * (box/box.h); where the parts of the file lie, and its frames, are read here. A process of it is
 * the file's until it is closed.
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

/* WK_IO where DCMTK cannot be had; what says nothing of errors asks this before. */
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

/* The data set (without group 0002, pixel and bulk values above 1 KiB as BulkDataURI-less empty
 * elements) as DICOM JSON (PS3.18 annex F), UTF-8, on the heap: free(). */
wk_code wki_dicom_json(wki_dicom_file *f, char **out, wk_error *err) WK_MUST_USE;

/* The same with an address (BulkDataURI) for each value that is not inline: bulk_base and the path
 * of the value, tags and 0-based item numbers ("00420011", "54000100/0/54001010"). `pixels_uri` is
 * that of the pixels; NULL: none. Both are URI references. */
wk_code wki_dicom_json_linked(wki_dicom_file *f, const char *bulk_base, const char *pixels_uri,
                              char **out, wk_error *err) WK_MUST_USE;

/* A value that has such an address. Borrowed from the file. */
typedef struct wki_dicom_bulk wki_dicom_bulk;

/* The value at `path`; WK_NOT_FOUND where there is none that is not inline. */
wk_code wki_dicom_bulk_find(wki_dicom_file *f, const char *path, const wki_dicom_bulk **out,
                            wk_error *err) WK_MUST_USE;
uint64_t wki_dicom_bulk_bytes(const wki_dicom_bulk *value);

/* Reads `n` bytes of it from `at` on, in little endian; `at` and `n` are multiples of 8, but for
 * the last piece. WK_DATA where the file ends before. */
wk_code wki_dicom_bulk_read(const wki_dicom_bulk *value, uint64_t at, void *out, size_t n,
                            wk_error *err) WK_MUST_USE;

/* Hands over the path of every such value, but for the pixels. What `each` returns ends it. */
typedef wk_code (*wki_dicom_bulk_fn)(void *user, const char *path, const wki_dicom_bulk *value,
                                     wk_error *err);
wk_code wki_dicom_bulk_each(wki_dicom_file *f, wki_dicom_bulk_fn each, void *user,
                            wk_error *err) WK_MUST_USE;

/* One value by tag path ("PatientID", "00100020", "RequestAttributesSequence[0].StepID"), as UTF-8
 * text with '\\' between values, on the heap; NULL in *out where it is absent. WK_USAGE where the
 * path names no tag. */
wk_code wki_dicom_value(wki_dicom_file *f, const char *path, char **out, wk_error *err) WK_MUST_USE;

/* The same of many at once: NULL in out[i] where paths[i] is absent. Paths have no line ends. */
wk_code wki_dicom_values(wki_dicom_file *f, const char *const *paths, size_t n, char **out,
                         wk_error *err) WK_MUST_USE;

/* One step of such a path: its tag (0xGGGGEEEE) and item number. *path moves to the next step, or
 * to the NUL at the end; false (and *path not at a NUL) where it names no tag. Asks the dictionary.
 */
bool wki_dicom_path_next(const char **path, uint32_t *tag, uint32_t *index);

#ifdef __cplusplus
}
#endif

#endif
