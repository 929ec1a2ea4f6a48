#include "box/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    MOST_FDS = 1024,
    LAST_FD = 4 /* the channel and the memory; those below may be handed over */
};

/* Landlock is called by numbers: the C library has no functions, and older headers none of it. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif
enum {
    LANDLOCK_VERSION = 1
};

typedef struct landlock_rules {
    uint64_t files, net, scope;
} landlock_rules;

/* A part of the sandbox is by machine: the number that the kernel gives its system calls. */
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#endif

static void close_range_of(unsigned first, unsigned last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
        return;
    for (unsigned i = first; i <= last && i < MOST_FDS; i++)
        (void)close((int)i);
}

void wki_sandbox_begin(int first, int last)
{
    /* An interrupt is for the parent, which may want this answer still. */
    static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE};

    if (first > 0)
        close_range_of(0, (unsigned)first - 1);
    close_range_of((unsigned)last + 1, ~0U);
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        (void)signal(ignored[i], SIG_IGN);
}

static bool limit(wki_limit_kind what, rlim_t most)
{
    struct rlimit r = {most, most};

    return setrlimit(what, &r) == 0;
}

void wki_sandbox_limit(wki_sandbox *out)
{
    out->limits = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) &&
                  limit(RLIMIT_NOFILE, LAST_FD + 1);
    /* Neither a core dump, nor a look into it by another process of the same user. */
    out->limits = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && out->limits;
}

/* Rules that allow nothing of what this version of the interface knows. */
static int close_files(void)
{
    landlock_rules r = {0};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
    size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    int fd;

    if (version < 1)
        return 0;
    r.files = (1u << 13) - 1; /* execute, read, write, list, remove, make */
    if (version >= 2)
        r.files |= 1u << 13; /* rename between folders */
    if (version >= 3)
        r.files |= 1u << 14; /* truncate */
    if (version >= 5)
        r.files |= 1u << 15; /* ioctl of devices */
    if (version >= 4)
        r.net = 3; /* TCP: bind, connect */
    if (version >= 6)
        r.scope = 3; /* abstract sockets, signals */
    fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
    if (fd < 0)
        return 0;
    if (syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        version = 0;
    (void)close(fd);
    return (int)version;
}

#ifdef ARCH

enum {
    MOST_STEPS = 64
};

/* A filter in the making. It is forty lines here, where libseccomp would be a dependency of every
 * installation and most of the time that a start takes. */
typedef struct filter {
    struct sock_filter steps[MOST_STEPS];
    unsigned short n;
} filter;

static void add(filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
    f->steps[f->n++] = (struct sock_filter){code, yes, no, k};
}

static void load(filter *f, size_t offset)
{
    add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The lower half of an argument. */
static size_t argument(unsigned i)
{
    size_t low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;

    return offsetof(struct seccomp_data, args) + 8 * i + low;
}

static void end(filter *f, uint32_t what)
{
    add(f, BPF_RET | BPF_K, what, 0, 0);
}

static void allow(filter *f, long number)
{
    add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
    end(f, SECCOMP_RET_ALLOW);
}

/* Memory, but none that can be run as code. */
static void allow_data(filter *f, long number)
{
    add(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4);
    load(f, argument(2));
    add(f, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
    end(f, SECCOMP_RET_ERRNO | EPERM);
    end(f, SECCOMP_RET_ALLOW);
}

/* What is not allowed fails, as where the system has no such call: libraries know what to do then.
 * Calls of another machine's interface have other numbers, and are deadly. */
static void write_filter(filter *f, bool files)
{
    static const long allowed[] = {SYS_recvmsg, SYS_sendto,        SYS_munmap,
                                   SYS_mremap,  SYS_brk,           SYS_madvise,
                                   SYS_futex,   SYS_clock_gettime, SYS_exit_group};

    load(f, offsetof(struct seccomp_data, arch));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
    end(f, SECCOMP_RET_KILL_PROCESS);
    load(f, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    add(f, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1); /* x32 */
    end(f, SECCOMP_RET_KILL_PROCESS);
#endif
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        allow(f, allowed[i]);
#ifdef WADOKIT_SANITIZED
    allow(f, SYS_sigaltstack); /* asked for whenever C++ throws */
#endif
    if (files) {
        allow(f, SYS_pread64);
        allow(f, SYS_close);
    }
    allow_data(f, SYS_mmap);
    allow_data(f, SYS_mprotect);
    end(f, SECCOMP_RET_ERRNO | EPERM);
}

static bool close_calls(bool files)
{
    filter f = {.n = 0};
    struct sock_fprog program = {0, f.steps};

    write_filter(&f, files);
    program.len = f.n;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

#else

static bool close_calls(bool files)
{
    (void)files;
    return false;
}

#endif

void wki_sandbox_close(bool files, wki_sandbox *out)
{
    wki_sandbox_limit(out);
    out->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    out->landlock = out->no_new_privs ? close_files() : 0;
    out->seccomp = out->no_new_privs && close_calls(files);
}

bool wki_sandbox_is_whole(const wki_sandbox *s, char *what, size_t size)
{
    snprintf(what, size, "%s%s%s%s", s->no_new_privs ? "" : ", no_new_privs",
             s->landlock ? "" : ", Landlock", s->seccomp ? "" : ", seccomp",
             s->limits ? "" : ", limits");
    if (*what)
        memmove(what, what + 2, strlen(what) - 1);
    return *what == '\0';
}
