#include "json/ndjson.h"

#include <string.h>

#include "core/text.h"

/* Of an OperationOutcome; one that names no severity is no better than a warning. */
enum {
    UNWEIGHED,
    MILD,
    WARNING,
    SEVERE
};

/* Adds a piece of text to what is kept of it. */
static void keep(char *out, size_t size, size_t *used, const wki_json_piece *p)
{
    size_t n = p->n;

    if (p->begin)
        *used = 0;
    if (n > size - 1 - *used)
        n = size - 1 - *used;
    memcpy(out + *used, p->data, n);
    *used += n;
    out[*used] = '\0';
}

/* The gravest severity of the issues counts. */
static void weigh(wki_ndjson *d)
{
    bool severe = strcmp(d->severity, "error") == 0 || strcmp(d->severity, "fatal") == 0;
    bool mild = strcmp(d->severity, "information") == 0 || strcmp(d->severity, "success") == 0;
    int weight = severe ? SEVERE : mild ? MILD : WARNING;

    d->weight = weight > d->weight ? weight : d->weight;
}

static wk_code on_piece(void *user, const wki_json_piece *p, wk_error *err)
{
    wki_ndjson *d = user;

    (void)err;
    if (p->depth == 1 && strcmp(p->name, "resourceType") == 0) {
        keep(d->type, sizeof d->type, &d->type_n, p);
    } else if (p->depth == 3 && strcmp(p->name, "severity") == 0) {
        keep(d->severity, sizeof d->severity, &d->severity_n, p);
        if (p->end)
            weigh(d);
    } else if (strcmp(p->name, "diagnostics") == 0 || strcmp(p->name, "text") == 0) {
        keep(d->words, sizeof d->words, &d->words_n, p);
    }
    return WK_OK;
}

static void begin_line(wki_ndjson *d)
{
    wki_json_reader_init(&d->text, on_piece, d);
    d->begun = d->broken = false;
    d->weight = UNWEIGHED;
    d->words[0] = d->severity[0] = '\0';
    d->type_n = d->severity_n = d->words_n = 0;
    d->number++;
}

void wki_ndjson_init(wki_ndjson *d, wki_ndjson_bad_fn on_bad, void *user)
{
    memset(d, 0, sizeof *d);
    d->on_bad = on_bad;
    d->user = user;
    begin_line(d);
}

static void mark_bad(wki_ndjson *d, const char *why)
{
    d->broken = true;
    d->bad++;
    if (d->on_bad)
        d->on_bad(d->user, d->number, why);
}

static bool is_blank(const char *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (data[i] != ' ' && data[i] != '\t' && data[i] != '\r')
            return false;
    }
    return true;
}

static void feed_line(wki_ndjson *d, const char *data, size_t n)
{
    wk_error err = {0};

    if (!d->begun && is_blank(data, n))
        return;
    if (!d->begun) {
        d->begun = true;
        d->lines++;
        d->type[0] = '\0';
    }
    if (!d->broken && wki_json_reader_feed(&d->text, data, n, &err) != WK_OK)
        mark_bad(d, err.message);
}

static void count_outcome(wki_ndjson *d)
{
    bool first = d->weight == SEVERE ? d->errors == 0 : d->errors + d->warnings == 0;

    if (d->weight == MILD)
        return;
    if (d->weight == SEVERE)
        d->errors++;
    else
        d->warnings++;
    if (first)
        wki_text_clean(d->message, sizeof d->message, d->words, strlen(d->words));
}

static void end_line(wki_ndjson *d)
{
    wk_error err = {0};

    if (d->begun && !d->broken) {
        if (wki_json_reader_finish(&d->text, &err) != WK_OK)
            mark_bad(d, err.message);
        else if (d->text.kind != '{' || d->type[0] == '\0')
            mark_bad(d, "no FHIR resource");
    }
    if (d->begun && !d->broken && strcmp(d->type, "OperationOutcome") == 0)
        count_outcome(d);
}

void wki_ndjson_feed(wki_ndjson *d, const char *data, size_t n)
{
    while (n > 0) {
        const char *newline = memchr(data, '\n', n);
        size_t part = newline ? (size_t)(newline - data) : n;

        feed_line(d, data, part);
        if (!newline)
            return;
        end_line(d);
        begin_line(d);
        data += part + 1;
        n -= part + 1;
    }
}

void wki_ndjson_finish(wki_ndjson *d)
{
    end_line(d);
}
