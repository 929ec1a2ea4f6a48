#include "dicomweb/dicom_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"
#include "json/problem.h"

const wki_json *wki_dicom_json_get(const wki_json *dataset, uint32_t tag)
{
    char key[9];
    const wki_json *element;

    snprintf(key, sizeof key, "%08X", (unsigned)tag);
    element = wki_json_get(dataset, key);
    if (element)
        return element;
    for (element = wki_json_member_first(dataset); element;
         element = wki_json_member_next(element)) {
        if (wki_str_ieq(wki_json_name(element), key))
            return element;
    }
    return NULL;
}

const wki_json *wki_dicom_json_values(const wki_json *dataset, uint32_t tag)
{
    const wki_json *element = wki_dicom_json_get(dataset, tag);

    if (wki_json_is_object(element))
        return wki_json_get(element, "Value");
    return element; /* a bare value where an element is due */
}

static const char *const groups[] = {"Alphabetic", "Ideographic", "Phonetic"};

enum {
    N_GROUPS = sizeof groups / sizeof groups[0]
};

bool wki_dicom_json_value_text(char *out, size_t size, const wki_json *value)
{
    const char *text = wki_json_text(value);
    char digits[40];
    double number;

    out[0] = '\0';
    for (size_t i = 0; !text && i < N_GROUPS; i++)
        text = wki_json_str(value, groups[i]);
    if (!text && !wki_json_is_object(value) && wki_json_number(value, &number)) {
        bool whole = number == floor(number) && fabs(number) < 1e15;

        snprintf(digits, sizeof digits, whole ? "%.0f" : "%.17g", number);
        text = digits;
    }
    if (!text)
        return false;
    while (*text == ' ')
        text++;
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == ' ')
        n--;
    return wki_text_clean(out, size, text, n) > 0;
}

bool wki_dicom_json_text(char *out, size_t size, const wki_json *dataset, uint32_t tag)
{
    return wki_dicom_json_value_text(out, size,
                                     wki_json_first(wki_dicom_json_values(dataset, tag)));
}

/* A person name as it stands in a file: its groups with '=' between them. */
static bool whole_name(char *out, size_t size, const wki_json *value)
{
    size_t n = 0, end = 0;

    for (size_t i = 0; i < N_GROUPS && n + 2 < size; i++) {
        const char *text = wki_json_str(value, groups[i]);

        if (i > 0)
            out[n++] = '=';
        if (!text || wki_text_clean(out + n, size - n, text, strlen(text)) == 0)
            continue;
        n += strlen(out + n);
        end = n;
    }
    out[end] = '\0';
    return end > 0;
}

bool wki_dicom_json_texts(char *out, size_t size, const wki_json *dataset, uint32_t tag)
{
    const wki_json *values = wki_dicom_json_values(dataset, tag);
    size_t n = 0;

    out[0] = '\0';
    for (const wki_json *v = wki_json_first(values); v; v = wki_json_next(values, v)) {
        size_t gap = n > 0 ? 1 : 0;
        bool has;

        if (n + gap + 1 >= size)
            break;
        has = wki_json_is_object(v) ? whole_name(out + n + gap, size - n - gap, v)
                                    : wki_dicom_json_value_text(out + n + gap, size - n - gap, v);
        if (!has) {
            out[n] = '\0';
            continue;
        }
        if (gap)
            out[n] = '\\';
        n += strlen(out + n);
    }
    return n > 0;
}

bool wki_dicom_json_uid(char out[WK_UID_SIZE], const wki_json *dataset, uint32_t tag)
{
    const char *text = wki_json_text(wki_json_first(wki_dicom_json_values(dataset, tag)));

    out[0] = '\0';
    return text && wki_uid_read(out, text, strlen(text));
}

int64_t wki_dicom_json_int(const wki_json *dataset, uint32_t tag, int64_t fallback)
{
    double number;

    if (!wki_json_number(wki_json_first(wki_dicom_json_values(dataset, tag)), &number))
        return fallback;
    if (number != floor(number) || fabs(number) > 9007199254740992.0)
        return fallback;
    return (int64_t)number;
}

bool wki_dicom_json_is_tag(const char *name)
{
    return strlen(name) == 8 && strspn(name, "0123456789abcdefABCDEF") == 8;
}

wk_code wki_dicom_json_check(const wki_json *value, const char *what, wk_error *err)
{
    const wki_json *member = wki_json_member_first(value);
    bool is_set = wki_json_is_object(value) && !member;
    char said[200] = "";
    char *text;

    for (; member && !is_set; member = wki_json_member_next(member))
        is_set = wki_dicom_json_is_tag(wki_json_name(member));
    if (is_set)
        return WK_OK;
    text = wki_json_print(value);
    if (text)
        (void)wki_problem_text(text, strlen(text), "application/json", said, sizeof said);
    free(text);
    return wk_fail(err, WK_DATA, "%s: JSON without DICOM attributes%s%s", what, said[0] ? ": " : "",
                   said);
}

/* Why a value cannot be used; NULL where it can. */
static const char *fault_of(const char *vr, const wki_json *value)
{
    double number;

    if (wki_json_is_array(value))
        return "a list in a list";
    if (wki_json_is_object(value))
        return !vr || strcmp(vr, "PN") == 0 || strcmp(vr, "SQ") == 0 ? NULL : "an object";
    if (vr && strcmp(vr, "SQ") == 0 && wki_json_first(value))
        return "no item";
    if (vr && strcmp(vr, "UI") == 0 && wki_json_number(value, &number) && !wki_json_text(value))
        return "a number";
    return !wki_json_first(value) || wki_json_text(value) || wki_json_number(value, &number) ||
                   wki_json_is_empty(value)
               ? NULL
               : "neither text nor a number";
}

static void check_element(const wki_json *element, const char *prefix, wki_json_faults *faults)
{
    const char *vr = wki_json_str(element, "vr"), *name = wki_json_name(element);
    const wki_json *values = wki_json_get(element, "Value");
    bool list = wki_json_is_array(values);
    char place[160];
    unsigned i = 0;

    snprintf(place, sizeof place, "%s.%.16s", prefix, name);
    if (!wki_json_is_object(element)) {
        const char *why = wki_json_is_array(element) ? "a list" : fault_of(NULL, element);

        if (why)
            wki_json_fault(faults, place, why, strlen(why));
        return;
    }
    for (const wki_json *v = wki_json_first(values); v; v = wki_json_next(values, v), i++) {
        const char *why = fault_of(vr, v);

        if (list)
            snprintf(place, sizeof place, "%s.%.16s.Value[%u]", prefix, name, i);
        else
            snprintf(place, sizeof place, "%s.%.16s.Value", prefix, name);
        if (why)
            wki_json_fault(faults, place, why, strlen(why));
    }
}

void wki_dicom_json_faults(const wki_json *dataset, const char *prefix, wki_json_faults *faults)
{
    for (const wki_json *e = wki_json_member_first(dataset); e; e = wki_json_member_next(e)) {
        if (wki_dicom_json_is_tag(wki_json_name(e)))
            check_element(e, prefix, faults);
    }
}
