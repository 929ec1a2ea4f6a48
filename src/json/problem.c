#include "json/problem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/text.h"
#include "json/json.h"

enum {
    MAX_ISSUES = 3,
    MAX_LINE = 1024
};

/* A line that grows to its maximum and no further. */
typedef struct line {
    char text[MAX_LINE];
    size_t n;
} line;

static void add(line *l, const char *text, size_t n)
{
    size_t room = sizeof l->text - 1 - l->n;

    if (n > room)
        n = room;
    memcpy(l->text + l->n, text, n);
    l->n += n;
    l->text[l->n] = '\0';
}

static void add_part(line *l, const char *text)
{
    if (!text || !text[0] || strstr(l->text, text))
        return;
    if (l->n > 0)
        add(l, "; ", 2);
    add(l, text, strlen(text));
}

/* ---- JSON ---- */

static const char *issue_text(const wki_json *issue)
{
    const wki_json *details = wki_json_get(issue, "details");
    const wki_json *codings = wki_json_get(details, "coding");
    const char *text = wki_json_str(details, "text");

    if (!text)
        text = wki_json_text(details);
    if (!text)
        text = wki_json_str(issue, "diagnostics");
    for (const wki_json *c = wki_json_first(codings); c && !text; c = wki_json_next(codings, c)) {
        text = wki_json_str(c, "display");
        text = text ? text : wki_json_str(c, "code");
    }
    return text ? text : wki_json_str(issue, "code");
}

static void add_outcome(line *l, const wki_json *outcome)
{
    const wki_json *issues = wki_json_get(outcome, "issue");
    int n = 0;

    for (const wki_json *i = wki_json_first(issues); i && n < MAX_ISSUES;
         i = wki_json_next(issues, i), n++)
        add_part(l, issue_text(i));
    if (l->n == 0)
        add_part(l, wki_json_str(wki_json_get(outcome, "text"), "div"));
}

static void add_members(line *l, const wki_json *object)
{
    static const char *const names[] = {
        "error",   "error_description", "title",   "detail", "Message",
        "Details", "errorMessage",      "message", "reason", "msg",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        add_part(l, wki_json_str(object, names[i]));
}

static void add_json(line *l, const wki_json *doc)
{
    const char *type;
    const wki_json *error;

    if (wki_json_is_array(doc))
        doc = wki_json_first(doc);
    type = wki_json_str(doc, "resourceType");
    if ((type && strcmp(type, "OperationOutcome") == 0) || wki_json_get(doc, "issue")) {
        add_outcome(l, doc);
        return;
    }
    add_members(l, doc);
    error = wki_json_get(doc, "error");
    if (wki_json_is_object(error))
        add_members(l, error);
    error = wki_json_get(doc, "errors");
    if (l->n == 0 && error && wki_json_first(error)) {
        add_part(l, wki_json_text(wki_json_first(error)));
        add_members(l, wki_json_first(error));
    }
}

/* ---- XML and HTML ---- */

static void add_character(line *l, const char **at)
{
    static const struct {
        const char *name;
        const char *text;
    } entities[] = {{"&lt;", "<"},   {"&gt;", ">"},  {"&amp;", "&"},  {"&quot;", "\""},
                    {"&apos;", "'"}, {"&#39;", "'"}, {"&nbsp;", " "}, {"&#xA;", " "},
                    {"&#10;", " "},  {"&#13;", " "}};

    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (wki_str_istarts(*at, entities[i].name)) {
            add(l, entities[i].text, 1);
            *at += strlen(entities[i].name);
            return;
        }
    }
    add(l, *at, 1);
    (*at)++;
}

/* Text up to `stop`, tags left out, white space as one blank. */
static void add_markup(line *l, const char *p, char stop)
{
    line part = {{0}, 0};

    while (*p && *p != stop && part.n + 8 < sizeof part.text) {
        if (strchr(" \t\r\n", *p)) {
            if (part.n > 0 && part.text[part.n - 1] != ' ')
                add(&part, " ", 1);
            p++;
        } else {
            add_character(&part, &p);
        }
    }
    while (part.n > 0 && part.text[part.n - 1] == ' ')
        part.text[--part.n] = '\0';
    add_part(l, part.text);
}

