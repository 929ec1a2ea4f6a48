/* A decoder that may abort on a hostile stream, or not come to an end, runs in a child process,
 * whose death is an error like any other. The pixels come back through shared memory. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "decode/codec.h"

/* Many times what a sound stream takes on a slow machine: 2 s, and 1 s a million samples. */
enum { BASE_SECONDS = 2, SAMPLES_A_SECOND = 1 << 20 };

typedef struct answer {
    bool done;
    wk_code rc;
    wk_error err;
    wki_pixels pixels; /* data is meaningless here */
    size_t room;       /* bytes at `cells` */
    _Alignas(16) uint8_t cells[];
} answer;

/* What the parent's program may have set up for crashes is not for this one. */
static void become_expendable(size_t samples)
{
    rlim_t seconds = BASE_SECONDS + samples / SAMPLES_A_SECOND;
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGXCPU};
    struct rlimit cpu = {.rlim_cur = seconds, .rlim_max = seconds}, core = {0, 0};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)signal(signals[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CPU, &cpu);
    (void)setrlimit(RLIMIT_CORE, &core);
    if (null >= 0)
        (void)dup2(null, STDERR_FILENO);
}

static void run_child(wki_codec codec, const wki_image_desc *d, const wki_frame_bytes *bytes,
                      unsigned reduce, answer *a)
{
    wki_pixels p = {0};

    become_expendable((size_t)d->rows * d->cols * d->samples);
    a->rc = codec(d, bytes, reduce, &p, &a->err);
    if (a->rc == WK_OK && p.size > a->room)
        a->rc = wk_fail(&a->err, WK_DATA, "the picture is larger than the header says");
    if (a->rc == WK_OK) {
        memcpy(a->cells, p.data, p.size);
        a->pixels = p;
    }
    a->done = true;
    _exit(0);
}

/* Where the program ignores SIGCHLD there is nothing to wait for in the end, but it has ended. */
static void wait_for(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

static wk_code take(const answer *a, wki_pixels *out, wk_error *err)
{
    wki_pixels p = {0};

    if (!a->done)
        return wk_fail(err, WK_DATA, "the code stream is corrupt: its decoder broke down");
    if (a->rc != WK_OK)
        return wk_fail(err, a->rc, "%s", a->err.message);
    if (!wki_pixels_alloc(&p, a->pixels.rows, a->pixels.cols, a->pixels.samples, a->pixels.type))
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(p.data, a->cells, p.size);
    p.color = a->pixels.color;
    p.reduced = a->pixels.reduced;
    p.at_corners = a->pixels.at_corners;
    memcpy(p.decoder, a->pixels.decoder, sizeof p.decoder);
    memcpy(p.warning, a->pixels.warning, sizeof p.warning);
    *out = p;
    return WK_OK;
}

wk_code wki_decode_apart(wki_codec codec, const wki_image_desc *d, const wki_frame_bytes *bytes,
                         unsigned reduce, wki_pixels *out, wk_error *err)
{
    size_t room, size;
    pid_t child;
    answer *a;
    wk_code rc;

    if (!wki_mul_size(d->rows, d->cols, &room) ||
        !wki_mul_size(room, d->samples * wki_sample_bytes(wki_stored_type(d)), &room) ||
        !wki_add_size(room, sizeof *a, &size) || size > WK_MAX_FRAME_BYTES)
        return wk_fail(err, WK_LIMIT, "frames are larger than %llu bytes", WK_MAX_FRAME_BYTES);
    a = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED)
        return wk_fail(err, WK_NOMEM, "out of memory");
    a->room = room;
    child = fork();
    if (child == 0)
        run_child(codec, d, bytes, reduce, a);
    if (child > 0) {
        wait_for(child);
        rc = take(a, out, err);
    } else {
        rc = wk_fail_errno(err, WK_NOMEM, errno, "no process for the decoder");
    }
    (void)munmap(a, size);
    return rc;
}
