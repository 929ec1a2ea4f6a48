/*
 * Metadata of local files and of remote studies, series and instances, without their pixels: files
 * are read up to the pixels, servers are asked for .../metadata (PS3.18 section 10.4.1.1.2).
 */
#ifndef WADOKIT_INFO_H
#define WADOKIT_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/plan.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * per     INSTANCE: all of them; SERIES, STUDY: the first instance that is met of each
 * json    hand over the whole data set as DICOM JSON
 * tags    n_tags attributes whose values are wanted, each "PatientID", "00100020", "(0010,0020)" or
 *         a path "RequestAttributesSequence[0].ScheduledProcedureStepID"
 */
typedef struct wk_info_opts {
    wk_level per;
    bool json;
    const char *const *tags;
    size_t n_tags;
} wk_info_opts;

/* What is known of one instance. Borrowed during the callback; UTF-8.
 *   source    the file's path, or the URL that was asked
 *   study, series, sop   "" where absent
 *   json      DICOM JSON (PS3.18 annex F) on one line, NULL unless asked for
 *   values    n_tags texts, '\' between several values; NULL where the attribute is absent
 *   error     why there is nothing (then all but `source` is empty); code WK_OK otherwise */
typedef struct wk_info_item {
    const char *source;
    const char *study, *series, *sop;
    const char *json;
    const char *const *values;
    wk_error error;
} wk_info_item;

typedef wk_code (*wk_info_fn)(void *user, const wk_info_item *item, wk_error *err);

typedef struct wk_info_summary {
    uint64_t items;   /* handed over without error */
    uint64_t failed;  /* handed over with one */
    uint64_t skipped; /* files in directories that are not DICOM */
} wk_info_summary;

/* WK_OK where every target gave something, WK_PARTIAL where some failed, the first failure's code
 * where nothing was found; WK_USAGE for a tag that is none. What the callback returns ends it. */
WK_API wk_code wk_info(wk_session *session, const char *const *targets, size_t n_targets,
                       const wk_info_opts *opts, wk_info_fn each, void *user,
                       wk_info_summary *summary, wk_error *err) WK_MUST_USE;

/* "JPEG 2000 lossless" for its UID; the UID itself where it is not known. */
WK_API const char *wk_transfer_syntax_name(const char *uid);

#ifdef __cplusplus
}
#endif

#endif
