/*
 * What `serve` has: local files, listed once and put in order.
 */
#ifndef WADOKIT_FLOW_VIEWER_SERVE_INDEX_H
#define WADOKIT_FLOW_VIEWER_SERVE_INDEX_H

#include <wadokit/serve.h>

#include "flow/session.h"
#include "flow/show/gallery_list.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Entries first to first + n - 1 of the list are of one series. `attributes` is a data set in DICOM
 * JSON with what searches for studies and series tell; owned. */
typedef struct wki_serve_series {
    size_t first, n;
    size_t study; /* which of the studies */
    char *attributes;
} wki_serve_series;

/* Series first to first + n - 1 are of one study. `modalities` has '\' between; owned. */
typedef struct wki_serve_study {
    size_t first, n;
    size_t n_instances;
    char *modalities;
} wki_serve_study;

typedef struct wki_serve_index {
    wki_gallery_list list;
    wki_serve_series *series; /* n_series, owned */
    size_t n_series;
    wki_serve_study *studies; /* n_studies, owned */
    size_t n_studies;
    uint64_t skipped, failed;
} wki_serve_index;

/* WK_NOT_FOUND where there is nothing. An instance that is there twice is taken once. Clear in any
 * case; starts zeroed. */
wk_code wki_serve_index_make(wki_serve_index *x, wk_session *session, const char *const *targets,
                             size_t n_targets, wk_error *err) WK_MUST_USE;
void wki_serve_index_clear(wki_serve_index *x);

/* A run of series, and of entries in them. */
typedef struct wki_serve_range {
    size_t series, n_series;
    size_t entry, n_entries;
} wki_serve_range;

/* What belongs to a study, series, instance ("" for all); false where there is none. */
bool wki_serve_index_find(const wki_serve_index *x, const char *study, const char *series,
                          const char *sop, wki_serve_range *out);

/* The series that the entry belongs to. */
const wki_serve_series *wki_serve_index_series(const wki_serve_index *x, size_t entry);

#ifdef __cplusplus
}
#endif

#endif
