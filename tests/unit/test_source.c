#include "support/t.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base64.h"
#include "core/source.h"
#include "support/script_wire.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* All of a source, read in pieces of `step`, as text. */
static void read_in_steps(const wki_source *s, size_t step, char *out, size_t size)
{
    size_t used = 0, got = 1;
    wk_error err = {0};

    T_OK(s->rewind(s->user, &err), &err);
    while (got > 0) {
        got = 0;
        T_OK(s->read(s->user, out + used, step < size - 1 - used ? step : size - 1 - used, &got,
                     &err),
             &err);
        used += got;
    }
    out[used] = '\0';
}

static void check(const wki_source *s, const char *expected)
{
    char text[256];

    CU_ASSERT_EQUAL(s->size, strlen(expected));
    for (size_t step = 1; step < 20; step++) {
        read_in_steps(s, step, text, sizeof text);
        T_STR(text, expected);
    }
}

static int temporary_file(const char *text)
{
    char name[] = "/tmp/wadokit-source-XXXXXX";
    int fd = mkstemp(name);

    CU_ASSERT_FATAL(fd >= 0);
    unlink(name);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

static void test_memory_files_and_joined_sources_give_all_in_any_step(void)
{
    wki_memory_source a, b, none;
    wki_file_source file;
    wki_joined_source joined;
    wki_source parts[4];
    wki_source all;
    int fd = temporary_file("from a file");
    wk_error err = {0};

    parts[0] = wki_source_of_memory(&a, "before ", 7);
    parts[1] = wki_source_of_memory(&none, NULL, 0);
    T_OK(wki_source_of_file(&file, fd, "f", &parts[2], &err), &err);
    parts[3] = wki_source_of_memory(&b, " behind", 7);
    all = wki_source_of_parts(&joined, parts, N(parts));
    check(&parts[0], "before ");
    check(&parts[2], "from a file");
    check(&all, "before from a file behind");
    close(fd);
}

/* RFC 4648 section 10. */
static void test_base64_is_as_the_rfc_has_it(void)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        wki_memory_source m;
        wki_base64_source encoded;
        wki_source s = wki_source_of_base64(
            &encoded, wki_source_of_memory(&m, cases[i][0], strlen(cases[i][0])));

        check(&s, cases[i][1]);
    }
}

static void test_long_base64_has_its_padding_at_the_end_alone(void)
{
    static unsigned char raw[3 * WKI_BASE64_PIECE + 1];
    wki_memory_source m;
    wki_base64_source encoded;
    wki_source s = wki_source_of_base64(&encoded, wki_source_of_memory(&m, raw, sizeof raw));
    wki_buf whole, expected;
    wk_error err = {0};

    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (unsigned char)(i * 7);
    wki_buf_init(&whole, 1 << 20, "whole");
    wki_buf_init(&expected, 1 << 20, "expected");
    T_OK(wki_source_read_all(&s, &whole, &err), &err);
    T_OK(wki_base64_encode(&expected, raw, sizeof raw, &err), &err);
    CU_ASSERT_EQUAL(whole.n, s.size);
    T_STR(wki_buf_text(&whole), wki_buf_text(&expected));
    wki_buf_clear(&whole);
    wki_buf_clear(&expected);
}

static void test_a_file_that_changes_is_an_error(void)
{
    wki_file_source file;
    wki_source s;
    char some[4];
    size_t got;
    int fd = temporary_file("0123456789");
    wk_error err = {0};

    T_OK(wki_source_of_file(&file, fd, "name.jpg", &s, &err), &err);
    T_OK(s.read(s.user, some, sizeof some, &got, &err), &err);
    CU_ASSERT_EQUAL(ftruncate(fd, 4), 0);
    T_FAILS(s.read(s.user, some, sizeof some, &got, &err), WK_IO, &err);
    T_HAS(err.message, "name.jpg: was changed");
    wk_error_clear(&err);
    T_OK(wki_source_of_file(&file, fd, "name.jpg", &s, &err), &err);
    CU_ASSERT_EQUAL(pwrite(fd, "x", 1, 9), 1); /* it grew */
    T_FAILS(s.read(s.user, some, sizeof some, &got, &err), WK_IO, &err);
    close(fd);
}

