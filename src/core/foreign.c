#include "core/foreign.h"

#include <stdbool.h>
#include <string.h>

#include "core/text.h"

static size_t skip_blanks(const unsigned char *p, size_t n)
{
    size_t i = n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n'))
        i++;
    return i;
}

const char *wki_foreign_kind(const void *data, size_t n)
{
    const unsigned char *p = data;
    size_t i;

    if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
        return "a ZIP archive";
    i = skip_blanks(p, n);
    if (i == n)
        return NULL;
    if (p[i] == '{' || p[i] == '[')
        return "JSON";
    if (p[i] != '<')
        return NULL;
    return n - i >= 5 && memcmp(p + i, "<?xml", 5) == 0 ? "XML" : "HTML";
}

void wki_foreign_line(const void *data, size_t n, char *out, size_t size)
{
    const unsigned char *p = data;
    size_t i = skip_blanks(p, n);
    size_t end = i;

    while (end < n && p[end] != '\r' && p[end] != '\n')
        end++;
    wki_text_clean(out, size, (const char *)p + i, end - i);
    wki_text_hide_credentials(out);
}
