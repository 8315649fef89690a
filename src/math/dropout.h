/* Dropout whose mask is a function of where an element stands, so that it does not depend on
 * threads, instruction set or the cut of the batch, and is drawn again in the backward pass instead
 * of being stored.
 *
 * A row (a token in hidden dropout; a query of one head in attention) has a 64-bit key. Its columns
 * are taken in blocks of 128: lane l (0…15) of block b is Philox4x32-10 of counter
 * {16 b + l, key low, key high, site}; bits 16 h … 16 h + 15 of its word w decide column
 * 128 b + 16 (2 w + h) + l. So 16 lanes computed side by side give the masks of 16 neighbouring
 * columns without a shuffle, in any vector width. An element is dropped where its 16 bits are below
 * `threshold`; the others are multiplied by `scale` = 1 / (1 − threshold / 65536), so the mean is
 * kept exactly. */
#ifndef MATH_DROPOUT_H
#define MATH_DROPOUT_H

#include <stddef.h>
#include <stdint.h>

typedef struct dropout {
    uint32_t threshold; /* round(65536 × probability); 0: no dropout at all */
    float scale;
    uint32_t key[2]; /* of (seed, step) */
    uint32_t site;   /* which dropout of the model: one number for each layer and spot */
} dropout;

/* probability in [0, 1). */
dropout dropout_at(double probability, uint64_t seed, uint64_t step, uint32_t site);

/* The key of a token's row: its sample's number and its place inside its sequence. */
static inline uint64_t dropout_row_key(uint64_t sample_number, uint32_t position)
{
    return sample_number << 20 ^ position; /* max_position_embeddings is below 2^20 */
}

/* out[rows, columns] = dropped and scaled in[rows, columns]; out may be in. row_keys: [rows]. The
 * backward pass is the same function on the gradient. */
void dropout_apply(float *out, const float *in, const uint64_t *row_keys, size_t rows,
                   size_t columns, const dropout *dropout);

#endif
