#include "dicomweb/qido_key.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"

enum {
    MAX_VALUE = 1024, /* bytes of a value that are compared */
    MODALITY = 0x00080060,
    MODALITIES_IN_STUDY = 0x00080061,
    PATIENT_ID = 0x00100020
};

typedef enum comparison {
    K_UID,
    K_CODE,
    K_TEXT,
    K_PERSON,
    K_DATE,
    K_NUMBER,
} comparison;

static const struct attribute {
    uint32_t tag;
    comparison kind;
    const char *keyword;
} attributes[] = {
    {0x00080016, K_UID, "SOPClassUID"},
    {0x00080018, K_UID, "SOPInstanceUID"},
    {0x00080020, K_DATE, "StudyDate"},
    {0x00080021, K_DATE, "SeriesDate"},
    {0x00080050, K_TEXT, "AccessionNumber"},
    {MODALITY, K_CODE, "Modality"},
    {MODALITIES_IN_STUDY, K_CODE, "ModalitiesInStudy"},
    {0x00080062, K_UID, "SOPClassesInStudy"},
    {0x00080080, K_TEXT, "InstitutionName"},
    {0x00080090, K_PERSON, "ReferringPhysicianName"},
    {0x00081030, K_TEXT, "StudyDescription"},
    {0x0008103E, K_TEXT, "SeriesDescription"},
    {0x00100010, K_PERSON, "PatientName"},
    {PATIENT_ID, K_TEXT, "PatientID"},
    {0x00100021, K_TEXT, "IssuerOfPatientID"},
    {0x00100030, K_DATE, "PatientBirthDate"},
    {0x00100040, K_CODE, "PatientSex"},
    {0x00180015, K_CODE, "BodyPartExamined"},
    {0x0020000D, K_UID, "StudyInstanceUID"},
    {0x0020000E, K_UID, "SeriesInstanceUID"},
    {0x00200010, K_TEXT, "StudyID"},
    {0x00200011, K_NUMBER, "SeriesNumber"},
    {0x00200013, K_NUMBER, "InstanceNumber"},
    {0x00400244, K_DATE, "PerformedProcedureStepStartDate"},
};

static const struct attribute *attribute_of(const char *name)
{
    uint32_t tag = wki_dicom_json_is_tag(name) ? (uint32_t)strtoul(name, NULL, 16) : 0;

    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (attributes[i].tag == tag || strcmp(attributes[i].keyword, name) == 0)
            return &attributes[i];
    }
    return NULL;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* Copies without the blanks around it; false where it does not fit. */
static bool trim(char out[MAX_VALUE], const char *text, size_t n)
{
    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    while (n > 0 && text[n - 1] == ' ')
        n--;
    if (n >= MAX_VALUE)
        return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

/* Calls `matches` with each piece of a list with ',' or '\', and with the whole. */
static bool any_piece(const char *list, const char *value,
                      bool (*matches)(const char *key, const char *value))
{
    char piece[MAX_VALUE];

    if (trim(piece, list, strlen(list)) && matches(piece, value))
        return true;
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",\\");

        if (trim(piece, p, n) && matches(piece, value))
            return true;
        p += n;
        p += *p != '\0';
    }
    return false;
}

static bool text_matches(const char *key, const char *value)
{
    return wki_str_glob(key, strlen(key), value);
}

static bool uid_matches(const char *key, const char *value)
{
    if (wki_str_istarts(key, "urn:oid:"))
        key += strlen("urn:oid:");
    return strchr(key, '*') || strchr(key, '?') ? text_matches(key, value)
                                                : strcmp(key, value) == 0;
}

/* "P1" and "P1^^^HOSPITAL" are the same ID, with its issuer and without. */
static bool id_matches(const char *key, const char *value)
{
    size_t n_key = strcspn(key, "^"), n_value = strcspn(value, "^");
    char plain[MAX_VALUE];

    if (text_matches(key, value))
        return true;
    if (!key[n_key] == !value[n_value] || !trim(plain, value, n_value))
        return false;
    return wki_str_glob(key, n_key, plain);
}

/* Each word of the key, divided as names are, has to be in the name somewhere. */
static bool person_matches(const char *key, const char *value)
{
    static const char gaps[] = " ^=,";

    for (const char *p = key + strspn(key, gaps); *p; p += strspn(p, gaps)) {
        size_t n = strcspn(p, gaps);
        char word[MAX_VALUE + 2] = "*";

        if (n >= MAX_VALUE)
            return true;
        memcpy(word + 1, p, n);
        word[n + 1] = '*';
        if (!wki_str_glob(word, n + 2, value))
            return false;
        p += n;
    }
    return true;
}

/* "20240131", or "2024.01.31" of the time before DICOM 3; false where it is none. */
static bool read_day(char out[9], const char *text, size_t length)
{
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] >= '0' && text[i] <= '9' && n < 8)
            out[n++] = text[i];
        else if (text[i] != '.')
            return false;
    }
    out[n] = '\0';
    return n == 8;
}

/* A day, or a range of days; what is neither is not compared. */
static bool date_matches(const char *key, const char *value)
{
    const char *dash = strchr(key, '-');
    char day[9], from[9] = "", to[9] = "";

    if (!read_day(day, value, strlen(value)))
        return true;
    if (!dash)
        return !read_day(from, key, strlen(key)) || strcmp(day, from) == 0;
    if ((dash > key && !read_day(from, key, (size_t)(dash - key))) ||
        (dash[1] && !read_day(to, dash + 1, strlen(dash + 1))))
        return true;
    return (!from[0] || strcmp(day, from) >= 0) && (!to[0] || strcmp(day, to) <= 0);
}

