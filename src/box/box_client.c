/* The outside of a box: processes that are started, asked, and ended. */
#include "box/box.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <wadokit/limits.h>
#include <wadokit/version.h>

#include "box/box_wire.h"
#include "core/buf.h"
#include "core/text.h"

enum {
    LEAST_ROOM = 4 << 20,
    /* Should it wait instead of working, it may do so for so many times as long. */
    PATIENCE = 20,
    START_SECONDS = 30,
    MOST_CALLS = 2000 /* of one process */
};

struct wki_box {
    wki_box *next;
    char worker[16];
    pid_t child;
    int socket, file; /* the channel, what the shared memory is */
    uint8_t *memory;
    size_t size;
    size_t n, most; /* of the call at hand */
    unsigned calls;
    wki_box_greeting greeting;
    bool lost, too_long;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static wki_box *idle;
static pid_t owner; /* of `idle`: not another process that was forked with it */
/* As wki_box_opts. */
typedef struct kept {
    wk_sandbox sandbox;
    char program[WK_MAX_PATH_BYTES];
    wk_log log;
} kept;

static kept settings;
static bool warned;

static kept settings_now(void)
{
    kept now;

    (void)pthread_mutex_lock(&lock);
    now = settings;
    (void)pthread_mutex_unlock(&lock);
    return now;
}

/* Where the program ignores SIGCHLD there is nothing to wait for in the end, but it has ended. */
static void wait_for(wki_box *b)
{
    int status = 0;

    while (waitpid(b->child, &status, 0) < 0 && errno == EINTR)
        ;
    b->too_long |= WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU;
    b->child = 0;
}

static void box_free(wki_box *b, bool is_ours)
{
    if (!b)
        return;
    if (b->socket >= 0)
        (void)close(b->socket);
    if (is_ours && b->child > 0)
        wait_for(b);
    if (b->memory)
        (void)munmap(b->memory, b->size);
    if (b->file >= 0)
        (void)close(b->file);
    free(b);
}

/* At the end of the process: what the children used then counts as its own. */
static void free_idle(void)
{
    bool is_ours = owner == getpid();

    (void)pthread_mutex_lock(&lock);
    while (idle) {
        wki_box *b = idle;

        idle = b->next;
        box_free(b, is_ours);
    }
    (void)pthread_mutex_unlock(&lock);
}

void wki_box_set_up(const wki_box_opts *opts)
{
    bool changed;

    (void)pthread_mutex_lock(&lock);
    changed = opts->sandbox != settings.sandbox;
    settings.sandbox = opts->sandbox;
    settings.log = opts->log;
    if (opts->program && strcmp(opts->program, settings.program) != 0) {
        changed = true;
        (void)wki_strcopy(settings.program, sizeof settings.program, opts->program);
    }
    (void)pthread_mutex_unlock(&lock);
    /* Those of before are not what is wanted now. */
    if (changed)
        free_idle();
}

static void register_end(void)
{
    (void)atexit(free_idle);
}

static wki_box *take_idle(const char *worker)
{
    wki_box *b = NULL;

    (void)pthread_mutex_lock(&lock);
    if (owner != getpid()) {
        while (idle) {
            b = idle;
            idle = b->next;
            box_free(b, false);
        }
        b = NULL;
        owner = getpid();
    }
    for (wki_box **at = &idle; *at; at = &(*at)->next) {
        if (strcmp((*at)->worker, worker) == 0) {
            b = *at;
            *at = b->next;
            break;
        }
    }
    (void)pthread_mutex_unlock(&lock);
    return b;
}

/* ---- starting ---- */

/* A number that is neither the channel's nor the memory's in the child. */
static int move_up(int fd)
{
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, WKI_BOX_MEMORY + 1);

    if (fd >= 0)
        (void)close(fd);
    return moved;
}

