#include "core/seen.h"

#include <stdlib.h>
#include <string.h>

void wki_seen_init(wki_seen *s, size_t max)
{
    memset(s, 0, sizeof *s);
    s->max = max;
}

void wki_seen_clear(wki_seen *s)
{
    free(s->slots);
    wki_seen_init(s, s->max);
}

/* FNV-1a; 0 is kept for empty slots. */
static uint64_t hash_of(const char *text)
{
    uint64_t h = 14695981039346656037u;

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h ? h : 1;
}

static uint64_t *slot_of(uint64_t *slots, size_t n_slots, uint64_t h)
{
    size_t at = (size_t)(h ^ (h >> 29)) & (n_slots - 1);

    while (slots[at] && slots[at] != h)
        at = (at + 1) & (n_slots - 1);
    return &slots[at];
}

static bool grow(wki_seen *s)
{
    size_t n_slots = s->n_slots ? s->n_slots * 2 : 64;
    uint64_t *slots = calloc(n_slots, sizeof *slots);

    if (!slots)
        return false;
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i])
            *slot_of(slots, n_slots, s->slots[i]) = s->slots[i];
    }
    free(s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    return true;
}

bool wki_seen_before(wki_seen *s, const char *text)
{
    uint64_t h = hash_of(text), *slot;

    if (s->n_slots && *slot_of(s->slots, s->n_slots, h) == h)
        return true;
    if (s->n >= s->max)
        return false;
    /* Never more than half full, so that a probe always ends. */
    if ((s->n + 1) * 2 > s->n_slots && !grow(s))
        return false;
    slot = slot_of(s->slots, s->n_slots, h);
    *slot = h;
    s->n++;
    return false;
}

bool wki_seen_has(const wki_seen *s, const char *text)
{
    uint64_t h = hash_of(text);

    return s->n_slots && *slot_of(s->slots, s->n_slots, h) == h;
}

bool wki_seen_add(wki_seen *s, const char *text)
{
    (void)wki_seen_before(s, text);
    return wki_seen_has(s, text);
}
