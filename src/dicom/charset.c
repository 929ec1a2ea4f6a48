#include "dicom/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "core/text.h"

/* How the bytes of a set become what iconv knows: `name` of iconv, bytes a character, a byte in
 * front of each, and the eighth bit set. */
typedef struct set {
    const char *name;
    int width;
    char prefix;
    bool high;
} set;

static const set ascii = {"ASCII", 1, 0, false};

/* PS3.3 tables C.12-3 and C.12-4: defined term, escape sequence behind ESC, set. Those that start
 * with '$' and have no ')' and "(B", "(J" go to G0 (bytes below 128), the others to G1. */
static const struct {
    const char *term, *escape;
    set set;
} table[] = {
    {"ISO 2022 IR 6", "(B", {"ASCII", 1, 0, false}},
    {"ISO 2022 IR 13", "(J", {"ASCII", 1, 0, false}},
    {"ISO 2022 IR 13", ")I", {"SHIFT_JIS", 1, 0, true}},
    {"ISO 2022 IR 87", "$B", {"EUC-JP", 2, 0, true}},
    {"ISO 2022 IR 159", "$(D", {"EUC-JP", 2, '\x8F', true}},
    {"ISO 2022 IR 149", "$)C", {"EUC-KR", 2, 0, true}},
    {"ISO 2022 IR 58", "$)A", {"GB2312", 2, 0, true}},
    {"ISO 2022 IR 100", "-A", {"ISO-8859-1", 1, 0, true}},
    {"ISO 2022 IR 101", "-B", {"ISO-8859-2", 1, 0, true}},
    {"ISO 2022 IR 109", "-C", {"ISO-8859-3", 1, 0, true}},
    {"ISO 2022 IR 110", "-D", {"ISO-8859-4", 1, 0, true}},
    {"ISO 2022 IR 126", "-F", {"ISO-8859-7", 1, 0, true}},
    {"ISO 2022 IR 127", "-G", {"ISO-8859-6", 1, 0, true}},
    {"ISO 2022 IR 138", "-H", {"ISO-8859-8", 1, 0, true}},
    {"ISO 2022 IR 144", "-L", {"ISO-8859-5", 1, 0, true}},
    {"ISO 2022 IR 148", "-M", {"ISO-8859-9", 1, 0, true}},
    {"ISO 2022 IR 166", "-T", {"TIS-620", 1, 0, true}},
};
enum {
    SETS = sizeof table / sizeof table[0]
};

typedef struct state {
    const set *g0, *g1; /* g1 may be NULL */
    const set *first;   /* g1 of the first value */
} state;

static bool is_g0(const char *escape)
{
    return escape[0] == '(' || (escape[0] == '$' && escape[1] != ')');
}

/* The set of the first value of Specific Character Set, whether written ISO_IR or ISO 2022 IR. */
static const set *first_set(const char *charset)
{
    size_t n = strcspn(charset, "\\");
    const char *number = NULL;

    for (size_t i = n; i > 0 && charset[i - 1] != ' '; i--)
        number = charset + i - 1;
    for (size_t i = 0; number && i < SETS; i++) {
        const char *own = strrchr(table[i].term, ' ') + 1;
        size_t length = strlen(own);

        if (!is_g0(table[i].escape) && (size_t)(charset + n - number) == length &&
            memcmp(own, number, length) == 0)
            return &table[i].set;
    }
    return NULL;
}

/* Follows an escape sequence; the bytes it has, 0 where it is none that is known. */
static size_t designate(state *s, const char *text, size_t n)
{
    for (size_t i = 0; i < SETS; i++) {
        size_t length = strlen(table[i].escape);

        if (n <= length || memcmp(text + 1, table[i].escape, length) != 0)
            continue;
        if (is_g0(table[i].escape))
            s->g0 = &table[i].set;
        else
            s->g1 = &table[i].set;
        return 1 + length;
    }
    return 0;
}

/* Kept open by wki_charset_warm(), in the order of `table`. */
static iconv_t kept[SETS];
static bool is_warm;

void wki_charset_warm(void)
{
    for (size_t i = 0; !is_warm && i < SETS; i++)
        kept[i] = iconv_open("UTF-8", table[i].set.name);
    is_warm = true;
}

static wk_code convert_one(const set *from, const char *text, wki_buf *out, wk_error *err)
{
    char in[4], utf8[16], *ip = in, *op = utf8;
    size_t in_left = 0, out_left = sizeof utf8;
    iconv_t cd;

    if (from->prefix)
        in[in_left++] = from->prefix;
    for (int i = 0; i < from->width; i++)
        in[in_left++] = (char)(from->high ? text[i] | 0x80 : text[i]);
    cd = iconv_open("UTF-8", from->name);
    if (cd == (iconv_t)-1)
        return wki_buf_add(out, "\xEF\xBF\xBD", 3, err);
    if (iconv(cd, &ip, &in_left, &op, &out_left) == (size_t)-1 || in_left > 0) {
        memcpy(utf8, "\xEF\xBF\xBD", 3);
        op = utf8 + 3;
    }
    (void)iconv_close(cd);
    return wki_buf_add(out, utf8, (size_t)(op - utf8), err);
}

static bool ends_designation(char c, bool is_name)
{
    return c == '\\' || c == '\r' || c == '\n' || c == '\f' || c == '\t' ||
           (is_name && (c == '^' || c == '='));
}

wk_code wki_charset_to_utf8(const char *charset, const char *text, size_t n, bool is_name,
                            wki_buf *out, wk_error *err)
{
    state s = {.g0 = &ascii, .first = first_set(charset)};
    wk_code rc = WK_OK;

    s.g1 = s.first;
    for (size_t i = 0; rc == WK_OK && i < n;) {
        const set *from = (unsigned char)text[i] < 0x80 ? s.g0 : s.g1;
        size_t escape = text[i] == 0x1B ? designate(&s, text + i, n - i) : 0;

        if (escape) {
            i += escape;
        } else if (from && from->width == 2 && n - i >= 2 && (unsigned char)text[i] > 0x20) {
            rc = convert_one(from, text + i, out, err);
            i += 2;
        } else {
            if ((unsigned char)text[i] < 0x80)
                rc = wki_buf_add(out, text + i, 1, err);
            else
                rc = from && from->width == 1 ? convert_one(from, text + i, out, err)
                                              : wki_buf_add(out, "\xEF\xBF\xBD", 3, err);
            if (ends_designation(text[i], is_name)) {
                s.g0 = &ascii;
                s.g1 = s.first;
            }
            i++;
        }
    }
    return rc;
}
