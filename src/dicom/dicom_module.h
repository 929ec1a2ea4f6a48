/*
 * The module of dicom_file.h: DCMTK.
 */
#ifndef WADOKIT_DICOM_DICOM_MODULE_H
#define WADOKIT_DICOM_DICOM_MODULE_H

#include "core/module.h"
#include "dicom/dicom_file.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_dcmtk_module {
    wki_module_head head;
    __typeof__(wki_dicom_open) *open;
    __typeof__(wki_dicom_close) *close;
    __typeof__(wki_dicom_describe) *describe;
    __typeof__(wki_dicom_frame_bytes) *frame_bytes;
    __typeof__(wki_dicom_frames_there) *frames_there;
    __typeof__(wki_dicom_decode_stream) *decode_stream;
    __typeof__(wki_dicom_json) *json;
    __typeof__(wki_dicom_json_linked) *json_linked;
    __typeof__(wki_dicom_bulk_find) *bulk_find;
    __typeof__(wki_dicom_bulk_bytes) *bulk_bytes;
    __typeof__(wki_dicom_bulk_read) *bulk_read;
    __typeof__(wki_dicom_bulk_each) *bulk_each;
    __typeof__(wki_dicom_value) *value;
    __typeof__(wki_dicom_path_next) *path_next;
} wki_dcmtk_module;

#ifdef __cplusplus
}
#endif

#endif
