#include "json/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"

static size_t skip_space(const char *text, size_t n, size_t at)
{
    while (at < n && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n'))
        at++;
    return at;
}

/* cJSON recurses; the depth is counted here first so that its own limit is never the guard. */
static bool too_deep(const char *text, size_t n)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > WK_MAX_JSON_DEPTH)
                return true;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

static wk_code not_json(const char *text, size_t n, size_t at, const char *what, wk_error *err)
{
    char sample[64];

    if (n == 0 || at == n)
        return wk_fail(err, WK_DATA, "%s: empty where JSON was expected", what);
    if (text[at] == '<')
        return wk_fail(err, WK_DATA, "%s: XML or HTML where JSON was expected", what);
    wki_text_clean(sample, sizeof sample, text + at, n - at < 40 ? n - at : 40);
    return wk_fail(err, WK_DATA, "%s: not JSON at byte %zu: %s", what, at, sample);
}

wk_code wki_json_parse(const char *text, size_t n, const char *what, wki_json **out, wk_error *err)
{
    const char *end = NULL;
    size_t start = 0, at;
    cJSON *doc;

    if (n > WK_MAX_JSON_BYTES)
        return wk_fail(err, WK_LIMIT, "%s: JSON larger than %u bytes", what, WK_MAX_JSON_BYTES);
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        start = 3;
    start = skip_space(text, n, start);
    if (start == n || text[start] == '<')
        return not_json(text, n, start, what, err);
    if (too_deep(text, n))
        return wk_fail(err, WK_LIMIT, "%s: JSON nested deeper than %d levels", what,
                       WK_MAX_JSON_DEPTH);
    doc = cJSON_ParseWithLengthOpts(text + start, n - start, &end, 0);
    at = end ? (size_t)(end - text) : n;
    if (!doc) {
        if (at + 1 >= n)
            return wk_fail(err, WK_DATA, "%s: JSON cut short after %zu bytes", what, n);
        return not_json(text, n, at, what, err);
    }
    at = skip_space(text, n, at);
    if (at < n && text[at] != '\0') {
        cJSON_Delete(doc);
        return not_json(text, n, at, what, err);
    }
    *out = doc;
    return WK_OK;
}

/* Most texts have nothing to mend, and are read once. */
static wk_code parse_again(const char *text, size_t n, const char *what, const char *prefix,
                           wki_json_faults *faults, wki_json **out, wk_error *err)
{
    wki_buf mended;
    wk_code rc = wki_json_mend(text, n, prefix, faults, &mended, err);

    if (rc != WK_OK)
        return rc;
    rc = wki_json_parse(wki_buf_text(&mended), mended.n, what, out, err);
    wki_buf_clear(&mended);
    return rc;
}

wk_code wki_json_parse_mended(const char *text, size_t n, const char *what, const char *prefix,
                              wki_json_faults *faults, wki_json **out, wk_error *err)
{
    uint64_t before = faults ? faults->values : 0;
    wki_json_faults found = {0};
    wk_error why = {0};
    wk_code rc;

    if (faults && n <= WK_MAX_JSON_BYTES && memmem(text, n, "\\u0000", 6))
        return parse_again(text, n, what, prefix, faults, out, err);
    rc = wki_json_parse(text, n, what, out, &why);
    if (rc == WK_DATA && faults && n <= WK_MAX_JSON_BYTES) {
        if (parse_again(text, n, what, prefix, &found, out, NULL) == WK_OK) {
            if (before == 0 && faults->elements == 0)
                memcpy(faults->first, found.first, sizeof faults->first);
            faults->values += found.values;
            return WK_OK;
        }
    }
    return rc == WK_OK ? WK_OK : wk_fail_from(err, rc, &why);
}

void wki_json_free(wki_json *doc)
{
    cJSON_Delete(doc);
}

const wki_json *wki_json_get(const wki_json *obj, const char *name)
{
    return cJSON_IsObject(obj) ? cJSON_GetObjectItemCaseSensitive(obj, name) : NULL;
}

const char *wki_json_text(const wki_json *value)
{
    return cJSON_IsString(value) && value->valuestring[0] ? value->valuestring : NULL;
}

const char *wki_json_str(const wki_json *obj, const char *name)
{
    return wki_json_text(wki_json_get(obj, name));
}

bool wki_json_number(const wki_json *value, double *out)
{
    char *end;
    double number;

    if (cJSON_IsNumber(value)) {
        number = value->valuedouble;
    } else if (cJSON_IsString(value) && value->valuestring[0]) {
        number = strtod(value->valuestring, &end);
        while (*end == ' ')
            end++;
        if (*end)
            return false;
    } else {
        return false;
    }
    if (!isfinite(number))
        return false;
    *out = number;
    return true;
}

bool wki_json_int(const wki_json *obj, const char *name, int64_t *out)
{
    double number;

    if (!wki_json_number(wki_json_get(obj, name), &number))
        return false;
    if (number != floor(number) || fabs(number) > 9007199254740992.0)
        return false;
    *out = (int64_t)number;
    return true;
}

bool wki_json_bool(const wki_json *obj, const char *name, bool fallback)
{
    const wki_json *value = wki_json_get(obj, name);
    const char *text = wki_json_text(value);

    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value);
    if (cJSON_IsNumber(value))
        return value->valuedouble != 0;
    if (text && wki_str_ieq(text, "true"))
        return true;
    if (text && wki_str_ieq(text, "false"))
        return false;
    return fallback;
}

bool wki_json_is_object(const wki_json *value)
{
    return cJSON_IsObject(value);
}

bool wki_json_is_array(const wki_json *value)
{
    return cJSON_IsArray(value);
}

static const wki_json *skip_nulls(const wki_json *element)
{
    while (element && cJSON_IsNull(element))
        element = element->next;
    return element;
}

bool wki_json_is_null(const wki_json *value)
{
    return cJSON_IsNull(value);
}

bool wki_json_is_empty(const wki_json *value)
{
    return cJSON_IsString(value) && !value->valuestring[0];
}

const wki_json *wki_json_element_first(const wki_json *array)
{
    return cJSON_IsArray(array) ? array->child : NULL;
}

const wki_json *wki_json_element_next(const wki_json *element)
{
    return element->next;
}

const wki_json *wki_json_first(const wki_json *value)
{
    if (!value || cJSON_IsNull(value))
        return NULL;
    return cJSON_IsArray(value) ? skip_nulls(value->child) : value;
}

const wki_json *wki_json_next(const wki_json *value, const wki_json *element)
{
    return cJSON_IsArray(value) ? skip_nulls(element->next) : NULL;
}

const wki_json *wki_json_member_first(const wki_json *obj)
{
    return cJSON_IsObject(obj) ? obj->child : NULL;
}

const wki_json *wki_json_member_next(const wki_json *member)
{
    return member->next;
}

const char *wki_json_name(const wki_json *member)
{
    return member->string ? member->string : "";
}

char *wki_json_print(const wki_json *value)
{
    return cJSON_PrintUnformatted(value);
}

const char *wki_json_version(void)
{
    static char text[32];

    snprintf(text, sizeof text, "cJSON %s", cJSON_Version());
    return text;
}
