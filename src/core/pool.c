#include "core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    THREADS_MAX = 256,
    AHEAD = 4 /* jobs that wait, beside two for each thread */
};

typedef struct worker {
    wki_pool *pool;
    pthread_t thread;
    unsigned slot;
} worker;

struct wki_pool {
    wki_pool_work work;
    void *user;
    unsigned threads; /* running; 0: jobs are done where they are added */
    worker *workers;
    pthread_mutex_t lock;
    pthread_cond_t has_job, has_room;
    void **ring; /* `size` places, `n` taken from `head` on */
    size_t size, head, n;
    bool ending;
};

/* The next job, NULL when there will be none. */
static void *next_job(wki_pool *pool)
{
    void *job = NULL;

    pthread_mutex_lock(&pool->lock);
    while (pool->n == 0 && !pool->ending)
        pthread_cond_wait(&pool->has_job, &pool->lock);
    if (pool->n > 0) {
        job = pool->ring[pool->head];
        pool->head = (pool->head + 1) % pool->size;
        pool->n--;
        /* Not for each job: whoever adds would take a processor from the workers for one at a
         * time. */
        if (pool->n == pool->size / 2)
            pthread_cond_signal(&pool->has_room);
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *work_until_end(void *arg)
{
    worker *w = arg;
    void *job;

    while ((job = next_job(w->pool)) != NULL)
        w->pool->work(w->pool->user, w->slot, job);
    return NULL;
}

/* Fewer threads than asked for do the same work; only none at all would be a failure, and then the
 * jobs are done where they are added. */
static void start(wki_pool *pool, unsigned threads)
{
    for (unsigned i = 0; i < threads; i++) {
        worker *w = &pool->workers[i];

        w->pool = pool;
        w->slot = i;
        if (pthread_create(&w->thread, NULL, work_until_end, w) != 0)
            return;
        pool->threads++;
    }
}

wk_code wki_pool_new(unsigned threads, wki_pool_work work, void *user, wki_pool **out,
                     wk_error *err)
{
    wki_pool *pool = calloc(1, sizeof *pool);

    threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
    if (pool) {
        pool->size = AHEAD + 2 * (size_t)threads;
        pool->ring = calloc(pool->size, sizeof *pool->ring);
        pool->workers = calloc(threads, sizeof *pool->workers);
    }
    if (!pool || !pool->ring || !pool->workers) {
        if (pool) {
            free(pool->ring);
            free(pool->workers);
        }
        free(pool);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    pool->work = work;
    pool->user = user;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->has_job, NULL);
    pthread_cond_init(&pool->has_room, NULL);
    if (threads > 1)
        start(pool, threads);
    *out = pool;
    return WK_OK;
}

void wki_pool_add(wki_pool *pool, void *job)
{
    if (pool->threads == 0) {
        pool->work(pool->user, 0, job);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    while (pool->n == pool->size)
        pthread_cond_wait(&pool->has_room, &pool->lock);
    pool->ring[(pool->head + pool->n) % pool->size] = job;
    pool->n++;
    pthread_cond_signal(&pool->has_job);
    pthread_mutex_unlock(&pool->lock);
}

void wki_pool_finish(wki_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->has_job);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->has_job);
    pthread_cond_destroy(&pool->has_room);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool->ring);
    free(pool);
}

unsigned wki_pool_processors(void)
{
    cpu_set_t set;
    int n;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    n = CPU_COUNT(&set);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}
