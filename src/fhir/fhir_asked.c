#include "fhir/fhir_asked.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "core/uid.h"
#include "fhir/fhir_date.h"
#include "fhir/fhir_value.h"
#include "http/url.h"

enum {
    MAX_PARAMS = 64,
    MAX_TOKEN = 512
};

typedef enum verdict {
    V_SILENT, /* the study does not say */
    V_AGREES,
    V_CONTRADICTS,
} verdict;

/* One value of a parameter's list, "system|value" taken apart. */
typedef struct token {
    char text[MAX_TOKEN];
    const char *system; /* NULL: any; "": none */
    const char *value;
} token;

typedef struct question {
    const wki_fhir_asked *asked;
    const wki_imaging_study *study;
    const wki_fhir_scope *scope;
} question;

/* --- values --- */

static const char *bare(const char *uid)
{
    return wki_str_istarts(uid, "urn:oid:") ? uid + strlen("urn:oid:") : uid;
}

/* Also a UID in another form. */
static bool same_value(const char *a, const char *b)
{
    char left[MAX_TOKEN], right[MAX_TOKEN];
    size_t n;

    a = bare(a);
    b = bare(b);
    a += strspn(a, " ");
    b += strspn(b, " ");
    if (!wki_strcopy(left, sizeof left, a) || !wki_strcopy(right, sizeof right, b))
        return strcmp(a, b) == 0;
    for (n = strlen(left); n && left[n - 1] == ' '; n--)
        left[n - 1] = '\0';
    for (n = strlen(right); n && right[n - 1] == ' '; n--)
        right[n - 1] = '\0';
    return wki_str_ieq(left, right);
}

static bool is_uid(const char *value)
{
    char uid[WK_UID_SIZE];

    return wki_uid_read(uid, value, strlen(value)) && strchr(uid, '.');
}

/* Takes the next value of a list off *at: they are divided by ',', which '\' makes a letter. */
static bool next_token(const char **at, token *out)
{
    size_t n = 0;
    char *bar;

    if (!**at)
        return false;
    for (; **at && **at != ','; ++*at) {
        if (**at == '\\' && (*at)[1])
            ++*at;
        if (n + 1 < sizeof out->text)
            out->text[n++] = **at;
    }
    *at += **at == ',';
    out->text[n] = '\0';
    bar = strchr(out->text, '|');
    out->system = bar ? out->text : NULL;
    out->value = bar ? bar + 1 : out->text;
    if (bar)
        *bar = '\0';
    return true;
}

/* The verdict of a list is the best of its values'. */
static verdict any_value(const question *q, const wki_fhir_param *p,
                         verdict (*one)(const question *, const token *))
{
    const char *at = p->value;
    verdict found = V_CONTRADICTS;
    bool any = false;
    token t;

    while (next_token(&at, &t)) {
        verdict v = t.value[0] ? one(q, &t) : V_SILENT;

        any = true;
        if (v == V_AGREES)
            return V_AGREES;
        if (v == V_SILENT)
            found = V_SILENT;
    }
    return any ? found : V_SILENT;
}

/* --- the patient --- */

static const wki_json *subject_of(const wki_imaging_study *study)
{
    const wki_json *subject = wki_json_get(study->resource, "subject");

    return wki_json_first(subject ? subject : wki_json_get(study->resource, "patient"));
}

/* The Patient itself, where it came along; NULL where it did not. */
static const wki_json *patient_of(const question *q)
{
    const char *reference = wki_fhir_reference(subject_of(q->study));
    const wki_json *found = reference && q->scope ? wki_fhir_find(q->scope, reference, NULL) : NULL;

    return wki_fhir_is(found, "Patient") ? found : NULL;
}

/* The id in "[base/]Type/id[/_history/n]" or in an id alone; false where there is none. */
static bool read_id(char out[MAX_TOKEN], const char *reference)
{
    char *history, *slash;

    if (reference[0] == '#' || wki_str_istarts(reference, "urn:") ||
        !wki_strcopy(out, MAX_TOKEN, reference))
        return false;
    history = strstr(out, "/_history/");
    if (history)
        *history = '\0';
    slash = strrchr(out, '/');
    if (slash)
        memmove(out, slash + 1, strlen(slash + 1) + 1);
    return out[0] != '\0';
}

