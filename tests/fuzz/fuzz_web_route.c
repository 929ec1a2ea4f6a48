/* Requests to `serve`: the first line is a path, the second a query. */
#include <stdlib.h>
#include <string.h>

#include "core/uid.h"
#include "dicomweb/web_route.h"
#include "http/url.h"
#include "fuzz.h"

static void path(const char *text)
{
    static wki_web_route r;
    const char *list;
    uint32_t frame = 0;

    if (!wki_web_route_parse(text, &r))
        return;
    FUZZ_HOLDS(!*r.study || wki_uid_is_valid(r.study));
    FUZZ_HOLDS(!*r.series || (wki_uid_is_valid(r.series) && *r.study));
    FUZZ_HOLDS(!*r.sop || (wki_uid_is_valid(r.sop) && *r.series));
    for (list = r.frames; *list;)
        FUZZ_HOLDS(wki_web_route_frame(&list, &frame) && frame > 0 && frame <= WK_MAX_FRAMES);
}

static void query(const char *text)
{
    char name[16], value[16];

    while (wki_query_next(&text, name, sizeof name, value, sizeof value))
        FUZZ_HOLDS(*name && strlen(name) < sizeof name && strlen(value) < sizeof value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *line;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    line = strchr(text, '\n');
    if (line)
        *line++ = '\0';
    path(text);
    query(line ? line : "");
    free(text);
    return 0;
}
