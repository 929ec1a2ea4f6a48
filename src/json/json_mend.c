#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"

/* Where the reading is: one level an object or an array. */
typedef struct level {
    bool is_object;
    bool name_due; /* in an object, a name comes next */
    uint64_t index;
    const char *name; /* of the member at hand, not unescaped */
    size_t name_n;
} level;

typedef struct mender {
    const char *prefix;
    wki_json_faults *faults;
    wki_buf out;
    level levels[WK_MAX_JSON_DEPTH + 1];
    size_t depth; /* 0: outside */
} mender;

void wki_json_fault(wki_json_faults *faults, const char *place, const char *what, size_t n)
{
    char words[48];

    if (faults->values++ > 0)
        return;
    wki_text_clean(words, sizeof words, what, n);
    snprintf(faults->first, sizeof faults->first, "%s: %s", *place == '.' ? place + 1 : place,
             words);
}

void wki_json_faults_tell(const wki_json_faults *faults, const char *what, const wk_log *log)
{
    if (faults->elements)
        wk_log_write(log, WK_LOG_WARN,
                     "%s: %llu of the list left out that %s no JSON; the first at %s", what,
                     (unsigned long long)faults->elements, faults->elements == 1 ? "is" : "are",
                     faults->first);
    else if (faults->values)
        wk_log_write(log, WK_LOG_WARN, "%s: %llu %s left out, the first at %s", what,
                     (unsigned long long)faults->values, faults->values == 1 ? "value" : "values",
                     faults->first);
}

static void place_of(const mender *m, char *out, size_t size)
{
    size_t n = (size_t)snprintf(out, size, "%s", m->prefix);

    for (size_t i = 1; i <= m->depth && n < size; i++) {
        const level *l = &m->levels[i];

        if (l->is_object)
            n += (size_t)snprintf(out + n, size - n, ".%.*s",
                                  (int)(l->name_n < 40 ? l->name_n : 40), l->name ? l->name : "");
        else
            n += (size_t)snprintf(out + n, size - n, "[%llu]", (unsigned long long)l->index);
    }
}

static void note(mender *m, const char *what, size_t n)
{
    char place[128];

    place_of(m, place, sizeof place);
    wki_json_fault(m->faults, place, what, n);
}

/* The end of the string that starts behind the quote at text[at]; `end` where it has none. */
static size_t string_end(const char *text, size_t at, size_t end)
{
    while (at < end && text[at] != '"')
        at += text[at] == '\\' ? 2 : 1;
    return at < end ? at : end;
}

static bool is_nul(const char *text, size_t left)
{
    return left >= 6 && memcmp(text, "\\u0000", 6) == 0;
}

/* NULs and blanks at the end of a value fill it up to an even length; others are in the midst of
 * it. `*keep` gets the length without the former. */
static bool has_inner_nul(const char *text, size_t n, size_t *keep)
{
    size_t last = 0;
    bool inner = false, nul = false;

    for (size_t i = 0; i < n;) {
        bool here = is_nul(text + i, n - i);

        if (!here && text[i] != ' ') {
            inner |= nul;
            last = i + (text[i] == '\\' ? 2 : 1);
        }
        nul |= here;
        i += here ? 6 : text[i] == '\\' ? 2 : 1;
    }
    *keep = nul && !inner ? last : n;
    return inner;
}

/* Takes a string; returns what follows it. */
static wk_code take_string(mender *m, const char *text, size_t *at, size_t end, wk_error *err)
{
    level *l = &m->levels[m->depth];
    size_t from = *at + 1, to = string_end(text, from, end), keep = 0;
    bool is_name = m->depth > 0 && l->is_object && l->name_due;
    bool bad = to < end && has_inner_nul(text + from, to - from, &keep);
    wk_code rc;

    if (is_name) {
        l->name = text + from;
        l->name_n = to - from;
    }
    *at = to < end ? to + 1 : end;
    if (bad && !is_name) {
        note(m, "a NUL in the text", 17);
        return wki_buf_add(&m->out, "null", 4, err);
    }
    if (to == end || is_name)
        return wki_buf_add(&m->out, text + from - 1, *at - from + 1, err);
    rc = wki_buf_add(&m->out, text + from - 1, keep + 1, err);
    return rc == WK_OK ? wki_buf_add(&m->out, "\"", 1, err) : rc;
}

/* Takes a word or number: one that Python and JavaScript print for a number that is none becomes
 * null. */
static wk_code take_word(mender *m, const char *text, size_t *at, size_t end, wk_error *err)
{
    static const char *const odd[] = {"NaN", "Infinity", "Inf"};
    const char *word = text + *at;
    char plain[16] = "";
    size_t n = 1;

    while (*at + n < end && !memchr(",:]} \t\r\n\"[{", word[n], 11))
        n++;
    *at += n;
    if (n < sizeof plain) {
        memcpy(plain, word, n);
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
            if (!wki_str_ieq(plain + (*plain == '-' || *plain == '+'), odd[i]))
                continue;
            note(m, word, n);
            return wki_buf_add(&m->out, "null", 4, err);
        }
    }
    return wki_buf_add(&m->out, word, n, err);
}

static void open_level(mender *m, bool is_object)
{
    if (m->depth < WK_MAX_JSON_DEPTH)
        m->levels[++m->depth] = (level){.is_object = is_object, .name_due = is_object};
}

static wk_code take(mender *m, const char *text, size_t *at, size_t end, wk_error *err)
{
    char c = text[*at];
    level *l = &m->levels[m->depth];

    if (c == '"')
        return take_string(m, text, at, end, err);
    if (!memchr("{}[]:, \t\r\n", c, 10))
        return take_word(m, text, at, end, err);
    if (c == '{' || c == '[')
        open_level(m, c == '{');
    else if ((c == '}' || c == ']') && m->depth > 0)
        m->depth--;
    else if (c == ':')
        l->name_due = false;
    else if (c == ',') {
        l->index++;
        l->name_due = l->is_object;
    }
    ++*at;
    return wki_buf_add(&m->out, &c, 1, err);
}

wk_code wki_json_mend(const char *text, size_t n, const char *prefix, wki_json_faults *faults,
                      wki_buf *out, wk_error *err)
{
    mender *m = calloc(1, sizeof *m);
    wk_code rc = m ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc != WK_OK)
        return rc;
    m->prefix = prefix;
    m->faults = faults;
    wki_buf_init(&m->out, 2 * (size_t)WK_MAX_JSON_BYTES, "mended JSON");
    for (size_t at = 0; at < n && rc == WK_OK;)
        rc = take(m, text, &at, n, err);
    if (rc == WK_OK)
        *out = m->out;
    else
        wki_buf_clear(&m->out);
    free(m);
    return rc;
}
