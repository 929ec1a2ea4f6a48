#include <wadokit/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

enum { MAX_LINE = 2048 };

void wk_log_write(const wk_log *log, wk_log_level level, const char *fmt, ...)
{
    char raw[MAX_LINE];
    char line[MAX_LINE];
    va_list args;

    if (!log || !log->write || level > log->level)
        return;
    va_start(args, fmt);
    if (vsnprintf(raw, sizeof raw, fmt, args) < 0)
        raw[0] = '\0';
    va_end(args);
    wki_text_clean(line, sizeof line, raw, strlen(raw));
    log->write(log->user, level, line);
}
