#include "fhir/fhir_value.h"

#include <string.h>

#include "core/text.h"

const char *wki_fhir_type(const wki_json *resource)
{
    return wki_json_str(resource, "resourceType");
}

bool wki_fhir_is(const wki_json *resource, const char *type)
{
    const char *is = wki_fhir_type(resource);

    return is && strcmp(is, type) == 0;
}

/* The code of one Coding, or a plain string. */
static const char *own_code(const wki_json *value)
{
    const char *text = wki_json_text(value);

    return text ? text : wki_json_str(value, "code");
}

/* Where a value holds its codings: CodeableConcept.coding, CodeableReference.concept. */
static const wki_json *inner(const wki_json *value)
{
    const wki_json *coding = wki_json_get(value, "coding");

    return coding ? coding : wki_json_get(value, "concept");
}

/* Calls `found` with each code in the value, at most three levels down; stops where it is true. */
static bool each_code(const wki_json *value, int depth, bool (*found)(void *, const char *),
                      void *user)
{
    for (const wki_json *e = wki_json_first(value); e; e = wki_json_next(value, e)) {
        const char *code = own_code(e);

        if (code && found(user, code))
            return true;
        if (depth < 3 && inner(e) && each_code(inner(e), depth + 1, found, user))
            return true;
    }
    return false;
}

static bool keep_first(void *user, const char *code)
{
    *(const char **)user = code;
    return true;
}

const char *wki_fhir_code(const wki_json *value)
{
    const char *code = NULL;

    each_code(value, 0, keep_first, &code);
    return code;
}

static bool is_code(void *user, const char *code)
{
    return wki_str_ieq(code, user);
}

bool wki_fhir_has_code(const wki_json *value, const char *code)
{
    char copy[128];

    return wki_strcopy(copy, sizeof copy, code) && each_code(value, 0, is_code, copy);
}

const char *wki_fhir_words(const wki_json *value)
{
    const wki_json *first = wki_json_first(value);
    const char *words = wki_json_text(first);

    if (!words)
        words = wki_json_str(first, "text");
    if (!words)
        words = wki_json_str(first, "display");
    for (int depth = 0; !words && first && depth < 3; depth++) {
        first = wki_json_first(inner(first));
        words = wki_json_str(first, "text");
        if (!words)
            words = wki_json_str(first, "display");
    }
    return words ? words : wki_fhir_code(value);
}

const char *wki_fhir_string(const wki_json *value)
{
    return wki_json_text(wki_json_first(value));
}

const char *wki_fhir_reference(const wki_json *value)
{
    const char *text = wki_json_text(value);

    return text ? text : wki_json_str(value, "reference");
}

void wki_fhir_person(char *out, size_t size, const char *name)
{
    char clean[512];
    size_t n = 0;
    bool first = true;

    wki_text_clean(clean, sizeof clean, name, strlen(name));
    out[0] = '\0';
    /* Components are separated by '^'; empty ones leave nothing behind. */
    for (char *save = NULL, *part = strtok_r(clean, "^", &save); part;
         part = strtok_r(NULL, "^", &save)) {
        const char *gap = n == 0 ? "" : first ? ", " : " ";

        if (n > 0)
            first = false;
        if (n + strlen(gap) + 1 >= size)
            return;
        memcpy(out + n, gap, strlen(gap) + 1);
        n += strlen(gap);
        n += wki_text_clean(out + n, size - n, part, strlen(part));
    }
}

static int weight(const wki_json *issue)
{
    const char *severity = wki_json_str(issue, "severity");

    if (!severity)
        return 1;
    if (strcmp(severity, "fatal") == 0)
        return 4;
    if (strcmp(severity, "error") == 0)
        return 3;
    return strcmp(severity, "warning") == 0 ? 2 : 1;
}

static const wki_json *gravest_issue(const wki_json *resource)
{
    const wki_json *issues, *best = NULL;

    if (!wki_fhir_is(resource, "OperationOutcome"))
        return NULL;
    issues = wki_json_get(resource, "issue");
    for (const wki_json *i = wki_json_first(issues); i; i = wki_json_next(issues, i)) {
        if (!best || weight(i) > weight(best))
            best = i;
    }
    return best;
}

bool wki_fhir_outcome(char *out, size_t size, const wki_json *resource)
{
    const wki_json *issue = gravest_issue(resource);
    const wki_json *details = wki_json_get(issue, "details");
    const char *words = wki_json_str(details, "text");

    if (!words)
        words = wki_json_str(issue, "diagnostics");
    if (!words)
        words = wki_fhir_words(details);
    if (!words)
        words = wki_json_str(issue, "code");
    if (!words)
        return false;
    return wki_text_clean(out, size, words, strlen(words)) > 0;
}

bool wki_fhir_outcome_is_error(const wki_json *resource)
{
    const wki_json *issue = gravest_issue(resource);

    return issue && weight(issue) >= 3;
}
