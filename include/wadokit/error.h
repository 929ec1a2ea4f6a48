/*
 * Errors.
 *
 * One list, WK_CODE_MAP, gives the codes, their texts, the program's exit statuses and the
 * EXIT STATUS table of the manual pages. A wk_error belongs to the caller: it is a plain struct,
 * needs no clean-up, and may be NULL wherever a function takes one (the code is still returned).
 *
 * Every function that can fail returns a wk_code, WK_OK (0) for success. "Not there" is a result
 * where a caller may reasonably expect it; it is WK_NOT_FOUND only where it ends the work.
 */
#ifndef WADOKIT_ERROR_H
#define WADOKIT_ERROR_H

#include <stddef.h>

#include <wadokit/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, text, exit status of the program) */
#define WK_CODE_MAP(X)                                                                             \
    X(OK, "everything asked for was done", 0)                                                      \
    X(PARTIAL, "some items done, some not", 1)                                                     \
    X(USAGE, "bad usage or configuration", 2)                                                      \
    X(AUTH, "not authorised", 3)                                                                   \
    X(NOT_FOUND, "nothing found", 4)                                                               \
    X(NET, "network or server failure", 5)                                                         \
    X(DATA, "what arrived is not what it claims", 6)                                               \
    X(UNSUPPORTED, "no decoder for this", 6)                                                       \
    X(IO, "local failure", 7)                                                                      \
    X(NOMEM, "out of memory", 7)                                                                   \
    X(INTERNAL, "internal error", 7)                                                               \
    X(REFUSED, "refused for safety", 8)                                                            \
    X(LIMIT, "over a limit", 8)                                                                    \
    X(CANCELLED, "interrupted", 130)

typedef enum wk_code {
#define WK_CODE_ENUM(name, text, status) WK_##name,
    WK_CODE_MAP(WK_CODE_ENUM)
#undef WK_CODE_ENUM
} wk_code;

enum {
    WK_ERROR_MESSAGE_SIZE = 512,
    WK_ERROR_SETTING_SIZE = 64
};

/*
 * code         what kind of failure; WK_OK in a struct that was never set
 * http_status  the HTTP status that caused it, 0 where none did
 * sys_errno    errno of the failed system call, 0 where none did
 * message      one line of UTF-8 without control characters, never a secret or patient data
 * setting      the settings that would help, or that are wrong, the first one first, divided by
 *              blanks: "allow-origin", "cert key"; "" where none would. They are members of option
 *              structs with hyphens for underscores ("max-wait": max_wait_s), and options of the
 *              program. A message that is about the value of one begins with its name.
 */
typedef struct wk_error {
    wk_code code;
    int http_status;
    int sys_errno;
    char message[WK_ERROR_MESSAGE_SIZE];
    char setting[WK_ERROR_SETTING_SIZE];
} wk_error;

#if defined(__GNUC__)
#define WK_PRINTF(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#define WK_MUST_USE __attribute__((warn_unused_result))
#else
#define WK_PRINTF(fmt_at, args_at)
#define WK_MUST_USE
#endif

/* Sets code and message (cut at a character where too long; control characters become '?') and
 * returns `code`. The first cause stays: a struct that holds an error already is left as it is. */
WK_API wk_code wk_fail(wk_error *err, wk_code code, const char *fmt, ...) WK_PRINTF(3, 4);

/* As wk_fail(), with `setting` set; NULL for none. */
WK_API wk_code wk_fail_setting(wk_error *err, wk_code code, const char *setting, const char *fmt,
                               ...) WK_PRINTF(4, 5);

/* Hands on `cause` as another error, of `code`: message, setting, HTTP status and errno are its. */
WK_API wk_code wk_fail_from(wk_error *err, wk_code code, const wk_error *cause);

/* As wk_fail(), with ": " and the text of errno added, and sys_errno set. */
WK_API wk_code wk_fail_errno(wk_error *err, wk_code code, int sys_errno, const char *fmt, ...)
    WK_PRINTF(4, 5);

/* Puts context in front of the message ("series 1.2.3: ") and returns the code it already has. */
WK_API wk_code wk_fail_add(wk_error *err, const char *fmt, ...) WK_PRINTF(2, 3);

/* Empties a struct for use again. */
WK_API void wk_error_clear(wk_error *err);

/* The name ("NOT_FOUND"), the text and the exit status of a code. Never NULL. */
WK_API const char *wk_code_name(wk_code code);
WK_API const char *wk_code_text(wk_code code);
WK_API int wk_code_exit_status(wk_code code);

/* Number of codes; they run from 0 to wk_code_count() - 1. */
WK_API int wk_code_count(void);

#ifdef __cplusplus
}
#endif

#endif
