#include "flow/find/search_query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"
#include "http/url.h"

/* --- dates --- */

/* The digits of a date of year, month or day precision at the start of `text`; `rest` is what
 * follows ("T10:00..."). False where it is none. */
static bool read_date(const char *text, char digits[9], const char **rest)
{
    size_t n = strspn(text, "0123456789");

    memset(digits, 0, 9);
    *rest = text;
    if (n == 8) {
        memcpy(digits, text, 8);
        *rest = text + 8;
    } else if (n == 4) {
        size_t at = 4, have = 4;

        memcpy(digits, text, 4);
        while (have < 8 && text[at] == '-' && strspn(text + at + 1, "0123456789") == 2) {
            memcpy(digits + have, text + at + 1, 2);
            have += 2;
            at += 3;
        }
        *rest = text + at;
    } else {
        return false;
    }
    if (digits[4] && (memcmp(digits + 4, "01", 2) < 0 || memcmp(digits + 4, "12", 2) > 0))
        return false;
    if (digits[4] && digits[6] &&
        (memcmp(digits + 6, "01", 2) < 0 || memcmp(digits + 6, "31", 2) > 0))
        return false;
    return **rest == '\0' || (digits[6] && **rest == 'T');
}

static wk_code check_date(const char *name, const char *text, wk_error *err)
{
    char digits[9];
    const char *rest;

    if (!text || read_date(text, digits, &rest))
        return WK_OK;
    return wk_fail_setting(err, WK_USAGE, name,
                           "%s %.40s: not a date as 2024, 2024-05 or 2024-05-01", name, text);
}

static void fhir_date(char *out, size_t size, const char *prefix, const char *text)
{
    char d[9];
    const char *rest;

    if (!read_date(text, d, &rest)) {
        wki_strcopy(out, size, "");
        return;
    }
    snprintf(out, size, "%s%.4s%s%.2s%s%.2s%s", prefix, d, d[4] ? "-" : "", d + 4,
             d[4] && d[6] ? "-" : "", d[4] ? d + 6 : "", rest);
}

/* Puts the last day of its month into "YYYYMMDD": servers refuse a 31st of February. */
static void last_day(char date[9])
{
    static const char days[] = "312831303130313130313031";
    int year =
        (date[0] - '0') * 1000 + (date[1] - '0') * 100 + (date[2] - '0') * 10 + date[3] - '0';
    int month = (date[4] - '0') * 10 + date[5] - '0';
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    if (month >= 1 && month <= 12)
        memcpy(date + 6, month == 2 && leap ? "29" : days + 2 * (month - 1), 2);
}

/* A day for QIDO: the first or the last of a year or month that is named. */
static void dicom_date(char out[9], const char *text, const char *fill)
{
    char d[9];
    const char *rest;

    out[0] = '\0';
    if (!text || !read_date(text, d, &rest))
        return;
    memcpy(out, fill, 9);
    memcpy(out, d, strlen(d));
    if (strlen(d) == 6 && memcmp(fill + 6, "31", 2) == 0)
        last_day(out);
}

/* --- checks --- */

static bool is_redox(const char *fhir)
{
    char *origin = NULL;
    bool is = fhir && wki_url_origin(fhir, &origin, NULL) == WK_OK &&
              wki_str_ends(origin, "redoxengine.com");

    free(origin);
    return is;
}

wk_code wki_search_check(const wk_search_opts *opts, const char *fhir, wk_error *err)
{
    wk_code rc = check_date("since", opts->since, err);

    if (rc == WK_OK)
        rc = check_date("until", opts->until, err);
    for (size_t i = 0; i < opts->n_params && rc == WK_OK; i++) {
        if (!strchr(opts->params[i], '=') || opts->params[i][0] == '=')
            rc = wk_fail_setting(err, WK_USAGE, "param", "param %.60s: not NAME=VALUE",
                                 opts->params[i]);
    }
    if (rc != WK_OK)
        return rc;
    if (fhir && opts->level != WK_LEVEL_STUDY)
        return wk_fail_setting(err, WK_USAGE, "dicomweb",
                               "a FHIR search lists studies: a DICOMweb server lists series and "
                               "instances");
    if (opts->level > WK_LEVEL_INSTANCE)
        return wk_fail(err, WK_USAGE, "a search lists studies, series or instances");
    if (is_redox(fhir) && !opts->patient && !opts->patient_identifier && !opts->identifier &&
        !opts->accession && opts->n_params == 0)
        return wk_fail_setting(err, WK_USAGE, "patient identifier",
                               "this server needs a patient or an identifier");
    return WK_OK;
}

