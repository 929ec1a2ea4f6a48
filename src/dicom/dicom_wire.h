/*
 * A data set in a box: what dicom_apart.c asks, and dicom_serve.c answers by DCMTK.
 */
#ifndef WADOKIT_DICOM_DICOM_WIRE_H
#define WADOKIT_DICOM_DICOM_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "box/box_serve.h"
#include "dicom/dcmtk_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Operations. Each has a wki_dicom_ask and, behind it, its texts with their NULs. */
enum {
    WKI_DICOM_OPEN,      /* with a descriptor; gives the number of the file */
    WKI_DICOM_CLOSE,     /* nothing */
    WKI_DICOM_DESCRIBE,  /* desc_wire.h */
    WKI_DICOM_JSON,      /* texts: bulk_base, pixels_uri (as has_texts says); the text */
    WKI_DICOM_VALUES,    /* text: paths, each with '\n'; of each a mark, and the value with its NUL
                            where it is WKI_DICOM_THERE */
    WKI_DICOM_BULK_FIND, /* text: the path; wki_dicom_found */
    WKI_DICOM_BULK_READ, /* text: the path; `n` bytes from `at` on */
    WKI_DICOM_BULK_LIST, /* of each value wki_dicom_found, and its path with its NUL */
    WKI_DICOM_PATH_NEXT, /* text: the path; wki_dicom_step */
};

/* Marks of values. */
enum {
    WKI_DICOM_ABSENT,
    WKI_DICOM_THERE
};

typedef struct wki_dicom_ask {
    uint32_t file;
    unsigned has_texts; /* bit 0: the first, bit 1: the second */
    uint64_t at, n;     /* BULK_READ; OPEN: n is the file's size */
    wki_layout layout;  /* OPEN */
} wki_dicom_ask;

typedef struct wki_dicom_found {
    uint64_t bytes;
} wki_dicom_found;

/* used: bytes of the path that the step takes; names: whether it names a tag. */
typedef struct wki_dicom_step {
    uint64_t used;
    uint32_t tag, index, names;
} wki_dicom_step;

/* Does a call. WK_LIMIT with out_n set where the answer needs so much room. */
wk_code wki_dicom_serve(const wki_dcmtk_module *m, wki_box_call *call, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
