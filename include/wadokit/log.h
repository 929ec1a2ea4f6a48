/*
 * Words for people. The library never prints: what it has to say goes to the caller's function.
 * Messages are one line of UTF-8 without control characters; secrets and patient data are never
 * in them.
 */
#ifndef WADOKIT_LOG_H
#define WADOKIT_LOG_H

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wk_log_level {
    WK_LOG_WARN,  /* something the user should know: shown unless quiet */
    WK_LOG_INFO,  /* what is being done: shown with -v */
    WK_LOG_DEBUG, /* requests, headers without secrets, decisions: shown with -vv */
} wk_log_level;

typedef void (*wk_log_fn)(void *user, wk_log_level level, const char *message);

/* A place to log to. `write` may be NULL: then nothing is said. */
typedef struct wk_log {
    wk_log_fn write;
    void *user;
    wk_log_level level; /* messages above this level are not even formatted */
} wk_log;

/* Formats and hands over one message. `log` may be NULL. */
WK_API void wk_log_write(const wk_log *log, wk_log_level level, const char *fmt, ...)
    WK_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