static bool number_matches(const char *key, const char *value)
{
    char *end_key = NULL, *end_value = NULL;
    double a = strtod(key, &end_key), b = strtod(value, &end_value);

    if (end_key == key || *end_key || end_value == value || *end_value)
        return true;
    return a == b;
}

static bool matches(const struct attribute *a, const char *key, const char *value)
{
    switch (a->kind) {
    case K_UID:
        return any_piece(key, value, uid_matches);
    case K_DATE:
        return date_matches(key, value);
    case K_NUMBER:
        return number_matches(key, value);
    case K_PERSON:
        return person_matches(key, value);
    case K_CODE:
    case K_TEXT:
        break;
    }
    return any_piece(key, value, a->tag == PATIENT_ID ? id_matches : text_matches);
}

typedef enum verdict {
    V_SILENT, /* the record has no such value, or one that is not compared */
    V_AGREES,
    V_CONTRADICTS,
} verdict;

/* All groups of a name count: it may be asked for in any script. */
static bool value_of(char out[MAX_VALUE], const wki_json *value, comparison kind)
{
    static const char *const groups[] = {"Alphabetic", "Ideographic", "Phonetic"};
    size_t n = 0;

    if (kind != K_PERSON || !wki_json_is_object(value))
        return wki_dicom_json_value_text(out, MAX_VALUE, value);
    out[0] = '\0';
    for (size_t i = 0; i < 3; i++) {
        const char *text = wki_json_str(value, groups[i]);

        if (!text || n + 2 >= MAX_VALUE)
            continue;
        if (n)
            out[n++] = '=';
        n += wki_text_clean(out + n, MAX_VALUE - n, text, strlen(text));
    }
    return n > 0;
}

static verdict compare(const wki_json *record, uint32_t tag, const struct attribute *a,
                       const char *key)
{
    const wki_json *values = wki_dicom_json_values(record, tag);
    char text[MAX_VALUE];
    verdict v = V_SILENT;

    for (const wki_json *e = wki_json_first(values); e; e = wki_json_next(values, e)) {
        if (!value_of(text, e, a->kind))
            continue;
        if (!is_ascii(text) || matches(a, key, text))
            return V_AGREES;
        v = V_CONTRADICTS;
    }
    return v;
}

/* Of a study, a series' modality is asked for by either name; one that stands alone in the record
 * of a study is that of some series, and says nothing of the others. */
static verdict compare_modality(const wki_json *record, const struct attribute *a, const char *key)
{
    verdict study = compare(record, MODALITIES_IN_STUDY, a, key);
    verdict own = compare(record, MODALITY, a, key);

    if (own == V_AGREES || study == V_AGREES)
        return V_AGREES;
    if (a->tag == MODALITIES_IN_STUDY || study == V_CONTRADICTS)
        return study;
    return own;
}

/* A patient that was merged with another has the other's ID too. */
static bool has_other_id(const wki_json *record, const struct attribute *a, const char *key)
{
    enum {
        OTHER_PATIENT_IDS = 0x00101000,
        OTHER_PATIENT_IDS_SEQUENCE = 0x00101002
    };
    const wki_json *items = wki_dicom_json_values(record, OTHER_PATIENT_IDS_SEQUENCE);

    if (compare(record, OTHER_PATIENT_IDS, a, key) == V_AGREES)
        return true;
    for (const wki_json *i = wki_json_first(items); i; i = wki_json_next(items, i)) {
        if (compare(i, PATIENT_ID, a, key) == V_AGREES)
            return true;
    }
    return false;
}

static bool contradicts(const wki_json *record, const wki_qido_filter *filter)
{
    const struct attribute *a = attribute_of(filter->name);
    const char *key = filter->value;

    if (!a || !key[0] || strcmp(key, "*") == 0 || !is_ascii(key))
        return false;
    if (a->tag == MODALITY || a->tag == MODALITIES_IN_STUDY)
        return compare_modality(record, a, key) == V_CONTRADICTS;
    if (compare(record, a->tag, a, key) != V_CONTRADICTS)
        return false;
    return a->tag != PATIENT_ID || !has_other_id(record, a, key);
}

static bool is_fuzzy(const wki_qido_filter *filters, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (wki_str_ieq(filters[i].name, "fuzzymatching"))
            return wki_str_ieq(filters[i].value, "true");
    }
    return false;
}

static bool has_offset(const wki_qido_filter *filters, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(filters[i].name, "TimezoneOffsetFromUTC") == 0 ||
            strcmp(filters[i].name, "00080201") == 0)
            return true;
    }
    return false;
}

const char *wki_qido_contradicted(const wki_json *record, const wki_qido_filter *filters, size_t n)
{
    bool fuzzy = is_fuzzy(filters, n), elsewhere = has_offset(filters, n);

    for (size_t i = 0; i < n; i++) {
        const struct attribute *a = attribute_of(filters[i].name);

        if (a && ((a->kind == K_PERSON && fuzzy) || (a->kind == K_DATE && elsewhere)))
            continue; /* alike is enough; days of another time zone */
        if (contradicts(record, &filters[i]))
            return filters[i].name;
    }
    return NULL;
}
