#include <wadokit/json.h>

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "json/json.h"

struct wk_json_line {
    cJSON *object;
    bool failed; /* memory ran out in some setter: the line must not look whole */
};

wk_json_line *wk_json_line_new(const char *type)
{
    wk_json_line *line = calloc(1, sizeof *line);

    if (!line)
        return NULL;
    line->object = cJSON_CreateObject();
    if (!line->object) {
        free(line);
        return NULL;
    }
    if (type)
        wk_json_set_string(line, "type", type);
    return line;
}

void wk_json_line_free(wk_json_line *line)
{
    if (!line)
        return;
    cJSON_Delete(line->object);
    free(line);
}

static void put(wk_json_line *line, const char *name, cJSON *value)
{
    if (!value || !cJSON_AddItemToObject(line->object, name, value)) {
        cJSON_Delete(value);
        line->failed = true;
    }
}

/* UTF-8 is a must in JSON; line breaks and other controls are escaped by the printer. */
static cJSON *make_string(const char *value)
{
    size_t n = strlen(value);
    char *clean = malloc(n + 1);
    cJSON *item = NULL;

    if (clean) {
        wki_text_clean(clean, n + 1, value, n);
        item = cJSON_CreateString(clean);
    }
    free(clean);
    return item;
}

void wk_json_set_string(wk_json_line *line, const char *name, const char *value)
{
    if (line)
        put(line, name, value ? make_string(value) : cJSON_CreateNull());
}

void wk_json_set_int(wk_json_line *line, const char *name, int64_t value)
{
    char digits[24];

    if (!line)
        return;
    snprintf(digits, sizeof digits, "%" PRId64, value);
    put(line, name, cJSON_CreateRaw(digits));
}

void wk_json_set_number(wk_json_line *line, const char *name, double value)
{
    if (line)
        put(line, name, cJSON_CreateNumber(value)); /* NaN and infinities print as null */
}

void wk_json_set_bool(wk_json_line *line, const char *name, bool value)
{
    if (line)
        put(line, name, cJSON_CreateBool(value));
}

void wk_json_set_null(wk_json_line *line, const char *name)
{
    if (line)
        put(line, name, cJSON_CreateNull());
}

static void add_to_array(wk_json_line *line, const char *name, cJSON *value)
{
    cJSON *array = cJSON_GetObjectItemCaseSensitive(line->object, name);

    if (!array)
        array = cJSON_AddArrayToObject(line->object, name);
    if (!array || !value || !cJSON_AddItemToArray(array, value)) {
        cJSON_Delete(value);
        line->failed = true;
    }
}

void wk_json_add_string(wk_json_line *line, const char *name, const char *value)
{
    if (line)
        add_to_array(line, name, value ? make_string(value) : cJSON_CreateNull());
}

static cJSON *take_object(wk_json_line *line, wk_json_line *object)
{
    cJSON *value = NULL;

    if (object) {
        value = object->object;
        if (line && object->failed)
            line->failed = true;
        free(object);
    }
    return value;
}

void wk_json_set_object(wk_json_line *line, const char *name, wk_json_line *object)
{
    cJSON *value = take_object(line, object);

    if (line)
        put(line, name, value);
    else
        cJSON_Delete(value);
}

void wk_json_add_object(wk_json_line *line, const char *name, wk_json_line *object)
{
    cJSON *value = take_object(line, object);

    if (line)
        add_to_array(line, name, value);
    else
        cJSON_Delete(value);
}

bool wk_json_set_raw(wk_json_line *line, const char *name, const char *json)
{
    cJSON *value = cJSON_Parse(json);

    if (!value)
        return false;
    if (line)
        put(line, name, value);
    else
        cJSON_Delete(value);
    return true;
}

/* Without an early end, so that it is vectorised: nearly every text is plain. */
static bool is_plain(const char *text, size_t n)
{
    unsigned char odd = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        odd |= (unsigned char)((c < 0x20) | (c >= 0x7f) | (c == '"') | (c == '\\'));
    }
    return !odd;
}

static wk_code add_escaped(wki_buf *out, const char *text, wk_error *err)
{
    size_t n = strlen(text);
    char *clean = malloc(n + 1);
    wk_code rc = clean ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (clean)
        wki_text_clean(clean, n + 1, text, n);
    for (const char *c = clean; rc == WK_OK && *c; c++) {
        if (*c == '"' || *c == '\\')
            rc = wki_buf_add(out, "\\", 1, err);
        if (rc == WK_OK)
            rc = wki_buf_add(out, c, 1, err);
    }
    free(clean);
    return rc;
}

wk_code wki_json_add_text(wki_buf *out, const char *text, wk_error *err)
{
    size_t n = strlen(text);
    wk_code rc = wki_buf_add(out, "\"", 1, err);

    if (rc == WK_OK)
        rc = is_plain(text, n) ? wki_buf_add(out, text, n, err) : add_escaped(out, text, err);
    return rc == WK_OK ? wki_buf_add(out, "\"", 1, err) : rc;
}

char *wk_json_line_text(const wk_json_line *line)
{
    if (!line || line->failed)
        return NULL;
    return cJSON_PrintUnformatted(line->object);
}
