#include "fhir/bulk_export.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "http/url.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static wk_code check_types(const char *types, wk_error *err)
{
    size_t n = types ? strlen(types) : 0;

    if (!types)
        return WK_OK;
    if (n == 0 || strspn(types, letters) + strspn(types, ",") == 0)
        return wk_fail_setting(err, WK_USAGE, "type",
                               "type: names of resources, divided by commas");
    for (size_t i = 0; i < n; i++) {
        if (!strchr(letters, types[i]) && types[i] != ',')
            return wk_fail_setting(err, WK_USAGE, "type",
                                   "type: names of resources, divided by commas");
    }
    return WK_OK;
}

static wk_code check(const wki_bulk_query *q, wk_error *err)
{
    const char *id = q->group ? q->group : q->patient;

    if (q->group && q->patient)
        return wk_fail_setting(err, WK_USAGE, "group patient", "a group or a patient, not both");
    if (id && (*id == '\0' || strcmp(id, ".") == 0 || strcmp(id, "..") == 0))
        return wk_fail(err, WK_USAGE, "an id is needed");
    for (size_t i = 0; i < q->n_params; i++) {
        if (!strchr(q->params[i], '=') || q->params[i][0] == '=')
            return wk_fail_setting(err, WK_USAGE, "param", "param %.60s: not NAME=VALUE",
                                   q->params[i]);
    }
    return check_types(q->types, err);
}

static wk_code add_param(wki_buf *query, const char *param, wk_error *err)
{
    const char *equals = strchr(param, '=');
    char *name = wki_strfmt("%.*s", (int)(equals - param), param);
    wk_code rc =
        name ? wki_form_add(query, name, equals + 1, err) : wk_fail(err, WK_NOMEM, "out of memory");

    free(name);
    return rc;
}

static wk_code add_query(wki_buf *b, const wki_bulk_query *q, wk_error *err)
{
    wki_buf query;
    wk_code rc = WK_OK;

    wki_buf_init(&query, WK_MAX_URL_BYTES, "URL");
    if (q->types)
        rc = wki_form_add(&query, "_type", q->types, err);
    if (rc == WK_OK && q->since)
        rc = wki_form_add(&query, "_since", q->since, err);
    for (size_t i = 0; i < q->n_params && rc == WK_OK; i++)
        rc = add_param(&query, q->params[i], err);
    if (rc == WK_OK && query.n > 0)
        rc = wki_buf_addf(b, err, "?%s", wki_buf_text(&query));
    wki_buf_clear(&query);
    return rc;
}

wk_code wki_bulk_url(const char *base, const wki_bulk_query *q, char **out, wk_error *err)
{
    const char *id = q->group ? q->group : q->patient;
    wki_buf path;
    wk_code rc = check(q, err);

    wki_buf_init(&path, WK_MAX_URL_BYTES, "URL");
    if (rc == WK_OK && id)
        rc = wki_buf_addf(&path, err, q->group ? "Group/" : "Patient/");
    if (rc == WK_OK && id)
        rc = wki_url_encode(&path, id, err);
    if (rc == WK_OK)
        rc = wki_buf_addf(&path, err, id ? "/$export" : "$export");
    if (rc == WK_OK)
        rc = add_query(&path, q, err);
    if (rc == WK_OK)
        rc = wki_url_append(base, wki_buf_text(&path), out, err);
    wki_buf_clear(&path);
    return rc;
}
