#include "json/json_text.h"

#include <string.h>

enum state {
    VALUE,        /* a value is due */
    VALUE_OR_END, /* behind '[' */
    NAME_OR_END,  /* behind '{' */
    NAME,         /* behind ',' in an object */
    COLON,
    AFTER, /* behind a value */
    STRING,
    ESCAPE,
    HEX,
    NUMBER,
    WORD,
};

/* Places in a number. */
enum number {
    N_MINUS,
    N_ZERO,
    N_INT,
    N_DOT,
    N_FRACTION,
    N_E,
    N_SIGN,
    N_EXPONENT,
};

void wki_json_reader_init(wki_json_reader *t, wki_json_piece_fn each, void *user)
{
    memset(t, 0, sizeof *t);
    t->each = each;
    t->user = user;
}

static wk_code bad(const wki_json_reader *t, wk_error *err)
{
    return wk_fail(err, WK_DATA, "not JSON at byte %llu", (unsigned long long)t->at);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static wk_code piece(wki_json_reader *t, const char *data, size_t n, bool end, wk_error *err)
{
    wki_json_piece p = {.depth = t->depth, .name = t->name, .data = data, .n = n, .end = end};

    if (t->is_name) {
        for (size_t i = 0; i < n && t->name_n + 1 < sizeof t->name; i++)
            t->name[t->name_n++] = data[i];
        t->name[t->name_n] = '\0';
        return WK_OK;
    }
    p.begin = !t->begun;
    t->begun = true;
    return t->each ? t->each(t->user, &p, err) : WK_OK;
}

static void open_string(wki_json_reader *t, bool is_name)
{
    t->is_name = is_name;
    t->begun = false;
    t->state = STRING;
    if (is_name)
        t->name_n = 0;
    if (is_name || t->depth == 0 || !t->is_object[t->depth])
        t->name[0] = '\0';
}

static wk_code open_box(wki_json_reader *t, char c, wk_error *err)
{
    if (t->depth == WK_MAX_JSON_DEPTH)
        return wk_fail(err, WK_LIMIT, "JSON nested deeper than %d levels", WK_MAX_JSON_DEPTH);
    t->is_object[++t->depth] = c == '{';
    t->state = c == '{' ? NAME_OR_END : VALUE_OR_END;
    return WK_OK;
}

static wk_code close_box(wki_json_reader *t, char c, wk_error *err)
{
    if (t->depth == 0 || t->is_object[t->depth] != (c == '}'))
        return bad(t, err);
    t->depth--;
    t->state = AFTER;
    return WK_OK;
}

static wk_code begin_value(wki_json_reader *t, char c, wk_error *err)
{
    if (!t->kind)
        t->kind = c;
    switch (c) {
    case '{':
    case '[':
        return open_box(t, c, err);
    case '"':
        open_string(t, false);
        return WK_OK;
    case 't':
        t->word = "rue";
        break;
    case 'f':
        t->word = "alse";
        break;
    case 'n':
        t->word = "ull";
        break;
    default:
        if (c != '-' && (c < '0' || c > '9'))
            return bad(t, err);
        t->number = c == '-' ? N_MINUS : c == '0' ? N_ZERO : N_INT;
        t->state = NUMBER;
        return WK_OK;
    }
    t->state = WORD;
    return WK_OK;
}

/* A byte outside strings, numbers and words. */
static wk_code between(wki_json_reader *t, char c, wk_error *err)
{
    if (is_space(c))
        return WK_OK;
    if (t->at < 3 && !t->kind && c == "\xEF\xBB\xBF"[t->at])
        return WK_OK; /* byte order mark */
    switch (t->state) {
    case VALUE_OR_END:
        return c == ']' ? close_box(t, c, err) : begin_value(t, c, err);
    case VALUE:
        return begin_value(t, c, err);
    case NAME_OR_END:
        if (c == '}')
            return close_box(t, c, err);
        /* fall through */
    case NAME:
        if (c != '"')
            return bad(t, err);
        open_string(t, true);
        return WK_OK;
    case COLON:
        t->state = VALUE;
        return c == ':' ? WK_OK : bad(t, err);
    default:
        if (c == ',' && t->depth > 0) {
            t->state = t->is_object[t->depth] ? NAME : VALUE;
            return WK_OK;
        }
        return c == '}' || c == ']' ? close_box(t, c, err) : bad(t, err);
    }
}

/* Whether the number goes on with c; *ok: whether it may end or go on here. */
static bool number_goes_on(wki_json_reader *t, char c, bool *ok)
{
    bool digit = c >= '0' && c <= '9';
    bool e = c == 'e' || c == 'E';

    *ok = true;
    switch (t->number) {
    case N_MINUS:
        *ok = digit;
        t->number = c == '0' ? N_ZERO : N_INT;
        return digit;
    case N_ZERO:
    case N_INT:
        if (c == '.' || e)
            t->number = e ? N_E : N_DOT;
        *ok = !(digit && t->number == N_ZERO);
        return c == '.' || e || digit;
    case N_DOT:
        *ok = digit;
        t->number = N_FRACTION;
        return digit;
    case N_FRACTION:
        if (e)
            t->number = N_E;
        return digit || e;
    case N_E:
        *ok = digit || c == '+' || c == '-';
        t->number = digit ? N_EXPONENT : N_SIGN;
        return *ok;
    case N_SIGN:
        *ok = digit;
        t->number = N_EXPONENT;
        return digit;
    default:
        return digit;
    }
}

static bool number_may_end(const wki_json_reader *t)
{
    return t->number == N_ZERO || t->number == N_INT || t->number == N_FRACTION ||
           t->number == N_EXPONENT;
}

static wk_code unicode(wki_json_reader *t, wk_error *err)
{
    unsigned c = t->hex;
    char out[4];
    size_t n = 0;

    t->state = STRING;
    if (c >= 0xD800 && c < 0xDC00) {
        t->high = c;
        return WK_OK;
    }
    if (c >= 0xDC00 && c < 0xE000)
        c = t->high ? 0x10000 + ((t->high - 0xD800) << 10) + (c - 0xDC00) : 0xFFFD;
    t->high = 0;
    if (c < 0x80) {
        out[n++] = (char)c;
    } else if (c < 0x800) {
        out[n++] = (char)(0xC0 | c >> 6);
    } else if (c < 0x10000) {
        out[n++] = (char)(0xE0 | c >> 12);
        out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
    } else {
        out[n++] = (char)(0xF0 | c >> 18);
        out[n++] = (char)(0x80 | (c >> 12 & 0x3F));
        out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
    }
    if (c >= 0x80)
        out[n++] = (char)(0x80 | (c & 0x3F));
    return piece(t, out, n, false, err);
}

static wk_code escape(wki_json_reader *t, char c, wk_error *err)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = c ? strchr(from, c) : NULL;

    if (c == 'u') {
        t->state = HEX;
        t->hex = t->hex_n = 0;
        return WK_OK;
    }
    if (!found)
        return bad(t, err);
    t->state = STRING;
    return piece(t, to + (found - from), 1, false, err);
}

