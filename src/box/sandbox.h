/*
 * The walls of a process that reads what comes from outside: what is closed is closed for good.
 *
 *   no_new_privs   no program that it would start gets more rights
 *   landlock       version of the kernel's interface; no path may be opened, no TCP port bound or
 *                  connected to, no signal sent; 0: the kernel has none
 *   seccomp        of the system calls only those for memory, the channel, and the end
 *   limits         of files (none may grow), descriptors, processes and core dumps
 *
 * The limits of address space and CPU are set by the parent before each call, as it alone knows
 * what the call may cost.
 */
#ifndef WADOKIT_BOX_SANDBOX_H
#define WADOKIT_BOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What setrlimit() wants: an enumeration of glibc's, elsewhere a number. */
#ifdef __GLIBC__
typedef __rlimit_resource_t wki_limit_kind;
#else
typedef int wki_limit_kind;
#endif

typedef struct wki_sandbox {
    bool no_new_privs;
    int landlock;
    bool seccomp;
    bool limits;
    bool off; /* not wanted: nothing but the limits */
} wki_sandbox;

/* Closes every descriptor but those from `first` to `last`, and stops listening to signals that are
 * for the parent. To be called first of all. */
void wki_sandbox_begin(int first, int last);

/* Closes the rest. Libraries have to be loaded, and what they read at their first use, read; the
 * process must have one thread. `files`: it may read from descriptors that it is handed. */
void wki_sandbox_close(bool files, wki_sandbox *out);

/* The limits alone. */
void wki_sandbox_limit(wki_sandbox *out);

/* Whether all parts are there; else what is missing goes to `what`, as words. */
bool wki_sandbox_is_whole(const wki_sandbox *s, char *what, size_t size);

#ifdef __cplusplus
}
#endif

#endif