bool wki_search_has(const char *text, const char *part)
{
    size_t n;

    if (!part)
        return true;
    n = strlen(part);
    for (; *text; text++) {
        if (strncasecmp(text, part, n) == 0)
            return true;
    }
    return n == 0;
}

/* --- FHIR --- */

wk_code wki_identifier_forms_of(const char *identifier, wki_identifier_forms *out, wk_error *err)
{
    char uid[WK_UID_SIZE];

    memset(out, 0, sizeof *out);
    if (!strchr(identifier, '|') && wki_uid_read(uid, identifier, strlen(identifier)) &&
        strchr(uid, '.')) {
        snprintf(out->form[0], sizeof out->form[0], "urn:dicom:uid|urn:oid:%s", uid);
        snprintf(out->form[1], sizeof out->form[1], "urn:oid:%s", uid);
        snprintf(out->form[2], sizeof out->form[2], "%s", uid);
        out->n = 3;
        return WK_OK;
    }
    if (!wki_strcopy(out->form[0], sizeof out->form[0], identifier))
        return wk_fail_setting(err, WK_USAGE, "identifier",
                               "identifier: longer than %zu characters", sizeof out->form[0] - 1);
    out->n = 1;
    return WK_OK;
}

static wk_code add(wki_buf *form, const char *name, const char *value, wk_error *err)
{
    return value ? wki_form_add(form, name, value, err) : WK_OK;
}

static wk_code add_date(wki_buf *form, const char *prefix, const char *text, wk_error *err)
{
    char date[96];

    if (!text)
        return WK_OK;
    fhir_date(date, sizeof date, prefix, text);
    return wki_form_add(form, "started", date, err);
}

/* "name=value" of the user. */
static wk_code add_param(wki_buf *form, const char *param, wk_error *err)
{
    const char *equals = strchr(param, '=');
    char *name = wki_strfmt("%.*s", (int)(equals - param), param);
    wk_code rc =
        name ? wki_form_add(form, name, equals + 1, err) : wk_fail(err, WK_NOMEM, "out of memory");

    free(name);
    return rc;
}

wk_code wki_fhir_query(const wk_search_opts *opts, const char *identifier, bool include,
                       wki_buf *form, wk_error *err)
{
    wk_code rc = add(form, "patient", opts->patient, err);

    if (rc == WK_OK)
        rc = add(form, "patient.identifier", opts->patient_identifier, err);
    if (rc == WK_OK)
        rc = add(form, "identifier", identifier, err);
    if (rc == WK_OK)
        rc = add(form, "identifier", opts->accession, err);
    if (rc == WK_OK)
        rc = add(form, "modality", opts->modality, err);
    if (rc == WK_OK)
        rc = add_date(form, "ge", opts->since, err);
    if (rc == WK_OK)
        rc = add_date(form, "le", opts->until, err);
    for (size_t i = 0; i < opts->n_params && rc == WK_OK; i++)
        rc = add_param(form, opts->params[i], err);
    if (rc == WK_OK && include)
        rc = wki_form_add(form, "_include", "ImagingStudy:endpoint", err);
    return rc;
}

/* --- QIDO --- */

enum {
    MAX_KEYS = 8 /* of our own, besides params */
};

/* Takes `value`; `name` is borrowed where it is a constant, else in `owned` too. */
static wk_code key(wki_qido_query *q, const char *name, char *value, wk_error *err)
{
    if (!value)
        return wk_fail(err, WK_NOMEM, "out of memory");
    q->owned[q->n_owned++] = value;
    q->items[q->n].name = name;
    q->items[q->n++].value = value;
    return WK_OK;
}

