#include "dicomweb/qido_answer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"

enum {
    MAX_VALUES = 4096 /* bytes of an attribute's text that are compared */
};

enum {
    STUDY = WKI_QIDO_STUDY,
    SERIES = WKI_QIDO_SERIES,
    INSTANCE = WKI_QIDO_INSTANCE,
    ALL = STUDY | SERIES | INSTANCE
};

/* In the order of tags. */
static const struct attribute {
    uint32_t tag;
    char vr[3];
    unsigned levels;
} attributes[] = {
    {0x00080005, "CS", ALL},
    {0x00080016, "UI", INSTANCE},
    {0x00080018, "UI", INSTANCE},
    {0x00080020, "DA", STUDY},
    {0x00080030, "TM", STUDY},
    {0x00080050, "SH", STUDY},
    {0x00080056, "CS", ALL},
    {0x00080060, "CS", SERIES},
    {0x00080061, "CS", STUDY},
    {0x00080090, "PN", STUDY},
    {0x00081030, "LO", STUDY},
    {0x0008103E, "LO", SERIES},
    {0x00081190, "UR", ALL},
    {0x00083002, "UI", INSTANCE},
    {0x00100010, "PN", STUDY},
    {0x00100020, "LO", STUDY},
    {0x00100030, "DA", STUDY},
    {0x00100040, "CS", STUDY},
    {0x00180015, "CS", SERIES},
    {0x0020000D, "UI", ALL},
    {0x0020000E, "UI", SERIES | INSTANCE},
    {0x00200010, "SH", STUDY},
    {0x00200011, "IS", SERIES},
    {0x00200013, "IS", INSTANCE},
    {0x00201206, "IS", STUDY},
    {0x00201208, "IS", STUDY},
    {0x00201209, "IS", SERIES},
    {0x00280008, "IS", INSTANCE},
    {0x00280010, "US", INSTANCE},
    {0x00280011, "US", INSTANCE},
    {0x00280100, "US", INSTANCE},
    {0x00400244, "DA", SERIES},
    {0x00400245, "TM", SERIES},
};

static const struct attribute *attribute_of(uint32_t tag)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (attributes[i].tag == tag)
            return &attributes[i];
    }
    return NULL;
}

/* --- records --- */

static wk_code add_text(wki_buf *out, const char *vr, const char *text, wk_error *err)
{
    return text ? wki_buf_addf(out, err, "{\"vr\":\"%s\",\"Value\":[\"%s\"]}", vr, text)
                : wki_buf_addf(out, err, "{\"vr\":\"%s\"}", vr);
}

static wk_code add_count(wki_buf *out, int64_t n, wk_error *err)
{
    return n < 0 ? wki_buf_addf(out, err, "{\"vr\":\"IS\"}")
                 : wki_buf_addf(out, err, "{\"vr\":\"IS\",\"Value\":[%lld]}", (long long)n);
}

/* Code strings: what is no letter, digit, blank or '_' is left out, so that nothing needs escaping.
 */
static wk_code add_modalities(wki_buf *out, const char *list, wk_error *err)
{
    wk_code rc = wki_buf_addf(out, err, "{\"vr\":\"CS\",\"Value\":[");
    bool any = false;

    while (*list && rc == WK_OK) {
        size_t n = strcspn(list, "\\");

        rc = wki_buf_addf(out, err, "%s\"", any ? "," : "");
        for (size_t i = 0; i < n && rc == WK_OK; i++) {
            if (isalnum((unsigned char)list[i]) || list[i] == '_' || list[i] == ' ')
                rc = wki_buf_add(out, &list[i], 1, err);
        }
        if (rc == WK_OK)
            rc = wki_buf_add(out, "\"", 1, err);
        any = true;
        list += n;
        list += *list == '\\';
    }
    return rc == WK_OK ? wki_buf_add(out, "]}", 2, err) : rc;
}

