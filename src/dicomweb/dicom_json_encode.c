#include "dicomweb/dicom_json_encode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"

/* How values of a VR are written. */
typedef enum form {
    FORM_TEXT,
    FORM_NAME,  /* PN: up to three groups */
    FORM_TAG,   /* AT */
    FORM_WHOLE, /* binary numbers */
    FORM_REAL,
    FORM_BYTES,
    FORM_SEQUENCE,
} form;

/* size  of a number; 0 otherwise
 * wide  the length has 32 bits (PS3.5 table 7.1-1)
 * pad   what makes a text even */
typedef struct vr {
    char name[3];
    form form;
    uint8_t size;
    bool wide;
    char pad;
} vr;

static const vr vrs[] = {
    {"AE", FORM_TEXT, 0, false, ' '}, {"AS", FORM_TEXT, 0, false, ' '},
    {"AT", FORM_TAG, 4, false, 0},    {"CS", FORM_TEXT, 0, false, ' '},
    {"DA", FORM_TEXT, 0, false, ' '}, {"DS", FORM_TEXT, 0, false, ' '},
    {"DT", FORM_TEXT, 0, false, ' '}, {"FD", FORM_REAL, 8, false, 0},
    {"FL", FORM_REAL, 4, false, 0},   {"IS", FORM_TEXT, 0, false, ' '},
    {"LO", FORM_TEXT, 0, false, ' '}, {"LT", FORM_TEXT, 0, false, ' '},
    {"OB", FORM_BYTES, 0, true, 0},   {"OD", FORM_BYTES, 0, true, 0},
    {"OF", FORM_BYTES, 0, true, 0},   {"OL", FORM_BYTES, 0, true, 0},
    {"OV", FORM_BYTES, 0, true, 0},   {"OW", FORM_BYTES, 0, true, 0},
    {"PN", FORM_NAME, 0, false, ' '}, {"SH", FORM_TEXT, 0, false, ' '},
    {"SL", FORM_WHOLE, 4, false, 0},  {"SQ", FORM_SEQUENCE, 0, true, 0},
    {"SS", FORM_WHOLE, 2, false, 0},  {"ST", FORM_TEXT, 0, false, ' '},
    {"SV", FORM_WHOLE, 8, true, 0},   {"TM", FORM_TEXT, 0, false, ' '},
    {"UC", FORM_TEXT, 0, true, ' '},  {"UI", FORM_TEXT, 0, false, '\0'},
    {"UL", FORM_WHOLE, 4, false, 0},  {"UN", FORM_BYTES, 0, true, 0},
    {"UR", FORM_TEXT, 0, true, ' '},  {"US", FORM_WHOLE, 2, false, 0},
    {"UT", FORM_TEXT, 0, true, ' '},  {"UV", FORM_WHOLE, 8, true, 0},
};

typedef struct element {
    uint32_t tag;
    const wki_json *json;
} element;

static wk_code encode_set(const wki_json *dataset, bool top, wki_buf *out, wk_error *err);

static const vr *find_vr(const wki_json *json)
{
    const char *name = wki_json_str(json, "vr");

    for (size_t i = 0; name && i < sizeof vrs / sizeof vrs[0]; i++) {
        if (strcmp(name, vrs[i].name) == 0)
            return &vrs[i];
    }
    return NULL;
}

static wk_code add_le(wki_buf *out, uint64_t value, size_t n, wk_error *err)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
    return wki_buf_add(out, bytes, n, err);
}

static wk_code add_tag(wki_buf *out, uint32_t tag, wk_error *err)
{
    wk_code rc = add_le(out, tag >> 16, 2, err);

    return rc == WK_OK ? add_le(out, tag & 0xFFFF, 2, err) : rc;
}

static wk_code odd_value(wk_error *err)
{
    return wk_fail(err, WK_UNSUPPORTED, "a value that is none of its VR");
}

/* --- values --- */

/* As many digits as the number needs to be itself again. */
static wk_code add_number_text(wki_buf *out, double value, wk_error *err)
{
    char digits[40];

    if (!isfinite(value))
        return odd_value(err);
    snprintf(digits, sizeof digits, "%.15g", value);
    if (strtod(digits, NULL) != value)
        snprintf(digits, sizeof digits, "%.17g", value);
    return wki_buf_add(out, digits, strlen(digits), err);
}

static wk_code add_text(wki_buf *out, const wki_json *value, wk_error *err)
{
    const char *text = wki_json_text(value);
    double number;

    if (text)
        return wki_buf_add(out, text, strlen(text), err);
    return wki_json_number(value, &number) ? add_number_text(out, number, err) : odd_value(err);
}

