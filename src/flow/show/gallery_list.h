/*
 * Images in the order in which a gallery, or a server, shows them.
 */
#ifndef WADOKIT_FLOW_SHOW_GALLERY_LIST_H
#define WADOKIT_FLOW_SHOW_GALLERY_LIST_H

#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "dicom/dicom_scan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One file. The strings stand behind each other in one allocation, that of `path`; "" where
 * unknown. Numbers are -1 where unknown. */
typedef struct wki_gallery_entry {
    char *path;
    const char *study, *series, *sop, *date, *transfer_syntax;
    int64_t number, series_number;
    uint32_t frames;
} wki_gallery_entry;

typedef struct wki_gallery_list {
    wki_gallery_entry *entries; /* n, owned */
    size_t n, room;
} wki_gallery_list;

/* Copies. */
wk_code wki_gallery_list_add(wki_gallery_list *list, const char *path, const wki_dicom_identity *id,
                             wk_error *err) WK_MUST_USE;
void wki_gallery_list_clear(wki_gallery_list *list);

/* By study (date, then UID), series (number, then UID), Instance Number, SOP UID, path; what is
 * unknown comes last. */
void wki_gallery_list_sort(wki_gallery_list *list);

/* The 0-based frame of picture `i` of `n` that are taken evenly from `frames`; n is at most
 * frames. The first picture is the first frame and the last the last; a single one is the middle.
 */
uint32_t wki_gallery_frame(uint32_t i, uint32_t n, uint32_t frames);

#ifdef __cplusplus
}
#endif

#endif
