/*
 * A loopback server in a thread that answers with bytes as they stand, whatever HTTP would say.
 */
#ifndef WADOKIT_TESTS_TINY_SERVER_H
#define WADOKIT_TESTS_TINY_SERVER_H

#include <pthread.h>
#include <stddef.h>

enum {
    TINY_MAX = 16,
    TINY_REQUEST_SIZE = 8192
};

typedef enum tiny_then {
    TINY_CLOSE, /* orderly */
    TINY_RESET, /* RST */
    TINY_KEEP,  /* wait for the next request on the connection */
    TINY_HANG,  /* say nothing more, until the client goes */
} tiny_then;

/* What follows a request, in the order in which requests come. n 0: strlen(bytes). */
typedef struct tiny_reply {
    const char *bytes;
    size_t n;
    tiny_then then;
} tiny_reply;

typedef struct tiny_server {
    const tiny_reply *replies; /* the last one repeats */
    size_t n_replies;
    int fd;
    int port;
    pthread_t thread;
    char requests[TINY_MAX][TINY_REQUEST_SIZE]; /* to be looked at after tiny_stop() */
    size_t n_requests;
    size_t n_connections;
} tiny_server;

/* Aborts the test program where there is no loopback. */
void tiny_start(tiny_server *s, const tiny_reply *replies, size_t n);
void tiny_stop(tiny_server *s);

#endif
