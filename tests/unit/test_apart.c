#include "support/t.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box/box.h"
#include "core/stored.h"
#include "decode/codec.h"
#include "support/box_probe.h"

/* A picture of 4 x 1 cells of 32 bits: room for a process id. */
static const wki_image_desc desc = {.pixels = WKI_PIXELS_INTEGER,
                                    .rows = 1,
                                    .cols = 4,
                                    .samples = 1,
                                    .bits_allocated = 32,
                                    .bits_stored = 32,
                                    .high_bit = 31};

static int use_the_probe(void)
{
    wki_box_opts opts = {.program = BOX_PROBE};

    wki_box_set_up(&opts);
    return 0;
}

static int use_the_decoders(void)
{
    wki_box_opts opts = {.program = WADOKIT_DECODE_BUILT};

    wki_box_set_up(&opts);
    return 0;
}

static wk_code ask_for(const wki_image_desc *d, uint8_t what, size_t n, wki_pixels *out,
                       wk_error *err)
{
    uint8_t *data = calloc(n, 1);
    wki_frame_bytes bytes = {.data = data, .n = n};
    wki_decode_opts opts = {.reduce = 1};
    wk_code rc;

    if (!data)
        return wk_fail(err, WK_NOMEM, "out of memory");
    data[0] = what;
    rc = wki_decode_apart("probe", d, &bytes, &opts, out, err);
    free(data);
    return rc;
}

static wk_code ask(uint8_t what, size_t n, wki_pixels *out, wk_error *err)
{
    return ask_for(&desc, what, n, out, err);
}

/* The process that decoded a picture; 0 where none did. */
static uint32_t decoder(size_t n, uint32_t *pictures)
{
    wki_pixels p = {0};
    wk_error err = {0};
    uint32_t pid = 0;

    T_OK(ask(PROBE_TELL, n, &p, &err), &err);
    if (p.data) {
        const uint32_t *cells = p.data;

        pid = cells[0];
        *pictures = cells[1];
        CU_ASSERT_EQUAL(cells[2], n);
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

static void test_a_stream_that_does_not_fit_gets_more_room(void)
{
    uint32_t pictures = 0, pid = decoder(1, &pictures);

    CU_ASSERT_EQUAL(decoder(6 << 20, &pictures), pid);
    CU_ASSERT_EQUAL(decoder(1, &pictures), pid);
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

    fails(PROBE_BREAK, "broke down");
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
    fails(PROBE_SPIN, "takes longer than");
}

static void test_errors_and_absurd_sizes_come_back_as_errors(void)
{
    uint32_t pictures = 0, pid = decoder(1, &pictures);

    fails(PROBE_REFUSE, "not this one");
    fails(PROBE_GROW, "larger than the header says");
    fails(PROBE_COLOR, "something else than the picture");
    CU_ASSERT_EQUAL(decoder(1, &pictures), pid);
}

/* Tables are made by Bits Stored, and looked up by values. */
static void test_values_that_bits_stored_cannot_hold_are_refused(void)
{
    wki_image_desc d = desc;
    wki_pixels p = {0};
    wk_error err = {0};

    d.bits_stored = 2; /* and a process has a larger number */
    d.high_bit = 1;
    T_FAILS(ask_for(&d, PROBE_TELL, 1, &p, &err), WK_DATA, &err);
    T_HAS(err.message, "something else than the picture");
    wki_pixels_clear(&p);
}

static void test_what_a_child_says_cannot_color_the_terminal(void)
{
    wki_pixels p = {0};
    wk_error err = {0};

    T_OK(ask(PROBE_WORDS, 1, &p, &err), &err);
    CU_ASSERT_STRING_EQUAL(p.warning, "?[31mred");
    wki_pixels_clear(&p);
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
    {"a stream that does not fit gets more room", test_a_stream_that_does_not_fit_gets_more_room},
    {"a child that dies is an error and another one goes on",
     test_a_child_that_dies_is_an_error_and_another_one_goes_on},
    {"a child that died meanwhile is replaced", test_a_child_that_died_meanwhile_is_replaced},
    {"a child that never ends is ended", test_a_child_that_never_ends_is_ended},
    {"errors and absurd sizes come back as errors",
     test_errors_and_absurd_sizes_come_back_as_errors},
    {"values that Bits Stored cannot hold are refused",
     test_values_that_bits_stored_cannot_hold_are_refused},
    {"what a child says cannot colour the terminal",
     test_what_a_child_says_cannot_color_the_terminal},
    {"a forked process does not use its parent's child",
     test_a_forked_process_does_not_use_its_parents_child},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_apart = {"apart", use_the_probe, use_the_decoders, NULL, NULL, tests};
