/*
 * Newline-delimited JSON of FHIR bulk data: every line is checked and counted as it passes, in
 * memory that grows neither with the file nor with a line. A byte order mark, CRLF, blank lines and
 * a last line without a newline are accepted. A bad line is reported and does not end the reading.
 */
#ifndef WADOKIT_JSON_NDJSON_H
#define WADOKIT_JSON_NDJSON_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#include "json/json_text.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_NDJSON_TYPE_SIZE = 64,
    WKI_NDJSON_TEXT_SIZE = 256
};

/* Hears of a bad line: its number (from 1) and why. */
typedef void (*wki_ndjson_bad_fn)(void *user, uint64_t line, const char *why);

/*
 * lines     with something in them     bad   of these, no JSON objects
 * errors    lines that are OperationOutcomes with a severity of error or fatal
 * warnings  those with one of warning, or none that is known
 * type      resourceType of the last line
 * message   what the first error says, else the first warning; "" where there is none
 */
typedef struct wki_ndjson {
    uint64_t lines, bad, errors, warnings;
    char type[WKI_NDJSON_TYPE_SIZE];
    char message[WKI_NDJSON_TEXT_SIZE];
    /* private */
    wki_ndjson_bad_fn on_bad;
    void *user;
    wki_json_reader text;
    uint64_t number;
    bool begun, broken;
    int weight;
    char severity[16], words[WKI_NDJSON_TEXT_SIZE];
    size_t type_n, severity_n, words_n;
} wki_ndjson;

void wki_ndjson_init(wki_ndjson *d, wki_ndjson_bad_fn on_bad, void *user);
void wki_ndjson_feed(wki_ndjson *d, const char *data, size_t n);
void wki_ndjson_finish(wki_ndjson *d);

#ifdef __cplusplus
}
#endif

#endif