static wk_code add_name(wki_buf *out, const wki_json *value, wk_error *err)
{
    static const char *const groups[] = {"Alphabetic", "Ideographic", "Phonetic"};
    wk_code rc = WK_OK;
    size_t pending = 0;

    if (!wki_json_is_object(value))
        return add_text(out, value, err);
    for (size_t i = 0; i < 3 && rc == WK_OK; i++, pending++) {
        const char *text = wki_json_str(value, groups[i]);

        for (; text && pending > 0 && rc == WK_OK; pending--)
            rc = wki_buf_add(out, "=", 1, err);
        if (text && rc == WK_OK)
            rc = wki_buf_add(out, text, strlen(text), err);
    }
    return rc;
}

static wk_code add_at(wki_buf *out, const wki_json *value, wk_error *err)
{
    const char *text = wki_json_text(value);
    char *end = NULL;
    unsigned long tag = text ? strtoul(text, &end, 16) : 0;

    if (!text || strlen(text) != 8 || *end)
        return odd_value(err);
    return add_tag(out, (uint32_t)tag, err);
}

static wk_code add_whole(wki_buf *out, const wki_json *value, size_t size, wk_error *err)
{
    double number, limit = ldexp(1, (int)(8 * size < 53 ? 8 * size : 53));

    /* Signed or not: some servers write the one for the other. */
    if (!wki_json_number(value, &number) || number != floor(number) || number >= limit ||
        number < -limit / 2)
        return odd_value(err);
    return add_le(out, number < 0 ? (uint64_t)(int64_t)number : (uint64_t)number, size, err);
}

static wk_code add_real(wki_buf *out, const wki_json *value, size_t size, wk_error *err)
{
    double number;
    uint64_t bits64;
    uint32_t bits32;
    float single;

    if (!wki_json_number(value, &number))
        return odd_value(err);
    single = (float)number;
    memcpy(&bits64, &number, sizeof bits64);
    memcpy(&bits32, &single, sizeof bits32);
    return size == 8 ? add_le(out, bits64, 8, err) : add_le(out, bits32, 4, err);
}

static wk_code to_buf(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(user, data, n, err);
}

static wk_code add_base64(wki_buf *out, const char *text, wk_error *err)
{
    wki_base64_reader *reader = calloc(1, sizeof *reader);
    wk_code rc;

    if (!reader)
        return wk_fail(err, WK_NOMEM, "out of memory");
    reader->out = (wki_sink){to_buf, out};
    rc = wki_base64_reader_feed(reader, text, strlen(text), err);
    if (rc == WK_OK)
        rc = wki_base64_reader_finish(reader, err);
    free(reader);
    return rc;
}

static wk_code add_one(wki_buf *out, const vr *v, const wki_json *value, wk_error *err)
{
    switch (v->form) {
    case FORM_TEXT:
        return add_text(out, value, err);
    case FORM_NAME:
        return add_name(out, value, err);
    case FORM_TAG:
        return add_at(out, value, err);
    case FORM_WHOLE:
        return add_whole(out, value, v->size, err);
    case FORM_REAL:
        return add_real(out, value, v->size, err);
    default:
        return odd_value(err);
    }
}

/* All values of an element. A null among texts is an empty value; others have none. */
static wk_code add_values(wki_buf *out, const vr *v, const wki_json *values, wk_error *err)
{
    bool is_text = v->form == FORM_TEXT || v->form == FORM_NAME;
    const wki_json *e = values;
    wk_code rc = WK_OK;

    if (!wki_json_is_array(values)) /* a single value, as some write it */
        return values && !wki_json_is_null(values) ? add_one(out, v, values, err) : WK_OK;
    e = wki_json_element_first(values);
    for (size_t i = 0; e && rc == WK_OK; i++, e = wki_json_element_next(e)) {
        if (i > 0 && is_text)
            rc = wki_buf_add(out, "\\", 1, err);
        if (rc == WK_OK && !(wki_json_is_null(e) && is_text))
            rc = add_one(out, v, e, err);
    }
    return rc;
}

/* --- elements --- */

/* Writes a length where four or two bytes were left for it. */
static void set_length(wki_buf *out, size_t at, size_t size, size_t length)
{
    for (size_t i = 0; i < size; i++)
        out->data[at + i] = (char)(uint8_t)(length >> 8 * i);
}

static wk_code add_items(wki_buf *out, const wki_json *values, wk_error *err)
{
    wk_code rc = WK_OK;

    for (const wki_json *e = wki_json_first(values); e && rc == WK_OK;
         e = wki_json_next(values, e)) {
        size_t start;

        rc = add_tag(out, 0xFFFEE000, err);
        if (rc == WK_OK)
            rc = add_le(out, 0, 4, err);
        start = out->n;
        if (rc == WK_OK)
            rc = encode_set(e, false, out, err);
        if (rc == WK_OK)
            set_length(out, start - 4, 4, out->n - start);
    }
    return rc;
}

