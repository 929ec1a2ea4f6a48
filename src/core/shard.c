#include <wadokit/shard.h>

#include <stdlib.h>

enum {
    MAX_COUNT = 1000000
};

wk_code wk_shard_read(const char *text, wk_shard *shard, wk_error *err)
{
    char *slash = NULL, *end = NULL;
    unsigned long index = strtoul(text, &slash, 10), count = 0;
    bool good =
        text[0] >= '0' && text[0] <= '9' && *slash == '/' && slash[1] >= '0' && slash[1] <= '9';

    if (good)
        count = strtoul(slash + 1, &end, 10);
    if (!good || *end != '\0' || index < 1 || index > count || count > MAX_COUNT)
        return wk_fail(err, WK_USAGE,
                       "\"%.40s\" is not I/N: part I, from 1 to N, of N (at most %d)", text,
                       MAX_COUNT);
    shard->index = (uint32_t)index;
    shard->count = (uint32_t)count;
    return WK_OK;
}

/* FNV-1a, and a mixing of the result (that of MurmurHash3), as UIDs differ in their last digits. */
static uint64_t digest(const char *key)
{
    uint64_t h = 14695981039346656037u;

    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 1099511628211u;
    h = (h ^ h >> 33) * 0xff51afd7ed558ccdu;
    h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53u;
    return h ^ h >> 33;
}

bool wk_shard_has(const wk_shard *shard, const char *key)
{
    return shard->count < 2 || digest(key) % shard->count == shard->index - 1;
}
