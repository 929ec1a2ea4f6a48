#include "flow/answer_look.h"

#include <stdio.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "dicomweb/dicom_json.h"
#include "fhir/fhir_value.h"
#include "json/json_stream.h"
#include "json/problem.h"

enum {
    MAX_HEAD = 1024 /* bytes that tell what a text is */
};

/* The first value of a body: of a list, its first element. */
typedef struct first {
    wki_answer kind;
    char type[64]; /* of a resource */
    char says[200];
} first;

static bool is_dicom(const wki_json *value)
{
    for (const wki_json *m = wki_json_member_first(value); m; m = wki_json_member_next(m)) {
        if (wki_dicom_json_is_tag(wki_json_name(m)))
            return true;
    }
    return false;
}

static wk_code on_value(void *user, const wki_json *value, wk_error *err)
{
    first *f = user;
    const char *type = wki_fhir_type(value);

    f->kind = WKI_ANSWER_JSON;
    if (type) {
        wki_text_clean(f->type, sizeof f->type, type, strlen(type));
        (void)wki_fhir_outcome(f->says, sizeof f->says, value);
        f->kind = strcmp(type, "CapabilityStatement") == 0 || strcmp(type, "Conformance") == 0
                      ? WKI_ANSWER_CAPABILITY
                      : WKI_ANSWER_FHIR;
    } else if (is_dicom(value)) {
        f->kind = WKI_ANSWER_DICOM;
    }
    return wk_fail(err, WK_LIMIT, "enough");
}

/* WKI_ANSWER_OTHER where it is no JSON. */
static void look_at_json(const char *body, size_t n, first *f)
{
    wki_json_stream *stream = NULL;
    wk_error err = {0};
    wk_code rc = wki_json_stream_new("answer", WK_MAX_JSON_BYTES, on_value, f, &stream, &err);

    if (rc == WK_OK)
        rc = wki_json_stream_feed(stream, body, n, &err);
    if (rc == WK_OK && wki_json_stream_finish(stream, &err) == WK_OK && f->kind == WKI_ANSWER_OTHER)
        f->kind = WKI_ANSWER_LIST;
    wki_json_stream_free(stream);
}

static bool holds(const char *head, const char *part)
{
    char pattern[64];

    snprintf(pattern, sizeof pattern, "*%s*", part);
    return wki_str_glob(pattern, strlen(pattern), head);
}

static wki_answer look_at_markup(const char *body, size_t n, char *words, size_t size)
{
    char head[MAX_HEAD], says[200] = "";
    bool html, said = wki_problem_text(body, n, "", says, sizeof says);

    wki_text_clean(head, sizeof head, body, n < sizeof head ? n : sizeof head - 1);
    html = holds(head, "<html") || holds(head, "<!doctype html");
    snprintf(words, size, "%s%s%s",
             html                                  ? "an HTML page"
             : holds(head, "<CapabilityStatement") ? "a CapabilityStatement in XML, not JSON"
                                                   : "XML, not JSON",
             said ? ": " : "", said ? says : "");
    return html ? WKI_ANSWER_HTML : WKI_ANSWER_XML;
}

static void words_of(const first *f, char *words, size_t size)
{
    switch (f->kind) {
    case WKI_ANSWER_CAPABILITY:
    case WKI_ANSWER_FHIR:
        snprintf(words, size, "FHIR: %s%s%s", f->type, f->says[0] ? ": " : "", f->says);
        break;
    case WKI_ANSWER_DICOM:
        snprintf(words, size, "DICOM JSON");
        break;
    case WKI_ANSWER_LIST:
        snprintf(words, size, "an empty list");
        break;
    case WKI_ANSWER_JSON:
        snprintf(words, size, "JSON, neither of FHIR nor of DICOM");
        break;
    default:
        snprintf(words, size, "no JSON");
        break;
    }
}

wki_answer wki_answer_look(const char *body, size_t n, char *words, size_t size)
{
    first f = {.kind = WKI_ANSWER_OTHER};

    while (n > 0 && strchr(" \t\r\n", *body) && *body) {
        body++;
        n--;
    }
    if (n == 0) {
        snprintf(words, size, "nothing: an empty body");
        return WKI_ANSWER_EMPTY;
    }
    if (*body == '<')
        return look_at_markup(body, n, words, size);
    look_at_json(body, n, &f);
    words_of(&f, words, size);
    return f.kind;
}
