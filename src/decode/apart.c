/* A decoder that may abort on a hostile stream, or not come to an end, runs in a child process,
 * whose death is an error like any other. Starting a process costs as much as decoding a small
 * picture, so a child stays for the next picture: it waits at a socket for a byte, finds the task
 * in memory that it shares with us, leaves the pixels there, and answers with a byte. It ends when
 * we do. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "decode/codec.h"

enum {
    /* Many times what a sound stream takes on a slow machine: 2 s, and 1 s a million samples.
     * Should it wait instead of working, it may do so for 20 times as long. */
    BASE_SECONDS = 2,
    SAMPLES_A_SECOND = 1 << 20,
    PATIENCE = 20,
    /* A damaged stream may ask for any amount of memory: 1 GiB, and 64 bytes a sample. */
    LEAST_MEMORY = 1 << 30,
    BYTES_A_SAMPLE = 64,
    LEAST_ROOM = 4 << 20, /* so that small pictures of all sizes find room in the same child */
    MOST_FDS = 1024
};

typedef struct task {
    wki_image_desc desc; /* its pointers are not followed */
    unsigned reduce, seconds;
    size_t n, whole; /* bytes of the stream, behind the pixels */
    size_t pixels;   /* room for them */
    bool done;
    wk_code rc;
    wk_error err;
    wki_pixels out; /* data is meaningless here */
    _Alignas(16) uint8_t room[];
} task;

/* A child and what we share with it; used by one thread at a time. */
typedef struct helper {
    struct helper *next;
    wki_codec codec;
    pid_t child;
    int socket;
    task *task;
    size_t size; /* of what is shared */
    bool used;   /* has decoded something */
} helper;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static helper *idle;
static pid_t owner; /* of `idle`: not another process that was forked with it */

/* What the parent's program may have set up for crashes and for its end is not for this one. */
static void become_expendable(int fd)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF};
    static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE};
    struct rlimit core = {0, 0};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigset_t none;

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        (void)signal(signals[i], SIG_DFL);
    /* An interrupt is for the parent, which may want this picture still. */
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        (void)signal(ignored[i], SIG_IGN);
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    (void)setrlimit(RLIMIT_CORE, &core);
    for (int i = 0; null >= 0 && i <= STDERR_FILENO; i++)
        (void)dup2(null, i);
    /* Files, sockets and pipes of the parent must end when it closes them. */
    if (fd <= STDERR_FILENO ||
        (fd > STDERR_FILENO + 1 && syscall(SYS_close_range, STDERR_FILENO + 1, fd - 1, 0) != 0) ||
        syscall(SYS_close_range, fd + 1, ~0U, 0) != 0) {
        for (int i = STDERR_FILENO + 1; i < MOST_FDS; i++) {
            if (i != fd)
                (void)close(i);
        }
    }
}

static unsigned seconds_for(size_t pixels)
{
    return BASE_SECONDS + (unsigned)(pixels / SAMPLES_A_SECOND);
}

