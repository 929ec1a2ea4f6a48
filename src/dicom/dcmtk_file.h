/*
 * The one seam to C++: DCMTK behind plain C, inside of the program wadokit-decode. The .cc files of
 * this folder define what is declared here and are the only ones that see DCMTK; no DCMTK or std
 * type, and no exception, crosses. Everybody else asks by dicom_file.h.
 */
#ifndef WADOKIT_DICOM_DCMTK_FILE_H
#define WADOKIT_DICOM_DCMTK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "core/image.h"
#include "core/module.h"
#include "dicom/dicom_layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_dcmtk_file wki_dcmtk_file;
typedef struct wki_dcmtk_bulk wki_dcmtk_bulk; /* borrowed from the file */

/* Reads whatever is read once: the dictionary, and the tables of all character sets. */
void wki_dcmtk_warm(void);

/* Reads the data set of a file whose layout is known, and which is not deflated; large values stay
 * on disk. Takes the descriptor, also where it fails. */
wk_code wki_dcmtk_open(int fd, uint64_t size, const wki_layout *layout, wki_dcmtk_file **out,
                       wk_error *err) WK_MUST_USE;
void wki_dcmtk_close(wki_dcmtk_file *f);

/* As the functions of dicom_file.h. Both addresses of the JSON may be NULL. */
wk_code wki_dcmtk_describe(wki_dcmtk_file *f, wki_image_desc *out, wk_error *err) WK_MUST_USE;
wk_code wki_dcmtk_json(wki_dcmtk_file *f, const char *bulk_base, const char *pixels_uri, char **out,
                       wk_error *err) WK_MUST_USE;
wk_code wki_dcmtk_bulk_find(wki_dcmtk_file *f, const char *path, const wki_dcmtk_bulk **out,
                            wk_error *err) WK_MUST_USE;
uint64_t wki_dcmtk_bulk_bytes(const wki_dcmtk_bulk *value);
wk_code wki_dcmtk_bulk_read(const wki_dcmtk_bulk *value, uint64_t at, void *out, size_t n,
                            wk_error *err) WK_MUST_USE;
typedef wk_code (*wki_dcmtk_bulk_fn)(void *user, const char *path, const wki_dcmtk_bulk *value,
                                     wk_error *err);
wk_code wki_dcmtk_bulk_each(wki_dcmtk_file *f, wki_dcmtk_bulk_fn each, void *user,
                            wk_error *err) WK_MUST_USE;
wk_code wki_dcmtk_value(wki_dcmtk_file *f, const char *path, char **out,
                        wk_error *err) WK_MUST_USE;
bool wki_dcmtk_path_next(const char **path, uint32_t *tag, uint32_t *index);

/* A frame's code stream decoded by DCMTK's codecs: JPEG with 8 to 16 bits, lossy and lossless. */
wk_code wki_dcmtk_decode_stream(const wki_image_desc *d, const wki_frame_bytes *stream,
                                wki_pixels *out, wk_error *err) WK_MUST_USE;

/* The module. */
typedef struct wki_dcmtk_module {
    wki_module_head head;
    __typeof__(wki_dcmtk_warm) *warm;
    __typeof__(wki_dcmtk_open) *open;
    __typeof__(wki_dcmtk_close) *close;
    __typeof__(wki_dcmtk_describe) *describe;
    __typeof__(wki_dcmtk_json) *json;
    __typeof__(wki_dcmtk_bulk_find) *bulk_find;
    __typeof__(wki_dcmtk_bulk_bytes) *bulk_bytes;
    __typeof__(wki_dcmtk_bulk_read) *bulk_read;
    __typeof__(wki_dcmtk_bulk_each) *bulk_each;
    __typeof__(wki_dcmtk_value) *value;
    __typeof__(wki_dcmtk_path_next) *path_next;
    __typeof__(wki_dcmtk_decode_stream) *decode_stream;
} wki_dcmtk_module;

#ifdef __cplusplus
}
#endif

#endif