static verdict of_patient_id(const question *q, const token *t)
{
    const char *reference = wki_fhir_reference(subject_of(q->study));
    const char *id = wki_json_str(patient_of(q), "id");
    char asked[MAX_TOKEN], is[MAX_TOKEN];

    if (!reference || t->system || !read_id(asked, t->value))
        return V_SILENT;
    if (read_id(is, reference))
        return strcmp(asked, is) == 0 ? V_AGREES : V_CONTRADICTS;
    /* "#p" and "urn:uuid:..." name what came along, whose own id tells. */
    if (!id || reference[0] == '#')
        return id && strcmp(asked, id) == 0 ? V_AGREES : V_SILENT;
    return strcmp(asked, id) == 0 ? V_AGREES : V_CONTRADICTS;
}

static bool same_system(const char *asked, const char *is)
{
    return strcmp(asked, is ? is : "") == 0;
}

/* Whether one of the identifiers is the one; `rivals` counts others that exclude it: in the same
 * system, or all of them where the list is whole. */
static bool has_identifier(const question *q, const wki_json *list, const token *t, bool whole,
                           size_t *rivals)
{
    for (const wki_json *i = wki_json_first(list); i; i = wki_json_next(list, i)) {
        const char *value = wki_json_str(i, "value"), *system = wki_json_str(i, "system");
        const char *in = t->system ? t->system : q->asked->system[0] ? q->asked->system : NULL;

        if (!value)
            continue;
        if (same_value(value, t->value) &&
            (!t->system || !system || same_system(t->system, system)))
            return true;
        if (whole || same_system(in ? in : "", system))
            ++*rivals;
    }
    return false;
}

static verdict patient_identifier(const question *q, const token *t, bool whole)
{
    const wki_json *subject = subject_of(q->study);
    const wki_json *patient = patient_of(q);
    size_t rivals = 0;

    if (has_identifier(q, wki_json_get(subject, "identifier"), t, whole, &rivals) ||
        (!whole && has_identifier(q, wki_json_get(patient, "identifier"), t, true, &rivals)))
        return V_AGREES;
    return rivals ? V_CONTRADICTS : V_SILENT;
}

/* patient.identifier: any identifier of the Patient. */
static verdict of_patient_identifier(const question *q, const token *t)
{
    return patient_identifier(q, t, false);
}

/* patient:identifier: the one in the reference. */
static verdict of_reference_identifier(const question *q, const token *t)
{
    return patient_identifier(q, t, true);
}

/* --- the study --- */

/* Identifiers of a study stand in three places; calls `each` until it is true. */
static bool each_identifier(const wki_imaging_study *study, const token *t,
                            bool (*each)(const wki_json *identifier, const token *t))
{
    const wki_json *own = wki_json_get(study->resource, "identifier");
    const wki_json *orders = wki_json_get(study->resource, "basedOn");
    const wki_json *accession = wki_json_get(study->resource, "accession");

    for (const wki_json *i = wki_json_first(own); i; i = wki_json_next(own, i)) {
        if (each(i, t))
            return true;
    }
    for (const wki_json *o = wki_json_first(orders); o; o = wki_json_next(orders, o)) {
        if (wki_json_get(o, "identifier") && each(wki_json_get(o, "identifier"), t))
            return true;
    }
    return accession && each(accession, t);
}

static bool is_the_identifier(const wki_json *identifier, const token *t)
{
    const char *value = wki_json_str(identifier, "value");
    const char *system = wki_json_str(identifier, "system");

    if (!value || !same_value(value, t->value))
        return false;
    return !t->system || !system || is_uid(t->value) || same_system(t->system, system);
}

static bool is_no_uid(const wki_json *identifier, const token *t)
{
    const char *value = wki_json_str(identifier, "value");

    (void)t;
    return value && !is_uid(value);
}

static verdict of_identifier(const question *q, const token *t)
{
    if (each_identifier(q->study, t, is_the_identifier) ||
        (q->study->uid[0] && same_value(q->study->uid, t->value)))
        return V_AGREES;
    if (is_uid(t->value))
        return q->study->uid[0] ? V_CONTRADICTS : V_SILENT;
    return each_identifier(q->study, t, is_no_uid) ? V_CONTRADICTS : V_SILENT;
}

static verdict of_modality(const question *q, const token *t)
{
    const wki_imaging_study *s = q->study;
    bool whole = wki_json_first(s->modalities) || wki_imaging_study_is_complete(s), any = false;

    if (wki_fhir_has_code(s->modalities, t->value))
        return V_AGREES;
    any = wki_fhir_code(s->modalities) != NULL;
    for (size_t i = 0; i < s->n_listed; i++) {
        if (wki_str_ieq(s->series[i].hint.modality, t->value))
            return V_AGREES;
        if (s->series[i].hint.modality[0])
            any = true;
        else
            whole = false;
    }
    return any && whole ? V_CONTRADICTS : V_SILENT;
}