/* Memory that the other side cannot take away from under us: it never gets smaller. */
static int make_memory(size_t size)
{
    enum {
        NO_EXEC = 8 /* MFD_NOEXEC_SEAL of newer kernels, which some ask for */
    };
    int fd = memfd_create("wadokit", MFD_CLOEXEC | MFD_ALLOW_SEALING | NO_EXEC);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("wadokit", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    fd = move_up(fd);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    return fd;
}

static bool share_memory(wki_box *b)
{
    b->file = make_memory(LEAST_ROOM);
    if (b->file < 0)
        return false;
    b->memory = mmap(NULL, LEAST_ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, b->file, 0);
    if (b->memory == MAP_FAILED)
        b->memory = NULL;
    b->size = b->memory ? LEAST_ROOM : 0;
    return b->memory != NULL;
}

/* Its environment is empty, and its signals are as at a login. */
static int spawn(wki_box *b, const char *program, const char *mode, int channel)
{
    char *const arguments[] = {(char *)(uintptr_t)program, b->worker, (char *)(uintptr_t)mode,
                               NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t all, none;
    int rc;

    if (posix_spawn_file_actions_init(&files) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&how) != 0) {
        (void)posix_spawn_file_actions_destroy(&files);
        return ENOMEM;
    }
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_setsigdefault(&how, &all);
    (void)posix_spawnattr_setsigmask(&how, &none);
    (void)posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    rc = posix_spawn_file_actions_adddup2(&files, channel, WKI_BOX_CHANNEL);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&files, b->file, WKI_BOX_MEMORY);
    if (rc == 0)
        rc = posix_spawn(&b->child, program, &files, &how, arguments, environment);
    (void)posix_spawnattr_destroy(&how);
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

static bool hear(wki_box *b, void *message, size_t n, unsigned seconds)
{
    struct pollfd p = {.fd = b->socket, .events = POLLIN};
    int ready;

    do
        ready = poll(&p, 1, (int)(seconds * 1000));
    while (ready < 0 && errno == EINTR);
    b->too_long |= ready == 0;
    return ready == 1 && recv(b->socket, message, n, 0) == (ssize_t)n;
}

static wk_code missing(const wki_box *b, const kept *o, wk_error *err)
{
    char what[64];
    bool first;

    if (o->sandbox == WK_SANDBOX_OFF ||
        wki_sandbox_is_whole(&b->greeting.sandbox, what, sizeof what))
        return WK_OK;
    if (o->sandbox == WK_SANDBOX_REQUIRE)
        return wk_fail_setting(err, WK_REFUSED, "sandbox",
                               "the sandbox of decoders is not whole on this system: no %s", what);
    (void)pthread_mutex_lock(&lock);
    first = !warned;
    warned = true;
    (void)pthread_mutex_unlock(&lock);
    if (first)
        wk_log_write(&o->log, WK_LOG_WARN,
                     "the sandbox of decoders is not whole on this system: no %s", what);
    return WK_OK;
}

/* What it says before it has seen anything from outside is believed. */
static wk_code greet(wki_box *b, const char *program, const kept *o, wk_error *err)
{
    wki_box_greeting *g = &b->greeting;

    if (!hear(b, g, sizeof *g, START_SECONDS))
        return wk_fail(err, WK_IO, "%s ends before it begins; install wadokit again", program);
    g->version[sizeof g->version - 1] = '\0';
    g->about[sizeof g->about - 1] = '\0';
    if (strcmp(g->version, wk_version()) != 0)
        return wk_fail(err, WK_IO, "%s is of wadokit %s, this is %s; install wadokit again",
                       program, g->version, wk_version());
    if (g->error.code != WK_OK)
        return wk_fail(err, g->error.code, "%s", g->error.message);
    return missing(b, o, err);
}

static wk_code start(wki_box *b, wk_error *err)
{
    kept o = settings_now();
    const char *program = o.program;
    int pair[2], channel, rc;
    wk_code code = *program ? WK_OK : wki_box_program(&program, err);

    if (code != WK_OK)
        return code;
    if (!share_memory(b) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return wk_fail_errno(err, WK_NOMEM, errno, "no memory to share with a decoder");
    b->socket = pair[0];
    channel = move_up(pair[1]);
    rc = channel < 0 ? EMFILE
                     : spawn(b, program, o.sandbox == WK_SANDBOX_OFF ? "off" : "closed", channel);
    if (channel >= 0)
        (void)close(channel);
    if (rc != 0) {
        b->child = 0;
        return wk_fail_errno(err, WK_IO, rc,
                             "the program of the decoders, %s, cannot be started; install wadokit "
                             "again",
                             program);
    }
    return greet(b, program, &o, err);
}

wk_code wki_box_take(const char *worker, wki_box **out, wk_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    wki_box *b = take_idle(worker);
    wk_code rc;

    (void)pthread_once(&once, register_end);
    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b)
            return wk_fail(err, WK_NOMEM, "out of memory");
        b->socket = b->file = -1;
        (void)wki_strcopy(b->worker, sizeof b->worker, worker);
        rc = start(b, err);
        if (rc != WK_OK) {
            box_free(b, true);
            return rc;
        }
    }
    *out = b;
    return WK_OK;
}

