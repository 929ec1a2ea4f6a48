#include "fhir/imaging_study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/text.h"
#include "core/uid.h"
#include "fhir/fhir_value.h"

static bool read_uid(char out[WK_UID_SIZE], const char *text)
{
    out[0] = '\0';
    return text && wki_uid_read(out, text, strlen(text));
}

/* A UID that is not just a number: ids like "12" are valid UIDs by their characters alone. */
static bool read_dotted_uid(char out[WK_UID_SIZE], const char *text)
{
    if (read_uid(out, text) && strchr(out, '.'))
        return true;
    out[0] = '\0';
    return false;
}

/* `system` NULL stands for an identifier that has none. */
static bool uid_from_identifiers(char out[WK_UID_SIZE], const wki_json *identifiers,
                                 const char *system)
{
    for (const wki_json *i = wki_json_first(identifiers); i; i = wki_json_next(identifiers, i)) {
        const char *is = wki_json_str(i, "system"), *value = wki_json_str(i, "value");

        if (system ? !is || !wki_str_ieq(is, system) : is != NULL)
            continue;
        if (system && strcmp(system, "urn:dicom:uid") == 0 ? read_uid(out, value)
                                                           : read_dotted_uid(out, value))
            return true;
    }
    return false;
}

/* fullUrl is ".../ImagingStudy/UID", or with Redox ".../ImagingStudy?identifier=UID". */
static bool uid_from_full_url(char out[WK_UID_SIZE], const char *full_url)
{
    const char *from;
    char text[2 * WK_UID_SIZE];
    size_t n;

    if (!full_url)
        return false;
    if (wki_str_istarts(full_url, "urn:oid:"))
        return read_uid(out, full_url);
    from = strstr(full_url, "ImagingStudy");
    if (!from)
        return false;
    from += strlen("ImagingStudy");
    if (*from == '/')
        from++;
    else if ((from = strstr(from, "identifier=")) != NULL)
        from += strlen("identifier=");
    else
        return false;
    n = strcspn(from, "/?&#");
    if (n >= sizeof text)
        return false;
    memcpy(text, from, n);
    text[n] = '\0';
    return read_dotted_uid(out, text);
}

static void find_uid(wki_imaging_study *s, const wki_json *resource, const char *full_url)
{
    const wki_json *identifiers = wki_json_get(resource, "identifier");

    if (uid_from_identifiers(s->uid, identifiers, "urn:dicom:uid") ||
        uid_from_identifiers(s->uid, identifiers, "urn:ietf:rfc:3986") ||
        uid_from_identifiers(s->uid, identifiers, NULL))
        return;
    if (read_uid(s->uid, wki_json_str(resource, "uid")) || read_dotted_uid(s->uid, s->id))
        return;
    uid_from_full_url(s->uid, full_url);
}

static const char *find_accession(const wki_json *resource)
{
    const wki_json *identifiers = wki_json_get(resource, "identifier");
    const wki_json *based_on = wki_json_get(resource, "basedOn");

    for (const wki_json *i = wki_json_first(identifiers); i; i = wki_json_next(identifiers, i)) {
        if (wki_fhir_has_code(wki_json_get(i, "type"), "ACSN"))
            return wki_json_str(i, "value");
    }
    for (const wki_json *b = wki_json_first(based_on); b; b = wki_json_next(based_on, b)) {
        const char *value = wki_json_str(wki_json_get(b, "identifier"), "value");

        if (value)
            return value;
    }
    return wki_json_str(wki_json_get(resource, "accession"), "value");
}

static void find_patient(wki_imaging_study *s, const wki_json *resource)
{
    const wki_json *subject = wki_json_get(resource, "subject");

    if (!subject)
        subject = wki_json_get(resource, "patient");
    s->patient_name = wki_json_str(subject, "display");
    s->patient = wki_fhir_reference(subject);
    if (!s->patient)
        s->patient = wki_json_str(wki_json_first(wki_json_get(subject, "identifier")), "value");
    if (!s->patient)
        s->patient = s->patient_name;
}

static int64_t int_or(const wki_json *obj, const char *name, int64_t fallback)
{
    int64_t value = fallback;

    wki_json_int(obj, name, &value);
    return value;
}

static size_t count(const wki_json *array)
{
    size_t n = 0;

    for (const wki_json *e = wki_json_first(array); e; e = wki_json_next(array, e))
        n++;
    return n;
}

static void read_instance(const wki_json *in, wk_instance_hint *out)
{
    read_uid(out->sop, wki_json_str(in, "uid"));
    read_uid(out->sop_class, wki_fhir_code(wki_json_get(in, "sopClass")));
    out->number = int_or(in, "number", -1);
}

static wk_code read_instances(const wki_json *series, wk_series_hint *out, wk_error *err)
{
    const wki_json *list = wki_json_get(series, "instance");
    size_t n = count(list);

    if (n == 0)
        return WK_OK;
    out->instances = calloc(n, sizeof *out->instances);
    if (!out->instances)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (const wki_json *i = wki_json_first(list); i; i = wki_json_next(list, i)) {
        read_instance(i, &out->instances[out->n_listed]);
        if (out->instances[out->n_listed].sop[0])
            out->n_listed++;
    }
    return WK_OK;
}

