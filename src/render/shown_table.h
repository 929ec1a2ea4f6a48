/*
 * Tables from stored values to shown ones. The files of a series are shown alike, so that the last
 * few tables are kept for whoever comes next. Used by several threads at once.
 */
#ifndef WADOKIT_RENDER_SHOWN_TABLE_H
#define WADOKIT_RENDER_SHOWN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/image.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All that shown values depend on, but for the stored ones; unused bytes zero. */
typedef struct wki_table_key {
    double slope, intercept, center, width, top;
    wki_voi_function function;
    bool plain, invert;
    size_t entry; /* bytes: 1, 2, or sizeof(float) */
} wki_table_key;

/* entries[v - first] for first <= v < first + n. Never changed once it can be found. Where
 * `straight`, the kernel of that name with `scale` and `offset` gives all of them (8 bits). */
typedef struct wki_table {
    wki_table_key key;
    int32_t first;
    uint32_t n;
    unsigned users;
    bool straight;
    float scale, offset;
    void *entries;
} wki_table;

/* A kept table of this key that has `low` to `high`; NULL where there is none, and then `low` and
 * `high` are what a new one should have: more, so that it does for others too. */
wki_table *wki_table_find(const wki_table_key *key, int32_t *low, int32_t *high);

/* A new one, zeroed, not to be found yet. NULL where memory is out. */
wki_table *wki_table_new(const wki_table_key *key, int32_t low, int32_t high);

/* Lets others find it. */
void wki_table_keep(wki_table *t);

/* Ends what find() or new() began; takes NULL. */
void wki_table_release(wki_table *t);

#ifdef __cplusplus
}
#endif

#endif
