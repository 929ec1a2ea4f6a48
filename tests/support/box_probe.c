/*
 * A program as wadokit-decode is, whose one worker does what a decoder that somebody else took over
 * would try: tests ask it, and see what comes of it. It is not installed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "box/box_wire.h"
#include "decode/apart.h"
#include "box_probe.h"

/* Nobody tells it later. */
static pid_t self;

/* ---- decoding ---- */

static wk_code decode(const wki_image_desc *d, const wki_frame_bytes *bytes,
                      const wki_decode_opts *opts, wki_pixels *out, wk_error *err)
{
    static uint32_t pictures;
    uint8_t what = bytes->data[0];
    uint32_t *cells;
    wki_pixels p = {0};

    if (what == PROBE_BREAK)
        (void)raise(SIGSEGV);
    if (what == PROBE_BREAK)
        __builtin_trap(); /* no signal can be sent in the sandbox */
    while (what == PROBE_SPIN)
        pictures += opts->reduce; /* something that is seen */
    if (what == PROBE_REFUSE)
        return wk_fail(err, WK_DATA, "not this one");
    if (!wki_pixels_alloc(&p, d->rows, d->cols + (what == PROBE_GROW ? 1 : 0), 1,
                          wki_stored_type(d)))
        return wk_fail(err, WK_NOMEM, "out of memory");
    cells = p.data;
    cells[0] = (uint32_t)self;
    cells[1] = ++pictures;
    cells[2] = (uint32_t)bytes->n;
    (void)snprintf(p.warning, sizeof p.warning, "%s", what == PROBE_WORDS ? "\033[31mred" : "");
    if (what == PROBE_COLOR)
        p.color = (wki_color)77;
    *out = p;
    return WK_OK;
}

/* ---- what a decoder should not be able to do ---- */

/* 0 where it was done, else errno. */
static int outcome(long rc)
{
    return rc < 0 ? errno : 0;
}

static int try_to(const char *what)
{
    char byte = 0;
    struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};

    if (strcmp(what, "open") == 0)
        return outcome(open("/etc/passwd", O_RDONLY));
    if (strcmp(what, "openat") == 0)
        return outcome(syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY));
    if (strcmp(what, "create") == 0)
        return outcome(open("/tmp/wadokit-box-probe", O_WRONLY | O_CREAT, 0600));
    if (strcmp(what, "socket") == 0)
        return outcome(socket(AF_INET, SOCK_STREAM, 0));
    if (strcmp(what, "fork") == 0)
        return outcome(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
    if (strcmp(what, "exec") == 0)
        return outcome(execl("/bin/true", "true", (char *)NULL));
    if (strcmp(what, "kill parent") == 0)
        return outcome(kill(getppid() > 0 ? getppid() : 1, SIGTERM));
    if (strcmp(what, "kill all") == 0)
        return outcome(kill(-1, SIGTERM));
    if (strcmp(what, "signal") == 0)
        return outcome(syscall(SYS_tgkill, 1, 1, SIGTERM));
    if (strcmp(what, "trace") == 0)
        return outcome(syscall(SYS_ptrace, 0, 0, 0, 0));
    if (strcmp(what, "limits") == 0)
        return outcome(setrlimit(RLIMIT_FSIZE, &more));
    if (strcmp(what, "write") == 0)
        return outcome(write(STDERR_FILENO, "x", 1));
    if (strcmp(what, "read") == 0)
        return outcome(read(WKI_BOX_MEMORY, &byte, 1));
    if (strcmp(what, "shrink") == 0)
        return outcome(ftruncate(WKI_BOX_MEMORY, 0));
    if (strcmp(what, "code") == 0)
        return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                       MAP_FAILED
                   ? errno
                   : 0;
    if (strcmp(what, "data") == 0) /* what it may do */
        return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                       MAP_FAILED
                   ? errno
                   : 0;
    return -1;
}

static wk_code probe(wki_box_call *call)
{
    int got = try_to((const char *)call->in);

    memcpy(call->out, &got, sizeof got);
    call->out_n = sizeof got;
    return WK_OK;
}

/* An answer that is not what it says. */
static wk_code lie(wki_box_call *call)
{
    call->out_n = (size_t)1 << 40;
    return WK_OK;
}

static wk_code hoard(wk_error *err)
{
    for (size_t i = 0; i < 4096; i++) {
        char *some = malloc(1 << 20);

        if (!some)
            return wk_fail(err, WK_NOMEM, "no more");
        memset(some, (int)i, 1 << 20);
        __asm__ volatile("" : : "r"(some) : "memory");
    }
    return WK_OK;
}

static wk_code open_probe(const wki_box_worker *w, const char **about, wk_error *err)
{
    (void)w;
    (void)err;
    self = getpid();
    *about = "a probe";
    return WK_OK;
}

static wk_code run_probe(const wki_box_worker *w, wki_box_call *call, wk_error *err)
{
    (void)w;
    switch (call->op) {
    case PROBE_TRY:
        return probe(call);
    case PROBE_LIE:
        return lie(call);
    case PROBE_HOARD:
        return hoard(err);
    default:
        return wki_apart_serve(decode, call, err);
    }
}

static const wki_box_worker workers[] = {
    {"probe", open_probe, run_probe, false},
    {NULL, NULL, NULL, false},
};

int main(int argc, char **argv)
{
    return wki_box_serve(argc, argv, workers);
}
