#include "math/dropout.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

dropout dropout_at(double probability, uint64_t seed, uint64_t step, uint32_t place)
{
    double threshold = floor(probability * 65536 + 0.5);
    if (threshold > 65535) /* something is always kept, so that `scale` is finite */
        threshold = 65535;
    dropout result = {.threshold = threshold > 0 ? (uint32_t)threshold : 0, .place = place};
    result.scale = (float)(1 / (1 - result.threshold / 65536.0));
    random_stream stream = random_stream_start(seed, RANDOM_DROPOUT, step, 0);
    result.key[0] = stream.key[0];
    result.key[1] = stream.key[1];
    return result;
}

static void apply_to_row(float *out, const float *in, uint64_t row_key, size_t columns,
                         const dropout *dropout)
{
    for (size_t first = 0; first < columns; first += 128)
        for (size_t lane = 0; lane < 16; lane++) {
            const uint32_t counter[4] = {(uint32_t)(first / 8 + lane), (uint32_t)row_key,
                                         (uint32_t)(row_key >> 32), dropout->place};
            uint32_t bits[4];
            random_philox(counter, dropout->key, bits);
            for (size_t part = 0; part < 8; part++) {
                size_t column = first + 16 * part + lane;
                uint32_t chance = bits[part / 2] >> part % 2 * 16 & 0xffff;
                if (column < columns)
                    out[column] = chance < dropout->threshold ? 0 : in[column] * dropout->scale;
            }
        }
}

void dropout_apply(float *out, const float *in, const uint64_t *row_keys, size_t rows,
                   size_t columns, const dropout *dropout)
{
    if (dropout->threshold == 0) {
        if (out != in)
            memcpy(out, in, rows * columns * sizeof *out);
        return;
    }
#pragma omp parallel for schedule(static)
    for (size_t row = 0; row < rows; row++)
        apply_to_row(out + row * columns, in + row * columns, row_keys[row], columns, dropout);
}
