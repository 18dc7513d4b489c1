/* fuzz.h -- What a fuzz target offers: libFuzzer's one function, called by it or by replay.c. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0; whatever is wrong with what it calls ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t data_bytes);

#endif
