/*
 * Worker threads with a bounded queue: whoever adds waits while the queue is full, so that memory
 * does not grow with the number of jobs.
 */
#ifndef WADOKIT_CORE_POOL_H
#define WADOKIT_CORE_POOL_H

#include <stddef.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_pool wki_pool;

/* Does one job on a worker thread. `slot` (0 to threads - 1) is the worker's own number, for
 * scratch memory that no other thread touches. The job is the function's to free. */
typedef void (*wki_pool_work)(void *user, unsigned slot, void *job);

/* `threads` workers (1 to 256); with 1, jobs are done inside wki_pool_add() and no thread is made.
 * Free with wki_pool_finish(). */
wk_code wki_pool_new(unsigned threads, wki_pool_work work, void *user, wki_pool **out,
                     wk_error *err) WK_MUST_USE;

/* Hands a job over. One thread adds. */
void wki_pool_add(wki_pool *pool, void *job);

/* Waits until all jobs are done, ends the threads and frees the pool. Takes NULL. */
void wki_pool_finish(wki_pool *pool);

/* Processors that this process may use, 1 to 256. */
unsigned wki_pool_processors(void);

#ifdef __cplusplus
}
#endif

#endif
