#include "support/t.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/pool.h"

enum {
    JOBS = 500
};

typedef struct tally {
    atomic_int done[JOBS];
    atomic_int wrong_slot;
    unsigned threads;
} tally;

static void work(void *user, unsigned slot, void *job)
{
    tally *t = user;

    atomic_fetch_add(&t->done[*(int *)job], 1);
    if (slot >= t->threads)
        atomic_fetch_add(&t->wrong_slot, 1);
    free(job);
}

static void test_every_job_is_done_once_with_any_number_of_threads(void)
{
    static const unsigned threads[] = {0, 1, 2, 3, 8};

    for (size_t k = 0; k < sizeof threads / sizeof threads[0]; k++) {
        tally *t = calloc(1, sizeof *t);
        wki_pool *pool = NULL;
        wk_error err = {0};

        t->threads = threads[k] ? threads[k] : 1;
        T_OK(wki_pool_new(threads[k], work, t, &pool, &err), &err);
        for (int i = 0; i < JOBS; i++) {
            int *job = malloc(sizeof *job);

            *job = i;
            wki_pool_add(pool, job);
        }
        wki_pool_finish(pool);
        for (int i = 0; i < JOBS; i++)
            CU_ASSERT_EQUAL(atomic_load(&t->done[i]), 1);
        CU_ASSERT_EQUAL(atomic_load(&t->wrong_slot), 0);
        free(t);
    }
    wki_pool_finish(NULL);
}

static void test_there_is_a_processor(void)
{
    CU_ASSERT(wki_pool_processors() >= 1 && wki_pool_processors() <= 256);
}

static CU_TestInfo tests[] = {{"every job is done once with any number of threads",
                               test_every_job_is_done_once_with_any_number_of_threads},
                              {"there is a processor", test_there_is_a_processor},
                              CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_pool = {"pool", NULL, NULL, NULL, NULL, tests};
