#include "support/record_kit.h"

#include "core/file_system.h"
#include "flow/record/photo_job.h"
#include "support/odd_fs.h"

#include <wadokit/photo.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* A GIF of 43 bytes; its digest was made by sha1sum. */
#define GIF64 "R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
#define GIF_ESCAPED                                                                                \
    "GIF89a%01%00%01%00%80%00%00%FF%FF%FF%00%00%00!%F9%04%00%00%00%00%00,%00%00%00%00%01%00%01"    \
    "%00%00%02%02D%01%00;"
#define GIF_BYTES 43
#define GIF_SHA1 "J5MV1QeFXGpDUeHiwvOd2c0vzNg="

typedef struct heard {
    char names[8][64];
    wk_photo_report last;
    int n;
} heard;

static void hear(void *user, const wk_photo_report *r)
{
    heard *h = user;
    const char *slash = r->path ? strrchr(r->path, '/') : NULL;

    h->last = *r;
    snprintf(h->names[h->n++ % 8], sizeof h->names[0], "%s", slash ? slash + 1 : "");
}

static wk_code get(record_kit *kit, const char *const *patients, size_t n, heard *h, wk_error *err)
{
    wk_photo_opts opts = {.from = WK_PHOTO_FHIR, .dir = kit->scratch.dir};
    wk_photo_summary sum;

    memset(h, 0, sizeof *h);
    wk_error_clear(err);
    return wk_photo_get(&kit->session, patients, n, &opts, hear, h, &sum, err);
}

#define PATIENT(attachment)                                                                        \
    {                                                                                              \
        200, {"Content-Type: application/fhir+json"},                                              \
            "{\"resourceType\":\"Patient\",\"photo\":[{" attachment "}]}", WKI_WIRE_OK, 0          \
    }
#define BINARY                                                                                     \
    {                                                                                              \
        200, {"Content-Type: application/fhir+json"},                                              \
            "{\"resourceType\":\"Binary\",\"contentType\":\"image/jpeg\",\"data\":\"" GIF64 "\"}", \
            WKI_WIRE_OK, 0                                                                         \
    }
#define BINARY_XML                                                                                 \
    {                                                                                              \
        200, {"Content-Type: application/fhir+xml"},                                               \
            "<Binary xmlns=\"http://hl7.org/fhir\"><data value=\"" GIF64 "\"/></Binary>",          \
            WKI_WIRE_OK, 0                                                                         \
    }

static void test_every_way_to_a_photo(void)
{
    static const script_reply rows[][2] = {
        {PATIENT("\"contentType\":\"image/png\",\"data\":\"" GIF64 "\""), BINARY},
        {PATIENT("\"url\":\"data:image/gif;base64," GIF64 "\""), BINARY},
        {PATIENT("\"url\":\"data:image/gif," GIF_ESCAPED "\""), BINARY},
        {PATIENT("\"url\":\"Binary/1\",\"size\":\"43\",\"hash\":\"" GIF_SHA1 "\""), BINARY},
        {PATIENT("\"url\":\"https://h/f/Binary/1\",\"size\":43"), BINARY_XML},
    };

    for (size_t i = 0; i < N(rows); i++) {
        static const char *const patients[] = {"p1"};
        record_kit kit;
        wk_error err = {0};
        heard h;

        record_open(&kit, rows[i], 2);
        T_OK(get(&kit, patients, 1, &h, &err), &err);
        T_STR(h.names[0], "p1.gif");
        CU_ASSERT_EQUAL(scratch_size(&kit.scratch, "p1.gif"), GIF_BYTES);
        T_STR(kit.log, "");
        record_close(&kit);
    }
}

static void test_what_the_attachment_says_holds(void)
{
    static const struct {
        script_reply patient;
        const char *words;
    } rows[] = {
        {PATIENT("\"url\":\"Binary/1\",\"size\":44"), "43 bytes came"},
        {PATIENT("\"url\":\"Binary/1\",\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\""), "hash"},
        {PATIENT("\"data\":\"" GIF64 "\",\"size\":\"7\""), "43 bytes came"},
        {PATIENT("\"url\":\"data:,\",\"size\":0"), "empty"},
        {PATIENT("\"data\":\"@@\""), "base64"},
    };

    for (size_t i = 0; i < N(rows); i++) {
        static const char *const patients[] = {"p1"};
        const script_reply replies[] = {rows[i].patient, BINARY};
        record_kit kit;
        wk_error err = {0};
        heard h;

        record_open(&kit, replies, 2);
        T_FAILS(get(&kit, patients, 1, &h, &err), WK_DATA, &err);
        T_HAS(err.message, rows[i].words);
        CU_ASSERT_EQUAL(h.last.status, WK_PHOTO_FAILED);
        CU_ASSERT_EQUAL(scratch_count(&kit.scratch, "."), 0);
        record_close(&kit);
    }
}

static void test_a_hash_of_another_kind_is_not_compared(void)
{
    static const char *const patients[] = {"p1"};
    static const script_reply replies[] = {
        PATIENT("\"data\":\"" GIF64 "\",\"hash\":\"0123456789abcdef0123456789abcdef\"")};
    record_kit kit;
    wk_error err = {0};
    heard h;

    record_open(&kit, replies, 1);
    T_OK(get(&kit, patients, 1, &h, &err), &err);
    T_HAS(kit.log, "no SHA-1");
    record_close(&kit);
}

static void test_patients_stay_apart_where_case_does_not_count(void)
{
    static const char *const patients[] = {"ab", "AB", "ab", "Ab", "-x", "AB"};
    static const script_reply replies[] = {PATIENT("\"data\":\"" GIF64 "\"")};
    record_kit kit;
    wk_error err = {0};
    heard h;

    record_open(&kit, replies, 1);
    T_OK(get(&kit, patients, N(patients), &h, &err), &err);
    T_STR(h.names[1], "AB.gif");
    T_STR(h.names[4], "%2Dx.gif");
    odd_fs = "nocase";
    T_OK(get(&kit, patients, N(patients), &h, &err), &err);
    odd_fs = "";
    T_STR(h.names[0], "ab.gif");
    T_STR(h.names[1], "AB~2.gif");
    T_STR(h.names[2], "ab.gif"); /* the same patient */
    T_STR(h.names[3], "Ab~3.gif");
    T_STR(h.names[5], "AB~2.gif");
    record_close(&kit);
}

static CU_TestInfo tests[] = {
    {"every way to a photo gives the same bytes", test_every_way_to_a_photo},
    {"what the Attachment says of them holds", test_what_the_attachment_says_holds},
    {"a hash of another kind is not compared", test_a_hash_of_another_kind_is_not_compared},
    {"patients stay apart where case does not count",
     test_patients_stay_apart_where_case_does_not_count},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_photo_job = {"photo_job", NULL, NULL, NULL, NULL, tests};
