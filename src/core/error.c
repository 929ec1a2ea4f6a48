#include <wadokit/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

static const struct {
    const char *name;
    const char *text;
    int exit_status;
} codes[] = {
#define CODE_ROW(name, text, status) {#name, text, status},
    WK_CODE_MAP(CODE_ROW)
#undef CODE_ROW
};

enum { N_CODES = sizeof codes / sizeof codes[0] };

static bool is_known(wk_code code)
{
    return (int)code >= 0 && (int)code < N_CODES;
}

static void set_message(wk_error *err, const char *fmt, va_list args)
{
    char raw[2 * WK_ERROR_MESSAGE_SIZE];

    if (vsnprintf(raw, sizeof raw, fmt, args) < 0)
        raw[0] = '\0';
    wki_text_clean(err->message, sizeof err->message, raw, strlen(raw));
}

wk_code wk_fail(wk_error *err, wk_code code, const char *fmt, ...)
{
    va_list args;

    if (!err || err->code != WK_OK)
        return code;
    err->code = code;
    va_start(args, fmt);
    set_message(err, fmt, args);
    va_end(args);
    return code;
}

wk_code wk_fail_setting(wk_error *err, wk_code code, const char *setting, const char *fmt, ...)
{
    va_list args;

    if (!err || err->code != WK_OK)
        return code;
    err->code = code;
    if (setting)
        wki_text_clean(err->setting, sizeof err->setting, setting, strlen(setting));
    va_start(args, fmt);
    set_message(err, fmt, args);
    va_end(args);
    return code;
}

wk_code wk_fail_from(wk_error *err, wk_code code, const wk_error *cause)
{
    if (!err || err->code != WK_OK)
        return code;
    *err = *cause;
    err->code = code;
    return code;
}

wk_code wk_fail_errno(wk_error *err, wk_code code, int sys_errno, const char *fmt, ...)
{
    size_t used;
    va_list args;

    if (!err || err->code != WK_OK)
        return code;
    err->code = code;
    err->sys_errno = sys_errno;
    va_start(args, fmt);
    set_message(err, fmt, args);
    va_end(args);
    used = strlen(err->message);
    snprintf(err->message + used, sizeof err->message - used, ": %s", strerror(sys_errno));
    return code;
}

wk_code wk_fail_add(wk_error *err, const char *fmt, ...)
{
    char context[WK_ERROR_MESSAGE_SIZE];
    char both[2 * WK_ERROR_MESSAGE_SIZE];
    va_list args;

    if (!err)
        return WK_INTERNAL;
    va_start(args, fmt);
    if (vsnprintf(context, sizeof context, fmt, args) < 0)
        context[0] = '\0';
    va_end(args);
    snprintf(both, sizeof both, "%s%s", context, err->message);
    wki_text_clean(err->message, sizeof err->message, both, strlen(both));
    return err->code;
}

void wk_error_clear(wk_error *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}

const char *wk_code_name(wk_code code)
{
    return is_known(code) ? codes[code].name : "UNKNOWN";
}

const char *wk_code_text(wk_code code)
{
    return is_known(code) ? codes[code].text : "unknown error";
}

int wk_code_exit_status(wk_code code)
{
    return is_known(code) ? codes[code].exit_status : codes[WK_INTERNAL].exit_status;
}

int wk_code_count(void)
{
    return N_CODES;
}
