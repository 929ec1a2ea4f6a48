/* The first line is a base, the second a reference. What passes the check stays itself. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http/url.h"

static void one(const char *url)
{
    char small[16];
    char *origin = NULL, *normal = NULL, *again = NULL;

    wki_url_redact(small, sizeof small, url);
    FUZZ_HOLDS(strlen(small) < sizeof small);
    wki_url_host_class(url);
    wki_url_is_loopback(url);
    if (wki_url_origin(url, &origin, NULL) == WK_OK)
        FUZZ_HOLDS(wki_url_same_origin(origin, url));
    if (wki_url_normalize(url, &normal, NULL) == WK_OK) {
        FUZZ_HOLDS(wki_url_check(url, NULL) == WK_OK && wki_url_check(normal, NULL) == WK_OK);
        FUZZ_HOLDS(wki_url_same_origin(normal, url));
        FUZZ_HOLDS(wki_url_normalize(normal, &again, NULL) == WK_OK && strcmp(normal, again) == 0);
    }
    free(origin);
    free(normal);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *reference, *out = NULL;

    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    reference = strchr(text, '\n');
    if (reference)
        *reference++ = '\0';
    one(text);
    if (reference && wki_url_resolve(text, reference, &out, NULL) == WK_OK)
        one(out);
    free(out);
    free(text);
    return 0;
}