static wk_code copy_key(wki_qido_query *q, const char *name, const char *value, wk_error *err)
{
    return value ? key(q, name, wki_strdup(value), err) : WK_OK;
}

static wk_code date_key(wki_qido_query *q, const wk_search_opts *opts, wk_error *err)
{
    char from[9], to[9];

    if (!opts->since && !opts->until)
        return WK_OK;
    dicom_date(from, opts->since, "00000101");
    dicom_date(to, opts->until, "00001231");
    return key(q, "StudyDate", wki_strfmt("%s-%s", from, to), err);
}

wk_code wki_search_uid(const char *identifier, char uid[WK_UID_SIZE], wk_error *err)
{
    uid[0] = '\0';
    if (!identifier)
        return WK_OK;
    if (wki_str_istarts(identifier, "urn:dicom:uid|"))
        identifier += strlen("urn:dicom:uid|");
    if (!wki_uid_read(uid, identifier, strlen(identifier)))
        return wk_fail_setting(
            err, WK_USAGE, "identifier accession",
            "identifier %.70s: not a UID; an accession number has a setting of its "
            "own",
            identifier);
    return WK_OK;
}

static wk_code uid_key(wki_qido_query *q, const char *identifier, wk_error *err)
{
    char uid[WK_UID_SIZE];
    wk_code rc = wki_search_uid(identifier, uid, err);

    return rc == WK_OK && uid[0] ? copy_key(q, "StudyInstanceUID", uid, err) : rc;
}

static wk_code description_key(wki_qido_query *q, const char *text, wk_error *err)
{
    if (!text)
        return WK_OK;
    return key(q, "StudyDescription",
               strpbrk(text, "*?") ? wki_strdup(text) : wki_strfmt("*%s*", text), err);
}

static wk_code param_key(wki_qido_query *q, const char *param, wk_error *err)
{
    const char *equals = strchr(param, '=');
    char *name = wki_strfmt("%.*s", (int)(equals - param), param);

    if (!name)
        return wk_fail(err, WK_NOMEM, "out of memory");
    q->owned[q->n_owned++] = name;
    return copy_key(q, name, equals + 1, err);
}

static wk_code fill(wki_qido_query *q, const wk_search_opts *opts, wk_error *err)
{
    /* At the level of series and instances the modality is that of the series. */
    const char *modality = opts->level == WK_LEVEL_STUDY ? "ModalitiesInStudy" : "Modality";
    const char *patient = opts->patient;
    wk_code rc;

    if (patient && wki_str_istarts(patient, "Patient/"))
        patient += strlen("Patient/");
    rc = copy_key(q, "PatientID", patient ? patient : opts->patient_identifier, err);
    /* Deeper down the study stands in the path, which more servers know than the key. */
    if (rc == WK_OK && opts->level == WK_LEVEL_STUDY)
        rc = uid_key(q, opts->identifier, err);
    if (rc == WK_OK)
        rc = copy_key(q, "AccessionNumber", opts->accession, err);
    if (rc == WK_OK)
        rc = copy_key(q, modality, opts->modality, err);
    if (rc == WK_OK)
        rc = date_key(q, opts, err);
    if (rc == WK_OK)
        rc = description_key(q, opts->description, err);
    for (size_t i = 0; i < opts->n_params && rc == WK_OK; i++)
        rc = param_key(q, opts->params[i], err);
    return rc;
}

wk_code wki_qido_query_make(const wk_search_opts *opts, wki_qido_query *out, wk_error *err)
{
    wki_qido_query q = {0};
    wk_code rc;

    q.items = calloc(MAX_KEYS + opts->n_params, sizeof *q.items);
    q.owned = calloc(MAX_KEYS + 2 * opts->n_params, sizeof *q.owned);
    rc = q.items && q.owned ? fill(&q, opts, err) : wk_fail(err, WK_NOMEM, "out of memory");
    if (rc != WK_OK)
        wki_qido_query_clear(&q);
    else
        *out = q;
    return rc;
}

void wki_qido_query_clear(wki_qido_query *q)
{
    for (size_t i = 0; i < q->n_owned; i++)
        free(q->owned[i]);
    free(q->owned);
    free(q->items);
    memset(q, 0, sizeof *q);
}