static verdict of_started(const question *q, const token *t)
{
    if (!q->study->started || t->system)
        return V_SILENT;
    return wki_fhir_date_contradicts(t->value, q->study->started) ? V_CONTRADICTS : V_AGREES;
}

static verdict of_status(const question *q, const token *t)
{
    if (!q->study->status)
        return V_SILENT;
    return wki_str_ieq(q->study->status, t->value) ? V_AGREES : V_CONTRADICTS;
}

static verdict of_id(const question *q, const token *t)
{
    if ((q->study->uid[0] && same_value(q->study->uid, t->value)) ||
        (q->study->id && strcmp(q->study->id, t->value) == 0))
        return V_AGREES;
    return q->study->id ? V_CONTRADICTS : V_SILENT;
}

static verdict of_series(const question *q, const token *t)
{
    for (size_t i = 0; i < q->study->n_listed; i++) {
        if (same_value(q->study->series[i].hint.uid, t->value))
            return V_AGREES;
    }
    return wki_imaging_study_is_complete(q->study) ? V_CONTRADICTS : V_SILENT;
}

/* --- parameters --- */

/* whose: a study that does not answer it may be anybody's. */
static const struct judge {
    const char *name;
    bool whose;
    verdict (*one)(const question *, const token *);
} judges[] = {
    {"patient", true, of_patient_id},
    {"patient:Patient", true, of_patient_id},
    {"patient._id", true, of_patient_id},
    {"patient:Patient._id", true, of_patient_id},
    {"patient.identifier", true, of_patient_identifier},
    {"patient:Patient.identifier", true, of_patient_identifier},
    {"patient:identifier", true, of_reference_identifier},
    {"identifier", true, of_identifier},
    {"modality", false, of_modality},
    {"started", false, of_started},
    {"status", false, of_status},
    {"series", false, of_series},
    {"_id", true, of_id},
};

/* Whether two names are the same parameter: `subject` is another name of `patient` here. */
static bool same_name(const char *name, const char *known)
{
    if (wki_str_starts(name, "subject") && wki_str_starts(known, "patient")) {
        name += strlen("subject");
        known += strlen("patient");
    }
    return strcmp(name, known) == 0;
}

static const struct judge *judge_of(const char *name)
{
    for (size_t i = 0; i < sizeof judges / sizeof judges[0]; i++) {
        if (same_name(name, judges[i].name))
            return &judges[i];
    }
    return NULL;
}

wk_code wki_fhir_asked_form(const char *form, wki_fhir_asked *out, wk_error *err)
{
    wki_fhir_param p = {0};

    memset(out, 0, sizeof *out);
    out->params = calloc(MAX_PARAMS, sizeof *out->params);
    if (!out->params)
        return wk_fail(err, WK_NOMEM, "out of memory");
    while (out->n < MAX_PARAMS &&
           wki_query_next(&form, p.name, sizeof p.name, p.value, sizeof p.value)) {
        if (judge_of(p.name))
            out->params[out->n++] = p;
    }
    return WK_OK;
}

/* ".../Patient/ID" before ImagingStudy asks for that patient's. */
static void add_compartment(wki_fhir_asked *out, const char *base)
{
    const char *id = strrchr(base, '/');
    wki_fhir_param *p = &out->params[out->n];

    if (out->n == MAX_PARAMS || !id || id - base < 8 || strncmp(id - 8, "/Patient", 8) != 0)
        return;
    if (!wki_url_decode(p->value, sizeof p->value, id + 1, strlen(id + 1), false))
        return;
    (void)wki_strcopy(p->name, sizeof p->name, "patient");
    out->n++;
}

wk_code wki_fhir_asked_url(const char *url, wki_fhir_asked *out, wk_error *err)
{
    const char *query = url + strcspn(url, "?#");
    char *base = wki_fhir_base_of(url, "ImagingStudy");
    size_t before = base ? strlen(base) + strlen("/ImagingStudy") : 0;
    wk_code rc = wki_fhir_asked_form(base && *query == '?' ? query + 1 : "", out, err);

    if (rc == WK_OK && base)
        add_compartment(out, base);
    free(base);
    if (rc == WK_OK && before && url[before] == '/') {
        const char *id = url + before + 1;
        size_t n = strcspn(id, "/?#");

        if (!(n == strlen("_search") && strncmp(id, "_search", n) == 0))
            (void)wki_url_decode(out->id, sizeof out->id, id, n, false);
    }
    return rc;
}

