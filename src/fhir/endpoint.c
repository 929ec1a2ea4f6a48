#include "fhir/endpoint.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "fhir/fhir_value.h"

static const char wado_rs[] = "dicom-wado-rs";

static bool says_wado_rs(const wki_json *types)
{
    for (const wki_json *t = wki_json_first(types); t; t = wki_json_next(types, t)) {
        const char *words = wki_fhir_words(t);

        if (words && (wki_str_ieq(words, "DICOM WADO-RS") || wki_str_ieq(words, wado_rs)))
            return true;
    }
    return false;
}

/* payloadType (R4), payload[].type (R5). */
static bool payload_says_wado_rs(const wki_json *resource)
{
    const wki_json *payload = wki_json_get(resource, "payload");

    if (says_wado_rs(wki_json_get(resource, "payloadType")))
        return true;
    for (const wki_json *p = wki_json_first(payload); p; p = wki_json_next(payload, p)) {
        if (says_wado_rs(wki_json_get(p, "type")))
            return true;
    }
    return false;
}

static const char *last_segment(const char *url)
{
    const char *slash = strrchr(url, '/');

    return slash ? slash + 1 : url;
}

/* The extension's address is not settled, so only its last path segment counts. */
static wki_endpoint_token read_token(const wki_json *resource)
{
    const wki_json *extensions = wki_json_get(resource, "extension");

    for (const wki_json *e = wki_json_first(extensions); e; e = wki_json_next(extensions, e)) {
        const char *url = wki_json_str(e, "url");

        if (!url || strcmp(last_segment(url), "requires-access-token") != 0)
            continue;
        if (!wki_json_get(e, "valueBoolean"))
            continue;
        return wki_json_bool(e, "valueBoolean", true) ? WKI_TOKEN_REQUIRED : WKI_TOKEN_NOT_WANTED;
    }
    return WKI_TOKEN_UNSAID;
}

static bool status_is_usable(const char *status)
{
    static const char *const unusable[] = {"suspended", "error", "off", "entered-in-error"};

    for (size_t i = 0; status && i < sizeof unusable / sizeof unusable[0]; i++) {
        if (wki_str_ieq(status, unusable[i]))
            return false;
    }
    return true;
}

static void judge(wki_endpoint *e)
{
    char clean[64];
    const char *bad = !e->is_wado_rs ? e->connection : e->status;

    e->usable = false;
    wki_text_clean(clean, sizeof clean, bad ? bad : "", bad ? strlen(bad) : 0);
    if (!e->is_wado_rs && e->connection)
        snprintf(e->why, sizeof e->why, "its connection type is %s, not %s", clean, wado_rs);
    else if (!e->is_wado_rs)
        snprintf(e->why, sizeof e->why, "it has no connection type");
    else if (!status_is_usable(e->status))
        snprintf(e->why, sizeof e->why, "its status is %s", clean);
    else if (!e->address)
        snprintf(e->why, sizeof e->why, "it has no address");
    else
        e->usable = true;
}

void wki_endpoint_read(const wki_json *resource, wki_endpoint *out)
{
    const wki_json *connection = wki_json_get(resource, "connectionType");

    memset(out, 0, sizeof *out);
    out->id = wki_json_str(resource, "id");
    out->address = wki_json_str(resource, "address");
    out->connection = wki_fhir_code(connection);
    out->status = wki_json_str(resource, "status");
    if (out->connection)
        out->is_wado_rs = wki_fhir_has_code(connection, wado_rs);
    else
        out->is_wado_rs = payload_says_wado_rs(resource) || says_wado_rs(connection);
    if (out->is_wado_rs)
        out->connection = wado_rs;
    out->token = read_token(resource);
    out->headers = wki_json_get(resource, "header");
    judge(out);
}
