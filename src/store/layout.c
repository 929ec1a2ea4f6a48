#include "store/layout.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/text.h"

enum {
    MAX_PIECES = 64,
    MAX_NAME = 240,  /* leaves room for ".99999.dcm" in the 255 of a file name */
    MAX_VALUE = 121, /* one value must not fill the name */
    MAX_WIDTH = 18,
};

#define DEFAULT_PATTERN "{StudyInstanceUID}/{SeriesInstanceUID}/{SOPInstanceUID}"

typedef enum field_kind {
    FIELD_TEXT,
    FIELD_NUMBER,
} field_kind;

typedef struct field {
    const char *name;
    field_kind kind;
    size_t offset;
} field;

#define TEXT(name, member)                                                                         \
    {                                                                                              \
        name, FIELD_TEXT, offsetof(wki_dicom_identity, member)                                     \
    }
#define NUMBER(name, member)                                                                       \
    {                                                                                              \
        name, FIELD_NUMBER, offsetof(wki_dicom_identity, member)                                   \
    }

static const field fields[] = {
    TEXT("PatientID", patient_id),
    TEXT("PatientName", patient_name),
    TEXT("StudyDate", study_date),
    TEXT("StudyDescription", study_description),
    TEXT("AccessionNumber", accession),
    TEXT("Modality", modality),
    TEXT("SeriesDescription", series_description),
    NUMBER("SeriesNumber", series_number),
    NUMBER("InstanceNumber", instance_number),
    TEXT("StudyInstanceUID", study_uid),
    TEXT("SeriesInstanceUID", series_uid),
    TEXT("SOPInstanceUID", sop_uid),
    TEXT("SOPClassUID", sop_class),
    TEXT("TransferSyntaxUID", transfer_syntax),
};

/* Literal text from start, n bytes (field NULL), or a field. */
typedef struct piece {
    const field *field;
    int width;
    size_t start, n;
} piece;

struct wki_layout {
    char *pattern;
    piece pieces[MAX_PIECES];
    size_t n_pieces;
    bool is_default;
};

static const field *find_field(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strlen(fields[i].name) == n && memcmp(fields[i].name, name, n) == 0)
            return &fields[i];
    }
    return NULL;
}

static wk_code add_piece(wki_layout *l, piece p, wk_error *err)
{
    if (l->n_pieces == MAX_PIECES)
        return wk_fail(err, WK_USAGE, "name template: more than %d pieces", MAX_PIECES);
    l->pieces[l->n_pieces++] = p;
    return WK_OK;
}

/* `text` is what stands between the braces. */
static wk_code add_field(wki_layout *l, const char *text, size_t n, wk_error *err)
{
    const char *colon = memchr(text, ':', n);
    size_t name_n = colon ? (size_t)(colon - text) : n;
    piece p = {.field = find_field(text, name_n)};
    long width = 0;

    if (!p.field)
        return wk_fail(err, WK_USAGE, "name template: {%.*s} is not known", (int)name_n, text);
    if (colon) {
        char *end;

        width = strtol(colon + 1, &end, 10);
        if (end != text + n || p.field->kind != FIELD_NUMBER || width < 1 || width > MAX_WIDTH)
            return wk_fail(err, WK_USAGE, "name template: {%.*s}: a width goes with a number",
                           (int)n, text);
    }
    p.width = (int)width;
    return add_piece(l, p, err);
}

static wk_code parse(wki_layout *l, wk_error *err)
{
    const char *text = l->pattern;
    size_t i = 0;
    wk_code rc = WK_OK;

    while (text[i] && rc == WK_OK) {
        size_t n = strcspn(text + i, "{}");

        if (n > 0) {
            rc = add_piece(l, (piece){.start = i, .n = n}, err);
            i += n;
            continue;
        }
        n = strcspn(text + i, "}");
        if (text[i] != '{' || text[i + n] != '}')
            return wk_fail(err, WK_USAGE, "name template: a brace without its other");
        rc = add_field(l, text + i + 1, n - 1, err);
        i += n + 1;
    }
    return rc;
}

static wk_code check_component(const char *p, size_t n, bool first, wk_error *err)
{
    if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
        return wk_fail(err, WK_USAGE, "name template: an empty, \".\" or \"..\" folder or name");
    if (p[0] == '-')
        return wk_fail(
            err, WK_USAGE,
            "name template: a folder or name that begins with \"-\" looks like an option");
    if (first && n >= 2 && p[0] == '.' && p[1] == 'w')
        return wk_fail(err, WK_USAGE, "name template: \".w...\" is kept for the journal");
    return WK_OK;
}

static wk_code check_components(const char *pattern, wk_error *err)
{
    wk_code rc = WK_OK;

    for (const char *p = pattern; rc == WK_OK;) {
        size_t n = strcspn(p, "/");

        rc = check_component(p, n, p == pattern, err);
        if (!p[n])
            break;
        p += n + 1;
    }
    for (const char *p = pattern; *p && rc == WK_OK; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            rc = wk_fail(err, WK_USAGE, "name template: a control character");
    }
    return rc;
}

wk_code wki_layout_new(const char *pattern, wki_layout **out, wk_error *err)
{
    wki_layout *l = calloc(1, sizeof *l);
    size_t n;
    wk_code rc;

    if (l)
        l->pattern = wki_strdup(pattern ? pattern : DEFAULT_PATTERN);
    if (!l || !l->pattern) {
        wki_layout_free(l);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    n = strlen(l->pattern);
    if (n > 4 && strcmp(l->pattern + n - 4, ".dcm") == 0)
        l->pattern[n - 4] = '\0';
    l->is_default = strcmp(l->pattern, DEFAULT_PATTERN) == 0;
    rc = check_components(l->pattern, err);
    if (rc == WK_OK)
        rc = parse(l, err);
    if (rc != WK_OK) {
        wki_layout_free(l);
        return rc;
    }
    *out = l;
    return WK_OK;
}

void wki_layout_free(wki_layout *l)
{
    if (!l)
        return;
    free(l->pattern);
    free(l);
}

bool wki_layout_is_default(const wki_layout *l)
{
    return l->is_default;
}

static void field_value(const piece *p, const wki_dicom_identity *id, char *out, size_t size)
{
    const char *at = (const char *)id + p->field->offset;
    char number[32];
    int64_t value;

    if (p->field->kind == FIELD_TEXT) {
        wki_path_encode(out, size, at);
        return;
    }
    memcpy(&value, at, sizeof value);
    number[0] = '\0';
    if (value >= 0)
        snprintf(number, sizeof number, "%0*" PRId64, p->width, value);
    wki_path_encode(out, size, number);
}

static wk_code check_names(const char *path, wk_error *err)
{
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");

        if (n > MAX_NAME)
            return wk_fail(err, WK_IO, "%.40s...: a name of more than %d bytes", p, MAX_NAME);
        p += n;
        p += *p == '/';
    }
    return WK_OK;
}

wk_code wki_layout_path(const wki_layout *l, const wki_dicom_identity *id, char *out, size_t size,
                        wk_error *err)
{
    size_t used = 0;

    for (size_t i = 0; i < l->n_pieces; i++) {
        const piece *p = &l->pieces[i];
        char value[MAX_VALUE];
        const char *text = p->field ? value : l->pattern + p->start;
        size_t n;

        if (p->field)
            field_value(p, id, value, sizeof value);
        n = p->field ? strlen(value) : p->n;
        if (n >= size - used)
            return wk_fail(err, WK_IO, "path of more than %zu bytes", size);
        memcpy(out + used, text, n);
        used += n;
    }
    out[used] = '\0';
    return check_names(out, err);
}
