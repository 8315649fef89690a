/* Counter-based random numbers: a pure function of key and counter (architecture, decision 2).
 *
 * Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC
 * 2011). A stream is identified by (seed, purpose, epoch or step, index); its n-th number can be
 * computed without the ones before it. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Separates the streams of one seed. Never renumber: the values determine the results of a run. */
typedef enum random_purpose {
    RANDOM_INITIAL_WEIGHTS = 1, /* index: the parameter's number in the table */
    RANDOM_DROPOUT = 2,         /* see math/dropout.h */
    RANDOM_SAMPLE_ORDER = 3,    /* epoch */
    RANDOM_SENTENCE_PAIR = 4,   /* epoch, first sentence */
    RANDOM_MASKING = 5,         /* epoch, sample */
    RANDOM_DOCUMENT_WEIGHT = 6, /* 0, document */
    RANDOM_TEST = 100,
} random_purpose;

/* One block: 128 random bits from (counter, key). */
void random_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

typedef struct random_stream {
    uint32_t key[2];
    uint32_t counter[4]; /* [0] counts blocks; the rest identifies the stream */
    uint32_t block[4];
    int used; /* words of `block` already returned */
} random_stream;

/* `when` is an epoch or a step, `index` counts within it (a sample, a parameter …). */
random_stream random_stream_start(uint64_t seed, random_purpose purpose, uint64_t when,
                                  uint64_t index);

uint32_t random_next(random_stream *stream);
uint64_t random_next64(random_stream *stream);

/* Uniform in [0, bound), without bias; bound > 0. */
uint64_t random_below(random_stream *stream, uint64_t bound);

/* Uniform in [0, 1) with 53 bits. */
double random_uniform(random_stream *stream);

/* Standard normal (Box and Muller). */
double random_normal(random_stream *stream);

/* The image of `index` < count under a random permutation of [0, count), computed without a table,
 * in any order. A Feistel network over the smallest even number of bits that holds count, with
 * cycle walking. */
uint64_t random_permutation(uint64_t seed, uint64_t when, uint64_t count, uint64_t index);

#endif
