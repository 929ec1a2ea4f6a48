/* What mutators share: chance, numbers worth trying, and the headers of code streams. */
#ifndef WADOKIT_TESTS_MUTATE_H
#define WADOKIT_TESTS_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's; standalone.c has a simple one. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* Defined by a target that has a mutator of its own. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* All chance of a mutation comes from its seed. */
void fuzz_seed(unsigned seed);
uint32_t fuzz_chance(uint32_t below); /* 0 for 0 */

/* `v` as a number of `n` bytes, 1 to 4. */
void fuzz_put(uint8_t *p, uint32_t v, size_t n, bool big_endian);

/* The number of `width` bytes at `p` becomes an extreme, a neighbour, its double, ... */
void fuzz_tweak(uint8_t *p, size_t width, bool big_endian);

/* One field in the headers of a JPEG 2000, JPEG or JPEG-LS stream: sizes, tiles, precision, blocks,
 * sampling, tables. Nothing where it finds none. */
void fuzz_change_stream(uint8_t *p, size_t n);

#endif