static wk_code read_series(const wki_json *in, wki_study_series *out, wk_error *err)
{
    const char *modality = wki_fhir_code(wki_json_get(in, "modality"));
    const char *description = wki_json_str(in, "description");
    const wki_json *performer = wki_json_first(wki_json_get(in, "performer"));

    read_uid(out->hint.uid, wki_json_str(in, "uid"));
    if (modality)
        wki_text_clean(out->hint.modality, sizeof out->hint.modality, modality, strlen(modality));
    out->hint.n_instances = int_or(in, "numberOfInstances", -1);
    out->number = int_or(in, "number", -1);
    out->body_site = wki_fhir_words(wki_json_get(in, "bodySite"));
    out->performer = wki_json_str(wki_json_get(performer, "actor"), "display");
    out->endpoints = wki_json_get(in, "endpoint");
    if (description) {
        out->hint.description = wki_strdup(description);
        if (!out->hint.description)
            return wk_fail(err, WK_NOMEM, "out of memory");
    }
    return read_instances(in, &out->hint, err);
}

static wk_code read_all_series(const wki_json *resource, wki_imaging_study *s, wk_error *err)
{
    const wki_json *list = wki_json_get(resource, "series");
    size_t n = count(list);
    wk_code rc = WK_OK;

    if (n == 0)
        return WK_OK;
    s->series = calloc(n, sizeof *s->series);
    if (!s->series)
        return wk_fail(err, WK_NOMEM, "out of memory");
    for (const wki_json *e = wki_json_first(list); e && rc == WK_OK; e = wki_json_next(list, e))
        rc = read_series(e, &s->series[s->n_listed++], err);
    return rc;
}

static const char *find_note(const wki_json *resource)
{
    const wki_json *note = wki_json_first(wki_json_get(resource, "note"));
    const char *text = wki_json_text(note);

    return text ? text : wki_json_str(note, "text");
}

wk_code wki_imaging_study_read(const wki_json *resource, const char *full_url,
                               wki_imaging_study *out, wk_error *err)
{
    wki_imaging_study s = {.resource = resource};
    wk_code rc;

    s.id = wki_json_str(resource, "id");
    s.status = wki_json_str(resource, "status");
    s.started = wki_json_str(resource, "started");
    s.description = wki_json_str(resource, "description");
    s.note = find_note(resource);
    s.accession = find_accession(resource);
    s.n_series = int_or(resource, "numberOfSeries", -1);
    s.n_instances = int_or(resource, "numberOfInstances", -1);
    s.modalities = wki_json_get(resource, "modality");
    if (!s.modalities)
        s.modalities = wki_json_get(resource, "modalityList");
    s.endpoints = wki_json_get(resource, "endpoint");
    find_patient(&s, resource);
    find_uid(&s, resource, full_url);
    rc = read_all_series(resource, &s, err);
    if (rc != WK_OK)
        wki_imaging_study_clear(&s);
    else
        *out = s;
    return rc;
}

void wki_imaging_study_clear(wki_imaging_study *study)
{
    for (size_t i = 0; i < study->n_listed; i++) {
        free(study->series[i].hint.description);
        free(study->series[i].hint.instances);
    }
    free(study->series);
    memset(study, 0, sizeof *study);
}

bool wki_imaging_study_is_complete(const wki_imaging_study *study)
{
    if (study->n_listed == 0)
        return false;
    for (size_t i = 0; i < study->n_listed; i++) {
        if (!study->series[i].hint.uid[0])
            return false;
    }
    return study->n_series < 0 || study->n_series == (int64_t)study->n_listed;
}

void wki_imaging_study_faults(const wki_json *resource, wki_json_faults *faults)
{
    static const struct {
        const char *name;
        bool box; /* an object, or a list of them; else text */
    } members[] = {{"id", false},          {"status", false},    {"started", false},
                   {"description", false}, {"identifier", true}, {"subject", true},
                   {"series", true},       {"endpoint", true},   {"basedOn", true},
                   {"contained", true}};
    const char *id = wki_json_str(resource, "id");
    char place[128], name[48] = "";

    if (id)
        wki_text_clean(name, sizeof name, id, strlen(id));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const wki_json *value = wki_json_first(wki_json_get(resource, members[i].name));

        if (!value || (members[i].box ? wki_json_is_object(value)
                                      : wki_json_text(value) || wki_json_is_empty(value)))
            continue;
        snprintf(place, sizeof place, "ImagingStudy%s%s.%s", name[0] ? "/" : "", name,
                 members[i].name);
        if (members[i].box)
            wki_json_fault(faults, place, "no object", strlen("no object"));
        else
            wki_json_fault(faults, place, "no text", strlen("no text"));
    }
}
