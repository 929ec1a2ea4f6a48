#include "support/t.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/stored.h"
#include "decode/codec.h"

/* A picture of 4 x 1 cells of 32 bits: room for a process id. */
static const wki_image_desc desc = {
    .rows = 1, .cols = 4, .samples = 1, .bits_allocated = 32, .bits_stored = 32, .high_bit = 31};

/* What the made-up decoder does stands in the stream's first byte. */
enum {
    TELL,   /* who decodes: process id, pictures so far, bytes of the stream */
    BREAK,  /* die */
    SPIN,   /* never end */
    REFUSE, /* an error */
    GROW,   /* a picture larger than the header says */
};

static wk_code decode(const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                      wki_pixels *out, wk_error *err)
{
    static uint32_t pictures;
    uint32_t *cells;
    wki_pixels p = {0};

    if (bytes->data[0] == BREAK)
        (void)raise(SIGSEGV);
    while (bytes->data[0] == SPIN)
        pictures += reduce; /* something that is seen */
    if (bytes->data[0] == REFUSE)
        return wk_fail(err, WK_DATA, "not this one");
    if (!wki_pixels_alloc(&p, d->rows, d->cols + (bytes->data[0] == GROW ? 1 : 0), 1,
                          wki_stored_type(d)))
        return wk_fail(err, WK_NOMEM, "out of memory");
    cells = p.data;
    cells[0] = (uint32_t)getpid();
    cells[1] = ++pictures;
    cells[2] = (uint32_t)bytes->n;
    p.reduced = (uint8_t)reduce;
    *out = p;
    return WK_OK;
}

static wk_code ask(uint8_t what, size_t n, wki_pixels *out, wk_error *err)
{
    uint8_t *data = calloc(n, 1);
    wki_frame_bytes bytes = {.data = data, .n = n};
    wk_code rc;

    if (!data)
        return wk_fail(err, WK_NOMEM, "out of memory");
    data[0] = what;
    rc = wki_decode_apart(decode, &desc, &bytes, 1, out, err);
    free(data);
    return rc;
}

/* The process that decoded a picture; 0 where none did. */
static uint32_t decoder(size_t n, uint32_t *pictures)
{
    wki_pixels p = {0};
    wk_error err = {0};
    uint32_t pid = 0;

    T_OK(ask(TELL, n, &p, &err), &err);
    if (p.data) {
        const uint32_t *cells = p.data;

        pid = cells[0];
        *pictures = cells[1];
        CU_ASSERT_EQUAL(cells[2], n);
        CU_ASSERT_EQUAL(p.reduced, 1);
    }
    wki_pixels_clear(&p);
    return pid;
}

static void test_a_child_decodes_one_picture_after_the_other(void)
{
    uint32_t first = 0, pictures = 0, pid = decoder(1, &first);

    CU_ASSERT_NOT_EQUAL(pid, (uint32_t)getpid());
    for (uint32_t i = 1; i <= 5; i++) {
        CU_ASSERT_EQUAL(decoder(1 + i * 100, &pictures), pid);
        CU_ASSERT_EQUAL(pictures, first + i);
    }
}

static void test_a_stream_that_does_not_fit_gets_a_larger_child(void)
{
    uint32_t pictures = 0, pid = decoder(1, &pictures);
    uint32_t larger = decoder(6 << 20, &pictures);

    CU_ASSERT_NOT_EQUAL(larger, pid);
    CU_ASSERT_EQUAL(decoder(1, &pictures), larger);
}

static void fails(uint8_t what, const char *words)
{
    wki_pixels p = {0};
    wk_error err = {0};

    T_FAILS(ask(what, 8, &p, &err), WK_DATA, &err);
    T_HAS(err.message, words);
    CU_ASSERT_PTR_NULL(p.data);
}

static void test_a_child_that_dies_is_an_error_and_another_one_goes_on(void)
{
    uint32_t pictures = 0, pid = decoder(1, &pictures);

    fails(BREAK, "broke down");
    CU_ASSERT_NOT_EQUAL(decoder(1, &pictures), pid);
    CU_ASSERT_EQUAL(pictures, 1);
}

static void test_a_child_that_died_meanwhile_is_replaced(void)
{
    uint32_t pictures = 0, pid = decoder(1, &pictures);

    (void)kill((pid_t)pid, SIGKILL);
    CU_ASSERT_NOT_EQUAL(decoder(1, &pictures), pid);
}

static void test_a_child_that_never_ends_is_ended(void)
{
    fails(SPIN, "broke down");
}

static void test_errors_and_absurd_sizes_come_back_as_errors(void)
{
    uint32_t pictures = 0, pid = decoder(1, &pictures);

    fails(REFUSE, "not this one");
    fails(GROW, "larger than the header says");
    CU_ASSERT_EQUAL(decoder(1, &pictures), pid);
}

/* Two processes at one socket would get each other's pictures. */
static void test_a_forked_process_does_not_use_its_parents_child(void)
{
    uint32_t pictures = 0, pid = decoder(1, &pictures);
    int status = -1;
    pid_t other = fork();

    if (other == 0) {
        bool differs = decoder(1, &pictures) != pid;

        _exit(differs && pictures == 1 ? 0 : 1);
    }
    (void)waitpid(other, &status, 0);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(decoder(1, &pictures), pid);
}

static CU_TestInfo tests[] = {
    {"a child decodes one picture after the other",
     test_a_child_decodes_one_picture_after_the_other},
    {"a stream that does not fit gets a larger child",
     test_a_stream_that_does_not_fit_gets_a_larger_child},
    {"a child that dies is an error and another one goes on",
     test_a_child_that_dies_is_an_error_and_another_one_goes_on},
    {"a child that died meanwhile is replaced", test_a_child_that_died_meanwhile_is_replaced},
    {"a child that never ends is ended", test_a_child_that_never_ends_is_ended},
    {"errors and absurd sizes come back as errors",
     test_errors_and_absurd_sizes_come_back_as_errors},
    {"a forked process does not use its parent's child",
     test_a_forked_process_does_not_use_its_parents_child},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_apart = {"apart", NULL, NULL, NULL, NULL, tests};