static wk_code add_value(wki_buf *out, const vr *v, const wki_json *json, wk_error *err)
{
    const char *binary = wki_json_str(json, "InlineBinary");
    const wki_json *values = wki_json_get(json, "Value");

    if (v->form == FORM_SEQUENCE)
        return add_items(out, values, err);
    if (binary)
        return add_base64(out, binary, err);
    return v->form == FORM_BYTES && !values ? WK_OK : add_values(out, v, values, err);
}

static wk_code add_element(wki_buf *out, const element *e, wk_error *err)
{
    const vr *v = find_vr(e->json);
    size_t length_size = v && v->wide ? 4 : 2, start;
    wk_code rc;

    if (!v)
        return wk_fail(err, WK_UNSUPPORTED, "(%04X,%04X) has no VR", e->tag >> 16, e->tag & 0xFFFF);
    rc = add_tag(out, e->tag, err);
    if (rc == WK_OK)
        rc = wki_buf_add(out, v->name, 2, err);
    if (rc == WK_OK)
        rc = add_le(out, 0, v->wide ? 6 : 2, err);
    start = out->n;
    if (rc == WK_OK)
        rc = add_value(out, v, e->json, err);
    if (rc == WK_OK && (out->n - start) % 2 != 0)
        rc = wki_buf_add(out, &v->pad, 1, err);
    if (rc == WK_OK && !v->wide && out->n - start > 0xFFFE)
        rc = wk_fail(err, WK_UNSUPPORTED, "(%04X,%04X) is too long", e->tag >> 16, e->tag & 0xFFFF);
    if (rc == WK_OK)
        set_length(out, start - length_size, length_size, out->n - start);
    return rc;
}

static bool says_how_pixels_look(uint32_t tag)
{
    uint32_t group = tag >> 16;

    return group == 0x0028 || (group >= 0x6000 && group <= 0x60FF);
}

static int by_tag(const void *a, const void *b)
{
    const element *x = a, *y = b;

    return (x->tag > y->tag) - (x->tag < y->tag);
}

/* The elements of a data set that are written, in order; n of them, on the heap. */
static wk_code list(const wki_json *dataset, bool top, element **out, size_t *n, wk_error *err)
{
    size_t room = 0;
    element *all;

    if (!wki_json_is_object(dataset))
        return wk_fail(err, WK_UNSUPPORTED, "no data set");
    for (const wki_json *m = wki_json_member_first(dataset); m; m = wki_json_member_next(m))
        room++;
    all = calloc(room + 1, sizeof *all);
    if (!all)
        return wk_fail(err, WK_NOMEM, "out of memory");
    *out = all;
    *n = 0;
    for (const wki_json *m = wki_json_member_first(dataset); m; m = wki_json_member_next(m)) {
        const char *name = wki_json_name(m);
        char *end = NULL;
        unsigned long tag = strtoul(name, &end, 16);
        bool elsewhere = wki_json_get(m, "BulkDataURI") != NULL;

        if (strlen(name) != 8 || *end || !wki_json_is_object(m))
            return wk_fail(err, WK_UNSUPPORTED, "\"%.20s\" is no element", name);
        if (tag >> 16 == 0x7FE0 || tag == 0x00080005 || (top && tag >> 16 <= 2))
            continue;
        if (elsewhere && says_how_pixels_look((uint32_t)tag))
            return wk_fail(err, WK_UNSUPPORTED, "(%04lX,%04lX) lies elsewhere", tag >> 16,
                           tag & 0xFFFF);
        if (!elsewhere)
            all[(*n)++] = (element){(uint32_t)tag, m};
    }
    qsort(all, *n, sizeof *all, by_tag);
    return WK_OK;
}

static wk_code encode_set(const wki_json *dataset, bool top, wki_buf *out, wk_error *err)
{
    element *all = NULL;
    size_t n = 0;
    wk_code rc = list(dataset, top, &all, &n, err);

    for (size_t i = 0; i < n && rc == WK_OK; i++) {
        if (i > 0 && all[i].tag == all[i - 1].tag)
            rc = wk_fail(err, WK_UNSUPPORTED, "(%04X,%04X) comes twice", all[i].tag >> 16,
                         all[i].tag & 0xFFFF);
        else
            rc = add_element(out, &all[i], err);
    }
    free(all);
    return rc;
}

wk_code wki_dicom_json_encode(const wki_json *dataset, wki_buf *out, wk_error *err)
{
    static const char utf8[] = "\x08\0\x05\0CS\x0A\0ISO_IR 192";
    wk_code rc;

    /* It comes before everything but groups that are not written. */
    rc = wki_buf_add(out, utf8, sizeof utf8 - 1, err);
    return rc == WK_OK ? encode_set(dataset, true, out, err) : rc;
}
