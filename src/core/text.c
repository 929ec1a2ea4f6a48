#include "core/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at `p`, 0 where it is not well formed (RFC 3629). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    uint32_t c;
    size_t length, i;

    if (p[0] < 0x80)
        return 1;
    length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || length > n)
        return 0;
    c = p[0] & (0x7Fu >> length);
    for (i = 1; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if ((length == 3 && c < 0x800) || (length == 4 && (c < 0x10000 || c > 0x10FFFF)))
        return 0;
    if (c >= 0xD800 && c <= 0xDFFF)
        return 0;
    return length;
}

static bool is_control(const unsigned char *p, size_t length)
{
    if (length == 1)
        return p[0] < 0x20 || p[0] == 0x7F;
    if (length == 2) /* C1, and U+061C, an invisible mark of direction */
        return (p[0] == 0xC2 && p[1] < 0xA0) || (p[0] == 0xD8 && p[1] == 0x9C);
    if (length != 3 || p[0] != 0xE2)
        return false;
    /* U+200E/200F, U+2028 to 202E and U+2066 to 2069 would break or reorder a terminal line. */
    return (p[1] == 0x80 && (p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE))) ||
           (p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9);
}

size_t wki_text_clean(char *out, size_t size, const char *in, size_t n)
{
    const unsigned char *p = (const unsigned char *)in;
    size_t used = 0;

    while (n > 0) {
        size_t length = utf8_length(p, n);
        size_t step = length ? length : 1;
        bool keep = length && !is_control(p, length);
        size_t need = keep ? length : 1;

        if (used + need + 1 > size)
            break;
        if (keep)
            memcpy(out + used, p, length);
        else
            out[used] = '?';
        used += need;
        p += step;
        n -= step;
    }
    out[used] = '\0';
    return used;
}

/* Credentials hold digits or '='; the words of "Basic authentication" do not. */
static bool looks_secret(const char *s, size_t n)
{
    for (size_t i = 0; n >= 8 && i < n; i++) {
        if ((s[i] >= '0' && s[i] <= '9') || s[i] == '=')
            return true;
    }
    return false;
}

void wki_text_hide_credentials(char *text)
{
    static const char token[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    static const char *const schemes[] = {"Bearer ", "Basic "};

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        char *at = text;

        while ((at = strcasestr(at, schemes[i]))) {
            size_t n;

            at += strlen(schemes[i]);
            n = strspn(at, token);
            if (looks_secret(at, n))
                memset(at, '*', n);
        }
    }
}

char *wki_strdup(const char *s)
{
    size_t n;
    char *copy;

    if (!s)
        return NULL;
    n = strlen(s) + 1;
    copy = malloc(n);
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

char *wki_strfmt(const char *fmt, ...)
{
    va_list args, again;
    char *out = NULL;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    if (n >= 0)
        out = malloc((size_t)n + 1);
    if (out)
        vsnprintf(out, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return out;
}

bool wki_strcopy(char *out, size_t size, const char *s)
{
    size_t n = strlen(s);

    if (n >= size) {
        out[0] = '\0';
        return false;
    }
    memcpy(out, s, n + 1);
    return true;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool wki_str_ieq(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool wki_str_istarts(const char *s, const char *prefix)
{
    while (*prefix && lower(*s) == lower(*prefix)) {
        s++;
        prefix++;
    }
    return *prefix == '\0';
}

bool wki_str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool wki_str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);

    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool wki_str_glob(const char *pattern, size_t n, const char *text)
{
    const char *end = pattern + n, *star = NULL, *retry = NULL;

    while (*text) {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (pattern < end && (*pattern == '?' || lower(*pattern) == lower(*text))) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}
