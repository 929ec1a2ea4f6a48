#include "render/shown_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT = 8,
    STEP = 1024 /* ranges of neighbouring slices differ by a little */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static wki_table *kept[KEPT];
static size_t next;

static int32_t round_down(int32_t v)
{
    return (v + (1 << 20)) / STEP * STEP - (1 << 20);
}

static bool has(const wki_table *t, int32_t low, int32_t high)
{
    return low >= t->first && high < t->first + (int32_t)t->n;
}

wki_table *wki_table_find(const wki_table_key *key, int32_t *low, int32_t *high)
{
    int32_t from = round_down(*low), to = round_down(*high) + STEP - 1;
    wki_table *found = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KEPT && !found; i++) {
        wki_table *t = kept[i];

        if (!t || memcmp(&t->key, key, sizeof *key) != 0)
            continue;
        if (has(t, *low, *high)) {
            found = t;
            t->users++;
        } else {
            from = t->first < from ? t->first : from;
            to = t->first + (int32_t)t->n - 1 > to ? t->first + (int32_t)t->n - 1 : to;
        }
    }
    pthread_mutex_unlock(&lock);
    if (!found) {
        *low = from;
        *high = to;
    }
    return found;
}

wki_table *wki_table_new(const wki_table_key *key, int32_t low, int32_t high)
{
    wki_table *t = calloc(1, sizeof *t);
    uint32_t n = (uint32_t)(high - low) + 1;

    if (!t)
        return NULL;
    t->entries = calloc(n, key->entry);
    if (!t->entries) {
        free(t);
        return NULL;
    }
    memcpy(&t->key, key, sizeof *key);
    t->first = low;
    t->n = n;
    t->users = 1;
    return t;
}

static void drop(wki_table *t)
{
    if (t && --t->users == 0) {
        free(t->entries);
        free(t);
    }
}

void wki_table_keep(wki_table *t)
{
    pthread_mutex_lock(&lock);
    t->users++;
    drop(kept[next]);
    kept[next] = t;
    next = (next + 1) % KEPT;
    pthread_mutex_unlock(&lock);
}

void wki_table_release(wki_table *t)
{
    pthread_mutex_lock(&lock);
    drop(t);
    pthread_mutex_unlock(&lock);
}
