/* The scripted server of tests/fake as a child process. */
#ifndef WADOKIT_TESTS_PEER_H
#define WADOKIT_TESTS_PEER_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The study that it serves where it is given no files: two series of three instances. */
#define PEER_STUDY "2.25.1001"

typedef struct peer {
    pid_t pid;
    int to;
    int port;
} peer;

/* Starts it; false where there is no python3 (the test then says that it is skipped). */
static inline bool peer_start(peer *p)
{
    int in[2], out[2];
    char line[256];
    const char *port;
    FILE *f;

    if (pipe(in) != 0 || pipe(out) != 0)
        return false;
    p->pid = fork();
    if (p->pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execlp("python3", "python3", TESTDATA_DIR "/../tests/fake/server.py", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    p->to = in[1];
    f = fdopen(out[0], "r");
    p->port = 0;
    if (f && fgets(line, sizeof line, f) && (port = strstr(line, "\"main\": ")) != NULL)
        p->port = atoi(port + 8);
    if (f)
        fclose(f);
    return p->port > 0;
}

/* It ends when its standard input closes. */
static inline void peer_stop(peer *p)
{
    close(p->to);
    waitpid(p->pid, NULL, 0);
}

#endif
