#include "core/data_url.h"

#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/text.h"

static const char scheme[] = "data:";
static const char default_type[] = "text/plain;charset=US-ASCII";

enum {
    SCHEME = sizeof scheme - 1,
    PIECE = 4096
};

bool wki_data_url_is(const char *url)
{
    return wki_str_istarts(url, scheme);
}

/* The comma in front of the data; one in a quoted parameter is none. NULL where there is none. */
static const char *find_comma(const char *p)
{
    bool quoted = false;

    for (; *p && *p != '#'; p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (*p == '\\' && quoted && p[1])
            p++;
        else if (*p == ',' && !quoted)
            return p;
    }
    return NULL;
}

/* Whether the head ends in ";base64"; *n is then less by it. */
static bool take_base64(const char *head, size_t *n)
{
    static const char word[] = "base64";
    size_t end = *n;

    while (end > 0 && head[end - 1] == ' ')
        end--;
    if (end < sizeof word || strncasecmp(head + end - 6, word, 6) != 0)
        return false;
    for (end -= 6; end > 0 && head[end - 1] == ' ';)
        end--;
    if (end == 0 || head[end - 1] != ';')
        return false;
    *n = end - 1;
    return true;
}

static void keep_type(const char *head, size_t n, char *type, size_t size)
{
    const char *before = n == 0 ? default_type : *head == ';' ? "text/plain" : "";

    type[0] = '\0';
    if (strlen(before) + n >= size)
        return;
    memcpy(type, before, strlen(before));
    memcpy(type + strlen(before), head, n);
    type[strlen(before) + n] = '\0';
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* Takes the next byte of `*p`; a '%' that no digits follow stands for itself. */
static char next_byte(const char **p)
{
    const char *at = *p;
    int high = *at == '%' ? digit_of(at[1]) : -1, low = high >= 0 ? digit_of(at[2]) : -1;

    *p = at + (low >= 0 ? 3 : 1);
    return low >= 0 ? (char)(unsigned char)(high * 16 + low) : *at;
}

static wk_code base64_piece(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_base64_reader_feed(user, data, n, err);
}

static wk_code unescape(const char *p, wki_sink out, wk_error *err)
{
    char piece[PIECE];
    wk_code rc = WK_OK;
    size_t n = 0;

    while (*p && *p != '#' && rc == WK_OK) {
        piece[n++] = next_byte(&p);
        if (n < sizeof piece)
            continue;
        rc = out.write(out.user, piece, n, err);
        n = 0;
    }
    return rc == WK_OK && n > 0 ? out.write(out.user, piece, n, err) : rc;
}

wk_code wki_data_url_read(const char *url, wki_sink out, char *type, size_t size, wk_error *err)
{
    const char *head = url + SCHEME, *comma = wki_data_url_is(url) ? find_comma(head) : NULL;
    wki_base64_reader reader = {.out = out};
    bool base64;
    size_t n;
    wk_code rc;

    if (!comma)
        return wk_fail(err, WK_DATA, "a data: URL without its comma");
    n = (size_t)(comma - head);
    base64 = take_base64(head, &n);
    if (type)
        keep_type(head, n, type, size);
    if (!base64)
        return unescape(comma + 1, out, err);
    rc = unescape(comma + 1, (wki_sink){base64_piece, &reader}, err);
    return rc == WK_OK ? wki_base64_reader_finish(&reader, err) : rc;
}
