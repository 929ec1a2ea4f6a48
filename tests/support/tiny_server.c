#include "support/tiny_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads a request with its body into `out`; 0 where the client went. */
static size_t read_request(int fd, char *out)
{
    size_t n = 0, need = 0;

    out[0] = '\0';
    for (;;) {
        ssize_t got = recv(fd, out + n, TINY_REQUEST_SIZE - 1 - n, 0);
        const char *end, *length;

        if (got <= 0)
            return 0;
        n += (size_t)got;
        out[n] = '\0';
        end = strstr(out, "\r\n\r\n");
        if (!end)
            continue;
        length = strcasestr(out, "\r\nContent-Length:");
        need = (size_t)(end + 4 - out);
        if (length && length < end)
            need += (size_t)strtoul(length + 17, NULL, 10);
        if (n >= need)
            return n;
    }
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

static void serve(tiny_server *s, int fd)
{
    const tiny_reply *r;
    struct linger hard = {1, 0};
    char rest[256];

    do {
        if (s->n_requests == TINY_MAX || read_request(fd, s->requests[s->n_requests]) == 0)
            break;
        r = &s->replies[s->n_requests < s->n_replies ? s->n_requests : s->n_replies - 1];
        s->n_requests++;
        send_all(fd, r->bytes, r->n ? r->n : strlen(r->bytes));
        if (r->then == TINY_RESET)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        while (r->then == TINY_HANG && recv(fd, rest, sizeof rest, 0) > 0)
            ;
    } while (r->then == TINY_KEEP);
    close(fd);
}

static void *run(void *user)
{
    tiny_server *s = user;
    int fd;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        s->n_connections++;
        serve(s, fd);
    }
    return NULL;
}

void tiny_start(tiny_server *s, const tiny_reply *replies, size_t n)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;

    memset(s, 0, sizeof *s);
    s->replies = replies;
    s->n_replies = n;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&a, size) != 0 || listen(s->fd, 8) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&a, &size) != 0 ||
        pthread_create(&s->thread, NULL, run, s) != 0)
        abort();
    s->port = ntohs(a.sin_port);
}

void tiny_stop(tiny_server *s)
{
    shutdown(s->fd, SHUT_RDWR); /* wakes accept() */
    pthread_join(s->thread, NULL);
    close(s->fd);
}