/* What this process has already: the sixth number of statm, in pages. */
static rlim_t memory_now(void)
{
    char text[256] = "", *at = text;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    unsigned long pages = 0;

    if (fd >= 0) {
        (void)!read(fd, text, sizeof text - 1);
        (void)close(fd);
    }
    for (int i = 0; i < 6; i++)
        pages = strtoul(at, &at, 10);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* Sanitizers need more than any limit. */
static void limit_memory(rlim_t at_start, size_t pixels)
{
#ifndef WADOKIT_SANITIZED
    rlim_t most = at_start + LEAST_MEMORY + (rlim_t)pixels * BYTES_A_SAMPLE;
    struct rlimit data;

    if (getrlimit(RLIMIT_DATA, &data) == 0) {
        data.rlim_cur = most < data.rlim_max ? most : data.rlim_max;
        (void)setrlimit(RLIMIT_DATA, &data);
    }
#else
    (void)at_start;
    (void)pixels;
#endif
}

static void limit_time(unsigned seconds)
{
    struct itimerval timer = {{0, 0}, {seconds, 0}};

    (void)setitimer(ITIMER_PROF, &timer, NULL);
}

static void run(wki_codec codec, task *t)
{
    wki_frame_bytes bytes = {.data = t->room + t->pixels, .n = t->n, .whole = t->whole};
    wki_pixels p = {0};

    t->rc = codec(&t->desc, &bytes, t->reduce, &p, &t->err);
    if (t->rc == WK_OK && p.size > t->pixels)
        t->rc = wk_fail(&t->err, WK_DATA, "the picture is larger than the header says");
    if (t->rc == WK_OK) {
        memcpy(t->room, p.data, p.size);
        t->out = p;
    }
    wki_pixels_clear(&p);
    t->done = true;
}

/* The child's life. */
static void serve(wki_codec codec, task *t, int fd)
{
    rlim_t at_start = memory_now();
    char byte;

    become_expendable(fd);
    while (read(fd, &byte, 1) == 1) {
        limit_time(t->seconds);
        limit_memory(at_start, t->pixels);
        run(codec, t);
        limit_time(0);
        if (write(fd, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

/* Where the program ignores SIGCHLD there is nothing to wait for in the end, but it has ended. */
static void wait_for(pid_t child)
{
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void helper_free(helper *h, bool is_ours)
{
    if (!h)
        return;
    if (h->socket >= 0)
        (void)close(h->socket);
    if (is_ours && h->child > 0)
        wait_for(h->child);
    if (h->task)
        (void)munmap(h->task, h->size);
    free(h);
}

/* At the end of the process: what the children used then counts as its own. */
static void free_idle(void)
{
    bool is_ours = owner == getpid();

    (void)pthread_mutex_lock(&lock);
    while (idle) {
        helper *h = idle;

        idle = h->next;
        helper_free(h, is_ours);
    }
    (void)pthread_mutex_unlock(&lock);
}

/* One that has room enough, or NULL. */
static helper *take_idle(wki_codec codec, size_t size)
{
    helper *h = NULL;

    (void)pthread_mutex_lock(&lock);
    if (owner != getpid()) {
        while (idle) {
            h = idle;
            idle = h->next;
            helper_free(h, false);
        }
        h = NULL;
        owner = getpid();
    }
    for (helper **at = &idle; *at; at = &(*at)->next) {
        if ((*at)->codec == codec) {
            h = *at;
            *at = h->next;
            break;
        }
    }
    (void)pthread_mutex_unlock(&lock);
    if (h && h->size < size) {
        helper_free(h, true);
        h = NULL;
    }
    return h;
}

static void put_idle(helper *h)
{
    (void)pthread_mutex_lock(&lock);
    h->next = idle;
    idle = h;
    (void)pthread_mutex_unlock(&lock);
}

static void register_end(void)
{
    (void)atexit(free_idle);
}

static helper *start(wki_codec codec, size_t size, wk_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    helper *h = calloc(1, sizeof *h);
    int pair[2];

    (void)pthread_once(&once, register_end);
    if (!h || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        (void)wk_fail_errno(err, WK_NOMEM, errno, "no socket for the decoder");
        free(h);
        return NULL;
    }
    h->codec = codec;
    h->socket = pair[0];
    h->size = size < LEAST_ROOM ? LEAST_ROOM : size;
    h->task = mmap(NULL, h->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (h->task == MAP_FAILED)
        h->task = NULL;
    h->child = h->task ? fork() : -1;
    if (h->child == 0)
        serve(codec, h->task, pair[1]);
    (void)close(pair[1]);
    if (h->child > 0)
        return h;
    (void)wk_fail_errno(err, WK_NOMEM, errno, "no process for the decoder");
    helper_free(h, true);
    return NULL;
}

/* Whether the child answered. One that does neither work nor answer is ended. */
static bool ask(helper *h, unsigned seconds)
{
    struct pollfd p = {.fd = h->socket, .events = POLLIN};
    char byte = 1;
    int n;

    if (send(h->socket, &byte, 1, MSG_NOSIGNAL) != 1)
        return false;
    do
        n = poll(&p, 1, (int)(seconds * PATIENCE * 1000));
    while (n < 0 && errno == EINTR);
    if (n == 1 && recv(h->socket, &byte, 1, 0) == 1)
        return h->task->done;
    (void)kill(h->child, SIGKILL);
    return false;
}

/* What a child that went wrong may have left is not trusted. */
static wk_code take(const task *t, const wki_image_desc *d, size_t pixels, wki_pixels *out,
                    wk_error *err)
{
    wki_pixels p = {0}, said = t->out;

    if (t->rc != WK_OK) {
        wk_error why = t->err;

        why.message[sizeof why.message - 1] = '\0';
        return wk_fail_from(err, t->rc, &why);
    }
    if (said.rows > d->rows || said.cols > d->cols || said.samples > d->samples ||
        said.type != wki_stored_type(d))
        return wk_fail(err, WK_DATA, "the picture is larger than the header says");
    if (!wki_pixels_alloc(&p, said.rows, said.cols, said.samples, said.type))
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(p.data, t->room, p.size < pixels ? p.size : pixels);
    p.color = said.color;
    p.reduced = said.reduced;
    p.at_corners = said.at_corners;
    memcpy(p.decoder, said.decoder, sizeof p.decoder - 1);
    memcpy(p.warning, said.warning, sizeof p.warning - 1);
    *out = p;
    return WK_OK;
}

static void give(task *t, const wki_image_desc *d, const wki_frame_bytes *bytes, unsigned reduce,
                 size_t pixels)
{
    memset(t, 0, sizeof *t);
    t->desc = *d;
    t->reduce = reduce;
    t->seconds = seconds_for(pixels);
    t->n = bytes->n;
    t->whole = bytes->whole;
    t->pixels = pixels;
    memcpy(t->room + pixels, bytes->data, bytes->n);
}

static bool add_up(const wki_image_desc *d, size_t n, size_t *pixels, size_t *size)
{
    return wki_mul_size(d->rows, d->cols, pixels) &&
           wki_mul_size(*pixels, d->samples * wki_sample_bytes(wki_stored_type(d)), pixels) &&
           wki_add_size(*pixels, n, size) && wki_add_size(*size, sizeof(task), size) &&
           *size <= WK_MAX_FRAME_BYTES;
}

wk_code wki_decode_apart(wki_codec codec, const wki_image_desc *d, const wki_frame_bytes *bytes,
                         unsigned reduce, wki_pixels *out, wk_error *err)
{
    size_t pixels, size;
    helper *h;
    wk_code rc;
    bool tried;

    if (!add_up(d, bytes->n, &pixels, &size))
        return wk_fail(err, WK_LIMIT, "frames are larger than %llu bytes", WK_MAX_FRAME_BYTES);
    do {
        h = take_idle(codec, size);
        if (!h)
            h = start(codec, size, err);
        if (!h)
            return WK_NOMEM;
        give(h->task, d, bytes, reduce, pixels);
        if (ask(h, seconds_for(pixels))) {
            rc = take(h->task, d, pixels, out, err);
            h->used = true;
            put_idle(h);
            return rc;
        }
        /* One that was there before may have died of something else. */
        tried = !h->used;
        helper_free(h, true);
    } while (!tried);
    return wk_fail(err, WK_DATA, "the code stream is corrupt: its decoder broke down");
}
