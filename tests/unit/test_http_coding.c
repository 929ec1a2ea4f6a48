/* Content-Encoding over a scripted wire; zlib makes what is undone. */
#include "support/t.h"

#include <stdlib.h>
#include <zlib.h>

#include <wadokit/limits.h>

#include "json/problem.h"
#include "support/script_wire.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

enum {
    GZIP = MAX_WBITS + 16,
    ZLIB = MAX_WBITS,
    BARE = -MAX_WBITS,
    SIZE = 1 << 16
};

static const char text[] = "hello hello hello hello, and a few words that repeat nothing";

/* Deflates in one of the three envelopes; returns the length. */
static size_t pack(int bits, const void *data, size_t n, char *out, size_t size)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)n};

    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)size;
    CU_ASSERT_EQUAL_FATAL(deflateInit2(&z, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
    CU_ASSERT_EQUAL_FATAL(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return size - z.avail_out;
}

/* One GET of an answer with `encoding` and `n` bytes of body. */
static wk_code get(int status, const char *encoding, const char *bytes, size_t n, char *body,
                   size_t size, wki_http_result *result, wk_error *err)
{
    static script s;
    script_reply reply = {.status = status, .headers = {encoding}, .body = bytes};
    wki_http_opts opts = {
        .retries = 0, .max_wait_ms = -1, .clock = &s.clock, .explain = wki_problem_text};
    wki_http_request r = {.url = "https://a/x", .accept = "application/json"};
    wki_transport t;
    wki_http *http = NULL;
    wki_buf buf;
    wk_code rc;

    script_init(&s, &reply, 1);
    s.body_n = n;
    t = script_transport(&s);
    T_OK(wki_http_new_on(&opts, &t, &http, err), err);
    wki_buf_init(&buf, size - 1, "body");
    rc = wki_http_fetch(http, &r, &buf, result, err);
    snprintf(body, size, "%s", wki_buf_text(&buf));
    wki_buf_clear(&buf);
    wki_http_free(http);
    return rc;
}

static char packed[SIZE], twice[SIZE], body[4096];

static void test_every_envelope_is_taken_off(void)
{
    static const struct {
        const char *encoding;
        int bits;
    } cases[] = {
        {"Content-Encoding: gzip", GZIP},    {"Content-Encoding: x-gzip", GZIP},
        {"Content-Encoding: GZip", GZIP},    {"Content-Encoding: deflate", ZLIB},
        {"Content-Encoding: deflate", BARE}, {"Content-Encoding: identity, gzip", GZIP},
    };

    for (size_t i = 0; i < N(cases); i++) {
        size_t n = pack(cases[i].bits, text, strlen(text), packed, sizeof packed);
        wki_http_result result;
        wk_error err = {0};

        T_OK(get(200, cases[i].encoding, packed, n, body, sizeof body, &result, &err), &err);
        T_STR(body, text);
        CU_ASSERT_FALSE(result.damaged);
    }
}

static void test_layers_and_members_are_taken_off(void)
{
    size_t n = pack(ZLIB, text, strlen(text), packed, sizeof packed);
    wk_error err = {0};

    n = pack(GZIP, packed, n, twice, sizeof twice);
    T_OK(get(200, "Content-Encoding: deflate, gzip", twice, n, body, sizeof body, NULL, &err),
         &err);
    T_STR(body, text);
    /* Two members of gzip, one behind the other, are one text. */
    n = pack(GZIP, "one ", 4, packed, sizeof packed);
    n += pack(GZIP, "two", 3, packed + n, sizeof packed - n);
    T_OK(get(200, "Content-Encoding: gzip", packed, n, body, sizeof body, NULL, &err), &err);
    T_STR(body, "one two");
    T_FAILS(
        get(200, "Content-Encoding: gzip, gzip, gzip", packed, n, body, sizeof body, NULL, &err),
        WK_DATA, &err);
}

static void test_damage_at_the_end_is_told(void)
{
    size_t whole = pack(GZIP, text, strlen(text), packed, sizeof packed);
    /* cut: before the trailer, in it, in the deflated data; broken: the CRC, the length; more */
    const struct {
        size_t n, at;
    } cases[] = {{whole - 8, SIZE},  {whole - 1, SIZE},  {whole - 12, SIZE},
                 {whole, whole - 8}, {whole, whole - 1}, {whole + 4, SIZE}};

    for (size_t i = 0; i < N(cases); i++) {
        wki_http_result result;
        wk_error err = {0};

        memset(packed, 0, sizeof packed);
        pack(GZIP, text, strlen(text), packed, sizeof packed);
        if (cases[i].at < SIZE)
            packed[cases[i].at] ^= 1;
        T_FAILS(get(200, "Content-Encoding: gzip", packed, cases[i].n, body, sizeof body, &result,
                    &err),
                WK_DATA, &err);
        CU_ASSERT_EQUAL(result.damaged, result.body_bytes > 0);
        CU_ASSERT_EQUAL(result.status, 200);
    }
}

/* What ended long before the check at the end is suspect too. */
static void test_damage_is_told_of_what_was_handed_over(void)
{
    static char noise[3 * SIZE], large[4 * SIZE], out[4 * SIZE];
    wki_http_result result;
    wk_error err = {0};
    uint32_t x = 1;
    size_t n;

    for (size_t i = 0; i < sizeof noise; i++) {
        x = x * 1664525u + 1013904223u;
        noise[i] = (char)(x >> 24 | 1);
    }
    n = pack(GZIP, noise, sizeof noise, large, sizeof large);
    T_OK(get(200, "Content-Encoding: gzip", large, n, out, sizeof out, &result, &err), &err);
    CU_ASSERT_FALSE(result.damaged);
    large[n - 8] ^= 1;
    T_FAILS(get(200, "Content-Encoding: gzip", large, n, out, sizeof out, &result, &err), WK_DATA,
            &err);
    CU_ASSERT_TRUE(result.damaged);
    CU_ASSERT_TRUE(result.body_bytes > SIZE);
}

static void test_what_stops_for_another_reason_is_no_damage(void)
{
    size_t n = pack(GZIP, text, strlen(text), packed, sizeof packed);
    wki_http_result result;
    wk_error err = {0};
    char small[8];

    T_FAILS(get(200, "Content-Encoding: gzip", packed, n, small, sizeof small, &result, &err),
            WK_LIMIT, &err);
    CU_ASSERT_FALSE(result.damaged);
    T_HAS(err.message, "body");
}

static void test_an_unknown_encoding_is_refused(void)
{
    wk_error err = {0};

    T_FAILS(get(200, "Content-Encoding: br", "xyz", 3, body, sizeof body, NULL, &err), WK_DATA,
            &err);
    T_HAS(err.message, "\"br\"");
}

static void test_an_empty_body_is_whole(void)
{
    wk_error err = {0};

    T_OK(get(200, "Content-Encoding: gzip", NULL, 0, body, sizeof body, NULL, &err), &err);
    T_STR(body, "");
}

static void test_an_error_page_is_read_and_never_hides_its_status(void)
{
    static const char page[] = "{\"message\":\"the disk is full\"}";
    size_t n = pack(GZIP, page, strlen(page), packed, sizeof packed);
    wki_http_result result;
    wk_error err = {0};

    T_FAILS(get(500, "Content-Encoding: gzip", packed, n, body, sizeof body, &result, &err), WK_NET,
            &err);
    T_HAS(err.message, "500 Internal Server Error: the disk is full");
    for (int cut = 0; cut < 2; cut++) {
        wk_error_clear(&err);
        T_FAILS(get(500, "Content-Encoding: gzip", cut ? packed : "no gzip", cut ? n - 9 : 7, body,
                    sizeof body, &result, &err),
                WK_NET, &err);
        CU_ASSERT_EQUAL(err.http_status, 500);
    }
}

/* 64 MiB of zeros in gzip, that in gzip again: 1 to 300,000. */
static void test_a_bomb_in_layers_is_cut_off(void)
{
    size_t size = 64u << 20, n;
    char *zeros = calloc(1, size);
    wki_http_result result;
    wk_error err = {0};

    CU_ASSERT_PTR_NOT_NULL_FATAL(zeros);
    n = pack(GZIP, zeros, size, zeros + size / 2, size / 2);
    n = pack(GZIP, zeros + size / 2, n, twice, sizeof twice);
    T_FAILS(get(200, "Content-Encoding: gzip, gzip", twice, n, body, sizeof body, &result, &err),
            WK_LIMIT, &err);
    CU_ASSERT_TRUE(result.body_bytes < 3u << 20);
    free(zeros);
}

static CU_TestInfo tests[] = {
    {"every envelope is taken off", test_every_envelope_is_taken_off},
    {"layers and members are taken off", test_layers_and_members_are_taken_off},
    {"damage at the end is told", test_damage_at_the_end_is_told},
    {"damage is told of what was handed over", test_damage_is_told_of_what_was_handed_over},
    {"what stops for another reason is no damage", test_what_stops_for_another_reason_is_no_damage},
    {"an unknown encoding is refused", test_an_unknown_encoding_is_refused},
    {"an empty body is whole", test_an_empty_body_is_whole},
    {"an error page is read and never hides its status",
     test_an_error_page_is_read_and_never_hides_its_status},
    {"a bomb in layers is cut off", test_a_bomb_in_layers_is_cut_off},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_http_coding = {"http_coding", NULL, NULL, NULL, NULL, tests};
