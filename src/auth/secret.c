#include "auth/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <wadokit/limits.h>

#include "core/clock.h"

enum {
    COMMAND_LIMIT_MS = 30000,
    SLICE_MS = 100
};

extern char **environ;

void wki_secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

/* Room for the largest secret; no realloc, which would leave copies behind. */
typedef struct gathered {
    char *data;
    size_t n;
} gathered;

static wk_code gather_new(gathered *g, wk_error *err)
{
    g->n = 0;
    g->data = calloc(1, WK_MAX_SECRET_FILE_BYTES + 2);
    return g->data ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static void gather_free(gathered *g)
{
    if (g->data)
        explicit_bzero(g->data, WK_MAX_SECRET_FILE_BYTES + 2);
    free(g->data);
}

/* 1: more may come, 0: the end, -1: errno is set, -2: too much. */
static int gather(gathered *g, int fd)
{
    ssize_t n = read(fd, g->data + g->n, WK_MAX_SECRET_FILE_BYTES + 1 - g->n);

    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : -1;
    g->n += (size_t)n;
    if (g->n > WK_MAX_SECRET_FILE_BYTES)
        return -2;
    return n > 0;
}

/* The first line without white space around it; NULL where it is empty. */
static char *first_line(gathered *g)
{
    char *p = g->data + strspn(g->data, " \t\r\n");
    size_t n = strcspn(p, "\r\n");

    while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
        n--;
    return n > 0 ? strndup(p, n) : NULL;
}

static wk_code check_mode(int fd, const char *path, wk_error *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "%s", path);
    if (S_ISDIR(st.st_mode))
        return wk_fail(err, WK_USAGE, "%s is a directory, not a file with a secret", path);
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return wk_fail(err, WK_USAGE,
                       "%s holds a secret and others may read it (mode %03o); chmod 600 it", path,
                       (unsigned)(st.st_mode & 0777));
    return WK_OK;
}

static wk_code gather_file(gathered *g, const char *path, wk_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), more = 1;
    wk_code rc;

    if (fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "%s", path);
    rc = check_mode(fd, path, err);
    while (rc == WK_OK && more == 1)
        more = gather(g, fd);
    if (rc == WK_OK && more == -1)
        rc = wk_fail_errno(err, WK_IO, errno, "%s", path);
    else if (rc == WK_OK && more == -2)
        rc = wk_fail(err, WK_LIMIT, "%s: a secret of more than %d bytes", path,
                     WK_MAX_SECRET_FILE_BYTES);
    close(fd);
    return rc;
}

wk_code wki_secret_file_read(const char *path, char **out, wk_error *err)
{
    gathered g = {NULL, 0};
    char *secret = NULL;
    wk_code rc = gather_new(&g, err);

    if (rc == WK_OK)
        rc = gather_file(&g, path, err);
    if (rc == WK_OK) {
        secret = first_line(&g);
        rc = secret ? WK_OK : wk_fail(err, WK_USAGE, "%s is empty", path);
    }
    if (rc == WK_OK)
        *out = secret;
    gather_free(&g);
    return rc;
}

wk_code wki_secret_file_read_all(const char *path, char **out, size_t *n, wk_error *err)
{
    gathered g = {NULL, 0};
    wk_code rc = gather_new(&g, err);

    if (rc == WK_OK)
        rc = gather_file(&g, path, err);
    if (rc != WK_OK) {
        gather_free(&g);
        return rc;
    }
    *out = g.data;
    *n = g.n;
    return WK_OK;
}

/* Its own process group, so that all that it starts can be ended with it. */
static int spawn_shell(const char *command, int out_fd, pid_t *pid)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(command), NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    rc = argv[2] ? posix_spawn(pid, "/bin/sh", &actions, &attr, argv, environ) : ENOMEM;
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    free(argv[2]);
    return rc;
}

static int64_t now_ms(void)
{
    const wki_clock *clock = wki_clock_system();

    return clock->monotonic_ms(clock->user);
}

/* Reads until the end, the limit or a request to stop. */
static wk_code read_output(gathered *g, int fd, const wk_cancel *cancel, wk_error *err)
{
    int64_t end = now_ms() + COMMAND_LIMIT_MS;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int more = 1;

    while (more == 1) {
        if (cancel && cancel->requested)
            return wk_fail(err, WK_CANCELLED, "interrupted");
        if (now_ms() > end)
            return wk_fail_setting(err, WK_AUTH, "token-command",
                                   "token-command gave no token within %d s",
                                   COMMAND_LIMIT_MS / 1000);
        if (poll(&p, 1, SLICE_MS) > 0)
            more = gather(g, fd);
    }
    if (more == -2)
        return wk_fail_setting(err, WK_LIMIT, "token-command",
                               "token-command printed more than %d bytes",
                               WK_MAX_SECRET_FILE_BYTES);
    return more == 0 ? WK_OK : wk_fail_errno(err, WK_AUTH, errno, "token-command");
}

/* A shell that closed its output but goes on is waited for within the same bounds. */
static wk_code reap(pid_t pid, const wk_cancel *cancel, wk_error *err)
{
    const wki_clock *clock = wki_clock_system();
    int64_t end = now_ms() + COMMAND_LIMIT_MS;
    int status = 0;
    pid_t got;

    while ((got = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < end &&
           !(cancel && cancel->requested))
        clock->sleep_ms(clock->user, 5);
    if (got == 0) {
        kill(-pid, SIGKILL);
        waitpid(pid, &status, 0);
        return wk_fail_setting(err, WK_AUTH, "token-command", "token-command did not end");
    }
    if (got < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return WK_OK;
    return wk_fail_setting(err, WK_AUTH, "token-command", "token-command failed (%s %d)",
                           WIFEXITED(status) ? "exit status" : "signal",
                           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

wk_code wki_secret_command_run(const char *command, const wk_cancel *cancel, char **out,
                               wk_error *err)
{
    gathered g = {NULL, 0};
    char *secret = NULL;
    int fds[2], failed;
    pid_t pid;
    wk_code rc = gather_new(&g, err);

    if (rc != WK_OK)
        return rc;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        gather_free(&g);
        return wk_fail_errno(err, WK_IO, errno, "token-command");
    }
    failed = spawn_shell(command, fds[1], &pid);
    close(fds[1]);
    if (failed) {
        rc = wk_fail_errno(err, WK_IO, failed, "token-command");
        goto out;
    }
    rc = read_output(&g, fds[0], cancel, err);
    if (rc != WK_OK)
        kill(-pid, SIGKILL);
    if (rc != WK_OK)
        (void)reap(pid, NULL, NULL);
    else
        rc = reap(pid, cancel, err);
    if (rc == WK_OK) {
        secret = first_line(&g);
        rc = secret
                 ? WK_OK
                 : wk_fail_setting(err, WK_AUTH, "token-command", "token-command printed nothing");
    }
    if (rc == WK_OK)
        *out = secret;
out:
    close(fds[0]);
    gather_free(&g);
    return rc;
}
