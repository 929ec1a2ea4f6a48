#include "support/t.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box/box.h"
#include "support/box_probe.h"

static int set_up(wk_sandbox sandbox, const char *program, wk_log log)
{
    wki_box_opts opts = {sandbox, program, log};

    wki_box_set_up(&opts);
    return 0;
}

static int use_the_probe(void)
{
    return set_up(WK_SANDBOX_AUTO, BOX_PROBE, (wk_log){0});
}

static int use_the_decoders(void)
{
    return set_up(WK_SANDBOX_AUTO, WADOKIT_DECODE_BUILT, (wk_log){0});
}

static wki_box *take(void)
{
    wki_box *b = NULL;
    wk_error err = {0};

    T_OK(wki_box_take("probe", &b, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    return b;
}

/* What became of an attempt inside: errno, 0 where it could be done. */
static int attempt(wki_box *b, const char *what)
{
    wki_box_terms terms = {.op = PROBE_TRY, .seconds = 5, .memory = 64 << 20, .file = -1};
    const void *out = NULL;
    int got = -1;
    size_t n = 0;
    wk_error err = {0};
    char *in = wki_box_room(b, strlen(what) + 1, 64, &err);

    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    memcpy(in, what, strlen(what) + 1);
    T_OK(wki_box_ask(b, &terms, &out, &n, &err), &err);
    if (n == sizeof got)
        memcpy(&got, out, sizeof got);
    return got;
}

static void test_nothing_can_be_had_from_inside(void)
{
    static const char *const all[] = {"open",        "openat",   "create", "socket", "fork",
                                      "exec",        "kill all", "signal", "trace",  "limits",
                                      "kill parent", "write",    "read",   "shrink", "code"};
    wki_box *b = take();

    CU_ASSERT(wki_box_sandbox(b)->seccomp);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        int got = attempt(b, all[i]);

        if (got <= 0)
            printf("%s: %d\n", all[i], got);
        CU_ASSERT(got > 0);
    }
    CU_ASSERT_EQUAL(attempt(b, "data"), 0);
    wki_box_put(b);
}

/* The only child of this process that runs the probe. */
static pid_t child(void)
{
    DIR *all = opendir("/proc");
    struct dirent *e;
    pid_t found = 0;

    while (all && (e = readdir(all)) != NULL) {
        char path[300], text[512] = "", program[256] = "";
        pid_t parent = 0;
        FILE *f;

        (void)snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        f = fopen(path, "r");
        if (!f)
            continue;
        if (fgets(text, sizeof text, f) &&
            sscanf(text, "%*d (%255[^)]) %*c %d", program, &parent) == 2 && parent == getpid() &&
            strncmp(program, "wadokit_box_probe", 15) == 0)
            found = (pid_t)strtol(e->d_name, NULL, 10);
        (void)fclose(f);
    }
    if (all)
        (void)closedir(all);
    return found;
}

static char *line_of(pid_t pid, const char *name, char *line, size_t size)
{
    char path[64];
    FILE *f;

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    *line = '\0';
    while (f && fgets(line, (int)size, f) && strncmp(line, name, strlen(name)) != 0)
        *line = '\0';
    if (f)
        (void)fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void test_the_kernel_says_the_same(void)
{
    wki_box *b = take();
    pid_t pid = child();
    char line[256];

    CU_ASSERT(pid > 0);
    CU_ASSERT_STRING_EQUAL(line_of(pid, "NoNewPrivs:", line, sizeof line), "NoNewPrivs:\t1");
    CU_ASSERT_STRING_EQUAL(line_of(pid, "Seccomp:", line, sizeof line), "Seccomp:\t2");
    CU_ASSERT_STRING_EQUAL(line_of(pid, "Threads:", line, sizeof line), "Threads:\t1");
    wki_box_put(b);
}

/* Of a process that cannot be dumped only root may read these. */
static void test_no_environment_and_no_descriptors_come_along(void)
{
    int extra = open("/dev/null", O_RDONLY); /* not closed at exec */
    wki_box *b;
    char path[64], names[64] = "", byte;
    struct dirent *e;
    DIR *fds;
    int fd;

    (void)setenv("WADOKIT_TOKEN", "a secret", 1);
    (void)set_up(WK_SANDBOX_REQUIRE, BOX_PROBE, (wk_log){0}); /* a new one */
    b = take();
    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)child());
    fd = open(path, O_RDONLY);
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)child());
    fds = opendir(path);
    if (fd >= 0 && fds) {
        CU_ASSERT_EQUAL(read(fd, &byte, 1), 0);
        while ((e = readdir(fds)) != NULL) {
            if (e->d_name[0] != '.')
                (void)snprintf(names + strlen(names), sizeof names - strlen(names), "%.8s ",
                               e->d_name);
        }
        CU_ASSERT_STRING_EQUAL(names, "3 4 ");
    } else {
        printf("not root: descriptors and environment are not looked at\n");
        CU_ASSERT_EQUAL(errno, EACCES);
    }
    if (fd >= 0)
        (void)close(fd);
    if (fds)
        (void)closedir(fds);
    (void)close(extra);
    (void)unsetenv("WADOKIT_TOKEN");
    wki_box_put(b);
    (void)use_the_probe();
}