void wki_fhir_asked_clear(wki_fhir_asked *asked)
{
    free(asked->params);
    memset(asked, 0, sizeof *asked);
}

/* "patient:Patient.identifier" is repeated as "subject.identifier", or in other forms. */
static bool is_repeat(const char *asked, const char *is)
{
    size_t n = strcspn(asked, ":."), m = strcspn(is, ":.");

    if (n == m && strncmp(asked, is, n) == 0)
        return true;
    return (wki_str_starts(asked, "patient") || wki_str_starts(asked, "subject")) &&
           (wki_str_starts(is, "patient") || wki_str_starts(is, "subject"));
}

static bool repeats(const char *query, const char *asked)
{
    char name[WKI_FHIR_PARAM_SIZE], value[4096];

    while (wki_query_next(&query, name, sizeof name, value, sizeof value)) {
        if (is_repeat(asked, name))
            return true;
    }
    return false;
}

/* A page of a search that the server keeps is named by a token, not by parameters. */
static bool is_opaque(const char *query)
{
    char name[WKI_FHIR_PARAM_SIZE], value[4096];

    while (wki_query_next(&query, name, sizeof name, value, sizeof value)) {
        if (strcmp(name, "_getpages") == 0 || strcmp(name, "ct") == 0 || strstr(name, "oken"))
            return true;
    }
    return false;
}

void wki_fhir_asked_self(wki_fhir_asked *asked, const char *self, char *names, size_t size)
{
    const char *query = self ? strchr(self, '?') : NULL;

    names[0] = '\0';
    if (!query || !query[1] || is_opaque(query + 1))
        return;
    for (size_t i = 0; i < asked->n; i++) {
        wki_fhir_param *p = &asked->params[i];
        size_t n = strlen(names);

        if (p->dropped || repeats(query + 1, p->name))
            continue;
        p->dropped = true;
        if (n + strlen(p->name) + 3 < size) {
            if (n)
                memcpy(names + n, ", ", 3);
            (void)wki_text_clean(names + strlen(names), size - strlen(names), p->name,
                                 strlen(p->name));
        }
    }
}

void wki_fhir_asked_learn(wki_fhir_asked *asked, const wki_imaging_study *study)
{
    const wki_json *list = wki_json_get(subject_of(study), "identifier");

    for (size_t k = 0; k < asked->n && !asked->system[0]; k++) {
        const struct judge *j = judge_of(asked->params[k].name);
        const char *at = asked->params[k].value;
        token t;

        if (j->one != of_patient_identifier)
            continue;
        while (next_token(&at, &t)) {
            for (const wki_json *i = wki_json_first(list); i; i = wki_json_next(list, i)) {
                const char *value = wki_json_str(i, "value"), *system = wki_json_str(i, "system");

                if (!t.system && value && system && same_value(value, t.value))
                    (void)wki_strcopy(asked->system, sizeof asked->system, system);
            }
        }
    }
}

/* A read: the resource is the one of that id, or names it otherwise. */
static bool is_read(const question *q)
{
    token t = {.value = t.text};

    if (!q->asked->id[0] || !wki_strcopy(t.text, sizeof t.text, q->asked->id))
        return true;
    return of_id(q, &t) != V_CONTRADICTS || of_identifier(q, &t) == V_AGREES;
}

wki_fhir_match wki_fhir_asked_match(const wki_fhir_asked *asked, const wki_imaging_study *study,
                                    const wki_fhir_scope *scope, char name[WKI_FHIR_PARAM_SIZE])
{
    const question q = {asked, study, scope};

    name[0] = '\0';
    if (!is_read(&q)) {
        (void)wki_strcopy(name, WKI_FHIR_PARAM_SIZE, "its id");
        return WKI_FHIR_CONTRADICTS;
    }
    for (size_t i = 0; i < asked->n; i++) {
        const wki_fhir_param *p = &asked->params[i];
        const struct judge *j = judge_of(p->name);
        verdict v = any_value(&q, p, j->one);

        if (v == V_AGREES || (v == V_SILENT && !(j->whose && p->dropped)))
            continue;
        (void)wki_text_clean(name, WKI_FHIR_PARAM_SIZE, p->name, strlen(p->name));
        return v == V_CONTRADICTS ? WKI_FHIR_CONTRADICTS : WKI_FHIR_UNPROVEN;
    }
    return WKI_FHIR_MATCHES;
}
