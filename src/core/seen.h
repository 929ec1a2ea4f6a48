/*
 * A set of strings that were met before, by 64-bit hash: page addresses, UIDs. It is born with a
 * maximum; when it is full, what is new is no longer remembered (and is then "not seen").
 */
#ifndef WADOKIT_CORE_SEEN_H
#define WADOKIT_CORE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* slots  n_slots (a power of two, 0 at first) of 8 bytes; 0 is an empty slot
 * n      strings remembered, at most max */
typedef struct wki_seen {
    uint64_t *slots;
    size_t n_slots;
    size_t n;
    size_t max;
} wki_seen;

void wki_seen_init(wki_seen *s, size_t max);
void wki_seen_clear(wki_seen *s);

/* Whether `text` was given before; remembers it. Where memory is out it is not remembered. */
bool wki_seen_before(wki_seen *s, const char *text);

/* Remembers `text`; false where it cannot: memory is out, or the set is full. */
bool wki_seen_add(wki_seen *s, const char *text);

/* Whether `text` was given before; does not remember it. */
bool wki_seen_has(const wki_seen *s, const char *text);

#ifdef __cplusplus
}
#endif

#endif
