#include "dicomweb/media_type.h"

#include <string.h>
#include <strings.h>

#include "core/text.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p)
{
    while (is_blank(*p))
        p++;
    return p;
}

bool wki_media_type(const char *value, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (const char *p = skip_blanks(value); *p && *p != ';' && !is_blank(*p); p++) {
        if (n + 1 >= size) {
            out[0] = '\0';
            return false;
        }
        out[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    }
    out[n] = '\0';
    return n > 0;
}

static bool put(char *out, size_t size, size_t *n, char c)
{
    if (*n + 1 >= size || (unsigned char)c < 0x20 || c == 0x7f)
        return false;
    out[(*n)++] = c;
    return true;
}

/* Reads a value that stands in `quote`; *end is set behind the closing quote. */
static bool read_quoted(const char *p, char quote, char *out, size_t size, const char **end)
{
    size_t n = 0;
    bool ok = true;

    for (; *p && *p != quote; p++) {
        if (*p == '\\' && quote == '"' && p[1])
            p++;
        ok = ok && put(out, size, &n, *p);
    }
    out[ok ? n : 0] = '\0';
    *end = *p ? p + 1 : p;
    return ok && n > 0;
}

/* Reads a bare value up to the next ';'. Blanks inside it stay: "boundary=DICOM DATA BOUNDARY". */
static bool read_bare(const char *p, char *out, size_t size, const char **end)
{
    size_t n = 0;
    bool ok = true;

    for (; *p && *p != ';'; p++)
        ok = ok && put(out, size, &n, *p == '\t' ? ' ' : *p);
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[ok ? n : 0] = '\0';
    *end = p;
    return ok && n > 0;
}

static bool read_value(const char *p, char *out, size_t size, const char **end)
{
    /* A single quote is a legal character of a bare boundary: it quotes only where it closes. */
    if (*p == '"' || (*p == '\'' && strchr(p + 1, '\'')))
        return read_quoted(p + 1, *p, out, size, end);
    return read_bare(p, out, size, end);
}

static const char *skip_value(const char *p)
{
    if (*p == '"' || (*p == '\'' && strchr(p + 1, '\''))) {
        char quote = *p++;

        while (*p && *p != quote)
            p += *p == '\\' && quote == '"' && p[1] ? 2 : 1;
    }
    while (*p && *p != ';')
        p++;
    return p;
}

static bool find_outside(const char *value, const char *name, char *out, size_t size)
{
    size_t name_n = strlen(name);
    const char *p = strchr(value, ';');
    const char *end;

    while (p && *p) {
        p = skip_blanks(p + 1);
        if (strncasecmp(p, name, name_n) == 0) {
            const char *after = skip_blanks(p + name_n);

            if (*after == '=' || *after == ':')
                return read_value(skip_blanks(after + 1), out, size, &end);
        }
        while (*p && *p != ';' && *p != '=' && *p != ':')
            p++;
        if (*p && *p != ';')
            p = skip_value(skip_blanks(p + 1));
    }
    return false;
}

bool wki_media_param(const char *value, const char *name, char *out, size_t size)
{
    char inner[512];

    out[0] = '\0';
    if (find_outside(value, name, out, size))
        return true;
    out[0] = '\0';
    if (wki_str_ieq(name, "type") || !find_outside(value, "type", inner, sizeof inner))
        return false;
    if (find_outside(inner, name, out, size))
        return true;
    out[0] = '\0';
    return false;
}

bool wki_media_is_multipart(const char *value)
{
    return wki_str_istarts(skip_blanks(value), "multipart/");
}
