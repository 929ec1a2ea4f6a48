/*
 * One of several runs that share work without talking to each other: each item belongs to exactly
 * one of them, by a digest of its UID, whatever the order of the runs.
 */
#ifndef WADOKIT_SHARD_H
#define WADOKIT_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include <wadokit/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* This is part `index`, from 1, of `count`; a count of 0 or 1 is all. */
typedef struct wk_shard {
    uint32_t index;
    uint32_t count;
} wk_shard;

/* Reads "3/8". WK_USAGE otherwise; the count is at most 1000000. */
WK_API wk_code wk_shard_read(const char *text, wk_shard *shard, wk_error *err) WK_MUST_USE;

/* Whether the item of that key (a UID) belongs to this part. The same on every machine and in every
 * version. */
WK_API bool wk_shard_has(const wk_shard *shard, const char *key);

#ifdef __cplusplus
}
#endif

#endif