static wk_code add_stored(wki_buf *out, const wki_json *dataset, const struct attribute *a,
                          wk_error *err)
{
    const wki_json *element = wki_dicom_json_get(dataset, a->tag);
    char *text = element ? wki_json_print(element) : NULL;
    wk_code rc;

    if (element && !text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = text ? wki_buf_add(out, text, strlen(text), err) : add_text(out, a->vr, NULL, err);
    free(text);
    return rc;
}

/* Whether the attribute has no place in this record. */
static bool is_left_out(uint32_t tag, const wki_qido_facts *f)
{
    return (tag == 0x00081190 && !f->retrieve_url) || (tag == 0x00083002 && !f->transfer_syntax);
}

static wk_code add_value(wki_buf *out, const wki_json *dataset, const struct attribute *a,
                         const wki_qido_facts *f, wk_error *err)
{
    switch (a->tag) {
    case 0x00080005:
        return add_text(out, a->vr, "ISO_IR 192", err);
    case 0x00080056:
        return add_text(out, a->vr, "ONLINE", err);
    case 0x00080061:
        return add_modalities(out, f->modalities, err);
    case 0x00081190:
        return add_text(out, a->vr, f->retrieve_url, err);
    case 0x00083002:
        return add_text(out, a->vr, f->transfer_syntax, err);
    case 0x00201206:
        return add_count(out, f->n_series, err);
    case 0x00201208:
        return add_count(out, f->n_study_instances, err);
    case 0x00201209:
        return add_count(out, f->n_series_instances, err);
    default:
        return add_stored(out, dataset, a, err);
    }
}

wk_code wki_qido_record(const wki_json *dataset, unsigned levels, const wki_qido_facts *facts,
                        wki_buf *out, wk_error *err)
{
    wk_code rc = wki_buf_add(out, "{", 1, err);
    bool any = false;

    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0] && rc == WK_OK; i++) {
        const struct attribute *a = &attributes[i];

        if (!(a->levels & levels) || is_left_out(a->tag, facts))
            continue;
        rc = wki_buf_addf(out, err, "%s\"%08X\":", any ? "," : "", (unsigned)a->tag);
        if (rc == WK_OK)
            rc = add_value(out, dataset, a, facts, err);
        any = true;
    }
    return rc == WK_OK ? wki_buf_add(out, "}", 1, err) : rc;
}

bool wki_qido_is_key(uint32_t tag, unsigned levels)
{
    const struct attribute *a = attribute_of(tag);

    return a && (a->levels & levels) != 0;
}

/* --- matching --- */

/* "20240101", "2024-", "-20241231": digits and dots compare as text. */
static bool in_range(const char *range, const char *value)
{
    const char *dash = strchr(range, '-');
    size_t n;

    if (!dash)
        return strncmp(value, range, strlen(range)) == 0;
    n = (size_t)(dash - range);
    if (n > 0 && strncmp(value, range, n) < 0)
        return false;
    n = strlen(dash + 1);
    return n == 0 || strncmp(value, dash + 1, n) <= 0;
}

static bool in_list(const char *list, const char *value)
{
    while (*list) {
        size_t n = strcspn(list, ",\\");

        if (wki_str_glob(list, n, value))
            return true;
        list += n;
        list += *list != '\0';
    }
    return false;
}

static bool same_number(const char *a, const char *b)
{
    char *end_a = NULL, *end_b = NULL;
    long long x = strtoll(a, &end_a, 10), y = strtoll(b, &end_b, 10);

    return end_a != a && end_b != b && *end_a == '\0' && *end_b == '\0' && x == y;
}

static bool value_matches(const struct attribute *a, const char *key, const char *value)
{
    if (strcmp(a->vr, "DA") == 0 || strcmp(a->vr, "TM") == 0)
        return in_range(key, value);
    if (strcmp(a->vr, "UI") == 0 || strcmp(a->vr, "CS") == 0)
        return in_list(key, value);
    if (strcmp(a->vr, "IS") == 0 || strcmp(a->vr, "US") == 0)
        return same_number(key, value);
    return wki_str_glob(key, strlen(key), value);
}

bool wki_qido_matches(const wki_json *record, uint32_t tag, const char *value)
{
    const struct attribute *a = attribute_of(tag);
    const wki_json *values;
    char text[MAX_VALUES];

    if (!*value || strcmp(value, "*") == 0)
        return true;
    if (!a)
        return false;
    values = wki_dicom_json_values(record, tag);
    for (const wki_json *v = wki_json_first(values); v; v = wki_json_next(values, v)) {
        if (wki_dicom_json_value_text(text, sizeof text, v) && value_matches(a, value, text))
            return true;
    }
    return false;
}
