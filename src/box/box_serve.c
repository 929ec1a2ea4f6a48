#include "box/box_serve.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wadokit/version.h>

#include "box/box_wire.h"
#include "core/text.h"

typedef struct memory {
    uint8_t *at;
    size_t size;
} memory;

/* What comes and goes is kept: memory that the system gives anew, cleared, takes longer than to
 * decode a small picture. */
static void set_up_memory(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

/* What this process has of its address space: the first number of statm, in pages. */
static uint64_t space_now(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!read(fd, text, sizeof text - 1);
        (void)close(fd);
    }
    return strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static const wki_box_worker *find(const wki_box_worker *w, const char *name)
{
    while (w->name && strcmp(w->name, name) != 0)
        w++;
    return w->name ? w : NULL;
}

static bool say(const void *message, size_t n)
{
    return send(WKI_BOX_CHANNEL, message, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Opens the worker and closes the rest. */
static bool begin(const wki_box_worker *w, bool off)
{
    wki_box_greeting g = {.sandbox.off = off};
    const char *about = "";
    wk_code rc = WK_OK;

    (void)wki_strcopy(g.version, sizeof g.version, wk_version());
    rc = w ? w->open(w, &about, &g.error)
           : wk_fail(&g.error, WK_INTERNAL, "there is no such worker");
    (void)wki_strcopy(g.about, sizeof g.about, about);
    g.space = space_now();
    if (off)
        wki_sandbox_limit(&g.sandbox);
    else
        wki_sandbox_close(w && w->files, &g.sandbox);
    return say(&g, sizeof g) && rc == WK_OK;
}

/* A request, and the descriptor that may come with it. False at the end. */
static bool hear(wki_box_request *r, int *file)
{
    struct iovec io = {r, sizeof *r};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr m = {.msg_iov = &io,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    struct cmsghdr *c;

    *file = -1;
    if (recvmsg(WKI_BOX_CHANNEL, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *r)
        return false;
    c = CMSG_FIRSTHDR(&m);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(file, CMSG_DATA(c), sizeof *file);
    return true;
}

static bool map(memory *m, size_t size)
{
    void *at;

    if (size <= m->size)
        return true;
    if (m->at)
        (void)munmap(m->at, m->size);
    m->size = 0;
    m->at = NULL;
    at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, WKI_BOX_MEMORY, 0);
    if (at == MAP_FAILED)
        return false;
    m->at = at;
    m->size = size;
    return true;
}

static void serve(const wki_box_worker *w)
{
    memory m = {0};
    wki_box_request r;
    int file;

    while (hear(&r, &file) && map(&m, r.size)) {
        size_t from = wki_box_align(r.n);
        wki_box_call call = {
            .op = r.op, .in = m.at, .n = r.n, .file = file, .out = m.at + from, .room = r.room};
        wki_box_answer a = {0};

        a.error.code = w->run(w, &call, &a.error);
        a.n = call.out_n;
        if (!say(&a, sizeof a))
            break;
    }
}

int wki_box_serve(int argc, char **argv, const wki_box_worker *workers)
{
    const wki_box_worker *w;
    int type = 0;
    socklen_t n = sizeof type;

    if (argc != 3 || getsockopt(WKI_BOX_CHANNEL, SOL_SOCKET, SO_TYPE, &type, &n) != 0 ||
        type != SOCK_SEQPACKET)
        return 2; /* nobody else's program */
    wki_sandbox_begin(WKI_BOX_CHANNEL, WKI_BOX_MEMORY);
    set_up_memory();
    w = find(workers, argv[1]);
    if (begin(w, strcmp(argv[2], "off") == 0))
        serve(w);
    /* Nothing is to be flushed or freed, and no library may do more than it did so far. */
    _exit(0);
}