/* The text of the first element <name ...>text<. */
static void add_element(line *l, const char *body, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = body; (p = strcasestr(p, name)); p += n) {
        const char *end = p + n;

        if (p == body || p[-1] != '<' || !strchr(" >\t\r\n", *end) || !*end)
            continue;
        end = strchr(end, '>');
        if (end)
            add_markup(l, end + 1, '<');
        return;
    }
}

/* Up to three values of <name value="...">. */
static void add_values(line *l, const char *body, const char *name)
{
    int found = 0;

    for (const char *p = body; found < MAX_ISSUES && (p = strstr(p, name)); p += strlen(name)) {
        const char *value = p + strlen(name);

        if (p == body || p[-1] != '<')
            continue;
        value += strspn(value, " \t\r\n");
        if (strncmp(value, "value=", 6) != 0 || (value[6] != '"' && value[6] != '\''))
            continue;
        add_markup(l, value + 7, value[6]);
        found++;
    }
}

static void add_html(line *l, const char *body)
{
    add_element(l, body, "title");
    if (l->n == 0)
        add_element(l, body, "h1");
}

static void add_xml(line *l, const char *body)
{
    static const char *const names[] = {"Message", "faultstring", "error", "title", "detail"};

    if (strstr(body, "OperationOutcome")) {
        const char *details = strstr(body, "<details");

        if (details)
            add_values(l, details, "text");
        if (l->n == 0)
            add_values(l, body, "diagnostics");
        if (l->n == 0)
            add_values(l, body, "display");
        if (l->n == 0)
            add_values(l, body, "code");
        return;
    }
    for (size_t i = 0; l->n == 0 && i < sizeof names / sizeof names[0]; i++)
        add_element(l, body, names[i]);
}

static bool is_html(const char *body, const char *content_type)
{
    return wki_str_istarts(content_type, "text/html") || wki_str_istarts(body, "<!doctype html") ||
           strcasestr(body, "<html");
}

/* ---- the rest ---- */

static void add_first_line(line *l, const char *body)
{
    size_t n = strcspn(body, "\r\n");

    while (n > 0 && (body[n - 1] == ' ' || body[n - 1] == '\t'))
        n--;
    add(l, body, n);
}

static bool is_text(const char *body, size_t n)
{
    size_t odd = 0;

    for (size_t i = 0; i < n && i < 512; i++) {
        unsigned char c = (unsigned char)body[i];

        if (c == 0)
            return false;
        odd += c < 0x20 && !strchr("\t\r\n\f", c);
    }
    return odd * 5 <= n;
}

static void read_body(line *l, const char *body, size_t n, const char *content_type)
{
    wki_json *doc = NULL;

    if (*body == '{' || *body == '[') {
        if (wki_json_parse(body, n, "error body", &doc, NULL) == WK_OK) {
            add_json(l, doc);
            wki_json_free(doc);
            return;
        }
    }
    if (*body == '<' && is_html(body, content_type))
        add_html(l, body);
    else if (*body == '<')
        add_xml(l, body);
    else
        add_first_line(l, body);
}

bool wki_problem_text(const char *body, size_t n, const char *content_type, char *out, size_t size)
{
    static const char bom[] = "\xEF\xBB\xBF";
    line l = {{0}, 0};
    const char *start;
    char *copy;

    out[0] = '\0';
    if (n == 0 || !is_text(body, n))
        return false;
    copy = malloc(n + 1);
    if (!copy)
        return false;
    memcpy(copy, body, n);
    copy[n] = '\0';
    start = copy + (strncmp(copy, bom, 3) == 0 ? 3 : 0);
    start += strspn(start, " \t\r\n");
    read_body(&l, start, strlen(start), content_type);
    free(copy);
    wki_text_clean(out, size, l.text, l.n);
    wki_text_hide_credentials(out);
    return out[0] != '\0';
}