static void test_what_is_no_file_is_no_source(void)
{
    wki_file_source file;
    wki_source s;
    int fd = open("/", O_RDONLY | O_DIRECTORY);
    wk_error err = {0};

    T_FAILS(wki_source_of_file(&file, fd, "/", &s, &err), WK_USAGE, &err);
    close(fd);
}

/* ---- as the body of a request ---- */

static wk_code send(script *s, const script_reply *replies, size_t n, const wki_source *body,
                    wk_error *err)
{
    static const char *const origins[] = {"https://a"};
    wki_http_opts opts = {
        .origins = origins, .n_origins = 1, .retries = 5, .max_wait_ms = -1, .clock = &s->clock};
    wki_http_request r = {.url = "https://a/x", .source = body, .repeatable = true};
    wki_transport t;
    wki_http *http = NULL;
    wki_buf answer;
    wk_code rc;

    script_init(s, replies, n);
    t = script_transport(s);
    T_OK(wki_http_new_on(&opts, &t, &http, err), err);
    wki_buf_init(&answer, 100, "answer");
    rc = wki_http_fetch(http, &r, &answer, NULL, err);
    wki_buf_clear(&answer);
    wki_http_free(http);
    return rc;
}

static script s;

static void test_a_body_is_sent_from_its_start_each_time(void)
{
    static const script_reply replies[] = {
        {.status = 503},
        {.status = 307, .headers = {"Location: /y"}},
        {.end = WKI_WIRE_BROKEN},
        {.status = 200},
    };
    wki_memory_source m;
    wki_source body = wki_source_of_memory(&m, "the body", 8);
    wk_error err = {0};

    T_OK(send(&s, replies, N(replies), &body, &err), &err);
    CU_ASSERT_EQUAL(s.n_seen, 4);
    for (size_t i = 0; i < s.n_seen; i++) {
        T_STR(s.seen[i].method, "POST");
        T_STR(s.seen[i].body, "the body");
        CU_ASSERT_EQUAL(s.seen[i].body_n, 8);
    }
}

static void test_a_source_that_fails_ends_the_request_with_its_own_words(void)
{
    static const script_reply replies[] = {{.status = 200}};
    wki_file_source file;
    wki_source body;
    int fd = temporary_file("0123456789");
    wk_error err = {0};

    T_OK(wki_source_of_file(&file, fd, "name.jpg", &body, &err), &err);
    CU_ASSERT_EQUAL(ftruncate(fd, 4), 0);
    T_FAILS(send(&s, replies, 1, &body, &err), WK_IO, &err);
    T_HAS(err.message, "name.jpg: was changed");
    CU_ASSERT_EQUAL(s.n_seen, 1);
    close(fd);
}

static void test_a_source_that_gives_less_than_it_said_is_an_error(void)
{
    static const script_reply replies[] = {{.status = 200}};
    wki_memory_source m;
    wki_source body = wki_source_of_memory(&m, "short", 5);
    wk_error err = {0};

    body.size = 7;
    T_FAILS(send(&s, replies, 1, &body, &err), WK_IO, &err);
    T_HAS(err.message, "2 bytes early");
}

static CU_TestInfo tests[] = {
    {"memory, files and joined sources give all in any step",
     test_memory_files_and_joined_sources_give_all_in_any_step},
    {"base64 is as the RFC has it", test_base64_is_as_the_rfc_has_it},
    {"long base64 has its padding at the end alone",
     test_long_base64_has_its_padding_at_the_end_alone},
    {"a file that changes is an error", test_a_file_that_changes_is_an_error},
    {"what is no file is no source", test_what_is_no_file_is_no_source},
    {"a body is sent from its start each time", test_a_body_is_sent_from_its_start_each_time},
    {"a source that fails ends the request with its own words",
     test_a_source_that_fails_ends_the_request_with_its_own_words},
    {"a source that gives less than it said is an error",
     test_a_source_that_gives_less_than_it_said_is_an_error},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_source = {"source", NULL, NULL, NULL, NULL, tests};