void wki_box_put(wki_box *b)
{
    if (!b)
        return;
    if (b->lost || b->calls >= MOST_CALLS) {
        box_free(b, true);
        return;
    }
    (void)pthread_mutex_lock(&lock);
    b->next = idle;
    idle = b;
    (void)pthread_mutex_unlock(&lock);
}

void wki_box_drop(wki_box *b)
{
    if (b->child > 0) { /* 0 would be this process's own group */
        (void)kill(b->child, SIGKILL);
        wait_for(b);
    }
    b->lost = true;
}

/* ---- calls ---- */

static bool grow(wki_box *b, size_t size)
{
    void *at;

    if (ftruncate(b->file, (off_t)size) != 0)
        return false;
    at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, b->file, 0);
    if (at == MAP_FAILED)
        return false;
    (void)munmap(b->memory, b->size);
    b->memory = at;
    b->size = size;
    return true;
}

void *wki_box_room(wki_box *b, size_t n, size_t most, wk_error *err)
{
    size_t size;

    if (!wki_add_size(n, 15, &size) || !wki_add_size(wki_box_align(n), most, &size) ||
        (size > b->size && !grow(b, wki_box_align(size)))) {
        (void)wk_fail(err, WK_NOMEM, "no memory to share with a decoder");
        return NULL;
    }
    b->n = n;
    b->most = most;
    return b->memory;
}

/* Whole seconds of CPU that it has used. */
static rlim_t used(pid_t child)
{
    struct timespec t = {0};
    clockid_t clock;

    if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (rlim_t)t.tv_sec;
}

/* Set from here, as the other side may be no more what it was. */
static bool set_limit(pid_t child, wki_limit_kind what, rlim_t most)
{
    struct rlimit r;

    if (prlimit(child, what, NULL, &r) != 0)
        return false;
    r.rlim_cur = most < r.rlim_max ? most : r.rlim_max;
    return prlimit(child, what, &r, NULL) == 0;
}

static bool limit(const wki_box *b, const wki_box_terms *t)
{
    bool done = set_limit(b->child, RLIMIT_CPU, used(b->child) + 1 + t->seconds);

#ifndef WADOKIT_SANITIZED /* they need more than any limit */
    done = set_limit(b->child, RLIMIT_AS, b->greeting.space + b->size + t->memory) && done;
#endif
    return done;
}

static bool say(const wki_box *b, const wki_box_terms *t)
{
    wki_box_request r = {.op = t->op, .size = b->size, .n = b->n, .room = b->most};
    struct iovec io = {&r, sizeof r};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

    if (t->file >= 0) {
        m.msg_control = control.room;
        m.msg_controllen = sizeof control.room;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &t->file, sizeof t->file);
    }
    return sendmsg(b->socket, &m, MSG_NOSIGNAL) == (ssize_t)sizeof r;
}

static wk_code end(wki_box *b, const wki_box_terms *t, wk_error *err)
{
    wki_box_drop(b);
    return b->too_long ? wk_fail(err, WK_DATA,
                                 "the data are corrupt, or made up: reading them takes longer "
                                 "than %u s",
                                 t->seconds)
                       : wk_fail(err, WK_DATA, "the data are corrupt: their decoder broke down");
}

/* Only errors that are about the data, or that the worker cannot help. */
static wk_code code_of(wk_code said)
{
    switch (said) {
    case WK_UNSUPPORTED:
    case WK_NOMEM:
    case WK_LIMIT:
    case WK_NOT_FOUND:
    case WK_USAGE:
    case WK_INTERNAL:
        return said;
    default:
        return WK_DATA;
    }
}

wk_code wki_box_ask(wki_box *b, const wki_box_terms *terms, const void **out, size_t *n,
                    wk_error *err)
{
    wki_box_answer a;

    if (b->lost || !limit(b, terms) || !say(b, terms) || !hear(b, &a, sizeof a, terms->seconds * PATIENCE))
        return end(b, terms, err);
    b->calls++;
    a.error.message[sizeof a.error.message - 1] = '\0';
    *n = a.n; /* with WK_LIMIT, how much room it wants */
    if (a.error.code != WK_OK)
        return wk_fail(err, code_of(a.error.code), "%s", a.error.message);
    if (a.n > b->most)
        return end(b, terms, err);
    *out = b->memory + wki_box_align(b->n);
    *n = a.n;
    return WK_OK;
}

bool wki_box_is_lost(const wki_box *b, bool *again)
{
    *again = b->lost && b->calls > 0 && !b->too_long;
    return b->lost;
}

const char *wki_box_about(const wki_box *b)
{
    return b->greeting.about;
}

const wki_sandbox *wki_box_sandbox(const wki_box *b)
{
    return &b->greeting.sandbox;
}
