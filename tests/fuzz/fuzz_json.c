/* JSON in pieces and at once: what both accept is the same, and what is printed parses again. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "json/json.h"
#include "json/json_stream.h"

static wk_code count(void *user, const wki_json *value, wk_error *err)
{
    (void)err;
    FUZZ_HOLDS(value != NULL);
    ++*(size_t *)user;
    return WK_OK;
}

static void stream(const uint8_t *data, size_t size, size_t piece, bool mend)
{
    wki_json_faults faults = {0};
    wki_json_stream *s = NULL;
    wk_error err = {0};
    size_t n = 0;
    wk_code rc = wki_json_stream_new("input", 1 << 16, count, &n, &s, &err);

    if (mend && rc == WK_OK)
        wki_json_stream_mend(s, &faults);
    for (size_t at = 0; rc == WK_OK && at < size; at += piece)
        rc = wki_json_stream_feed(s, data + at, size - at < piece ? size - at : piece, &err);
    if (rc == WK_OK)
        rc = wki_json_stream_finish(s, &err);
    FUZZ_HOLDS((rc == WK_OK) == (err.code == WK_OK));
    wki_json_stream_free(s);
}

/* What is JSON is not changed by mending, but for NULs. */
static void mended(const uint8_t *data, size_t size)
{
    wki_json_faults faults = {0};
    wki_json *doc = NULL;
    wk_error err = {0};
    bool strict = wki_json_parse((const char *)data, size, "input", &doc, NULL) == WK_OK;

    wki_json_free(doc);
    doc = NULL;
    if (wki_json_parse_mended((const char *)data, size, "input", "", &faults, &doc, &err) != WK_OK)
        FUZZ_HOLDS(!strict);
    FUZZ_HOLDS((doc != NULL) == (err.code == WK_OK));
    wki_json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wki_json *doc = NULL, *again = NULL;
    wk_error err = {0};
    char *text;

    stream(data, size, size ? size : 1, false);
    stream(data, size, 1 + size / 7, false);
    stream(data, size, 1 + size / 5, true);
    mended(data, size);
    if (wki_json_parse((const char *)data, size, "input", &doc, &err) != WK_OK)
        return 0;
    text = wki_json_print(doc);
    if (text) {
        FUZZ_HOLDS(wki_json_parse(text, strlen(text), "again", &again, &err) == WK_OK);
        wki_json_free(again);
    }
    free(text);
    wki_json_free(doc);
    return 0;
}
