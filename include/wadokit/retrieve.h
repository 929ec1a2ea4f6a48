/*
 * Getting instances: from targets to DICOM files on disk, byte for byte as received.
 *
 * Files lie below `dir` (see wk_get_opts.name) and have their name only when they are whole and
 * are what was asked for. `dir`/.wadokit holds a journal of them; a rerun keeps what is whole and
 * fetches the rest. One run at a time writes to a folder.
 *
 * What is expected is taken from the instance lists of the source (FHIR) or from QIDO-RS. When a
 * body breaks, every whole instance is kept, and what is missing is asked for again, by series,
 * then by instance.
 */
#ifndef WADOKIT_RETRIEVE_H
#define WADOKIT_RETRIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/plan.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one request asks for; also what a shard (wk_session_opts) has or has not: instances with
 * AUTO, else what is named. */
typedef enum wk_get_by {
    WK_BY_AUTO,     /* as the target says; smaller where something is missing */
    WK_BY_STUDY,    /* as AUTO, and never smaller */
    WK_BY_SERIES,   /* one request a series */
    WK_BY_INSTANCE, /* one request an instance */
} wk_get_by;

/*
 *   dir              output folder, made where it is not there; NULL: "."
 *   name             template for names ("{PatientID}/{Modality}/{InstanceNumber:04}"), NULL:
 *                    <Study>/<Series>/<SOP>.dcm. Names in braces: PatientID PatientName StudyDate
 *                    StudyDescription AccessionNumber Modality SeriesDescription SeriesNumber
 *                    InstanceNumber StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID
 *                    TransferSyntaxUID. Values are percent-encoded; "-2", "-3" is added to a
 *                    name that another instance has.
 *   transfer_syntax  "stored" (NULL), "raw", "jpeg", "jpeg-lossless", "jpegls", "jpegls-lossy",
 *                    "j2k", "j2k-lossy", "htj2k", "rle", or a UID
 *   no_digest        leave SHA-256 out of reports and journal
 *   check_digest     hold the files of an earlier run against the journal by their SHA-256, not by
 *                    their size alone; those that changed are fetched again and replaced
 *   bulkdata         of targets that end in /metadata: also what each BulkDataURI in them leads to,
 *                    as <SOP>-bulkdata-<tag> with a suffix by its bytes. Credentials go to the
 *                    origins that may have them only; addresses that a server may not name are
 *                    REFUSED
 */
typedef struct wk_get_opts {
    const char *dir;
    const char *name;
    const char *transfer_syntax;
    wk_get_by by;
    bool no_digest;
    bool check_digest;
    bool bulkdata;
} wk_get_opts;

typedef enum wk_instance_status {
    WK_INSTANCE_SAVED,
    WK_INSTANCE_KEPT,    /* was there already, whole */
    WK_INSTANCE_MISSING, /* expected, and not to be had */
    WK_INSTANCE_FAILED,  /* what came was broken, or nothing came */
    WK_INSTANCE_REFUSED, /* of another study or series than asked for; an address not to be used */
} wk_instance_status;

/* Borrowed during the call. Strings are NULL where unknown. error.code is WK_OK where all is well;
 * a SAVED one may have an error that tells of another file of the same instance, or that its file
 * of an earlier run had changed. */
typedef struct wk_instance_report {
    const char *study, *series, *sop;
    const char *path; /* with `dir` in front */
    const char *sha256;
    const char *transfer_syntax;
    int64_t bytes; /* -1 unknown */
    wk_instance_status status;
    wk_error error;
} wk_instance_report;

typedef void (*wk_instance_fn)(void *user, const wk_instance_report *report);

/* expected is -1 where it is not known for every target. failed counts FAILED and REFUSED. bytes
 * are those of the bodies received. */
typedef struct wk_get_summary {
    int64_t expected;
    uint64_t saved, kept, missing, failed;
    uint64_t bytes;
    uint64_t skipped; /* files in directories that are not DICOM */
    double seconds;
} wk_get_summary;

/* "saved", "kept", "missing", "failed", "refused". Never NULL. */
WK_API const char *wk_instance_status_name(wk_instance_status status);

/*
 * Gets everything that the targets name (plan.h tells what a target is); local DICOM files are
 * copied in. Targets of its own are DICOMweb addresses (or UIDs below the session's `dicomweb`)
 * that end in /metadata, /rendered, /thumbnail, /bulkdata/..., /frames/N[,N...], /frames/N/rendered
 * or /frames/N/thumbnail: each part of their answers is a file, its report has the UIDs of the
 * address, and it has no line in the journal. Each instance is reported once, and each target or
 * study that gives none (FAILED or REFUSED, with what is known of study and series). Returns WK_OK
 * where everything is there, WK_PARTIAL where some of it is, else the code of the first failure;
 * `err` holds the first failure in both. WK_IO, WK_NOMEM, WK_CANCELLED end the run at once.
 * `summary` is filled in any case.
 */
WK_API wk_code wk_get(wk_session *session, const char *const *targets, size_t n_targets,
                      const wk_get_opts *opts, wk_instance_fn each, void *user,
                      wk_get_summary *summary, wk_error *err) WK_MUST_USE;

/* What wk_get() would ask for: the items of wk_resolve(), which see, and one for each target of its
 * own, with its `resource`. */
WK_API wk_code wk_get_plan(wk_session *session, const char *const *targets, size_t n_targets,
                           wk_plan_fn each, void *user, wk_resolve_summary *summary,
                           wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