static void test_an_answer_that_cannot_be_is_the_end_of_it(void)
{
    wki_box_terms terms = {.op = PROBE_LIE, .seconds = 5, .memory = 64 << 20, .file = -1};
    wki_box *b = take();
    const void *out = NULL;
    size_t n = 0;
    bool again;
    wk_error err = {0};

    CU_ASSERT_PTR_NOT_NULL(wki_box_room(b, 1, 64, &err));
    T_FAILS(wki_box_ask(b, &terms, &out, &n, &err), WK_DATA, &err);
    CU_ASSERT(wki_box_is_lost(b, &again));
    /* There is no process any more that could be meant. */
    T_FAILS(wki_box_ask(b, &terms, &out, &n, &err), WK_DATA, &err);
    wki_box_put(b);
}

#ifndef WADOKIT_SANITIZED
static void test_memory_has_an_end(void)
{
    wki_box_terms terms = {.op = PROBE_HOARD, .seconds = 20, .memory = 64 << 20, .file = -1};
    wki_box *b = take();
    const void *out = NULL;
    size_t n = 0;
    wk_error err = {0};

    CU_ASSERT_PTR_NOT_NULL(wki_box_room(b, 1, 64, &err));
    T_FAILS(wki_box_ask(b, &terms, &out, &n, &err), WK_NOMEM, &err);
    wki_box_put(b);
}
#endif

static void test_a_program_that_is_not_there_is_named(void)
{
    wki_box *b = NULL;
    wk_error err = {0};

    (void)set_up(WK_SANDBOX_AUTO, "/nowhere/wadokit-decode", (wk_log){0});
    T_FAILS(wki_box_take("other", &b, &err), WK_IO, &err);
    T_HAS(err.message, "/nowhere/wadokit-decode");
    T_HAS(err.message, "install wadokit again");
    (void)set_up(WK_SANDBOX_AUTO, "/bin/true", (wk_log){0});
    wk_error_clear(&err);
    T_FAILS(wki_box_take("other", &b, &err), WK_IO, &err);
    T_HAS(err.message, "/bin/true ends before it begins");
    (void)use_the_probe();
}

static void test_without_the_sandbox_it_is_still_another_process(void)
{
    wki_box *b;

    (void)set_up(WK_SANDBOX_OFF, BOX_PROBE, (wk_log){0});
    b = take();
    CU_ASSERT(wki_box_sandbox(b)->off);
    CU_ASSERT_FALSE(wki_box_sandbox(b)->seccomp);
    CU_ASSERT(wki_box_sandbox(b)->limits);
    CU_ASSERT_EQUAL(attempt(b, "openat"), 0);
    wki_box_put(b);
    (void)use_the_probe();
}

static CU_TestInfo tests[] = {
    {"nothing can be had from inside", test_nothing_can_be_had_from_inside},
    {"the kernel says the same", test_the_kernel_says_the_same},
    {"no environment and no descriptors come along",
     test_no_environment_and_no_descriptors_come_along},
    {"an answer that cannot be is the end of it", test_an_answer_that_cannot_be_is_the_end_of_it},
#ifndef WADOKIT_SANITIZED
    {"memory has an end", test_memory_has_an_end},
#endif
    {"a program that is not there is named", test_a_program_that_is_not_there_is_named},
    {"without the sandbox it is still another process",
     test_without_the_sandbox_it_is_still_another_process},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_box = {"box", use_the_probe, use_the_decoders, NULL, NULL, tests};
