#include "json/binary_xml.h"

#include <string.h>

enum state {
    TEXT,
    NAME,      /* behind '<' */
    SKIP,      /* a declaration or an instruction, until '>' */
    COMMENT,   /* until "-->" */
    TAG,       /* between attributes */
    ATTRIBUTE, /* its name */
    EQUALS,    /* behind its name, until a quote */
    VALUE
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The name without the prefix of its namespace. */
static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon ? colon + 1 : name;
}

static void add(char *out, size_t size, size_t *n, char c)
{
    if (*n + 1 < size)
        out[(*n)++] = c;
    out[*n] = '\0';
}

static void begin_name(wki_binary_xml *x)
{
    x->state = NAME;
    x->name_n = 0;
    x->name[0] = '\0';
}

static void end_tag(wki_binary_xml *x)
{
    x->ended = x->ended || (x->name[0] == '/' && strcmp(local(x->name + 1), "Binary") == 0);
    x->state = TEXT;
}

static void take_name(wki_binary_xml *x, char c)
{
    if (c == '>')
        end_tag(x);
    else if (is_space(c))
        x->state = x->name[0] == '?' || x->name[0] == '!' ? SKIP : TAG;
    else
        add(x->name, sizeof x->name, &x->name_n, c);
    if (x->state == NAME && strcmp(x->name, "!--") == 0) {
        x->state = COMMENT;
        x->dashes = 0;
    }
}

static void take_comment(wki_binary_xml *x, char c)
{
    if (c == '>' && x->dashes >= 2)
        x->state = TEXT;
    x->dashes = c == '-' ? x->dashes + 1 : 0;
}

static void take_tag(wki_binary_xml *x, char c)
{
    if (c == '>') {
        end_tag(x);
    } else if (!is_space(c) && c != '/') {
        x->state = ATTRIBUTE;
        x->attribute_n = 0;
        add(x->attribute, sizeof x->attribute, &x->attribute_n, c);
    }
}

static void take_attribute(wki_binary_xml *x, char c)
{
    if (c == '=')
        x->state = EQUALS;
    else if (c == '>')
        end_tag(x);
    else if (!is_space(c))
        add(x->attribute, sizeof x->attribute, &x->attribute_n, c);
}

static bool is_element(const wki_binary_xml *x, const char *name)
{
    return strcmp(local(x->name), name) == 0 && strcmp(x->attribute, "value") == 0;
}

/* The value's characters up to its quote; how many they are. */
static wk_code take_value(wki_binary_xml *x, const char *text, size_t n, size_t *used,
                          wk_error *err)
{
    const char *end = memchr(text, x->quote, n);

    *used = end ? (size_t)(end - text) + 1 : n;
    n = end ? *used - 1 : n;
    if (end)
        x->state = TAG;
    if (is_element(x, "contentType")) {
        for (size_t i = 0; i < n; i++)
            add(x->type, sizeof x->type, &x->type_n, text[i]);
    }
    if (!is_element(x, "data") && !is_element(x, "content"))
        return WK_OK;
    x->found = true;
    return n > 0 ? x->data.write(x->data.user, text, n, err) : WK_OK;
}

static void take(wki_binary_xml *x, char c)
{
    switch ((enum state)x->state) {
    case TEXT:
        if (c == '<')
            begin_name(x);
        break;
    case NAME:
        take_name(x, c);
        break;
    case SKIP:
        x->state = c == '>' ? TEXT : SKIP;
        break;
    case COMMENT:
        take_comment(x, c);
        break;
    case TAG:
        take_tag(x, c);
        break;
    case ATTRIBUTE:
        take_attribute(x, c);
        break;
    case EQUALS:
        if (c == '"' || c == '\'') {
            x->quote = c;
            x->state = VALUE;
        }
        break;
    case VALUE:
        break;
    }
}

wk_code wki_binary_xml_feed(wki_binary_xml *x, const char *text, size_t n, wk_error *err)
{
    wk_code rc = WK_OK;

    while (n > 0 && rc == WK_OK) {
        size_t used = 1;

        if (x->state == VALUE)
            rc = take_value(x, text, n, &used, err);
        else
            take(x, *text);
        text += used;
        n -= used;
    }
    return rc;
}

bool wki_binary_xml_is(const char *head, size_t n)
{
    wki_binary_xml x = {.state = TEXT};

    for (size_t i = 0; i < n; i++) {
        take(&x, head[i]);
        if (x.state == TAG && x.name[0] != '/')
            return strcmp(local(x.name), "Binary") == 0 &&
                   memmem(head, n, "http://hl7.org/fhir", 19) != NULL;
        if (x.state == TEXT && x.name_n > 0 && x.name[0] != '?' && x.name[0] != '!')
            return false;
    }
    return false;
}
