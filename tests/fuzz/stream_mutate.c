/* The mutator of fuzz_decode: half of the time a field in the headers of the stream. */
#include "mutate.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    enum {
        HEAD = 8 /* what fuzz_decode.c reads before the stream */
    };

    fuzz_seed(seed);
    if (size <= HEAD || fuzz_chance(2))
        return LLVMFuzzerMutate(data, size, max_size);
    for (uint32_t i = 0, times = 1 + fuzz_chance(3); i < times; i++)
        fuzz_change_stream(data + HEAD, size - HEAD);
    return size;
}