static wk_code hex_digit(wki_json_reader *t, char c, wk_error *err)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;
    unsigned value;

    if (!found)
        return bad(t, err);
    value = (unsigned)(found - digits);
    t->hex = t->hex << 4 | (value < 16 ? value : value - 6);
    return ++t->hex_n == 4 ? unicode(t, err) : WK_OK;
}

/* Takes what is plain text of a string; *used bytes. */
static wk_code in_string(wki_json_reader *t, const char *data, size_t n, size_t *used,
                         wk_error *err)
{
    size_t i = 0;
    bool was_name = t->is_name;
    wk_code rc;

    while (i < n && data[i] != '"' && data[i] != '\\' && (unsigned char)data[i] >= 0x20)
        i++;
    *used = i;
    if (i > 0 && (rc = piece(t, data, i, false, err)) != WK_OK)
        return rc;
    if (i == n)
        return WK_OK;
    *used = i + 1;
    if (data[i] == '\\') {
        t->state = ESCAPE;
        return WK_OK;
    }
    if (data[i] != '"') {
        t->at += i;
        return bad(t, err);
    }
    t->state = was_name ? COLON : AFTER;
    return was_name ? WK_OK : piece(t, "", 0, true, err);
}

/* One step; *used is at least 1 but where a number ended before the byte. */
static wk_code step(wki_json_reader *t, const char *data, size_t n, size_t *used, wk_error *err)
{
    bool ok;

    *used = 1;
    switch (t->state) {
    case STRING:
        return in_string(t, data, n, used, err);
    case ESCAPE:
        return escape(t, *data, err);
    case HEX:
        return hex_digit(t, *data, err);
    case NUMBER:
        if (number_goes_on(t, *data, &ok))
            return ok ? WK_OK : bad(t, err);
        if (!ok)
            return bad(t, err);
        t->state = AFTER;
        *used = 0;
        return WK_OK;
    case WORD:
        if (*data != *t->word)
            return bad(t, err);
        if (*++t->word == '\0')
            t->state = AFTER;
        return WK_OK;
    default:
        return between(t, *data, err);
    }
}

wk_code wki_json_reader_feed(wki_json_reader *t, const char *data, size_t n, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0, used; i < n && rc == WK_OK; i += used) {
        rc = step(t, data + i, n - i, &used, err);
        t->at += used;
    }
    return rc;
}

wk_code wki_json_reader_finish(wki_json_reader *t, wk_error *err)
{
    if (t->state == NUMBER && number_may_end(t))
        t->state = AFTER;
    if (t->state == AFTER && t->depth == 0)
        return WK_OK;
    if (!t->kind)
        return wk_fail(err, WK_DATA, "empty where JSON was expected");
    return wk_fail(err, WK_DATA, "JSON cut short after %llu bytes", (unsigned long long)t->at);
}
