/*
 * Verifying what wk_get() put on disk: every file is read again to its end and held against the
 * journal (size, SHA-256, UIDs), and, where wanted, the server is asked what is missing. Nothing is
 * written.
 */
#ifndef WADOKIT_VERIFY_H
#define WADOKIT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/retrieve.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 *   online     ask for the instances of each study that is here: at the session's `dicomweb`, else
 *              by its `fhir` (whose ImagingStudy lists them, or names the server that does), else at
 *              the server that the journal names for it
 *   targets    n_targets of them, as of wk_get(): what they name is asked for in place of what is
 *              here, with or without `online`; so that a study of which nothing came is seen too
 *   no_digest  do not hold SHA-256 against the journal
 */
typedef struct wk_verify_opts {
    bool online;
    bool no_digest;
    const char *const *targets;
    size_t n_targets;
} wk_verify_opts;

/*
 * kept     files that are whole (extra ones among them)
 * extra    of them, those that the journal does not know
 * missing  in the journal or at the server, not on disk
 * failed   not whole, or other bytes than the journal has; studies that could not be asked for
 * other    files that are not DICOM and that the journal does not know
 * expected instances of the journal and of the server's lists
 * bytes    of the files read
 */
typedef struct wk_verify_summary {
    uint64_t expected, kept, extra, missing, failed, other;
    uint64_t bytes;
    double seconds;
} wk_verify_summary;

/*
 * Verifies the folder `dir`. Each file and each missing instance is reported once, with the status
 * WK_INSTANCE_KEPT (its error tells where the journal does not know it), MISSING or FAILED; the
 * path has `dir` in front.
 * Returns WK_OK where all is well, WK_PARTIAL where some of it is, else the code of the first
 * failure (WK_DATA, WK_NOT_FOUND); WK_NOT_FOUND too for a folder without instances. `err` holds
 * the first failure. WK_IO, WK_NOMEM, WK_CANCELLED end the run. `opts` and `each` may be NULL.
 */
WK_API wk_code wk_verify(wk_session *session, const char *dir, const wk_verify_opts *opts,
                         wk_instance_fn each, void *user, wk_verify_summary *summary,
                         wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
