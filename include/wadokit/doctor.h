/*
 * A look at the set-up: libraries, folders, servers, clock, and what to do where something is wrong.
 */
#ifndef WADOKIT_DOCTOR_H
#define WADOKIT_DOCTOR_H

#include <wadokit/error.h>
#include <wadokit/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wk_finding_status {
    WK_FINDING_OK,
    WK_FINDING_NOTE, /* nothing wrong, or nothing that could be looked at */
    WK_FINDING_WARN, /* works, but will give trouble */
    WK_FINDING_FAIL,
} wk_finding_status;

/* One finding, borrowed during the callback.
 *   name     "library", "module", "sandbox", "decoder", "folder", "umask", "fhir", "dicomweb", "base", "clock"
 *   detail   what was seen
 *   advice   what to do, "" where there is nothing to be done
 *   setting  the settings that would help, as in wk_error
 *   code     the cause where status is FAIL */
typedef struct wk_finding {
    const char *name;
    wk_finding_status status;
    const char *detail;
    const char *advice;
    const char *setting;
    wk_code code;
} wk_finding;

typedef void (*wk_finding_fn)(void *user, const wk_finding *finding);

/*
 * Looks at the libraries and codecs, opens the modules, starts the decoders and sees what their sandbox consists of,
 * looks at the folders for temporary files and logins, and at the session's servers: the capability statement of the FHIR server, one study of the DICOMweb server,
 * and the difference between their clock and this machine's. Nothing is changed. Returns WK_OK
 * where nothing failed, else the first failure's code.
 */
WK_API wk_code wk_doctor(wk_session *session, wk_finding_fn each, void *user,
                         wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
